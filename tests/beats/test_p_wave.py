"""The P wave of the sinus: found though half of the beats have none."""

import numpy as np
import pytest

from ectopy.beats.around import mean_around, weighted_mean_around
from ectopy.beats.p_wave import find_p_wave, sinus_facts

BUMP = 0.15 * np.exp(-0.5 * ((np.arange(19) - 8) / 2.5) ** 2)


def before_beats(has_p: np.ndarray, seed: int = 0) -> np.ndarray:
    """What stands before beats: a P wave before some, waves of fibrillation before others."""
    random = np.random.default_rng(seed)
    phase = random.uniform(0, 2 * np.pi, (len(has_p), 1))
    waves = 0.05 * np.sin(phase + 2 * np.pi * np.arange(19) * 6 / 60)
    rest = np.where(has_p[:, None], BUMP, waves) + 0.01 * random.normal(size=(len(has_p), 19))
    return rest.astype(np.float32)


@pytest.mark.parametrize("share", [0.4, 0.7, 1.0])
def test_the_p_wave_is_that_of_the_beats_that_have_one(share):
    has_p = np.arange(300) < 300 * share
    rest = before_beats(has_p)
    p_wave = find_p_wave(rest, np.ones(300))
    np.testing.assert_allclose(p_wave, BUMP - BUMP.mean(), atol=0.02)
    match = sinus_facts(rest, np.ones(300), p_wave)["sinus P"][:, 4]
    assert match[has_p].min() > 0.9
    assert np.all(np.abs(match[~has_p]) < 0.9)


def test_beats_that_are_not_plain_do_not_show_it():
    has_p = np.arange(200) < 80
    odd = before_beats(np.ones(200, bool))[:, ::-1]
    rest = np.where(has_p[:, None], before_beats(has_p), odd)
    p_wave = find_p_wave(rest, np.where(has_p, 1.0, 0.3))
    np.testing.assert_allclose(p_wave, BUMP - BUMP.mean(), atol=0.02)


def test_intervals_are_held_against_those_of_the_sinus():
    """A sinus of 0.9 s beside fibrillation at 0.6 s: 0.9 s is usual, 0.6 s is early."""
    has_p = np.arange(400) % 100 < 50
    rr = np.where(has_p, 0.9, 0.6)
    rest = before_beats(has_p)
    facts = sinus_facts(rest, rr, find_p_wave(rest, np.ones(400)))
    assert np.abs(facts["over all sinus"][has_p]).max() < 0.1
    assert facts["over all sinus"][~has_p].max() < -0.2
    assert 0.45 < facts["all with sinus P"] < 0.75


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_few_beats_or_none_with_p_waves_give_numbers(n):
    for rest in (np.zeros((n, 19), np.float32), before_beats(np.zeros(n, bool))):
        facts = sinus_facts(rest, np.full(n, 0.8), find_p_wave(rest, np.ones(n)))
        assert all(np.isfinite(value).all() for value in facts.values())


def test_means_around_are_those_of_the_neighbours():
    random = np.random.default_rng(1)
    values, weight = random.uniform(0.5, 1.5, 30), random.uniform(0, 1, 30)
    parts = [slice(max(0, k - 3), k + 4) for k in range(30)]
    np.testing.assert_allclose(mean_around(values, 3, 3), [values[p].mean() for p in parts])
    expected = [np.average(values[p], weights=weight[p] + 0.03) for p in parts]
    np.testing.assert_allclose(weighted_mean_around(values, weight, 3), expected)
    nothing = np.zeros(30)
    np.testing.assert_allclose(
        weighted_mean_around(values, nothing, 3), mean_around(values, 3, 3), rtol=1e-6
    )
