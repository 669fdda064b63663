"""HL7 annotated ECGs (aECG, ANSI/HL7 V3 ECG R1-2004), the XML of the FDA's ECG warehouse.

Read by ectopy itself: the parser of ecgdatakit takes only the first series and sequence set of a
file, rounds rates to whole hertz and knows no decimal commas. Representative beats and other
derived series are passed over. The annotations of the file are not read.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording, standard_name
from ectopy.recording._leads import is_ecg_name, is_other_name
from ectopy.recording._units import MV_PER, parse_unit
from ectopy.recording._xml import moment, number, numbers_from_text, parse, root_name, text_of
from ectopy.recording.value import Inference, Recording

FORMAT: Final = "HL7 aECG"
_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_LEAD_CODE: Final = re.compile(r"_ECG_LEAD_(\w+)", re.IGNORECASE)
_BEAT: Final = re.compile(r"BEAT|MEDIAN|AVERAGE|TEMPLATE", re.IGNORECASE)


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of an aECG."""
    return root_name(head) == "AnnotatedECG"


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the rhythm series of an aECG.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where the file gives no increment of time.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording
        All leads of the rhythm series, put into their places by the times the file gives.

    Raises
    ------
    DamagedFileError
        If the XML is broken or unsafe, or the samples of a lead are not numbers.
    MissingFactError
        If the file gives no sampling rate and `fs` is not given.
    RecordingError
        If there is no rhythm series, or the file contradicts `fs`.
    """
    root = parse(path)
    notes: list[Inference] = []
    channels: list[Channel] = []
    starts: list[datetime] = []
    left_out: list[str] = []
    beats = len(root.findall(".//derivedSeries"))
    for series in root.findall("component/series"):
        code = _code(series)
        if _BEAT.search(code):
            beats += 1
            continue
        for sequences in series.findall("component/sequenceSet"):
            channels += _sequence_set(sequences, fs, starts, left_out, notes)
    if not channels:
        why = "representative beats" if beats else "no series of samples"
        raise RecordingError(
            f"{path.name} (HL7 aECG) holds {why}, but no rhythm; export it with its rhythm series"
        )
    if left_out:
        why = "their codes are not those of ECG leads"
        notes.append(Inference("signals left out", ", ".join(dict.fromkeys(left_out)), why))
    return make_recording(
        channels,
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=min(starts, key=lambda at: at.timestamp()) if starts else _effective(root),
        inferred=notes,
        identity=_identity(root),
    )


def _sequence_set(
    sequences: ET.Element,
    fs: float | None,
    starts: list[datetime],
    left_out: list[str],
    notes: list[Inference],
) -> Iterator[Channel]:
    """Give the leads of a set that share one axis of time."""
    rate, head, start = fs, 0.0, None
    for sequence in sequences.findall("component/sequence"):
        value = sequence.find("value")
        if value is None or not _code(sequence).upper().startswith("TIME_"):
            continue
        rate = _rate(value, fs, notes)
        head_element = value.find("head")
        if head_element is not None:
            text = head_element.get("value", "")
            start = moment(text)
            unit = _SECONDS.get(head_element.get("unit", "s"), 1.0)
            head = (number(text) or 0.0) * unit if start is None else 0.0
    if start is not None:
        starts.append(start)
        head = (start - _like(starts[0], start)).total_seconds()
    for sequence in sequences.findall("component/sequence"):
        code = _code(sequence)
        value = sequence.find("value")
        if value is None or code.upper().startswith("TIME_"):
            continue
        name = _lead_name(sequence, code)
        if name is None:
            left_out.append(code or "unnamed")
            continue
        if rate is None:
            raise MissingFactError(
                "the aECG gives no increment of time, and so no sampling rate; give it in Hz, "
                "such as --fs 500"
            )
        yield _channel(value, name, rate, head)


def _like(start: datetime, other: datetime) -> datetime:
    """Give `start` with or without a time zone, as `other` is."""
    return start.replace(tzinfo=other.tzinfo) if other.tzinfo is None else start.astimezone(
        other.tzinfo
    )  # fmt: skip


def _code(element: ET.Element) -> str:
    code = element.find("code")
    return "" if code is None else code.get("code", "").strip()


def _rate(value: ET.Element, fs: float | None, notes: list[Inference]) -> float | None:
    """Give the sampling rate by the increment of time."""
    increment = value.find("increment")
    if increment is None:
        return fs
    step = number(increment.get("value"))
    unit = increment.get("unit", "").strip()
    if step is None or step <= 0:
        return fs
    seconds = _SECONDS.get(unit.lower())
    if seconds is None:
        if unit and fs is None:
            raise DamagedFileError(
                f"the aECG gives its increment of time in {unit[:20]!r}, which is no unit of "
                "time; give the sampling rate in Hz, such as --fs 500"
            )
        seconds = 1.0 if step < 0.1 else 1e-3
        rate = 1.0 / (step * seconds)
        why = f"an increment of {step:g} without a unit, taken as {'s' if seconds == 1 else 'ms'}"
        notes.append(Inference("sampling rate", f"{rate:g} Hz", why, "--fs"))
        return rate
    return round(1.0 / (step * seconds), 9)


def _lead_name(sequence: ET.Element, code: str) -> str | None:
    """Give the name of the lead of a sequence, or None if it is no ECG."""
    match = _LEAD_CODE.search(code)
    if match:
        return "-aVR" if match[1].upper() == "AVRNEG" else standard_name(match[1].replace("_", " "))
    element = sequence.find("code")
    shown = "" if element is None else element.get("displayName", "")
    for name in (shown, code):
        known = standard_name(name)
        if name and is_ecg_name(known) and not is_other_name(name):
            return known
    return None


def _channel(value: ET.Element, name: str, rate: float, head: float) -> Channel:
    digits = numbers_from_text(text_of(value, "digits"), f"lead {name}")
    if not digits.size:
        raise DamagedFileError(f"lead {name} of the aECG has no samples; export it again")
    scale, unit = _quantity(value.find("scale"))
    origin, origin_unit = _quantity(value.find("origin"))
    offset = origin or 0.0
    if unit in MV_PER and origin_unit in MV_PER:
        offset *= MV_PER[str(origin_unit)] / MV_PER[str(unit)]
    return Channel(
        name,
        rate,
        digits.size,
        blocks_of(digits),
        scale=1.0 if scale is None else scale,
        offset=offset,
        unit=unit,
        whole=bool((digits == np.rint(digits)).all()),
        start_s=head,
    )


def _quantity(element: ET.Element | None) -> tuple[float | None, str | None]:
    if element is None:
        return None, None
    return number(element.get("value")), parse_unit(element.get("unit", ""))


def _effective(root: ET.Element) -> datetime | None:
    for path in ("effectiveTime/low", "effectiveTime/center", "effectiveTime"):
        element = root.find(path)
        at = None if element is None else moment(element.get("value", ""))
        if at is not None:
            return at
    return None


def _identity(root: ET.Element) -> tuple[tuple[str, str], ...]:
    subject = root.find(".//trialSubject")
    if subject is None:
        return ()
    name = subject.find(".//name")
    born, identifier = subject.find(".//birthTime"), subject.find("id")
    facts = (
        ("name", "" if name is None else " ".join("".join(name.itertext()).split())),
        ("birth_date", "" if born is None else born.get("value", "")),
        ("patient_id", "" if identifier is None else identifier.get("extension", "")),
    )
    return tuple((fact, text) for fact, text in facts if text)
