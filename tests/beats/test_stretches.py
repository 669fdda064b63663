"""A run that begins at once is told from a rhythm that becomes fast."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ectopy.beats.stretches import CLIP, stretch_facts


def rhythm(*parts: tuple[int, float], seed: int = 0) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    rr = np.concatenate([np.full(n, seconds) for n, seconds in parts])
    return rr * np.exp(random.normal(size=len(rr)) * 0.02)


def test_a_run_is_faster_than_what_is_around_it_from_its_first_beat_to_its_last() -> None:
    facts = stretch_facts(rhythm((60, 0.8), (130, 0.4), (60, 0.8)))
    run, rest = slice(60, 190), np.r_[0:60, 190:250]
    assert (facts["stretch over both"][run] < np.log(0.6)).all()
    assert (facts["stretch over both"][rest] == 0).all()
    assert (facts["stretch begins"][run] < -0.5).all()
    assert (facts["stretch ends"][run] > 0.5).all()


def test_a_rate_that_climbs_slowly_does_not_begin_at_once() -> None:
    slow = np.exp(np.linspace(np.log(0.9), np.log(0.45), 120))
    climbing = stretch_facts(np.concatenate([np.full(60, 0.9), slow, np.full(60, 0.45)]))
    sudden = stretch_facts(rhythm((120, 0.9), (120, 0.45)))
    assert climbing["stretch begins"].min() > -0.1 > sudden["stretch begins"].min()


def test_one_premature_beat_does_not_end_a_run() -> None:
    rr = rhythm((60, 0.8), (100, 0.4), (60, 0.8))
    rr[110:112] = 0.25, 0.55
    assert (stretch_facts(rr)["stretch over both"][62:158] < np.log(0.6)).all()


@pytest.mark.parametrize("n", [1, 2, 5, 9, 10, 11, 400])
def test_any_number_of_beats_has_facts_within_bounds(n: int) -> None:
    facts = stretch_facts(np.random.default_rng(n).uniform(0.1, 3, n))
    assert {values.shape for values in facts.values()} == {(n,)}
    assert all(np.isfinite(v).all() and np.abs(v).max() <= CLIP for v in facts.values())


def test_only_ratios_count() -> None:
    rr = rhythm((40, 0.8), (30, 0.45), (50, 0.9), seed=3)
    once, slower = stretch_facts(rr), stretch_facts(1.7 * rr)
    for name, values in once.items():
        np.testing.assert_allclose(values, slower[name], atol=1e-9)
