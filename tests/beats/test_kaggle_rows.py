"""A beat of any recording is cut as the rows of the data set were cut."""

import numpy as np
import pytest

from ectopy.beats.kaggle_rows import beat_rows, cut_rows, row_bounds
from ectopy.datasets.kaggle import make_rows
from ectopy.recording import read
from ectopy.simulate import simulate


def test_segment_runs_a_fifth_past_the_next_beat():
    start, stop = row_bounds([0, 300, 604], 1000)
    assert start.tolist() == [0, 300]
    assert stop.tolist() == [300 + 60, 604 + 79]


def test_row_is_every_third_sample_scaled_by_the_whole_segment():
    signal = np.arange(1000.0)
    row = cut_rows(signal, [10], [910])[0]
    np.testing.assert_allclose(row, (np.arange(187) * 3 / (299 * 3)).astype(np.float32), rtol=1e-6)
    short = cut_rows(signal, [10], [16])[0]
    assert short[:2].tolist() == [0, 1]
    assert not short[2:].any()


def test_constant_segment_is_zero():
    assert not cut_rows(np.ones(100), [0], [90]).any()


@pytest.mark.parametrize("fs", [125, 250, 500, 1000])
def test_rows_are_the_same_at_any_rate(fs):
    reference, other = (simulate(120, rate, seed=4, noise_mv=0) for rate in (360, fs))
    expected = beat_rows(reference.signal[:, 0], 360.0, reference.annotations.sample)
    rows = beat_rows(other.signal[:, 0], float(fs), other.annotations.sample)
    assert rows.shape == expected.shape
    # a row begins at the nearest sample, up to half a period of fs beside the peak
    assert np.abs(rows[:-1] - expected[:-1]).mean() < 0.02


def test_missing_samples_are_bridged():
    recording = simulate(20, seed=4)
    signal = recording.signal[:, 0].copy()
    signal[1000:1005] = np.nan
    assert np.isfinite(beat_rows(signal, 360.0, recording.annotations.sample)).all()


def test_no_beats_no_rows():
    assert beat_rows(np.zeros(1000, np.float32), 250.0, np.empty(0, np.int64)).shape == (0, 187)


@pytest.mark.data
def test_reference_beats_of_a_recording_give_the_kaggle_rows(data):
    rows = make_rows(data / "mitdb")
    for record in ("100", "102", "114", "207", "234"):
        recording = read(data / "mitdb" / record)
        notes = recording.annotations
        ours = beat_rows(recording.signal[:, 0], 360.0, notes.sample, recording.resolution[0])
        of_record = rows.record == record
        lines = np.searchsorted(notes.sample, rows.sample[of_record])
        np.testing.assert_array_equal(ours[lines], rows.X[of_record])
