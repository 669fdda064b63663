"""Beats cut the way the rows of the Kaggle "ECG Heartbeat Categorization Dataset" were cut.

The published description of that data set (10 s windows, a 0.9 threshold, the median RR,
125 Hz) is not how its MIT-BIH files were made. The recipe here reproduces the published
values: every third sample of a 360 Hz signal (120 Hz), from one annotation past the next one
by a fifth of the interval that follows it, scaled to 0..1 and padded with zeros.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

SOURCE_FS: Final = 360.0
"""Rate, in Hz, of the signal that rows are cut from."""
STRIDE: Final = 3
ROW_FS: Final = SOURCE_FS / STRIDE
"""Rate of a row in Hz: 120, although the data set's page says 125."""
ROW_LENGTH: Final = 187
OVERHANG: Final = 0.2
"""Share of the following interval by which a segment runs past the next annotation."""


def cut_rows(
    signal: ArrayLike, start: ArrayLike, stop: ArrayLike
) -> NDArray[np.float32]:
    """Cut one row for each segment of a 360 Hz signal.

    Parameters
    ----------
    signal
        One lead at 360 Hz, shape ``(n_samples,)``; any unit, no missing values.
    start, stop
        First sample of each segment and the one past its last, shape ``(n_rows,)``.

    Returns
    -------
    numpy.ndarray
        Rows, float32, shape ``(n_rows, 187)``: each segment at 120 Hz, scaled to 0..1 by the
        minimum and maximum of the whole segment, then cut or padded with zeros to 187. A
        constant segment gives a row of zeros.
    """
    x = np.asarray(signal)
    starts, stops = np.asarray(start, np.int64), np.asarray(stop, np.int64)
    rows = np.zeros((len(starts), ROW_LENGTH), np.float32)
    for row, first, last in zip(rows, starts, stops, strict=True):
        segment = x[first:last:STRIDE].astype(np.float64)
        if not len(segment):
            continue
        low, high = segment.min(), segment.max()
        if high > low:
            scaled = ((segment[:ROW_LENGTH] - low) / (high - low)).astype(np.float32)
            row[: len(scaled)] = scaled
    return rows


def row_bounds(
    positions: ArrayLike, n_samples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the segment of every annotation that the recipe yields a row for.

    Parameters
    ----------
    positions
        Samples of **all** annotations at 360 Hz, beats and others, ascending.
    n_samples
        Length of the signal, which closes the list as if it were one more annotation.

    Returns
    -------
    start, stop : numpy.ndarray
        int64, one element for each annotation but the last, which has no row.
    """
    marks = np.append(np.asarray(positions, np.int64), n_samples)
    here, following, after = marks[:-2], marks[1:-1], marks[2:]
    return here, following + np.floor(OVERHANG * (after - following)).astype(np.int64)
