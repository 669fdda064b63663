"""Text files of numbers: CSV, TSV and their relatives, with any separator and decimal mark."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import MissingFactError, RecordingError, UnknownFormatError
from ectopy.recording._columns import (
    COUNTS,
    Roles,
    assign_roles,
    column_name,
    column_unit,
    lead_names,
)
from ectopy.recording._facts import (
    RATE_TOLERANCE,
    settle_rate,
    stated_rate,
    stated_step,
    stated_unit,
)
from ectopy.recording._leads import (
    STANDARD_LEADS,
    is_ecg_name,
    obeys_einthoven,
    unique_names,
)
from ectopy.recording._magic import is_own_result
from ectopy.recording._sniff import HEAD_BYTES, Layout, is_empty_so_far, sniff
from ectopy.recording._table import Table, read_table
from ectopy.recording._timeline import (
    Timeline,
    insert_missing,
    measure,
    past_midnight,
    start_time,
    unit_by_name,
    unit_by_step,
)
from ectopy.recording._units import MV_PER, scale_to_mv
from ectopy.recording.value import MAX_FS, MIN_DURATION_S, MIN_FS, Inference, Recording, Source

FORMAT: Final = "delimited text"
_LEAD_OFF_STEPS: Final = (-32768.0, -81920.0)
_LEAD_OFF_MV: Final = (-32.768, -32.767, -81.92)
_MIN_ROWS: Final = int(MIN_DURATION_S * MIN_FS)


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is text with columns of numbers."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{") or is_own_result(head):
        return False
    return _layout(head, path) is not None


def read_head(path: Path) -> tuple[bytes, bool]:
    """Give the first bytes of a file, and whether they are all of it."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return head, len(head) < HEAD_BYTES


def find_layout(path: Path) -> Layout | None:
    """Tell how a text file is laid out; None if it is no text with columns of numbers."""
    return _layout(read_head(path)[0], path)


def _layout(head: bytes, path: Path) -> Layout | None:
    """Tell the layout from the beginning, and from the first numbers if these come later."""
    layout = sniff(head, complete=len(head) < HEAD_BYTES)
    if layout is not None or len(head) < HEAD_BYTES or not is_empty_so_far(head):
        return layout
    with path.open("rb") as stream:
        stream.seek(HEAD_BYTES)
        while piece := stream.read(HEAD_BYTES):
            if not is_empty_so_far(piece):
                piece += stream.read(HEAD_BYTES)
                return sniff(_joined(head, piece), complete=not stream.read(1))
    raise RecordingError(
        "every value of the file is marked as missing; export it again with its samples"
    )


def _joined(head: bytes, later: bytes) -> bytes:
    """Join two pieces of a text, without the lines that are cut in two."""
    mark = b"\n" if b"\n" in head else b"\r"
    if b"\0" in head:
        big = head.startswith(codecs.BOM_UTF16_BE) or head[:1] == b"\0"
        mark = b"\0" + mark if big else mark + b"\0"
    return head[: head.rfind(mark) + len(mark)] + later[later.find(mark) + len(mark) :]


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a text file with one sample in each line and one lead in each column.

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
    UnknownFormatError
        If the file is no text with columns of numbers.
    MissingFactError
        If the file does not say its sampling rate and `fs` is not given.
    RecordingError
        If it has too few samples, no ECG, or a rate or time column that contradicts `fs`.
    DamagedFileError
        If lines are broken, or its time goes back.
    """
    layout = find_layout(path)
    if layout is None:
        raise UnknownFormatError("the file is no text with columns of numbers")
    roles = assign_roles(layout)
    table = read_table(path, layout, roles.values, roles.time)
    if len(table.values) < _MIN_ROWS:
        raise RecordingError(
            f"the file holds {len(table.values)} samples of each lead; an ECG of "
            f"{MIN_DURATION_S:g} s has at least {_MIN_ROWS}"
        )
    rate, timeline, start, inferred = _time(layout, roles, table, fs)
    about_lead_off = _mark_lead_off(table)
    keep, dropped = _kept(layout, roles, table)
    inferred += [*_statements((*roles.left_out, *dropped), table), *about_lead_off]
    columns = [roles.values[i] for i in keep]
    signal = table.values
    if len(keep) < signal.shape[1]:  # a long recording fills the memory once if that can be
        signal = np.ascontiguousarray(signal[:, keep])
    resolution, about_units = _to_mv(
        signal, rate, layout, columns, units, [table.whole[i] for i in keep]
    )
    names = lead_names(layout, columns)
    unnamed = not any(layout.names[i] for i in columns)
    if unnamed and len(names) == len(STANDARD_LEADS) and obeys_einthoven(signal):
        names = list(STANDARD_LEADS)
        why = "twelve columns of which the third to sixth follow from the first two in this order"
        inferred.append(Inference("leads", ", ".join(names), why))
    if timeline is not None and timeline.missing.any():
        gaps = int(np.count_nonzero(timeline.missing))
        length = timeline.missing.sum() / timeline.fs
        why = "jumps of the time column; the samples in them are missing"
        inferred.append(Inference("gaps", f"{gaps}, {length:.3g} s in all", why))
        signal = insert_missing(signal, timeline.missing)
    return Recording(
        signal,
        rate,
        unique_names(names),
        start=start,
        source=Source(str(path), FORMAT, tuple(inferred + about_units)),
        resolution=resolution,
    )


def _time(
    layout: Layout, roles: Roles, table: Table, fs: float | None
) -> tuple[float, Timeline | None, datetime | None, list[Inference]]:
    """Settle the rate, and the gaps and the start that a time column shows."""
    stated = stated_rate(layout.preamble, fs)
    if roles.time is None or table.time is None:
        counter = next((name for name, why in roles.left_out if why == COUNTS), None)
        if counter is not None and fs is None and stated is None:
            raise MissingFactError(
                f"the column ({counter}) goes up by one from row to row, so that it may count rows "
                "or milliseconds; give the rate, --fs 1000 if these are milliseconds"
            )
        rate, inferred = settle_rate(fs, stated, None, "")
        return rate, None, None, inferred
    where = f"the time column ({column_name(layout, roles.time)})"
    cells = [row[roles.time] for row in layout.sample if len(row) == len(layout.kinds)]
    is_clock = layout.kinds[roles.time] == "time"
    timeline = None
    try:
        seconds = 1.0 if is_clock else _seconds_per_unit(layout, roles.time, table.time, where)
        time = past_midnight(table.time) if is_clock else table.time * seconds
        timeline = measure(time, _resolution(cells, layout) * seconds, where)
    except MissingFactError as error:
        if fs is None and stated is None:
            raise
        rate, inferred = settle_rate(fs, stated, None, "")
        inferred.append(Inference("time column", "not used", str(error).split(";")[0]))
        return rate, None, None, inferred
    rate, inferred = settle_rate(fs, stated, timeline.fs, where)
    start = start_time(cells[0]) if is_clock else start_time(float(table.time[0]), seconds)
    if abs(rate - timeline.fs) > RATE_TOLERANCE * timeline.fs:
        timeline = None
    return rate, timeline, start, inferred


def _seconds_per_unit(layout: Layout, column: int, time: NDArray[np.float64], where: str) -> float:
    """Tell the unit of a column of times from its header, else from its steps."""
    named = unit_by_name(layout.units[column]) or unit_by_name(layout.names[column])
    if named is not None:
        return named
    steps = np.diff(time[np.isfinite(time)])
    for step in (np.median(steps), np.mean(steps)) if len(steps) else ():
        seconds = unit_by_step(float(step))
        if seconds is not None:
            return seconds
    raise MissingFactError(
        f"the steps of {where} give a sampling rate from {MIN_FS:g} to {MAX_FS:g} Hz in no unit "
        "of time; give the rate with --fs, such as --fs 250, and that column is not used"
    )


def _resolution(cells: Sequence[str], layout: Layout) -> float:
    """Give to what the times are rounded, from how many decimals they are written with."""
    marks = rf"[.{layout.style.decimal}](\d+)\D*$"
    decimals = [len(m[1]) if (m := re.search(marks, cell)) else 0 for cell in cells]
    scientific = any(re.search(r"\d[eE][+-]?\d", cell) for cell in cells)
    return 0.0 if scientific or not decimals else 10.0 ** -max(decimals)


def _mark_lead_off(table: Table) -> list[Inference]:
    """Make missing, in place, what devices write while an electrode is off.

    That is the lowest value of a column, comes more than once, and is the end of 16 bits, in
    steps, or as millivolts or microvolts.
    """
    found: dict[float, int] = {}
    for i, lead in enumerate(table.values.T):
        low = float(np.fmin.reduce(lead)) if len(lead) else 0.0
        marks = _LEAD_OFF_STEPS if table.whole[i] else _LEAD_OFF_MV
        mark = next((mark for mark in marks if abs(low - mark) < 1e-4), None)
        off = lead == np.float32(low)
        if mark is not None and np.count_nonzero(off) > 1 and not off.all():
            lead[off] = np.nan
            found[mark] = found.get(mark, 0) + int(np.count_nonzero(off))
    if not found:
        return []
    listed = " and ".join(f"{mark:g}" for mark in found)
    why = f"{listed} is what devices write while an electrode is off"
    return [Inference("missing samples", f"{sum(found.values())} values", why)]


def _kept(
    layout: Layout, roles: Roles, table: Table
) -> tuple[list[int], tuple[tuple[str, str], ...]]:
    """Give the columns that are leads, and the others with the reason.

    A column that never moves beside others that do, or that is a switch of 0 and 1 beside others
    that are more, is no lead, unless it is named like one.
    """
    low, high = np.fmin.reduce(table.values, axis=0), np.fmax.reduce(table.values, axis=0)
    every = range(len(roles.values))
    switches = [i for i in every if table.whole[i] and (low[i], high[i]) == (0.0, 1.0)]
    moving = [i for i in every if high[i] > low[i] and i not in switches]
    moving = moving or [i for i in every if high[i] > low[i]]
    if not moving:
        return [i for i in every if np.isfinite(low[i])] or list(every), ()
    keep, dropped = [], []
    for i in every:
        column = roles.values[i]
        if i in moving or (np.isfinite(low[i]) and is_ecg_name(layout.names[column])):
            keep.append(i)
        else:
            reason = "is a switch" if i in switches else "never moves"
            reason = reason if np.isfinite(low[i]) else "is empty"
            dropped.append((column_name(layout, column), reason))
    return keep, tuple(dropped)


def _statements(left_out: Sequence[tuple[str, str]], table: Table) -> list[Inference]:
    """State what of the file was not taken."""
    inferred = []
    if left_out:
        names = ", ".join(name for name, _ in left_out)
        why = "; ".join(f"{name}: {reason}" for name, reason in left_out)
        inferred.append(Inference("columns left out", names, why))
    if table.unreadable:
        why = f"no numbers, the first is {table.example[:20]!r}"
        inferred.append(Inference("missing samples", f"{table.unreadable} values", why))
    return inferred


def _to_mv(
    signal: NDArray[np.float32],
    rate: float,
    layout: Layout,
    columns: Sequence[int],
    units: str | None,
    whole: Sequence[bool],
) -> tuple[tuple[float | None, ...], list[Inference]]:
    """Bring the leads to millivolts, in place, by what the header says of their units."""
    common = stated_unit(layout.preamble)
    stated = [column_unit(layout, i) or common for i in columns]
    step = stated_step(layout.preamble)
    if step is None or units is not None or not all(whole) or any(u in MV_PER for u in stated):
        return scale_to_mv(signal, rate, stated, units, whole)
    size, unit = step
    signal *= np.float32(size)
    resolution, inferred = scale_to_mv(signal, rate, [unit] * len(columns), None, whole)
    return tuple(None if mv is None else mv * size for mv in resolution), inferred
