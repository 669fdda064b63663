"""ECGs that the Health app of an Apple Watch exports as CSV, in any of its languages.

The keys are translated (``Sample Rate``, ``Abtastrate``, ``Taux d'échantillonnage``), so facts are
found by their form: a number of hertz, a date with a time of day, a unit of voltage. The name and
the date of birth stand at the top, before the date of the recording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError
from ectopy.recording._facts import HERTZ, settle_rate, stated_rate
from ectopy.recording._sniff import HEAD_BYTES, Layout, sniff
from ectopy.recording._table import read_table
from ectopy.recording._units import ADU, parse_unit, scale_to_mv
from ectopy.recording.delimited import read_head
from ectopy.recording.value import Recording, Source

FORMAT: Final = "Apple Watch ECG (CSV)"
_OTHER_MAKERS: Final = (
    (r"(?i)\b(samsung|galaxy watch|sm-[rl]\d)", "Samsung ECG (CSV)"),
    (r"(?i)\b(withings|scanwatch|move ecg|body ?scan)", "Withings ECG (CSV)"),
)
"""Watches whose apps write keys and values like Apple's above one column of samples."""
_MIN_LINES: Final = 5
_DATE_FORMATS: Final = ("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S")
_ROMAN: Final = re.compile(r"\b(I{1,3}|aV[RLF]|V[1-6])\b")


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of an export of an Apple Watch."""
    layout = sniff(head, complete=len(head) < HEAD_BYTES)
    return layout is not None and _is_export(layout)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read an ECG that the Health app exported.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the file states its own, 512 Hz or close to it.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording
        One lead, with the start if the file tells it in a known form.

    Raises
    ------
    RecordingError
        If the file contradicts `fs`, or holds less than 2 s.
    DamagedFileError
        If it is no such export, or holds no numbers.
    """
    head, complete = read_head(path)
    layout = sniff(head, complete=complete)
    if layout is None or not _is_export(layout):
        raise DamagedFileError("the file is no complete export of an Apple Watch; export it again")
    facts = _values(layout.preamble)
    column = _value_column(layout)
    table = read_table(path, layout, [column or 0], None)
    rate, inferred = settle_rate(fs, stated_rate(layout.preamble, fs), None, "")
    signal = np.ascontiguousarray(table.values)
    resolution, about_units = scale_to_mv(signal, rate, [_unit(facts)], units, table.whole)
    return Recording(
        signal,
        rate,
        (_lead(facts),),
        start=next((start for start in map(_start, facts) if start), None),
        source=Source(str(path), _format(facts), tuple(inferred + about_units), _identity(facts)),
        resolution=resolution,
    )


def _is_export(layout: Layout) -> bool:
    """One column with numbers, and above it keys and values with a rate and a unit among them."""
    facts = _values(layout.preamble)
    return (
        _value_column(layout) is not None
        and len(facts) >= _MIN_LINES
        and _unit(facts) is not None
        and any(re.search(r"\d\s*" + HERTZ, value, re.IGNORECASE) for value in facts)
        and stated_rate(layout.preamble, 512.0) is not None
    )


def _value_column(layout: Layout) -> int | None:
    """Give the one column that holds numbers; a spreadsheet adds empty ones to it."""
    filled = {
        i
        for row in layout.sample
        for i, cell in enumerate(row)
        if layout.style.kind(cell) != "missing"
    }
    return filled.pop() if len(filled) == 1 and max(filled) < len(layout.kinds) else None


def _format(facts: Sequence[str]) -> str:
    """Give the maker by the name of the device; the layout is that of Apple."""
    text = " ".join(facts)
    return next((form for mark, form in _OTHER_MAKERS if re.search(mark, text)), FORMAT)


def _values(preamble: Sequence[str]) -> list[str]:
    """Give what stands after the first separator in each line, keys left out."""
    pairs = [re.split(r"[,;\t:]", line, maxsplit=1) for line in preamble if line.strip()]
    return [pair[1].strip(" \t\"',;") for pair in pairs if len(pair) == 2]


def _identity(facts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Give the name and the date of birth, which stand before the date of the recording."""
    first = next((i for i, value in enumerate(facts) if _start(value)), 2)
    pairs = zip(("name", "birth_date"), facts[:first], strict=False)
    return tuple((what, value) for what, value in pairs if value)


def _unit(facts: Sequence[str]) -> str | None:
    units = [parse_unit(value) for value in facts]
    return next((unit for unit in units if unit and unit != ADU), None)


def _lead(facts: Sequence[str]) -> str:
    """Give the lead, which is I except where the watch was held to leg or chest."""
    named = [_ROMAN.search(value) for value in facts if len(value) < 24]
    return next((match[1] for match in named if match), "I")


def _start(value: str) -> datetime | None:
    """Read a date that has a time of day, which a date of birth has not."""
    text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", value)
    if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d?:", text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    for date_format in _DATE_FORMATS:
        try:
            return datetime.strptime(text[:19], date_format)
        except ValueError:
            continue
    return None
