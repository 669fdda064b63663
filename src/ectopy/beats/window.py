"""A beat as the 0.8 s around its R peak, the same whatever the rate, the gain and the offset."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.quality import bridged

WINDOW_FS: Final = 100.0
"""Rate of a window in Hz."""
BEFORE: Final = 30
"""Samples before R: P wave and PR interval."""
AFTER: Final = 50
"""Samples from R on: QRS, ST segment and T wave."""
WINDOW_LENGTH: Final = BEFORE + AFTER
BAND_HZ: Final = (0.5, 35.0)
"""What is kept: no drift, no mains, hardly any muscle; the ST segment of 0.2 s stays."""
_MARGIN_S: Final = 4.0
_BLOCK: Final = 1024


def beat_windows(
    signal: NDArray[np.float32], fs: float, sample: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cut the window of every beat of one lead.

    Parameters
    ----------
    signal
        One lead, shape ``(n_samples,)``, in any unit; missing samples are bridged by straight
        lines.
    fs
        Its sampling rate in Hz, 100 or more.
    sample
        R peaks at `fs`, ascending, shape ``(n,)``.

    Returns
    -------
    windows : numpy.ndarray
        float32, shape ``(n, 80)``: 0.3 s before R to 0.5 s after it at 100 Hz, 0.5 to 35 Hz,
        around its own median and of height 1.
    whole : numpy.ndarray
        bool, shape ``(n,)``: whether the recording holds all of the window; where it does not,
        the window is zero.
    """
    windows = np.zeros((len(sample), WINDOW_LENGTH), np.float32)
    whole = np.zeros(len(sample), bool)
    for block in _blocks(sample, fs):
        low = max(0, int(sample[block][0] - _MARGIN_S * fs))
        high = min(len(signal), int(sample[block][-1] + _MARGIN_S * fs) + 1)
        x = _filtered(signal[low:high], fs)
        at = np.rint((sample[block] - low) * WINDOW_FS / fs).astype(np.int64)
        inside = (at >= BEFORE) & (at + AFTER <= len(x))
        whole[block] = inside
        lines = at[inside, None] + np.arange(-BEFORE, AFTER)
        windows[np.arange(len(sample))[block][inside]] = scaled(x[lines])
    return windows, whole


def scaled(windows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bring windows ``(…, 80)`` to median 0 and height 1; a flat one is all zero."""
    centred = windows - np.median(windows, axis=-1, keepdims=True)
    height = np.ptp(centred, axis=-1, keepdims=True)
    out: NDArray[np.float32] = (centred / np.where(height > 0, height, 1)).astype(np.float32)
    return out


def _blocks(sample: NDArray[np.int64], fs: float) -> list[slice]:
    """Divide beats so that no block is long, however far apart its beats lie."""
    longest, blocks, first = _BLOCK * fs, [], 0
    for i in range(1, len(sample) + 1):
        if i == len(sample) or sample[i] - sample[first] > longest:
            blocks.append(slice(first, i))
            first = i
    return blocks


def _filtered(signal: NDArray[np.float32], fs: float) -> NDArray[np.float64]:
    """Give the lead at 100 Hz within the band, its phase unchanged."""
    from scipy.signal import butter, resample_poly, sosfiltfilt

    x = bridged(signal).astype(np.float64)
    x -= np.median(x)
    ratio = Fraction(WINDOW_FS / fs).limit_denominator(1000)
    if ratio != 1:
        x = resample_poly(x, ratio.numerator, ratio.denominator)
    sos = butter(2, BAND_HZ, "bandpass", fs=WINDOW_FS, output="sos")
    out: NDArray[np.float64] = sosfiltfilt(sos, x, padlen=min(len(x) - 1, 300))
    return out
