"""Files of annotations: WFDB annotation files, and the JSON and CSV files that ectopy writes."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ectopy.ec57.comparison import Comparison, compare
from ectopy.ec57.value import FileAnnotations
from ectopy.errors import AnnotationError, DamagedFileError
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import _mit_annotations as mit_format
from ectopy.recording._wfdb_header import decode, parse_header

_TOLERANCE: Final = 1e-3
"""Relative difference of two rates that are still the same one."""
_MAX_SAMPLE: Final = 2.0**53


def read_annotations(path: Path | str) -> tuple[FileAnnotations, float | None]:
    """Read annotations from a file, whatever its name; its content tells what it is.

    Parameters
    ----------
    path
        A WFDB annotation file in the MIT format (``208.atr``; ``208`` finds it too), or our
        own JSON (``beats.sample``, ``beats.label``, ``recording.fs``) or CSV (columns
        ``sample`` and ``label``, ``time_s`` if it has one). Labels are the classes
        ``N S V F Q`` or any symbol of an MIT beat annotation.

    Returns
    -------
    annotations
        Class S of a JSON or CSV file becomes the symbol ``A``, the others stay what they are.
        `n_samples` is known if the file states it or a WFDB header lies beside it.
    fs
        Sampling rate in Hz, stated by the file or the header beside it, or the ratio of the
        columns ``sample`` and ``time_s``; None if it is not known.

    Raises
    ------
    AnnotationError
        If there is no such file, it is empty, holds no annotations or no beats.
    """
    path = Path(path)
    if not path.exists() and Path(f"{path}.atr").is_file():
        path = Path(f"{path}.atr")
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise AnnotationError(
            f"{path} cannot be read ({reason}); give a file of annotations such as 208.atr"
        ) from error
    if not content.strip(b"\0\t\r\n "):
        raise AnnotationError(
            f"{path} is empty ({len(content)} bytes); give a file that holds beats"
        )
    if b"\0" in content:
        annotations, fs = _with_header(path, *_from_mit(content, str(path)))
    elif content.lstrip(b"\xef\xbb\xbf\t\r\n ").startswith(b"{"):
        annotations, fs = _from_json(content, str(path))
    else:
        annotations, fs = _from_csv(content, str(path))
    if not np.isin(annotations.symbol, list(BEAT_SYMBOLS)).any():
        raise AnnotationError(
            f"{path} holds {len(annotations)} annotations but no beat; give a file that has beats"
        )
    return annotations, fs


def compare_files(
    reference: Path | str,
    test: Path | str,
    *,
    fs: float | None = None,
    escape_beats: str = "S",
    learning_s: float = 300.0,
    window_s: float = 0.150,
    record: str | None = None,
) -> Comparison:
    """Read two files of annotations and compare them.

    Parameters
    ----------
    reference, test
        Files as for `read_annotations`.
    fs
        Sampling rate in Hz, for files of which neither tells it.
    escape_beats, learning_s, window_s
        As for `compare`.
    record
        Name to print; that of the reference file by default.

    Raises
    ------
    AnnotationError
        If a file cannot be read, rates differ or none is known, or `compare` refuses.
    """
    real, real_fs = read_annotations(reference)
    own, own_fs = read_annotations(test)
    rates = {
        name: rate
        for name, rate in ((str(reference), real_fs), (str(test), own_fs), ("fs", fs))
        if rate is not None
    }
    if not rates:
        raise AnnotationError(
            f"neither {reference} nor {test} tells its sampling rate; put the record's header "
            "(.hea) beside one of them, or give the rate as fs"
        )
    low, high = min(rates.values()), max(rates.values())
    if high - low > _TOLERANCE * high:
        found = ", ".join(f"{name}: {rate:g} Hz" for name, rate in rates.items())
        raise AnnotationError(
            f"the sampling rates differ ({found}); both must count samples at the same rate"
        )
    return compare(
        real,
        own,
        fs=real_fs or own_fs or low,
        escape_beats=escape_beats,
        learning_s=learning_s,
        window_s=window_s,
        record=Path(reference).stem if record is None else record,
    )


def _from_mit(content: bytes, name: str) -> tuple[FileAnnotations, float | None]:
    try:
        found, subtype, fs = mit_format.decode(content, name)
    except DamagedFileError as error:
        raise AnnotationError(
            f"{error}; give a file such as 208.atr, or a CSV or JSON file of beats"
        ) from error
    return FileAnnotations(found.sample, found.symbol, found.aux, subtype), fs


def _with_header(
    path: Path, annotations: FileAnnotations, fs: float | None
) -> tuple[FileAnnotations, float | None]:
    """Take rate and length from the WFDB header beside an annotation file, if it has one."""
    header = path.with_suffix(".hea")
    if header == path or not header.is_file():
        return annotations, fs
    try:
        facts = parse_header(decode(header.read_bytes()), str(header))
    except (DamagedFileError, OSError):
        return annotations, fs
    length = facts.frames if fs is None or fs == facts.fs else None
    return (
        FileAnnotations(
            annotations.sample, annotations.symbol, annotations.aux, annotations.subtype, length
        ),
        fs if fs is not None else facts.fs,
    )


def _from_json(content: bytes, name: str) -> tuple[FileAnnotations, float | None]:
    try:
        facts = json.loads(content)
        beats, recording = facts["beats"], facts.get("recording", {})
        sample, label = list(beats["sample"]), list(beats["label"])
        fs, n_samples = recording.get("fs"), recording.get("n_samples")
        fs = None if fs is None else float(fs)
        n_samples = None if n_samples is None else int(n_samples)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AnnotationError(
            f"{name} is no JSON file of beats ({type(error).__name__}: {str(error)[:60]}); it "
            "needs beats.sample and beats.label, and recording.fs if it is known"
        ) from error
    return _annotations(sample, label, name, n_samples), fs


def _from_csv(content: bytes, name: str) -> tuple[FileAnnotations, float | None]:
    lines = content.decode("utf-8-sig", "replace").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    head = lines[0] if lines else ""
    separator = max(",;\t", key=head.count)
    rows = list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    titles = [title.strip().lower() for title in rows[0]] if rows else []
    if "sample" not in titles or "label" not in titles:
        raise AnnotationError(
            f"{name} is neither a WFDB annotation file nor a CSV or JSON file of beats (it begins "
            f"{head[:40]!r}); a CSV file needs a first line that names sample and label"
        )
    short = next((i for i, row in enumerate(rows) if len(row) != len(titles)), None)
    if short is not None:
        raise AnnotationError(
            f"{name} has {len(titles)} columns, but row {short + 1} has {len(rows[short])}; "
            "it may be cut short, write it again"
        )
    columns: Mapping[str, Sequence[str]] = dict(
        zip(titles, zip(*rows[1:], strict=True), strict=True) if len(rows) > 1 else ()
    )
    annotations = _annotations(columns.get("sample", ()), columns.get("label", ()), name, None)
    return annotations, _rate_of(annotations, columns.get("time_s", ()), name)


def _rate_of(annotations: FileAnnotations, time_s: Sequence[str], name: str) -> float | None:
    """Derive the rate from samples and times, to the nearest whole number if it is one."""
    if not time_s:
        return None
    try:
        time = np.array([float(each) for each in time_s])
    except ValueError as error:
        raise AnnotationError(f"{name} has a time_s that is no number ({error})") from error
    last = int(np.argmax(annotations.sample))
    sample = annotations.sample[last]
    if not (sample > 0 and time[last] > 0):
        return None
    fs = float(sample / time[last])
    digits = max(len(each.partition(".")[2]) for each in time_s)
    blur = fs * 0.5 * 10.0**-digits / time[last]
    return float(round(fs)) if abs(fs - round(fs)) <= max(blur, 1e-6 * fs) else fs


def _annotations(
    sample: Sequence[Any], label: Sequence[Any], name: str, n_samples: int | None
) -> FileAnnotations:
    if len(sample) != len(label):
        raise AnnotationError(
            f"{name} has {len(sample)} samples and {len(label)} labels; each beat needs both"
        )
    if not len(sample):
        raise AnnotationError(f"{name} holds no beats; give a file that has at least one")
    try:
        position = np.array([float(each) for each in sample])
    except (ValueError, TypeError) as error:
        raise AnnotationError(f"{name} has a sample that is no number ({error})") from error
    whole = (abs(position) < _MAX_SAMPLE) & (np.floor(position) == position)
    if not whole.all():
        raise AnnotationError(
            f"{name} has the sample {sample[int(np.argmin(whole))]}; samples are whole numbers "
            "counted from 0"
        )
    unknown = next((each for each in label if str(each).strip() not in BEAT_SYMBOLS), None)
    if unknown is not None:
        raise AnnotationError(
            f"{name} has the label {unknown!r}; labels are N S V F Q or MIT beat symbols "
            f"({' '.join(sorted(BEAT_SYMBOLS))})"
        )
    symbol = np.array([str(each).strip() for each in label], np.str_)
    symbol[symbol == "S"] = "A"
    return FileAnnotations(
        position.astype(np.int64), symbol, np.full(len(symbol), ""), None, n_samples
    )
