"""Composed hearts: what is drawn is what the labels say."""

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra 'train'")

from ectopy.beats.context import REACH
from ectopy.training.composer import (
    FS,
    Composer,
    Donor,
    fibrillates,
    stretched,
    window,
)
from ectopy.training.noise import Noise
from ectopy.training.rhythms import Rhythm

GRID = np.arange(-REACH, REACH + 1) / FS


def bump(at: float, width: float, size: float) -> np.ndarray:
    return size * np.exp(-0.5 * ((GRID - at) / width) ** 2)


@pytest.fixture
def donor() -> Donor:
    beat = bump(0, 0.012, 1) + bump(-0.16, 0.02, 0.15) + bump(0.28, 0.04, 0.3)
    return Donor(np.tile(beat, (5, 1)).astype(np.float32), np.full(5, 0.9))


def quiet(n: int) -> np.ndarray:
    return np.zeros(n)


def test_the_same_seed_draws_the_same_heart(donor):
    drawn = [
        Composer([donor], [], quiet, np.random.default_rng(seed)).compose(60) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    assert drawn[0][2] == drawn[1][2]
    assert len(drawn[0][0]) == len(drawn[2][0]) == 60 * FS
    assert not np.array_equal(drawn[0][0], drawn[2][0])


def test_beats_stand_where_they_are_said_to_stand(donor):
    composer = Composer([donor], [], quiet, np.random.default_rng(3))
    for _ in range(8):
        x, at, kinds = composer.compose(40)
        assert (np.diff(at) > 0).all()
        assert set(kinds) <= set("NSVF")
        size = np.array([np.ptp(x[max(0, k - 8) : k + 9]) for k in at])
        assert np.mean(size > 0.3) > 0.95


def test_premature_beats_are_premature():
    """An S comes earlier than the rhythm has it; a fibrillating heart has none."""
    seen = 0
    for seed in range(40):
        rhythm = Rhythm(np.random.default_rng(seed), sinus=True)
        beats = rhythm.draw(300)
        if rhythm.af_always:
            assert all(kind != "S" for _, kind, _ in beats)
        for (before, _, _), (time, kind, rr) in pairwise(beats):
            if kind == "S":
                seen += 1
                assert time - before < max(1.05 * rr, 0.33)
    assert seen > 100


def test_without_p_waves_there_is_no_sinus_rhythm(donor):
    flat = Donor(donor.wave, donor.after, sinus=False)
    _, _, kinds = Composer([flat], [], quiet, np.random.default_rng(5)).compose(120)
    assert "S" not in kinds


def test_waves_of_fibrillation_are_where_the_atria_fibrillate():
    beats = [(1.0, "N", 0.8), (1.8, "A", 0.8), (2.5, "A", 0.8), (3.4, "J", 0.8), (4.2, "N", 0.8)]
    where = np.flatnonzero(fibrillates(beats, round(6 * FS), 0)) / FS
    assert (where.min(), where.max()) == pytest.approx((1.0, 2.98), abs=0.01)
    assert not fibrillates([(0.5, "J", 0.8)], round(6 * FS), 0).any()


def test_some_hearts_fibrillate_at_times_and_some_are_premature_all_the_time():
    """Fibrillation of which a premature beat is the first; bigeminy from end to end."""
    begun = alone = always = 0
    for seed in range(400):
        rhythm = Rhythm(np.random.default_rng(seed), sinus=True)
        if not (rhythm.paroxysmal or rhythm.always):
            continue
        kinds = "".join(kind for _, kind, _ in rhythm.draw(400))
        begun += kinds.count("SA")
        alone += kinds.count("NA")
        always += not rhythm.sick_sinus and max(map(kinds.count, ("NSNSNSNSNS", "NVNVNVNVNV"))) > 9
    assert begun > alone > 0
    assert always > 0


def test_exercise_makes_a_heart_fast_but_never_at_once():
    fast = 0
    for seed in range(300):
        rhythm = Rhythm(np.random.default_rng(seed), sinus=True)
        at, level = rhythm.exercise((np.array([0.0, 3600.0]), np.zeros(2)))
        assert rhythm.rr * np.exp(level.min()) > 0.32
        assert np.abs(np.diff(level) / np.diff(at)).max() < 0.05
        fast += rhythm.rr * np.exp(level.min()) < 0.5
    assert fast > 100


def test_windows_and_stretching():
    shape = window(-20, 40, 5, 10)
    assert shape[REACH] == 1
    assert not shape[: REACH - 20].any()
    assert not shape[REACH + 40 :].any()
    wide = stretched(bump(0, 0.02, 1), 2, 2)
    np.testing.assert_allclose(wide, bump(0, 0.04, 1), atol=0.03)


def test_noise_has_unit_size_whatever_its_kind():
    random = np.random.default_rng(0)
    noise = Noise(random.normal(size=(7200, 2)), random)
    for n in (500, 3000, 3000, 3000, 20000):
        drawn = noise(n)
        assert drawn.shape == (n,)
        assert np.isclose(drawn.std(), 1, atol=0.01)
