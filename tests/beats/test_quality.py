"""Dead stretches are where they are, however the signal is gone through."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ectopy.beats import Stretch, quality
from ectopy.beats.quality import dead_stretches

FS = 100


def damaged(seed: int) -> NDArray[np.float32]:
    """Make a walk with stretches that are missing, still or at a rail, some a little too short."""
    random = np.random.default_rng(seed)
    x = np.round(np.cumsum(random.normal(size=6000)) * 4) / 20
    x = np.clip(x, np.quantile(x, 0.02), np.quantile(x, 0.97))
    for length in random.permutation([9, 10, 11, 300, 499, 500, 501, 900]):
        at = random.integers(0, len(x) - length)
        x[at : at + length] = random.choice([np.nan, x[at]])
    return x.astype(np.float32)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("block", [64, 500, 1000])
def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch, seed: int, block: int) -> None:
    x = damaged(seed)
    whole = dead_stretches(x, FS)
    assert whole
    monkeypatch.setattr(quality, "_BLOCK", block)
    assert dead_stretches(x, FS) == whole


def test_a_stretch_over_many_blocks_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "_BLOCK", 128)
    x = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    x[1000:2000] = x[999]
    x[3000:] = np.nan
    expected = (Stretch(999, 2000, "flat"), Stretch(3000, 5000, "missing"))
    assert dead_stretches(x, FS) == expected


@pytest.mark.parametrize("known", [0, 1, 5])
def test_a_lead_without_values_or_with_hardly_any_is_missing(known: int) -> None:
    x = np.full(5000, np.nan, np.float32)
    x[1003 : 1003 + known] = np.arange(known)  # between the samples that are looked at first
    stretches = dead_stretches(x, FS)
    assert {stretch.reason for stretch in stretches} == {"missing"}
    assert sum(stretch.stop - stretch.start for stretch in stretches) >= 5000 - known
