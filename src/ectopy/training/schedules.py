"""How the learning rate falls: a factor of the first rate, from what is known at each step.

A schedule holds no state, so a run that goes on after an interruption needs none to be restored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """Gives the learning rate of a step as a share of the first one."""

    def factor(self, step: int, steps: int, scores: Sequence[float]) -> float:
        """Give the factor.

        Parameters
        ----------
        step
            Steps done since training began.
        steps
            Steps of the whole training, if nothing stops it early.
        scores
            Validation score of each epoch so far; higher is better.
        """


@dataclass(frozen=True)
class Constant:
    """The learning rate never changes."""

    def factor(self, step: int, steps: int, scores: Sequence[float]) -> float:
        """Give 1."""
        return 1.0


@dataclass(frozen=True)
class Stairs:
    """The learning rate falls by a factor every so many steps."""

    every: int
    by: float

    def factor(self, step: int, steps: int, scores: Sequence[float]) -> float:
        """Give the factor, see `Schedule`."""
        return float(self.by ** (step // self.every))


@dataclass(frozen=True)
class Plateau:
    """The learning rate falls after so many epochs without gain, as Keras's plateau does."""

    after: int
    by: float
    gain: float = 1e-4

    def factor(self, step: int, steps: int, scores: Sequence[float]) -> float:
        """Give the factor, see `Schedule`."""
        factor, best, waited = 1.0, -math.inf, 0
        for score in scores:
            waited += 1
            if score > best + self.gain:
                best, waited = score, 0
            if waited >= self.after:
                factor, waited = factor * self.by, 0
        return factor


@dataclass(frozen=True)
class Cosine:
    """The learning rate rises over a first share of the steps and falls to zero by a cosine."""

    warm_up: float

    def factor(self, step: int, steps: int, scores: Sequence[float]) -> float:
        """Give the factor, see `Schedule`."""
        share = (step + 1) / max(steps, 1)
        return min(1.0, share / self.warm_up) * (0.5 + 0.5 * math.cos(math.pi * min(share, 1.0)))
