"""Windows of beats: the same whatever the rate, the gain, the offset and the drift."""

import numpy as np
import pytest

from ectopy.beats.window import BEFORE, WINDOW_LENGTH, beat_windows
from ectopy.simulate import simulate


def quiet(fs, seconds=30, **changed):
    made = simulate(seconds, fs, seed=1, pattern="N", noise_mv=0, **{"wander_mv": 0} | changed)
    return made.signal[:, 0], made.annotations.sample


@pytest.mark.parametrize("fs", [125, 250, 360, 500, 1000])
def test_the_rate_makes_no_difference(fs):
    x, at = quiet(100)
    y, there = quiet(fs)
    one, whole = beat_windows(x, 100, at)
    other, also = beat_windows(y, fs, there)
    both = whole & also
    assert both.sum() > 25
    assert np.abs(one - other)[both].mean() < 0.03


def test_gain_offset_and_drift_make_no_difference():
    x, at = quiet(250)
    one, whole = beat_windows(x, 250, at)
    other, _ = beat_windows(x * 1000 - 3e4, 250, at)
    np.testing.assert_allclose(other, one, atol=1e-3)
    drift = 2 * np.sin(2 * np.pi * 0.1 * np.arange(len(x)) / 250)
    moved, _ = beat_windows((x + drift).astype(np.float32), 250, at)
    assert np.abs(moved - one)[whole].max() < 0.1


def test_a_window_is_one_high_with_r_where_it_belongs():
    x, at = quiet(500)
    windows, whole = beat_windows(x, 500, at)
    np.testing.assert_allclose(np.ptp(windows[whole], axis=1), 1, atol=1e-5)
    assert set(windows[whole].argmax(axis=1)) <= {BEFORE - 1, BEFORE, BEFORE + 1}
    assert windows.shape[1] == WINDOW_LENGTH


def test_beats_at_the_ends_have_none():
    x, at = quiet(100)
    cut = slice(at[3] - 20, at[20] + 40)
    windows, whole = beat_windows(x[cut], 100, at[3:21] - cut.start)
    assert whole.tolist() == [False, *[True] * 16, False]
    assert not windows[[0, -1]].any()


def test_beats_far_apart_are_cut_like_any():
    x, at = quiet(100, 20)
    gap = np.full(100 * 3000, np.nan, np.float32)
    long = np.concatenate([x, gap, x])
    windows, whole = beat_windows(long, 100, np.concatenate([at, at + len(x) + len(gap)]))
    first, second = np.split(windows, 2)
    inner = whole[: len(at)]
    np.testing.assert_allclose(first[inner][2:-3], second[inner][2:-3], atol=0.02)
