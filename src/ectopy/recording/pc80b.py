"""Text of hand-held recorders PC-80B and their relatives: time, millivolts, QRS, anomaly.

``illforce -T`` and the programs around it write four fields in each line, without a header: the
time in seconds, the reading in mV, 1 where a QRS is, and 1 where the recorder saw an anomaly. The
recorders work at 150 Hz; the times are rounded and jitter.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError
from ectopy.recording import delimited
from ectopy.recording._sniff import Layout, sniff_head
from ectopy.recording._table import read_table
from ectopy.recording.value import Annotations, Inference, Recording

FORMAT: Final = "PC-80B (text)"
_TIME, _VOLTAGE, _QRS, _ANOMALY = range(4)
_RATE_HZ: Final = 150.0
_LARGEST_MV: Final = 10.0


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is four columns: seconds at 150 Hz, decimals, two switches."""
    layout = sniff_head(head)
    return layout is not None and _is_export(layout)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a recording, with the QRS complexes that the recorder marked.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the times give 150 Hz.
    units
        Unit to take instead of mV.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If the lines are not four numbers, or time goes back.
    RecordingError
        If it is shorter than 2 s or contradicts `fs`.
    """
    layout = delimited.find_layout(path)
    if layout is None or not _is_export(layout):
        raise DamagedFileError(f"{path.name} is no text of a PC-80B; export it again")
    recording = delimited.read(path, fs, units or "mV")
    kept = [fact for fact in recording.source.inferred if fact.what != "columns left out"]
    if units is None:
        kept.append(Inference("units", "mV", "the second field of this format is mV", "--units"))
    flags = read_table(path, layout, [_QRS], None).values[:, 0]
    rows = np.flatnonzero(flags == 1).astype(np.int64)
    present = np.flatnonzero(np.isfinite(recording.signal[:, 0]))
    annotations = None
    if len(rows) and len(present) == len(flags):
        sample = present[rows]
        annotations = Annotations(
            sample, np.full(len(rows), "?", np.str_), np.full(len(rows), "", np.str_)
        )
    source = replace(recording.source, format=FORMAT, inferred=tuple(kept))
    return replace(recording, leads=("ECG",), source=source, annotations=annotations)


def _is_export(layout: Layout) -> bool:
    if layout.kinds != ("number",) * 4 or any(layout.names) or layout.preamble:
        return False
    rows = [[layout.style.number(cell) for cell in row] for row in layout.sample if len(row) == 4]
    table = np.array(rows)
    steps = np.diff(table[:, _TIME])
    mean = float(steps.mean()) if len(steps) > 10 else 0.0
    return (
        bool(np.isin(table[:, [_QRS, _ANOMALY]], (0, 1)).all())
        and bool((steps >= 0).all())
        and abs(mean * _RATE_HZ - 1) < 0.1
        and bool((np.abs(table[:, _VOLTAGE]) < _LARGEST_MV).all())
    )
