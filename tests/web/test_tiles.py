"""The pyramid of tiles: at no zoom is a peak lost or a gap drawn over."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.web import tiles
from ectopy.web.tiles import FIRST_STORED, TILE_BINS, Pyramid


def whole_level(pyramid: Pyramid, level: int) -> np.ndarray:
    n_tiles = pyramid.levels[level].n_tiles
    return np.concatenate([pyramid.tile(level, index) for index in range(n_tiles)], axis=1)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 300_000), leads=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_every_bin_has_the_extremes_of_its_samples(
    tmp_path_factory: pytest.TempPathFactory, n: int, leads: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    signal = random.normal(size=(n, leads)).astype(np.float32)
    start = int(random.integers(n))
    signal[start : start + int(random.integers(2000)), 0] = np.nan
    pyramid = Pyramid(signal, tmp_path_factory.getbasetemp())
    assert pyramid.levels[-1].n_tiles == 1
    for level in {0, 1, 5, *range(FIRST_STORED, len(pyramid.levels))} & {
        each.level for each in pyramid.levels
    }:
        size = 1 << level
        made = whole_level(pyramid, level)
        assert made.shape == (leads, -(-n // size), 2) == (leads, pyramid.levels[level].n_bins, 2)
        bins = random.integers(made.shape[1], size=5)
        for place in bins.tolist():
            held = signal[place * size : (place + 1) * size]
            expected = np.stack([np.fmin.reduce(held), np.fmax.reduce(held)], axis=1)
            np.testing.assert_array_equal(made[:, place], expected)


def test_a_long_signal_is_kept_in_a_file_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = np.random.default_rng(0).normal(size=(3_000_000, 2)).astype(np.float32)
    in_memory = Pyramid(signal, tmp_path)
    assert not [*tmp_path.iterdir()]
    monkeypatch.setattr(tiles, "IN_MEMORY", 1 << 16)
    in_file = Pyramid(signal, tmp_path)
    assert [*tmp_path.iterdir()]
    for each in in_memory.levels:
        last = each.n_tiles - 1
        a, b = in_memory.tile(each.level, last), in_file.tile(each.level, last, slice(0, 2))
        np.testing.assert_array_equal(a, b)
        assert a.shape[1] == each.n_bins - last * TILE_BINS
    with pytest.raises(IndexError):
        in_file.tile(0, in_file.levels[0].n_tiles)


def test_dead_stretches_are_found_across_the_pieces_that_a_long_lead_is_looked_at_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ectopy.beats.quality import dead_stretches
    from ectopy.recording import Recording
    from ectopy.simulate import simulate
    from ectopy.web.routes import strip

    signal = simulate(300, 250, seed=1).signal.copy()
    signal[57 * 250 : 64 * 250, 1] = np.nan
    signal[117 * 250 : 185 * 250, 1] = 0.1
    signal[200 * 250 : 206 * 250, 1] = np.nan
    monkeypatch.setattr(strip, "_PIECE_S", 60.0)
    found = [*strip._dead(Recording(signal, 250, ("II", "V1")), 1)]
    whole = dead_stretches(signal[:, 1], 250)
    assert sorted(found, key=lambda each: each.start) == list(whole)
    assert [each.reason for each in whole] == ["missing", "flat", "missing"]
