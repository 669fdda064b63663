"""What each column of a text file is: time, counter, ECG or something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import RecordingError
from ectopy.recording._leads import is_other_name
from ectopy.recording._sniff import Layout
from ectopy.recording._timeline import unit_by_name, unit_by_step
from ectopy.recording._units import parse_unit

MAX_LEADS: Final = 64
_MIN_ROWS: Final = 10
"""Rows below which the numbers of a column do not show that it counts or tells the time."""
_SINCE_1970: Final = 1e12
"""Numbers from here on are milliseconds since 1970 or less, and count no rows."""
COUNTS: Final = "counts the rows"

_TIME_NAME: Final = re.compile(
    r"\b(time\w*|t|zeit\w*|uhrzeit|temps|tiempo|tempo|hora|heure|clock|date\w*|elapsed|millis|"
    r"seconds?|secs?|msec|ms|timer)\b"
)
_COUNT_NAME: Final = re.compile(
    r"(unnamed.*|index|idx|nseq|seq\w*|n|no|nr|num\w*|row\w*|id|count\w*|frame\w*|point|"
    r"samples?( (no|nr|number|index|id|count))?|)"
)


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of a file are.

    Attributes
    ----------
    values
        The columns that may be leads.
    time
        The column of times, if there is one.
    left_out
        Name and reason of each other column.
    """

    values: tuple[int, ...]
    time: int | None
    left_out: tuple[tuple[str, str], ...]


def assign_roles(layout: Layout) -> Roles:
    """Tell what the columns are, from their names and their first rows.

    Raises
    ------
    RecordingError
        If none can be an ECG, or if there are too many to be leads.
    """
    sample = sample_numbers(layout)
    times: list[tuple[float, int]] = []
    values: list[int] = []
    left_out: list[tuple[str, str]] = []
    for i, kind in enumerate(layout.kinds):
        column, name = sample[:, i], column_name(layout, i)
        reason = ""
        if kind == "text":
            reason = "text"
        elif kind == "time":
            times.append((1.0, i))
        elif _is_counter(column, layout, i):
            reason = COUNTS
        elif _is_time(column, layout.names[i], layout.units[i]):
            times.append((_unevenness(column), i))
        elif is_other_name(layout.names[i]) or _is_other_unit(layout, i):
            reason = "named as something else than an ECG"
        else:
            values.append(i)
        if reason:
            left_out.append((name, reason))
    times.sort()
    left_out += [(column_name(layout, i), "another column of times") for _, i in times[1:]]
    if not values:
        names = ", ".join(column_name(layout, i) for i in range(len(layout.kinds)))
        raise RecordingError(f"none of the columns ({names}) is an ECG; name one ECG if it is one")
    if len(values) > MAX_LEADS:
        raise RecordingError(
            f"the file has {len(values)} columns of numbers, an ECG at most {MAX_LEADS} leads; "
            "put one sample in each line and one lead in each column"
        )
    return Roles(tuple(values), times[0][1] if times else None, tuple(left_out))


def column_name(layout: Layout, column: int) -> str:
    """Give a column's name, or its place where it has none, for statements."""
    return layout.names[column] or f"column {column + 1}"


def sample_numbers(layout: Layout) -> NDArray[np.float64]:
    """Give the first rows of a file as numbers, NaN for what is none."""
    width = len(layout.kinds)
    rows = [row for row in layout.sample if len(row) == width]
    return np.array([[layout.style.number(cell) for cell in row] for row in rows]).reshape(
        -1, width
    )


def column_unit(layout: Layout, column: int) -> str | None:
    """Give the unit that the header states for a column, such as µV for ``ecg [uV]``."""
    stated = parse_unit(layout.units[column])
    name = layout.names[column]
    for inside in re.findall(r"[(\[{]([^)\]}]*)[)\]}]", name):
        stated = stated or parse_unit(inside)
    suffix = re.search(r"(?:(?<=[\s_.:/-])|(?<=[Gg]))([nuµμm]v|volts?)$", name, re.IGNORECASE)
    whole = parse_unit(name) if len(name) > 1 else None
    return stated or whole or (parse_unit(suffix[1]) if suffix else None)


def lead_names(layout: Layout, columns: Sequence[int]) -> list[str]:
    """Name the leads: as the header does, without units; else ECG, ECG 1, ECG 2, ….

    A header line such as ``# Labels:= ECG`` names them too.
    """
    labels = [
        re.match(r"\W*(?:labels?|leads?|channels?)\W+(\S.*)", line, re.IGNORECASE)
        for line in layout.preamble
    ]
    for match in filter(None, labels):
        given = [label.strip(" \t\"'[]") for label in re.split(r"[,;|\t]", match[1])]
        if len(given) == len(columns) and not any(layout.names[i] for i in columns):
            return given
    names = []
    for number, i in enumerate(columns, start=1):
        name = re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", layout.names[i])
        if parse_unit(name) and len(name.strip()) > 1:
            name = ""
        name = re.sub(r"[\s_.:/-]+([nuµμm]v)$", "", name.strip(), flags=re.IGNORECASE)
        names.append(name.strip() or ("ECG" if len(columns) == 1 else f"ECG {number}"))
    return names


def _words(name: str) -> str:
    return re.sub(r"[_\W]+", " ", name).strip().casefold()


def _steps(column: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.diff(column[np.isfinite(column)])


def _is_counter(column: NDArray[np.float64], layout: Layout, number: int) -> bool:
    """Whether a column goes up by one from row to row and does not say that this is time.

    Whole numbers from 0 or 1 upwards count rows even where the column is called time.
    """
    steps, name, unit = _steps(column), layout.names[number], layout.units[number]
    if len(steps) < _MIN_ROWS:
        return bool(name) and bool(_COUNT_NAME.fullmatch(_words(name))) and bool((steps == 1).all())
    if np.mean(steps == 1) < 0.8:
        return False
    first = column[np.isfinite(column)][0]
    if first >= _SINCE_1970:
        return False
    says_time = bool(_TIME_NAME.search(_words(name)))
    says_unit = unit_by_name(name) is not None or unit_by_name(unit) is not None
    return not says_unit and (
        not says_time or (first in (0.0, 1.0) and not _has_decimals(layout, number))
    )


def _has_decimals(layout: Layout, number: int) -> bool:
    """Whether a column is written like ``1.000``, which nobody counts rows with."""
    cells = [row[number] for row in layout.sample if len(row) == len(layout.kinds)]
    decimals = rf"[+-]?\d+{re.escape(layout.style.decimal)}\d{{2,}}"
    return bool(cells) and all(re.fullmatch(decimals, cell) for cell in cells if cell)


def _is_time(column: NDArray[np.float64], name: str, unit: str) -> bool:
    """Whether a column tells the time, by its name or by rising in steady steps."""
    steps = _steps(column)
    if _TIME_NAME.search(_words(name)) or unit_by_name(unit) is not None:
        return True
    if len(steps) < _MIN_ROWS or np.mean(steps > 0) < 0.95:
        return False
    usual = float(np.median(steps))
    near = np.abs(steps - usual) <= 0.5 * usual
    return float(np.mean(near)) > 0.9 and unit_by_step(usual) is not None


def _unevenness(column: NDArray[np.float64]) -> float:
    """Give how much the steps of a column of times vary; few gaps hardly count.

    The share of steps far from the usual one, and the spread of the others as a share of it.
    """
    steps = _steps(column)
    usual = float(np.median(steps)) if len(steps) else 0.0
    if usual <= 0:
        return float("inf")
    near = np.abs(steps - usual) <= 0.5 * usual
    return float(1 - np.mean(near)) + float(np.std(steps[near])) / usual


def _is_other_unit(layout: Layout, column: int) -> bool:
    text = " ".join(
        (layout.units[column], *re.findall(r"[(\[]([^)\]]*)[)\]]", layout.names[column]))
    )
    return bool(re.search(r"mmhg|°|degc|bpm|\bm/s|\bg\b|%|ohm|\bdps\b", text, re.IGNORECASE))
