"""The filters that beats are found and described with, as products of matrices.

A filter that is applied to blocks of a signal is one product of the blocks with a matrix, which
the processor does many times faster than sample after sample, and during which other threads can
run. The results are those of `scipy.signal` but for rounding, without the second that importing
it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_ROW: Final = 48
"""Samples, about, of the blocks that are resampled at a time."""
_BLOCK: Final = 32
"""Samples of the blocks that a recursive filter is applied to."""
_GONE: Final = 1e-40
"""What is left of a filter's memory when it counts for nothing."""
_BETA: Final = 4.5
"""Shape of the Kaiser window of the lowpass of resampling: 50 dB."""


def resampled(x: Float32, up: int, down: int, middle: float) -> Float32:
    """Bring an unbroken signal to `up` / `down` of its rate, without what has no room there.

    Parameters
    ----------
    x
        Shape ``(n,)``, two samples at least. Beyond its ends it is taken to go on along the line
        from its first to its last sample.
    up, down
        The ratio of the rates, in its lowest terms.
    middle
        What is taken off every sample first.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(ceil(n * up / down),)``, with the first sample where that of `x` is.
    """
    n, n_out = len(x), -(-len(x) * up // down)
    before, whole, past = _polyphase(up, down)
    size, reach = len(whole), len(past)
    rows = -(-n_out * down // (up * size))
    held = np.empty(max((rows + 1) * size, before + n), np.float32)
    np.subtract(x, np.float32(middle), out=held[before : before + n])
    first, last = float(held[before]), float(held[before + n - 1])
    slope = (last - first) / (n - 1)
    held[:before] = first + slope * np.arange(-before, 0)
    held[before + n :] = last + slope * np.arange(1, len(held) - before - n + 1)
    blocks = held[: (rows + 1) * size].reshape(-1, size)
    slow = blocks[:-1] @ whole
    slow += blocks[1:, :reach] @ past
    return slow.ravel()[:n_out]


@lru_cache(maxsize=8)
def _polyphase(up: int, down: int) -> tuple[int, Float32, Float32]:
    """Give the resampling of one block as matrices.

    Returns
    -------
    first : int
        How many samples before its first output a block begins.
    whole : numpy.ndarray
        From the samples of a block, shape ``(size, outputs)``.
    past : numpy.ndarray
        From the first samples of the next block, shape ``(reach, outputs)``.
    """
    taps = up * lowpass(up, down)
    half = len(taps) // 2
    before = half // up
    frames = max(1, round(_ROW / down), -(-(2 * before + 1) // down))
    outputs, size = frames * up, frames * down
    at = np.arange(outputs) * down
    matrix = np.zeros((size + 2 * before + 1, outputs), np.float32)
    for row in range(len(matrix)):
        tap = half + at - (row - before) * up
        seen = (tap >= 0) & (tap < len(taps))
        matrix[row, seen] = taps[tap[seen]]
    return before, matrix[:size], matrix[size:]


def lowpass(up: int, down: int) -> Float32:
    """Filter for resampling: what would fold onto the lower half of the band is 50 dB down."""
    widest = max(up, down)
    at = np.arange(-round(4.5 * widest), round(4.5 * widest) + 1)
    taps = np.sinc(at / widest) * np.kaiser(len(at), _BETA)
    scaled: Float32 = (taps / taps.sum()).astype(np.float32)
    return scaled


@dataclass(frozen=True, eq=False, slots=True)
class Recursive:
    """A recursive filter laid out for blocks of 32 samples, its state from one to the next.

    Attributes
    ----------
    inside
        Gives, from the samples of a block, its output and what they add to the state.
    onwards
        Gives the output of a block from the state that it begins with.
    step
        Gives the state that a block leaves from the one it begins with.
    settled
        State in which a constant 1 has always been the input.
    """

    inside: Float64
    onwards: Float64
    step: Float64
    settled: Float64


def butterworth(low_hz: float, high_hz: float | None, fs: float) -> Recursive:
    """Make a Butterworth filter of second order: a highpass, or a bandpass if `high_hz` is given.

    Designed as textbooks do: the analogue filter, its frequencies bent for the bilinear transform.
    """
    low, high = (2 * np.tan(np.pi * hz / fs) for hz in (low_hz, high_hz or fs / 4))
    poles = np.exp(1j * np.pi * np.array([0.75, -0.75]))
    if high_hz is None:
        poles, gain = low / poles, 1.0
    else:
        half = poles * (high - low) / 2
        root = np.sqrt(half**2 - low * high)
        poles, gain = np.concatenate([half + root, half - root]), (high - low) ** 2
    zeros = np.concatenate([np.ones(2), -np.ones(len(poles) - 2)])
    gain *= 4 / float(np.prod(2 - poles).real)
    ahead: Float64 = gain * np.poly(zeros).astype(np.float64)
    back: Float64 = np.poly((2 + poles) / (2 - poles)).real.astype(np.float64)
    return _in_blocks(ahead, back)


def _in_blocks(b: Float64, a: Float64) -> Recursive:
    """Lay a filter out for blocks, from the coefficients of its transfer function."""
    order = len(a) - 1
    change = np.eye(order, k=1)
    change[:, 0] = -a[1:]
    enter = b[1:] - a[1:] * b[0]
    ahead = np.zeros((order, _BLOCK))  # what is left of a sample's entry after each step
    ahead[:, 0] = enter
    onwards, step = np.zeros((order, _BLOCK)), np.eye(order)
    for k in range(_BLOCK):
        onwards[:, k] = step[0]
        step = change @ step
        if k:
            ahead[:, k] = change @ ahead[:, k - 1]
    response = np.append(b[0], ahead[0, :-1])
    inside = np.zeros((_BLOCK, _BLOCK + order))
    for k in range(_BLOCK):
        inside[k, k:_BLOCK] = response[: _BLOCK - k]
        inside[k, _BLOCK:] = ahead[:, _BLOCK - 1 - k]
    return Recursive(inside, onwards, step, np.linalg.solve(np.eye(order) - change, enter))


def both_ways(x: Float32, recursive: Recursive, pad: int) -> Float64:
    """Filter a signal forwards and backwards, so that nothing is shifted in time.

    Parameters
    ----------
    x
        Shape ``(n,)``.
    recursive
        The filter.
    pad
        By so many samples, fewer than `n`, the signal is continued at both ends, turned about its
        first and its last sample.
    """
    n = len(x)
    padded = np.empty(n + 2 * pad)
    padded[pad : pad + n] = x
    padded[:pad] = 2 * padded[pad] - padded[2 * pad : pad : -1]
    padded[pad + n :] = 2 * padded[pad + n - 1] - padded[pad + n - 2 : n - 2 : -1]
    for _ in range(2):
        padded = _run(padded, recursive)[::-1]
    return padded[pad : pad + n]


def _run(x: Float64, recursive: Recursive) -> Float64:
    """Filter a signal that has been its first value for ever."""
    n_blocks = -(-len(x) // _BLOCK)
    blocks = np.zeros((n_blocks, _BLOCK))
    blocks.ravel()[: len(x)] = x
    both = blocks @ recursive.inside
    state = np.vstack([recursive.settled * x[0], both[:-1, _BLOCK:]])
    step, apart = recursive.step, 1
    while apart < n_blocks and np.abs(step).max() > _GONE:
        state[apart:] += state[:-apart] @ step.T
        step, apart = step @ step, 2 * apart
    out = both[:, :_BLOCK] + state @ recursive.onwards
    return out.ravel()[: len(x)]


def moving_mean(x: Float32, width: int) -> Float32:
    """Mean over an odd number of samples around each, the ends mirrored."""
    total = np.zeros(len(x) + width)
    np.cumsum(np.pad(x, width // 2, mode="symmetric"), dtype=np.float64, out=total[1:])
    return ((total[width:] - total[:-width]) / width).astype(np.float32)


def peaks(x: NDArray[np.floating], least: float, apart: int) -> NDArray[np.int64]:
    """Find the highest places of a signal, none of which lies too near to a higher one.

    Parameters
    ----------
    x
        Shape ``(n,)``.
    least
        Height of a peak at least.
    apart
        Samples between two peaks at least.

    Returns
    -------
    numpy.ndarray
        int64, ascending; of a peak with a flat top, its middle.
    """
    rises, falls = x[1:] > x[:-1], x[1:] < x[:-1]
    at = np.flatnonzero(rises[:-1] & ~rises[1:] & (x[1:-1] >= least)) + 1
    flat = ~falls[at]
    if flat.any():  # a flat top ends where the signal moves again, if that is downwards
        moves = np.append(np.flatnonzero(rises | falls), len(falls))
        end = moves[np.searchsorted(moves, at)]
        is_top = (end < len(falls)) & falls[np.minimum(end, len(falls) - 1)]
        at = ((at + end) // 2)[is_top]
    near = np.diff(at) < apart
    crowded = np.flatnonzero(np.append(near, False) | np.append(False, near))
    kept = np.ones(len(at), bool)
    kept[crowded] = _highest_of(at[crowded], x[at[crowded]], apart)
    return at[kept]


def _highest_of(
    at: NDArray[np.int64], height: NDArray[np.floating], apart: int
) -> NDArray[np.bool_]:
    """Go through peaks from the highest on, and drop those too near to one that is kept."""
    places, kept, last = at.tolist(), [True] * len(at), len(at) - 1
    for here in np.argsort(height, kind="stable")[::-1].tolist():
        if kept[here]:
            low = high = here
            while low > 0 and places[here] - places[low - 1] < apart:
                low -= 1
                kept[low] = False
            while high < last and places[high + 1] - places[here] < apart:
                high += 1
                kept[high] = False
    return np.array(kept, bool)
