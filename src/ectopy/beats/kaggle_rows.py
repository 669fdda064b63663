"""Beats cut the way the rows of the Kaggle "ECG Heartbeat Categorization Dataset" were cut.

The published description of that data set (10 s windows, a 0.9 threshold, the median RR,
125 Hz) is not how its MIT-BIH files were made. The recipe here reproduces the published
values: every third sample of a 360 Hz signal (120 Hz), from one annotation past the next one
by a fifth of the interval that follows it, scaled to 0..1 and padded with zeros.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ectopy.beats.quality import bridged

SOURCE_FS: Final = 360.0
"""Rate, in Hz, of the signal that rows are cut from."""
STRIDE: Final = 3
ROW_FS: Final = SOURCE_FS / STRIDE
"""Rate of a row in Hz: 120, although the data set's page says 125."""
ROW_LENGTH: Final = 187
OVERHANG: Final = 0.2
"""Share of the following interval by which a segment runs past the next annotation."""


LONGEST_S: Final = 30.0
"""Longest segment, in seconds, that a found beat is given: a longer one spans lost signal."""
_BLOCK: Final = 4096


def cut_rows(signal: ArrayLike, start: ArrayLike, stop: ArrayLike) -> NDArray[np.float32]:
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


def row_bounds(positions: ArrayLike, n_samples: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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


def beat_rows(
    signal: NDArray[np.float32],
    fs: float,
    sample: NDArray[np.int64],
    resolution: float | None = None,
) -> NDArray[np.float32]:
    """Cut the row of every beat of a lead of any rate, as the rows of the data set were cut.

    Parameters
    ----------
    signal
        One lead in mV, shape ``(n_samples,)``; missing samples are bridged by straight lines.
    fs
        Its sampling rate in Hz; a rate other than 360 Hz is resampled to it, band-limited.
    sample
        R peaks at `fs`, ascending, shape ``(n,)``.
    resolution
        Millivolts per ADC unit, where known. With it a row of a 360 Hz recording is the same
        to the last bit as one cut from the ADC integers.

    Returns
    -------
    numpy.ndarray
        Rows, float32, shape ``(n, 187)``. Unlike in the data set the last beat has a row too:
        its segment runs to the end of the signal.
    """
    ratio = Fraction(SOURCE_FS / fs).limit_denominator(1000)
    scale, n_source = float(ratio), int(len(signal) * float(ratio))
    marks = np.minimum(np.rint(sample * scale).astype(np.int64), max(n_source - 1, 0))
    start, stop = row_bounds(marks, n_source)
    start, stop = np.append(start, marks[-1:]), np.append(stop, [n_source] * len(marks[-1:]))
    stop = np.minimum(stop, start + round(LONGEST_S * SOURCE_FS))
    rows = np.empty((len(sample), ROW_LENGTH), np.float32)
    for first in range(0, len(sample), _BLOCK):
        block = slice(first, first + _BLOCK)
        low, high = start[block][0], min(stop[block].max() + STRIDE, n_source)
        source, offset = _at_source_rate(signal, ratio, int(low), int(high))
        if resolution and ratio == 1:
            source = np.rint(source / resolution)
        rows[block] = cut_rows(source, start[block] - offset, stop[block] - offset)
    return rows


def _at_source_rate(
    signal: NDArray[np.float32], ratio: Fraction, low: int, high: int
) -> tuple[NDArray[np.float64], int]:
    """Give samples `low` to `high` of the signal at 360 Hz, and the number of the first."""
    if ratio == 1:
        return bridged(signal[low:high]).astype(np.float64), low
    from scipy.signal import resample_poly

    up, down = ratio.numerator, ratio.denominator
    margin = 20 * max(1, down // up)
    first = max(0, int(low / ratio) - margin) // down * down
    last = min(len(signal), int(high / ratio) + margin + 1)
    x = bridged(signal[first:last]).astype(np.float64)
    middle = np.median(x)
    return resample_poly(x - middle, up, down) + middle, first * up // down
