"""Places where a QRS complex may be, and what each looks like beside its neighbours.

The first pass of the detector: the slope of the signal, taken over 33 ms, has a peak at every QRS
complex, and at some T waves and noise. What a candidate is described by lies within some seconds
of it, at places that do not depend on where the signal is cut into pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ectopy.beats.filters import (
    Recursive,
    both_ways,
    butterworth,
    moving_mean,
    peaks,
    resampled,
)

DETECTION_FS: Final = 120.0
"""Rate in Hz that every signal is brought to."""
BAND_HZ: Final = (3.0, 40.0)
"""Band in which the R peak is the largest deflection, whatever the baseline does."""
BAND_PAD: Final = 15
"""Samples by which the ends are continued when that band is taken."""
SLOPE_SPAN: Final = 4
"""Samples (33 ms) between which the slope is taken: it is largest for waves of 15 Hz and nothing
at 0 and 30 Hz, which tells QRS complexes from P waves, T waves and muscle."""
SLOPE_WINDOW: Final = 13
"""Samples (108 ms) over which the slope is averaged."""
APART: Final = 24
"""Samples (0.2 s) that candidates lie apart at least."""
EDGE: Final = 12
"""Samples (0.1 s) at both ends of a signal where a complex is cut and cannot be judged."""
BLOCK: Final = 180
"""Samples (1.5 s) of a block; the steepest slope of a block stands for the size of a beat there."""
NEAR_BLOCKS: Final = 5
"""The local size of a beat is the median over so many blocks before and after."""
FAR_BLOCKS: Final = 30
FAR_SHARE: Final = 0.15
"""Share of the upper quartile over 45 s on both sides that the local size has at least: in a
pause, noise does not become the measure of a beat."""
THRESHOLD: Final = 0.15
"""Share of the local size that a candidate reaches at least."""
STRONG: Final = 0.5
"""Share of the local size from which a candidate helps to form the template of a beat."""
TEMPLATE_BLOCK: Final = 720
"""Samples (6 s) that share one template…"""
TEMPLATE_BEATS: Final = 11
"""…the median of so many strong candidates around the middle of them."""
CORE: Final = 18
"""Samples (150 ms) on both sides of a candidate that a template covers."""
SHIFT: Final = 4
"""Samples by which a candidate may be shifted to fit the template."""
WAVE: Final = np.arange(-72, 73, 2)
"""Offsets (±0.6 s) at which the signal describes a candidate."""
SURROUNDINGS: Final = np.arange(-180, 181, 4)
"""Offsets (±1.5 s) at which the slope does."""
N_FEATURES: Final = len(WAVE) + len(SURROUNDINGS) + 3

Float32 = NDArray[np.float32]
Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """One lead made ready: all at 120 Hz, float32, shape ``(n,)``.

    Attributes
    ----------
    baseline
        What lies outside 3 to 40 Hz, in the unit of the signal.
    band
        What lies within, in a unit of its own, as the two below.
    slope
        Its averaged absolute slope.
    size
        Local size of a beat's slope, at every sample.
    """

    baseline: Float32
    band: Float32
    slope: Float32
    size: Float32


@lru_cache(maxsize=64)
def rate_ratio(fs: float) -> Fraction:
    """Give 120 Hz over `fs` as the fraction that resampling uses."""
    return Fraction(DETECTION_FS / fs).limit_denominator(1000)


def prepare(x: Float32, fs: float, offset: int = 0) -> Prepared:
    """Bring an unbroken piece of one lead to 120 Hz and take its slope.

    Parameters
    ----------
    x
        One lead, shape ``(n_samples,)``, any unit, nothing missing.
    fs
        Sampling rate in Hz.
    offset
        Sample at which the piece begins in its unbroken signal; a multiple of the denominator
        of :func:`rate_ratio`.
    """
    middle = middle_of(x, fs)
    slow = at_detection_rate(x, fs, middle)
    # a power of two changes no digit, and keeps tiny and huge units away from the limits
    scale = np.float32(2.0 ** -np.round(np.log2(max(slow.max(), -slow.min(), _TINY))))
    slow = slow * scale
    band = both_ways(slow, _band(), BAND_PAD).astype(np.float32)
    steep = np.zeros_like(band)
    half = SLOPE_SPAN // 2
    np.abs(band[SLOPE_SPAN:] - band[:-SLOPE_SPAN], out=steep[half:-half])
    slope = moving_mean(steep, SLOPE_WINDOW)
    return Prepared(
        ((slow - band) / scale + np.float32(middle)).astype(np.float32),
        band,
        slope,
        _size(slope, int(offset * rate_ratio(fs))),
    )


def middle_of(x: Float32, fs: float) -> float:
    """Give about the mean of a signal, which is taken off before it is filtered."""
    return float(x[:: max(1, round(fs / 10))].mean())


def at_detection_rate(x: Float32, fs: float, middle: float = 0.0) -> Float32:
    """Bring an unbroken piece of one lead, less `middle`, to 120 Hz; what is above 40 Hz goes."""
    ratio = rate_ratio(fs)
    if ratio == 1:
        return x - np.float32(middle)
    return resampled(x, ratio.numerator, ratio.denominator, middle)


def find_candidates(leads: list[Prepared]) -> Positions:
    """Give the places, at 120 Hz, where the slope of the leads together has a peak."""
    together = leads[0].slope / leads[0].size
    for lead in leads[1:]:
        together = together + lead.slope / lead.size
    at = peaks(together, THRESHOLD * len(leads), APART)
    return at[(at >= EDGE) & (at < len(together) - EDGE)]


def describe(lead: Prepared, at: Positions, offset: int = 0) -> Float32:
    """Describe candidates of one lead by numbers that gain and polarity do not change.

    Parameters
    ----------
    lead
        The lead at 120 Hz.
    at
        Candidates, shape ``(n,)``.
    offset
        Sample, at 120 Hz, at which the lead begins in its unbroken signal.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 167)``: the signal within 0.6 s and the slope within 1.5 s relative
        to a typical beat around, then height of the slope, height of the peak, and likeness to
        the template.
    """
    height = lead.slope[at] / lead.size[at]
    margin = int(SURROUNDINGS[-1]) + 1
    band, slope = padded(lead.band, margin, margin), padded(lead.slope, margin, margin)
    reach = CORE + SHIFT
    core = windows_of(band, 2 * reach + 1)[at + margin - reach]
    exact = core[:, SHIFT:-SHIFT]
    peak = np.abs(exact[:, CORE // 2 : -(CORE // 2)]).max(axis=1)
    template, typical = _templates(exact, peak, height, at, offset)
    sign = np.sign(template[np.arange(len(at)), np.abs(template).argmax(axis=1)])
    scale = (np.where(sign < 0, -1, 1) / np.maximum(typical, _TINY)).astype(np.float32)
    wave = np.clip(_seen(band, WAVE, at + margin) * scale[:, None], -3, 3)
    seen = _seen(slope, SURROUNDINGS, at + margin)
    surroundings = np.clip(seen / lead.size[at][:, None], 0, 3)
    facts = np.stack(
        [
            np.minimum(height, 4),
            np.minimum(peak / np.maximum(typical, _TINY), 4),
            _likeness(core, template),
        ],
        axis=1,
    )
    return np.concatenate([wave, surroundings, facts.astype(np.float32)], axis=1)


_TINY: Final = 1e-35


def _seen(x: Float32, offsets: Positions, at: Positions) -> Float32:
    """Values at evenly spaced offsets from each place, shape ``(len(at), len(offsets))``."""
    windows = sliding_window_view(x, int(offsets[-1] - offsets[0]) + 1)
    seen: Float32 = windows[:, :: int(offsets[1] - offsets[0])][at + offsets[0]]
    return seen


@cache
def _band() -> Recursive:
    return butterworth(*BAND_HZ, DETECTION_FS)


def _size(slope: Float32, offset: int) -> Float32:
    """Local size of a beat's slope at every sample, from blocks on a grid of the whole signal."""
    first = -offset % BLOCK
    starts = np.arange(first, len(slope), BLOCK)
    if first >= BLOCK // 2 or not len(starts):
        starts = np.concatenate(([0], starts))
    elif len(starts):
        starts[0] = 0
    if len(starts) > 1 and len(slope) - starts[-1] < BLOCK // 2:
        starts = starts[:-1]
    highest = np.maximum.reduceat(slope, starts)
    near = quantile_around(highest, NEAR_BLOCKS, NEAR_BLOCKS, 0.5)
    far = quantile_around(highest, FAR_BLOCKS, FAR_BLOCKS, 0.75)
    size = np.maximum(np.maximum(near, FAR_SHARE * far), _TINY)
    repeats = np.diff(np.append(starts, len(slope)))
    return np.repeat(size, repeats).astype(np.float32)


def padded(x: NDArray[Any], before: int, after: int, fill: float = 0.0) -> NDArray[Any]:
    """Put one number before and after an array; `numpy.pad` takes ten times as long for few."""
    wider: NDArray[Any] = np.full(before + len(x) + after, fill, x.dtype)
    wider[before : before + len(x)] = x
    return wider


def windows_of(x: NDArray[Any], width: int) -> NDArray[Any]:
    """Give ``(len(x) - width + 1, width)``; NumPy's own way takes twenty times as long for few."""
    return np.ndarray((len(x) - width + 1, width), x.dtype, x, 0, (x.itemsize, x.itemsize))


def quantile_around(
    values: NDArray[np.floating], before: int, after: int, share: float
) -> NDArray[np.float64]:
    """Quantile over the values up to so many before and after each, as far as there are any."""
    x = padded(values.astype(np.float64), before, after, np.nan)
    windows = np.sort(windows_of(x, before + after + 1), axis=1)
    at = np.arange(len(values))
    there = np.minimum(at, before) + 1 + np.minimum(at[::-1], after)
    quantile: NDArray[np.float64] = windows[at, ((there - 1) * share).astype(np.int64)]
    return quantile


def _templates(
    core: Float32, peak: Float32, height: Float32, at: Positions, offset: int
) -> tuple[Float32, Float32]:
    """Shape and peak of a typical beat around each candidate."""
    strong = np.flatnonzero(height > STRONG)
    if not len(strong):
        strong = np.arange(len(at))
    block = (at + offset) // TEMPLATE_BLOCK
    blocks, of_block = np.unique(block, return_inverse=True)
    middle = blocks * TEMPLATE_BLOCK + TEMPLATE_BLOCK // 2 - offset
    taken = min(TEMPLATE_BEATS, len(strong))
    first = np.searchsorted(at[strong], middle) - taken // 2
    members = strong[np.clip(first, 0, len(strong) - taken)[:, None] + np.arange(taken)]
    shapes = np.sort(core[members], axis=1)[:, taken // 2]
    peaks = np.sort(peak[members], axis=1)[:, taken // 2]
    return shapes[of_block], peaks[of_block]


def _likeness(core: Float32, template: Float32) -> NDArray[np.floating]:
    """Highest correlation of each candidate with its template, over small shifts."""
    length = template.shape[1]
    norm = np.linalg.norm(template, axis=1)
    best = np.full(len(core), -1.0)
    for shift in range(0, 2 * SHIFT + 1, 2):
        part = core[:, shift : shift + length]
        product = np.einsum("ij,ij->i", part, template)
        best = np.maximum(best, product / np.maximum(np.linalg.norm(part, axis=1) * norm, _TINY))
    return best
