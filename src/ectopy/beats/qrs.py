"""The QRS detector: where the slope of the signal stands out from the seconds around it.

Every decision looks at the ten seconds around it and at nothing else, so that a recording
searched in overlapping pieces gives the beats of one searched whole, and neither an artefact
nor a change of amplitude blinds the detector for what comes later.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

DETECTION_FS: Final = 120.0
"""Rate in Hz that every signal is brought to before its slope is taken."""
BAND_HZ: Final = (3.0, 40.0)
"""Band in which the R peak is the largest deflection, whatever the baseline does."""
SLOPE_BAND_HZ: Final = (5.0, 25.0)
"""Band whose slope tells QRS complexes from P and T waves."""
SLOPE_WINDOW: Final = 13
"""Samples at 120 Hz (108 ms) over which the slope is averaged."""
CANDIDATE_S: Final = 0.2
"""Candidates are the highest points of the slope within this time on both sides."""
BLOCK_S: Final = 1.5
"""The highest candidate of a block of this length stands for the size of a beat there…"""
BLOCKS: Final = 5
"""…and the median over so many blocks before and after it is the local size of a beat."""
THRESHOLD: Final = 0.3
"""Share of the local size that a candidate must reach."""
T_WAVE_S: Final = 0.36
"""Of two candidates nearer than this, the lower is taken for a T wave…"""
T_WAVE_SHARE: Final = 0.5
"""…if it has less than this share of the other's slope."""
REFRACTORY_S: Final = 0.25
"""Of two candidates nearer than this only the higher is a beat."""


def qrs_band(x: NDArray[np.float64], fs: float) -> NDArray[np.float64]:
    """Keep what is at 3 to 40 Hz, without delay.

    Parameters
    ----------
    x
        An unbroken piece of one lead, shape ``(n_samples,)``, any unit.
    fs
        Sampling rate in Hz.
    """
    return _band_pass(x - np.median(x), BAND_HZ, fs)


def rate_ratio(fs: float) -> Fraction:
    """Give 120 Hz over `fs` as the fraction that resampling uses."""
    return Fraction(DETECTION_FS / fs).limit_denominator(1000)


def detect_qrs(qrs: NDArray[np.float64], fs: float, offset: int = 0) -> NDArray[np.int64]:
    """Find QRS complexes.

    Parameters
    ----------
    qrs
        One lead at 3 to 40 Hz, see :func:`qrs_band`; gain and polarity make no difference.
    fs
        Sampling rate in Hz.
    offset
        Sample at which `qrs` begins in the unbroken signal that it is a piece of; a multiple of
        the denominator of :func:`rate_ratio`.

    Returns
    -------
    numpy.ndarray
        Steepest place of each complex in samples of `qrs`, int64, ascending.
    """
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks, resample_poly

    ratio = rate_ratio(fs)
    slow = resample_poly(qrs, ratio.numerator, ratio.denominator)
    if len(slow) < DETECTION_FS:
        return np.empty(0, np.int64)
    steep = np.abs(np.gradient(_band_pass(slow, SLOPE_BAND_HZ, DETECTION_FS)))
    slope = uniform_filter1d(steep, SLOPE_WINDOW)
    at, _ = find_peaks(slope, distance=round(CANDIDATE_S * DETECTION_FS))
    height = slope[at]
    tall = height > THRESHOLD * _local_size(at + int(offset * ratio), height)
    chosen = _without_t_waves(at[tall], height[tall])
    native: NDArray[np.int64] = np.rint(chosen / float(ratio)).astype(np.int64)
    return np.minimum(native, len(qrs) - 1)


def _band_pass(x: NDArray[np.float64], band: tuple[float, float], fs: float) -> NDArray[np.float64]:
    from scipy.signal import butter, sosfiltfilt

    sos = butter(2, (band[0], min(band[1], 0.45 * fs)), "bandpass", fs=fs, output="sos")
    filtered: NDArray[np.float64] = sosfiltfilt(sos, x)
    return filtered


def _local_size(at: NDArray[np.int64], height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slope of a typical beat around each candidate."""
    if not len(at):
        return np.empty(0)
    block = at // int(BLOCK_S * DETECTION_FS)
    block -= block[0]
    highest = np.zeros(block[-1] + 1)
    np.maximum.at(highest, block, height)
    padded = np.pad(highest, BLOCKS, mode="reflect" if len(highest) > BLOCKS else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * BLOCKS + 1)
    local: NDArray[np.float64] = np.median(around, axis=1)[block]
    return local


def _without_t_waves(at: NDArray[np.int64], height: NDArray[np.float64]) -> NDArray[np.int64]:
    """Drop candidates that are T waves, or too near a higher one to be beats."""
    kept: list[int] = []
    for here in range(len(at)):
        if not kept or at[here] - at[kept[-1]] >= T_WAVE_S * DETECTION_FS:
            kept.append(here)
            continue
        last = kept[-1]
        too_near = at[here] - at[last] < REFRACTORY_S * DETECTION_FS
        if height[here] > height[last] * (1 if too_near else 1 / T_WAVE_SHARE):
            kept[-1] = here
        elif not too_near and height[here] >= T_WAVE_SHARE * height[last]:
            kept.append(here)
    return at[kept]
