"""How much of the signal could not be trusted, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.beats.value import BAD_REASONS, Stretch


@dataclass(frozen=True, slots=True)
class Quality:
    """Bad stretches of one lead, summed up.

    Attributes
    ----------
    share
        Part of the recording that is bad for any reason, 0 to 1.
    reasons
        For each reason that occurs: its name, number of stretches, seconds.
    poor_beats
        Number of beats whose quality is below one half.
    """

    share: float
    reasons: tuple[tuple[str, int, float], ...]
    poor_beats: int


def assess(analysis: Analysis) -> Quality:
    """Sum up the bad stretches of an analysis; where they overlap they count once."""
    beats, n_samples = analysis.beats, analysis.recording.n_samples
    by_reason = {
        reason: [each for each in beats.bad if each.reason == reason]
        for reason in dict.fromkeys([*BAD_REASONS, *(each.reason for each in beats.bad)])
    }
    return Quality(
        share=_covered(beats.bad) / n_samples,
        reasons=tuple(
            (reason, len(stretches), _covered(stretches) / beats.fs)
            for reason, stretches in by_reason.items()
            if stretches
        ),
        poor_beats=int((beats.quality < 0.5).sum()),
    )


def merged(stretches: Iterable[Stretch], gap: int = 0) -> list[tuple[int, int]]:
    """Join stretches that overlap or lie at most `gap` samples apart, whatever their reasons."""
    joined: list[tuple[int, int]] = []
    for each in sorted(stretches, key=lambda stretch: stretch.start):
        if joined and each.start <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], each.stop))
        else:
            joined.append((each.start, each.stop))
    return joined


def in_bad_stretch(analysis: Analysis) -> NDArray[np.bool_]:
    """Say for each beat whether it lies in a bad stretch, shape ``(n,)``."""
    sample = analysis.beats.sample
    inside = np.zeros(len(sample), dtype=bool)
    for start, stop in merged(analysis.beats.bad):
        inside[np.searchsorted(sample, start) : np.searchsorted(sample, stop)] = True
    return inside


def _covered(stretches: Iterable[Stretch]) -> int:
    return sum(stop - start for start, stop in merged(stretches))
