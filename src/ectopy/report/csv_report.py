"""Analysis → CSV, one row for each beat."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from ectopy._files import replacing
from ectopy.analysis import Analysis, plain
from ectopy.labels import AAMI_CLASSES

_ROWS: Final = 1 << 15
"""Beats that are turned into text at a time."""


def write(analysis: Analysis, path: Path) -> None:
    """Write one row a beat, named as in the JSON, with `p_N` to `p_Q` for the five classes.

    What is not known stays empty; `abstained` is ``true`` or ``false``.
    """
    columns = analysis.columns()
    columns["abstained"] = np.where(columns["abstained"], "true", "false")
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        *names, _ = columns
        rows.writerow([*names, *(f"p_{name}" for name in AAMI_CLASSES)])
        for first in range(0, len(analysis.beats), _ROWS):
            *parts, classes = (plain(held[first : first + _ROWS]) for held in columns.values())
            for row, each in zip(zip(*parts, strict=True), classes, strict=True):
                rows.writerow([*row, *each])
