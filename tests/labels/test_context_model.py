"""The model for unseen patients: what does not matter does not change its labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import resample

from ectopy import analyze, find_beats, read
from ectopy.beats.context import context_inputs
from ectopy.labels import DEFAULT_MODEL, load_card
from ectopy.labels.classify import combine, unlike
from ectopy.labels.models import model_folder
from ectopy.recording import Recording
from ectopy.simulate import simulate

RECORDS = ("100", "119", "202", "221")


def crop(recording: Recording, seconds: int) -> Recording:
    return replace(
        recording, signal=recording.signal[: int(seconds * recording.fs)], annotations=None
    )


def same_labels(whole, other) -> float:
    """Share of beats that the other analysis has within 150 ms with the same label."""
    mine, theirs = whole.beats.time_s, other.beats.time_s
    near = np.abs(theirs[:, None] - mine).argmin(axis=0)
    same = (np.abs(theirs[near] - mine) < 0.15) & (other.labels.aami[near] == whole.labels.aami)
    return float(same.mean())


def resampled(recording: Recording, fs: float) -> Recording:
    n = round(recording.n_samples * fs / recording.fs)
    return replace(recording, signal=resample(recording.signal, n).astype(np.float32), fs=fs)


@pytest.fixture(scope="module")
def analyses(data):
    records = [crop(read(data / "mitdb" / name), 600) for name in RECORDS]
    return [(recording, analyze(recording)) for recording in records]


def agreement(analyses, change) -> float:
    shares = [same_labels(whole, analyze(change(recording))) for recording, whole in analyses]
    beats = [len(whole.beats) for _, whole in analyses]
    return float(np.average(shares, weights=beats))


@pytest.mark.data
@pytest.mark.parametrize("fs", [125, 250, 500, 1000])
def test_the_rate_makes_no_difference(analyses, fs):
    assert agreement(analyses, lambda r: resampled(r, fs)) >= 0.99


@pytest.mark.data
@pytest.mark.parametrize(("gain", "offset"), [(-1, 0), (0.1, 0), (10, 0), (1, 5)])
def test_polarity_gain_and_offset_make_no_difference(analyses, gain, offset):
    def change(recording):
        x = recording.signal * np.float32(gain) + np.float32(offset)
        return replace(recording, signal=x)

    assert agreement(analyses, change) >= 0.999


@pytest.mark.data
def test_some_noise_makes_little_difference(analyses):
    """White noise below 40 Hz at 12 dB."""

    def change(recording):
        x, random = recording.signal.astype(float), np.random.default_rng(0)
        white = resample(random.normal(size=(int(80 * recording.duration_s), x.shape[1])), len(x))
        size = (x - np.median(x, axis=0)).std(axis=0) * 10 ** (-12 / 20) / white.std(axis=0)
        return replace(recording, signal=(x + white * size).astype(np.float32))

    assert agreement(analyses, change) >= 0.95


@pytest.mark.parametrize(("fs", "noise_mv"), [(128, 0.05), (250, 0.02)])
def test_two_hours_of_a_healthy_heart_have_hardly_an_ectopic_beat(fs, noise_mv):
    heart = simulate(7200, fs, seed=11, rate_bpm=64, pattern="N", noise_mv=noise_mv)
    counts = analyze(replace(heart, annotations=None)).labels.counts()
    assert (counts["S"] + counts["V"]) * 200 < sum(counts.values())


def test_early_and_wide_beats_are_named(tmp_path):
    heart = simulate(300, 250, seed=4, pattern="NNNNSNNNV", noise_mv=0.02)
    analysis = analyze(replace(heart, annotations=None))
    real = heart.annotations
    near = np.abs(analysis.beats.sample[:, None] - real.sample).argmin(axis=0)
    named, symbol = analysis.labels.aami[near], np.where(real.symbol == "A", "S", real.symbol)
    for label in "NSV":
        assert np.mean(named[symbol == label] == label) > 0.9


def test_the_network_is_small():
    weights = (model_folder(DEFAULT_MODEL) / "model.onnx").stat().st_size
    assert weights == load_card(DEFAULT_MODEL)["bytes"] <= 1_000_000


def test_weights_of_a_card_decide_and_probabilities_follow_them():
    card = {"classes": list("NSVFQ"), "decide": {"S": 0.5}}
    one = np.array([[0.3, 0.5, 0.2, 0, 0], [0.1, 0.8, 0.1, 0, 0]], np.float32)
    found = combine(card, [one])
    np.testing.assert_allclose(found, [[0.4, 1 / 3, 0.8 / 3, 0, 0], [1 / 6, 2 / 3, 1 / 6, 0, 0]])
    assert found.dtype == np.float32
    np.testing.assert_allclose(combine({"classes": list("NSVFQ")}, [one]), one)


def test_leads_are_averaged_before_they_are_weighed():
    card = {"classes": list("NSVFQ"), "decide": {"F": 0.1}}
    one = np.array([[0, 0, 0.1, 0.9, 0]], np.float32)
    other = np.array([[0, 0, 1, 0, 0]], np.float32)
    np.testing.assert_allclose(combine(card, [one, other])[0, 2], 0.55 / (0.55 + 0.045), rtol=1e-6)


def test_a_beat_outside_of_what_was_learned_is_left_open():
    """More numbers beyond the ends of the training data than the card allows."""
    card = load_card(DEFAULT_MODEL)
    heart = simulate(60, 250, seed=6, pattern="N")
    inputs = context_inputs(heart, find_beats(heart))
    odd = inputs.copy()
    odd[::2, : card["known"]["most_outside"] + 1] = 99
    assert not unlike(card, inputs).any()
    assert unlike(card, odd).tolist() == [k % 2 == 0 for k in range(len(odd))]
    assert not unlike(load_card("cvxtz-kaggle-v1"), inputs).any()
