"""The paper's described preprocessing does what it says, and loses what it loses."""

import numpy as np
import pytest

from ectopy.beats.paper_windows import paper_windows
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import read


def spikes(heights, fs=250, every_s=1.0):
    x = np.zeros(int(fs * every_s * len(heights)))
    for k, height in enumerate(heights):
        centre = int((k + 0.5) * every_s * fs)
        x += height * np.exp(-(((np.arange(len(x)) - centre) / (0.02 * fs)) ** 2))
    return x


def test_equal_beats_are_all_kept():
    (window,) = paper_windows(spikes([1] * 10), 250)
    assert len(window.r_peaks) == 10
    assert window.median_rr == pytest.approx(125, abs=1)
    assert window.rows.shape == (10, 187)
    np.testing.assert_allclose(window.rows[:, 0], 1, atol=0.02)
    assert not window.rows[:, 150:].any()


def test_one_tall_beat_hides_all_others():
    (window,) = paper_windows(spikes([1, 1, 1, 2, 1, 1, 1, 1, 1, 1]), 250)
    assert len(window.r_peaks) == 1
    assert window.median_rr is None
    assert window.rows.shape == (0, 187)


def test_a_flat_window_has_no_rows():
    (window,) = paper_windows(np.ones(2500), 250)
    assert window.rows.shape == (0, 187)


def test_an_unfinished_window_is_left_out():
    assert len(paper_windows(spikes([1] * 25), 250)) == 2


@pytest.mark.data
def test_most_beats_of_208_are_lost(data):
    recording = read(data / "mitdb" / "208")
    notes = recording.annotations
    beats = np.isin(notes.symbol, list(BEAT_SYMBOLS)) & (notes.sample < 300 * 360)
    windows = paper_windows(recording.signal[: 300 * 360, 0], 360)
    assert sum(len(window.rows) for window in windows) < 0.25 * beats.sum()
