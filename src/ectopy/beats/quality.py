"""How good the signal is: dead stretches that say nothing, and the noise around each beat."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ectopy._threads import in_threads
from ectopy.beats.value import Stretch
from ectopy.recording._backing import release

MISSING_S: Final = 0.1
"""Missing samples for at least this long make a missing stretch; fewer are bridged."""
FLAT_S: Final = 5.0
"""A signal that keeps one value for this long is flat: electrode off or amplifier at rest. Less
can be the line between two beats, in a clean recording of a slow heart."""
SATURATED_S: Final = 0.2
"""A signal that stays at its own highest or lowest value for this long is saturated; for less,
it is the clipped top of a beat."""
RAIL_SHARE: Final = 0.3
"""Share of the range that a rail lies off the median; nearer, it is the isoelectric line."""
JOIN_S: Final = 0.5
"""Dead stretches of one kind that are nearer than this are one."""
QRS_HALF_S: Final = 0.12
"""Half the time around an R peak that is taken as QRS rather than as noise."""
NOISE_WINDOW_S: Final = 1.0
"""Seconds before and after a beat in which the noise is measured."""
HALF_QUALITY_RATIO: Final = 0.25
"""Ratio of noise to R height, both at 3 to 40 Hz, at which quality is one half. Clean records
of MIT-BIH have 0.03 to 0.1, noise stress at 6 dB 0.22, white noise without a heart 0.37."""
NOISY_BELOW: Final = 0.3
"""Quality below which a beat counts as lying in noise."""
NEIGHBOURS: Final = 9
"""Beats whose median height is the R height to compare noise with."""
_BLOCK: Final = 1 << 20
"""Samples that are looked at together."""
_LOOKS: Final = 12
"""Samples at which a signal is looked at, of so many as it must stay the same for."""
_Test = Callable[[NDArray[np.float32]], NDArray[np.bool_]]


def dead_stretches(x: NDArray[np.float32], fs: float) -> tuple[Stretch, ...]:
    """Find the stretches of one lead in which no beat can be seen.

    Parameters
    ----------
    x
        One lead in mV, shape ``(n_samples,)``, NaN where missing.
    fs
        Sampling rate in Hz.

    Returns
    -------
    tuple of Stretch
        Missing, flat and saturated stretches, in time order, not overlapping.
    """
    found: list[Stretch] = []
    top, bottom, gaps = _extremes(x)
    if gaps:
        found += _runs(x, np.isnan, round(MISSING_S * fs), 0, "missing")
    flat, railed = round(FLAT_S * fs), round(SATURATED_S * fs)
    if _may_stay(x, flat):
        found += _runs(x, _stays, flat - 1, 1, "flat")
    some = _every(x, max(1, round(fs / 10)))
    known = some[~np.isnan(some)]
    middle = np.median(known) if len(known) else np.nan
    for rail in (top, bottom):
        if abs(rail - middle) > RAIL_SHARE * (top - bottom):
            found += _runs(x, partial(np.equal, rail), railed, 0, "saturated")
    return joined(found, round(JOIN_S * fs))


def _extremes(x: NDArray[np.float32]) -> tuple[np.float32, np.float32, bool]:
    """Give the highest and the lowest value, and whether any is missing."""

    def look(at: int) -> tuple[np.float32, np.float32, bool]:
        block = x[at : at + _BLOCK]
        top, bottom = block.max(), block.min()
        is_gapped = bool(np.isnan(top))
        if is_gapped:
            top, bottom = np.fmax.reduce(block), np.fmin.reduce(block)
        release(x)
        return top, bottom, is_gapped

    tops, bottoms, gapped = zip(*in_threads(look, range(0, len(x), _BLOCK)), strict=True)
    return np.fmax.reduce(tops), np.fmin.reduce(bottoms), any(gapped)


def _every(x: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Give every so many-th sample, without holding the signal between."""
    some, size = np.empty(-(-len(x) // step), np.float32), max(1, _BLOCK // step)
    for at in range(0, len(some), size):
        some[at : at + size] = x[at * step : (at + size) * step : step]
        release(x)
    return some


def _may_stay(x: NDArray[np.float32], n: int) -> bool:
    """Whether a few samples leave it open that `x` keeps one value for `n` samples."""
    still = _stays(_every(x, max(1, n // _LOOKS)))
    if len(still) < _LOOKS - 1:
        return bool(still.any())
    return bool(sliding_window_view(still, _LOOKS - 1).all(axis=1).any())


def _stays(x: NDArray[np.float32]) -> NDArray[np.bool_]:
    still: NDArray[np.bool_] = x[1:] == x[:-1]
    return still


def beat_quality(
    height: NDArray[np.floating], sample: NDArray[np.int64], fs: float
) -> NDArray[np.float32]:
    """Grade the signal around each beat from 1 (clean) to 0 (nothing but noise).

    Parameters
    ----------
    height
        Absolute value of the signal at 3 to 40 Hz, shape ``(n_samples,)``, any unit.
    sample
        R peaks, shape ``(n,)``.
    fs
        Sampling rate in Hz.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n,)``: ``1 / (1 + (noise / 0.25)^4)``, where noise is the RMS of the
        signal outside the QRS complexes within a second, relative to the median R height of
        the nine beats around.
    """
    if not len(sample):
        return np.empty(0, np.float32)
    half, window = round(QRS_HALF_S * fs), round(NOISE_WINDOW_S * fs)
    within = np.clip(sample[:, None] + np.arange(-half, half + 1), 0, len(height) - 1)
    power, outside = np.square(height), np.ones(len(height), np.uint8)
    power[within], outside[within] = 0, 0
    energy, amount = np.zeros(len(height) + 1), np.zeros(len(height) + 1, np.int32)
    np.cumsum(power, out=energy[1:])
    np.cumsum(outside, out=amount[1:])
    low, high = np.maximum(sample - window, 0), np.minimum(sample + window, len(height))
    noise = np.sqrt((energy[high] - energy[low]) / np.maximum(amount[high] - amount[low], 1))
    padded = np.pad(
        height[sample], NEIGHBOURS // 2, mode="symmetric" if len(sample) > 1 else "edge"
    )
    typical = np.median(np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS), axis=1)
    ratio = noise / np.maximum(typical, np.finfo(float).tiny)
    quality: NDArray[np.float32] = (1 / (1 + (ratio / HALF_QUALITY_RATIO) ** 4)).astype(np.float32)
    return quality


def noisy_stretches(
    sample: NDArray[np.int64], quality: NDArray[np.float32], fs: float, n_samples: int
) -> tuple[Stretch, ...]:
    """Give the stretches from the first to the last of consecutive beats that lie in noise."""
    around = round(NOISE_WINDOW_S * fs / 2)
    stretches = [
        Stretch(max(0, int(at) - around), min(n_samples, int(at) + around), "noisy")
        for at in sample[quality < NOISY_BELOW]
    ]
    return joined(stretches, round(JOIN_S * fs))


def bridged(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give one lead with its missing samples bridged by straight lines."""
    if not np.isnan(x.sum()):
        return x
    filled = np.array(x, np.float32)
    missing = np.isnan(filled)
    at = np.arange(len(x))
    filled[missing] = np.interp(at[missing], at[~missing], filled[~missing])
    return filled


def _runs(
    x: NDArray[np.float32], test: _Test, at_least: int, after: int, reason: str
) -> list[Stretch]:
    """Find where a test holds long enough, as stretches that end `after` samples later.

    The signal is gone through in blocks; the test gives `after` answers fewer than it is given
    samples.
    """
    n, begun, found = len(x) - after, -1, []
    for at in range(0, n, _BLOCK):
        mask = test(x[at : min(at + _BLOCK, n) + after])
        release(x)
        if begun < 0 and not mask[-1] and not _any_run(mask, at_least):
            continue
        turns = np.flatnonzero(mask[1:] != mask[:-1]) + (at + 1)
        if begun >= 0:
            turns = np.append([begun] if mask[0] else [begun, at], turns)
        elif mask[0]:
            turns = np.append(at, turns)
        begun = -1
        if mask[-1]:  # it may go on in the next block
            begun, turns = int(turns[-1]), turns[:-1]
        found += turns.reshape(-1, 2).tolist()
    if begun >= 0:
        found.append([begun, n])
    return [Stretch(a, b + after, reason) for a, b in found if b - a >= at_least]


def _any_run(mask: NDArray[np.bool_], at_least: int) -> bool:
    """Whether a mask may hold a run of True so long, which has half as many in a row on a grid."""
    half = max(1, at_least // 2)
    rows = mask[: len(mask) // half * half].reshape(-1, half)
    return bool(np.count_nonzero(mask) >= at_least and rows.all(axis=1).any())


def joined(stretches: list[Stretch], gap: int) -> tuple[Stretch, ...]:
    """Put stretches in time order: those of one kind joined where near, overlaps to the first.

    Parameters
    ----------
    stretches
        Any stretches.
    gap
        Samples between two of one kind up to which they become one.
    """
    joined: list[Stretch] = []
    for here in sorted(stretches, key=lambda s: (s.start, s.stop)):
        last = joined[-1] if joined else None
        if last and here.reason == last.reason and here.start - last.stop <= gap:
            joined[-1] = Stretch(last.start, max(last.stop, here.stop), last.reason)
        elif not last or here.start >= last.stop:
            joined.append(here)
        elif here.stop > last.stop:
            joined.append(Stretch(last.stop, here.stop, here.reason))
    return tuple(joined)
