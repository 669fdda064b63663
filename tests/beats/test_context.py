"""The context layout: nothing absolute, nothing across gaps, any length."""

from dataclasses import replace

import numpy as np
import pytest

from ectopy.beats import Beats, find_beats
from ectopy.beats.context import N_FEATURES, REACH, context_inputs, cut_beats, feature_names
from ectopy.recording import Recording
from ectopy.simulate import simulate


@pytest.fixture(scope="module")
def heart():
    return simulate(90, 250, seed=3, pattern="NNNV", noise_mv=0.01)


def test_names_fit_the_columns(heart):
    inputs = context_inputs(heart, find_beats(heart))
    assert inputs.shape[1] == len(feature_names()) == N_FEATURES
    assert len(set(feature_names())) == N_FEATURES
    assert np.isfinite(inputs).all()


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: x * 10, lambda x: x * 0.1 + 5])
def test_polarity_gain_and_offset_make_no_difference(heart, change):
    beats = find_beats(heart)
    changed = replace(heart, signal=change(heart.signal.astype(np.float64)).astype(np.float32))
    np.testing.assert_allclose(
        context_inputs(changed, beats), context_inputs(heart, beats), atol=2e-3
    )


def test_ventricular_beats_stand_out(heart):
    beats = find_beats(heart)
    inputs = context_inputs(heart, beats)
    notes = heart.annotations
    symbol = notes.symbol[np.abs(notes.sample[:, None] - beats.sample).argmin(axis=0)]
    apart = inputs[:, feature_names().index("apart 5")]
    early = inputs[:, feature_names().index("over near")]
    assert apart[symbol == "V"].min() > apart[symbol == "N"].max()
    assert early[symbol == "V"].mean() < early[symbol == "N"].mean() - 0.1


def test_a_beat_is_described_by_its_own_half_hour():
    """Twice the same recording, an hour apart in rate and shape, does not mix."""
    slow, fast = (simulate(1800, 125, seed=5, rate_bpm=rate) for rate in (50, 110))
    both = Recording(np.concatenate([slow.signal, fast.signal]), 125, slow.leads)
    alone, together = find_beats(slow), find_beats(both)
    n = len(alone) - 5
    np.testing.assert_array_equal(together.sample[:n], alone.sample[:n])
    first = context_inputs(slow, alone)[:n]
    again = context_inputs(both, together)[:n]
    assert np.median(np.abs(again - first)) < 0.01


def test_nothing_is_cut_across_a_gap(heart):
    signal = heart.signal.copy()
    stop = int(heart.annotations.sample[40]) - 75
    signal[stop - 2500 : stop] = np.nan
    holed = replace(heart, signal=signal)
    beats = find_beats(holed)
    after = int(np.searchsorted(beats.sample, stop))
    ahead = round((beats.sample[after] - stop) / 250 * 120)
    assert 0 < ahead < REACH - 2
    assert not cut_beats(holed, beats)[after, : REACH - ahead - 1].any()
    assert np.isfinite(context_inputs(holed, beats)).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_few_beats_are_enough(heart, n):
    beats = find_beats(heart)
    few = Beats(beats.sample[:n], beats.quality[:n], beats.fs, beats.lead)
    inputs = context_inputs(heart, few)
    assert inputs.shape == (n, N_FEATURES)
    assert np.isfinite(inputs).all()


def test_a_flat_stretch_of_beats_gives_numbers(heart):
    silent = replace(heart, signal=np.full_like(heart.signal, 0.5))
    beats = Beats(np.array([300, 600, 900]), np.ones(3), 250, heart.leads[0])
    assert np.isfinite(context_inputs(silent, beats)).all()
