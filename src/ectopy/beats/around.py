"""What the beats around each beat are like: sums over neighbours that several features share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.candidates import padded

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Whole = NDArray[np.int64]


def mean_around(values: Float64, before: int, after: int) -> Float64:
    """Mean over the values up to so many before and after each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    low, high = np.maximum(at - before, 0), np.minimum(at + after + 1, len(values))
    mean: Float64 = (total[high] - total[low]) / (high - low)
    return mean


def weighted_mean_around(values: Float64, weight: Float64, reach: int) -> Float64:
    """Weighted mean over the values up to so many before and after each.

    A little of the plain mean is in it, so that it is that one where there is no weight.
    """
    plain = mean_around(values, reach, reach)
    total = mean_around(values * weight, reach, reach) + 0.03 * plain
    mean: Float64 = total / (mean_around(weight, reach, reach) + 0.03)
    return mean


def spread_around(values: Float64, reach: int) -> Float64:
    """Standard deviation of the values up to so many before and after each."""
    squares = mean_around(values**2, reach, reach)
    spread: Float64 = np.sqrt(np.maximum(squares - mean_around(values, reach, reach) ** 2, 0))
    return spread


def neighbours(values: Float64, offsets: Whole, fill: float) -> Float64:
    """Values of the beats at these offsets from each, ``(n, len(offsets))``."""
    reach = int(np.abs(offsets).max())
    wider = padded(values, reach, reach, fill)
    chosen: Float64 = wider[np.arange(len(values))[:, None] + reach + offsets]
    return chosen


def spread_out(values: Whole, most: int) -> Whole:
    """At most so many of the values, evenly spread."""
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).astype(np.int64)]


def log_ratio(ratio: Float64) -> Float64:
    """Logarithm of a ratio of intervals, clipped to 1.5."""
    log: Float64 = np.clip(np.log(np.maximum(ratio, 1e-3)), -1.5, 1.5)
    return log


def norm(x: Float32) -> Float32:
    """Euclidean norm of each row."""
    size: Float32 = np.sqrt(np.add.reduce(x * x, axis=-1))
    return size
