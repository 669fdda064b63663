"""Signals in JSON or in the cells of a CSV, as interfaces and exports of watches give them.

An ECG is a list of numbers with its facts beside it: ``signal`` with ``sampling_frequency``
(Withings, in µV), ``waveformSamples`` with ``samplingFrequencyHz`` and ``scalingFactor`` (Fitbit,
steps in a millivolt), ``samples.leadI`` with ``frequency`` and ``amplitudeResolution`` (Kardia, in
nanovolts). Any other file of that kind is read by its names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._json import (
    as_number,
    is_number_list,
    load_json,
    looks_like_json,
    numbers,
)
from ectopy.recording._mat import Variables
from ectopy.recording._sniff import encoding_of
from ectopy.recording._timeline import start_time
from ectopy.recording._variables import last_word, make_recording
from ectopy.recording.value import Recording

FORMAT: Final = "JSON"
CSV_FORMAT: Final = "CSV with signals in cells"
_LONG_LIST: Final = re.compile(rb"\[\s*(?:(?:-?\d[\d.eE+-]*|null)\s*,\s*){49}")
_LONG_CELL: Final = re.compile(rb"[\"']\[\s*(?:-?\d[\d.eE+-]*(?:\s*[,;]\s*|\s+)){49}")
_RESULT_KEYS: Final = frozenset({"beats", "rhythm", "model", "software"})
_MAX_DEPTH: Final = 20
_MAX_FACTS: Final = 20_000
_MAX_CELL: Final = 100 << 20
_START: Final = re.compile(
    r"(start(_?(time|date|at))?|recorded_?(at|date|time)?|date(_?time)?|time_?stamp|created_?(at)?)",
    re.IGNORECASE,
)


def matches(head: bytes, path: Path) -> bool:
    """Whether a file is JSON with a long list of numbers, or a CSV with one in a cell."""
    text = head.replace(b"\0", b"")
    if looks_like_json(head):
        return bool(_LONG_LIST.search(text))
    return encoding_of(head) is not None and bool(_LONG_CELL.search(text))


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the one ECG of a JSON file or of a CSV with signals in cells.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where the file does not state it.
    units
        mV, µV, nV, V or adu, where the file does not state them.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If it breaks the rules of JSON, or its samples are no numbers.
    RecordingError
        If no list can be an ECG, or several can.
    MissingFactError
        If nothing gives the sampling rate.
    """
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    variables: Variables = {}
    if not looks_like_json(head):
        for name, value in _cells(path, head):
            _add(variables, name, value, path.name, 0)
        _add_maker_facts(variables)
        return make_recording(variables, path, CSV_FORMAT, fs, units, _start(variables))
    root = load_json(path)
    if isinstance(root, dict) and root.keys() >= _RESULT_KEYS:
        raise RecordingError(f"{path.name} is a result of ectopy, not a recording; name that one")
    _add(variables, "", root, path.name, 0)
    _add_maker_facts(variables)
    return make_recording(variables, path, FORMAT, fs, units, _start(variables))


def _add(variables: Variables, name: str, value: Any, file: str, depth: int) -> None:
    """File what a JSON value holds under the keys that lead to it."""
    if depth > _MAX_DEPTH or len(variables) > _MAX_FACTS:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _add(variables, f"{name}.{key}" if name else str(key), inner, file, depth + 1)
    elif is_number_list(value):
        variables[name or "signal"] = numbers(value, file)
    elif isinstance(value, list) and value and all(map(is_number_list, value)):
        if len({len(row) for row in value}) == 1:
            variables[name or "signal"] = np.stack([numbers(row, file) for row in value])
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        variables[name] = value
    elif isinstance(value, list):
        for i, inner in enumerate(value[:_MAX_FACTS]):
            _add(variables, f"{name}({i + 1})" if len(value) > 1 else name, inner, file, depth + 1)
    elif isinstance(value, str):
        variables[name] = [value]
        number = as_number(value)
        if number is not None:
            variables[name] = np.array([number])
    elif as_number(value) is not None:
        variables[name] = np.array([as_number(value)])


def _scalar(variables: Variables, pattern: str) -> float | None:
    for name, value in variables.items():
        is_number = isinstance(value, np.ndarray) and value.size == 1
        if is_number and re.fullmatch(pattern, last_word(name), re.IGNORECASE):
            return float(np.asarray(value).item())
    return None


def _add_maker_facts(variables: Variables) -> None:
    """Put gain and unit beside the signals of makers who define them, unless they are there."""
    words = {last_word(name).casefold() for name in variables}
    if words & {"units", "unit", "gain"}:
        return
    steps = _scalar(variables, r"scaling_?factor")
    nanovolts = _scalar(variables, r"amplitude_?resolution")
    if "waveformsamples" in words and steps and steps > 0:
        variables["gain"], variables["units"] = np.array([steps]), ["mV"]
    elif nanovolts and nanovolts > 0:
        variables["gain"], variables["units"] = np.array([1e6 / nanovolts]), ["mV"]
    elif {"signal", "sampling_frequency", "wearposition"} <= words:
        variables["units"] = ["µV"]


def _start(variables: Variables) -> datetime | None:
    """Give when the recording began, from a text with date and time, or seconds since 1970."""
    for name, value in variables.items():
        if not _START.fullmatch(last_word(name)):
            continue
        if isinstance(value, list) and len(value) == 1:
            start = start_time(value[0])
        elif isinstance(value, np.ndarray) and value.size == 1:
            stamp = float(value.reshape(-1)[0])
            start = start_time(stamp, 1.0 if stamp < 1e11 else 1e-3)
        else:
            continue
        if start is not None:
            return start
    return None


def _cells(path: Path, head: bytes) -> Iterator[tuple[str, Any]]:
    """Give name and value of each cell of the one row of a CSV that holds a signal."""
    if path.stat().st_size > _MAX_CELL:
        raise RecordingError(f"{path.name} is too large for signals in cells; split it")
    text = path.read_bytes().decode(encoding_of(head) or "utf-8", "replace")
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    old = csv.field_size_limit(_MAX_CELL)
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=separator))
    except csv.Error as error:
        raise DamagedFileError(f"{path.name} is no CSV with signals in cells") from error
    finally:
        csv.field_size_limit(old)
    names = [name.strip().lstrip("\ufeff") for name in rows[0]] if rows else []
    held = [row for row in rows[1:] if any(_is_signal(cell) for cell in row)]
    if len(held) != 1:
        raise RecordingError(
            f"{path.name} holds {len(held)} rows with a signal; keep the header and one of them"
        )
    for i, cell in enumerate(held[0]):
        name = names[i] if i < len(names) and names[i] else f"column{i + 1}"
        if _is_signal(cell):
            parts = re.split(r"[\s,;]+", cell.strip(" []"))
            yield name, [as_number(part) for part in parts if part]
        else:
            yield name, cell.strip()


def _is_signal(cell: str) -> bool:
    return cell.startswith("[") and bool(re.match(r"\[\s*-?\d[^A-Za-z]{98}", cell))
