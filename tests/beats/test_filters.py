"""Filters as products of matrices give what those of scipy give, sample after sample."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from ectopy.beats.filters import both_ways, butterworth, lowpass, moving_mean, peaks, resampled


def wandering(n: int, seed: int = 0) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(size=n)) / 20 + random.normal(size=n) + 3
    return walk.astype(np.float32)


@pytest.mark.parametrize("fs", [50, 99.7, 120.5, 125, 250, 257, 333.33, 360, 500, 1000, 20000])
@pytest.mark.parametrize("seconds", [1, 7.01])
def test_resampling_is_that_of_scipy(fs: float, seconds: float) -> None:
    from scipy.signal import firwin, resample_poly

    ratio = Fraction(120 / fs).limit_denominator(1000)
    up, down = ratio.numerator, ratio.denominator
    x, widest = wandering(int(fs * seconds)), max(up, down)
    taps = firwin(2 * round(4.5 * widest) + 1, 1 / widest, window=("kaiser", 4.5))
    np.testing.assert_allclose(lowpass(up, down), taps, atol=1e-7)
    expected = resample_poly(x - np.float64(2.5), up, down, window=taps, padtype="line")
    found = resampled(x, up, down, 2.5)
    np.testing.assert_allclose(found, expected, atol=1e-6 * float(np.abs(x).max()))


@pytest.mark.parametrize("n", [120, 121, 5000, 5001])
@pytest.mark.parametrize("band", [(3.0, 40.0), (0.5, None)])
def test_filtering_both_ways_is_that_of_scipy(n: int, band: tuple[float, float | None]) -> None:
    from scipy.signal import butter, sosfiltfilt

    low, high = band
    kind, hz = ("highpass", low) if high is None else ("bandpass", band)
    sos = butter(2, hz, kind, fs=120, output="sos")
    x, pad = wandering(n), min(n - 1, 360)
    found = both_ways(x, butterworth(low, high, 120), pad)
    np.testing.assert_allclose(found, sosfiltfilt(sos, x, padlen=pad), atol=1e-6)


def test_a_moving_mean_mirrors_the_ends() -> None:
    from scipy.ndimage import uniform_filter1d

    x = wandering(1000)
    np.testing.assert_allclose(moving_mean(x, 13), uniform_filter1d(x, 13), atol=1e-5)


@pytest.mark.parametrize("n", [3, 10, 5000])
@pytest.mark.parametrize("apart", [1, 5, 24])
def test_peaks_are_those_of_scipy(n: int, apart: int) -> None:
    from scipy.signal import find_peaks

    x = wandering(n)
    np.testing.assert_array_equal(
        peaks(x, 2.5, apart), find_peaks(x, height=2.5, distance=apart)[0]
    )
    stairs = np.round(x)  # flat tops, also such as rise on or reach the end
    np.testing.assert_array_equal(peaks(stairs, 2.5, 1), find_peaks(stairs, height=2.5)[0])


def test_of_peaks_of_one_height_none_are_too_near() -> None:
    kept = peaks(np.tile([0.0, 1.0], 500).astype(np.float32), 0.5, 24)
    assert np.diff(kept).min() >= 24
    assert len(kept) >= 1000 / 48
