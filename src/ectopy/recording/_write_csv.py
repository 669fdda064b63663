"""Recording → CSV: a column of seconds and one of mV for each lead, missing values empty."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np

from ectopy._files import replacing
from ectopy.recording._quantise import pieces
from ectopy.recording.value import Recording

NANOVOLT: Final = 6
"""Decimals of a value that has no step of its own."""
MICROSECOND: Final = 6
ROWS: Final = 1 << 17
"""Rows that are written at a time."""


def write(recording: Recording, targets: tuple[Path, ...]) -> list[str]:
    """Write one row a sample; give what could not be held."""
    import pandas as pd

    steps = recording.resolution or (None,) * len(recording.leads)
    decimals = [_decimals(step) for step in steps]
    names = ["time_s", *(f"{lead} (mV)" for lead in recording.leads)]
    at = 0
    with replacing(targets[0]) as part, part.open("w", newline="", encoding="utf-8") as stream:
        for whole in pieces(recording):
            for first in range(0, len(whole), ROWS):
                piece = whole[first : first + ROWS]
                time = np.round(np.arange(at, at + len(piece)) / recording.fs, MICROSECOND)
                columns = [
                    np.round(piece[:, i].astype(np.float64), decimals[i])
                    for i in range(piece.shape[1])
                ]
                rows = pd.DataFrame(dict(enumerate([time, *columns])))
                rows.to_csv(stream, header=False if at else names, index=False, lineterminator="\n")
                at += len(piece)
    return _notes(recording)


def _decimals(step: float | None) -> int:
    """Give the decimals that tell a value from its neighbours, one step up or down."""
    return min(9, max(1, 1 - math.floor(math.log10(step)))) if step else NANOVOLT


def _notes(recording: Recording) -> list[str]:
    notes = []
    if recording.start is not None:
        notes.append(f"the start, {recording.start.isoformat()}, is left out: CSV counts from 0 s")
    if recording.annotations:
        number = len(recording.annotations)
        notes.append(f"{number} annotations are left out: WFDB and EDF have a place for them")
    if recording.source.identity:
        notes.append("whom the recording is about is left out: WFDB and EDF have a place for it")
    return notes
