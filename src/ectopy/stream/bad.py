"""Stretches of a stream that cannot be trusted, told when they have ended."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.quality import (
    JOIN_S,
    NOISE_WINDOW_S,
    NOISY_BELOW,
    dead_stretches,
    joined,
)
from ectopy.beats.value import Stretch

_CLOSED_S: Final = 2 * JOIN_S
"""Seconds after its end from which nothing can be joined to a stretch."""


class DeadStretches:
    """Missing, flat and saturated stretches of one lead, as far as they are known.

    What lies before the last final beat is not judged again, so that no beat that was given comes
    to lie in a dead stretch afterwards.

    Parameters
    ----------
    fs
        Sampling rate in Hz.
    """

    def __init__(self, fs: float) -> None:
        self._fs = fs
        self._known: list[Stretch] = []
        self._told = 0

    @property
    def known(self) -> tuple[Stretch, ...]:
        """Those in sight and the last before, in time order."""
        return tuple(self._known)

    def look(self, x: NDArray[np.float32], first: int, after: int) -> None:
        """Look at the newest signal.

        Parameters
        ----------
        x
            What is in sight of the lead, up to now.
        first
            Sample that it begins at.
        after
            Sample of the last final beat.
        """
        if np.isnan(x[-1]) and np.isnan(x).all():
            found: tuple[Stretch, ...] = (Stretch(0, len(x), "missing"),)
        else:
            found = dead_stretches(x, self._fs)
        if found:
            if self._told:
                after = max(after, self._known[self._told - 1].stop - 1)
            here = [
                Stretch(max(first + s.start, after + 1), first + s.stop, s.reason)
                for s in found
                if first + s.stop > after + 1
            ]
            self._known = list(joined([*self._known, *here], round(JOIN_S * self._fs)))
        gone = sum(stretch.stop <= first for stretch in self._known[: self._told]) - 1
        if gone > 0:
            del self._known[:gone]
            self._told -= gone

    def ended(self, now: int | None = None) -> list[Stretch]:
        """Give those that ended for certain before `now`, each once; all if that is None."""
        limit = np.inf if now is None else now - _CLOSED_S * self._fs
        first = self._told
        while self._told < len(self._known) and self._known[self._told].stop <= limit:
            self._told += 1
        return self._known[first : self._told]


class NoisyStretches:
    """Stretches from the first to the last of consecutive beats that lie in noise.

    Parameters
    ----------
    fs
        Sampling rate in Hz.
    """

    def __init__(self, fs: float) -> None:
        self._around, self._join = round(NOISE_WINDOW_S * fs / 2), round(JOIN_S * fs)
        self._open: list[Stretch] = []

    def add(self, sample: int, quality: float) -> None:
        """Take a final beat."""
        if quality < NOISY_BELOW:
            here = Stretch(max(0, sample - self._around), sample + self._around, "noisy")
            self._open = list(joined([*self._open, here], self._join))

    def ended(self, until: int, *, end: bool = False) -> list[Stretch]:
        """Give those that no beat from `until` on can lengthen; all of them at the end there."""
        done = [
            Stretch(s.start, min(s.stop, until) if end else s.stop, s.reason)
            for s in self._open
            if end or s.stop + self._join + self._around < until
        ]
        self._open = self._open[len(done) :]
        return done


def crossed(sample: NDArray[np.int64], dead: tuple[Stretch, ...]) -> NDArray[np.bool_]:
    """Whether a dead stretch begins between each beat and the one before, but for the first."""
    return np.array(
        [any(a < s.start <= b for s in dead) for a, b in pairwise(sample.tolist())], bool
    )
