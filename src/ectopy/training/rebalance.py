"""What to do about a training set with 33 N beats for every S beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import TrainingError
from ectopy.labels.aami import AAMI_CLASSES

Kind = Literal["none", "resample", "weights"]
KINDS: Final = ("none", "resample", "weights")
PER_CLASS: Final = 20_000
SEEDS: Final = (42, 123, 124, 125, 126)
"""The notebook's seeds for N, S, V, F and Q."""


@dataclass(frozen=True)
class Rebalance:
    """How the classes of the training part are brought into balance, validation never.

    Attributes
    ----------
    kind
        ``"none"``; ``"resample"``: as many rows of each class, drawn once before training;
        ``"weights"``: a row counts in the loss by ``rows / (5 x rows of its class)``.
    per_class
        Rows of each class after resampling.
    """

    kind: Kind = "none"
    per_class: int = PER_CLASS

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise TrainingError(f"no rebalancing named {self.kind!r}; known: {', '.join(KINDS)}")
        if self.per_class < 1:
            raise TrainingError(f"rows per class must be 1 or more, not {self.per_class}")

    def lines(self, y: NDArray[np.integer]) -> NDArray[np.int64]:
        """Give which training rows to learn from, a row as often as it was drawn.

        As the notebook does it: N without replacement, with seed 42, and S, V, F and Q with
        replacement, with seeds 123 to 126. (If there are too few N rows, with replacement too.)

        Parameters
        ----------
        y
            Class index of each row, shape ``(n,)``.

        Raises
        ------
        TrainingError
            If a class has no rows at all to draw from.
        """
        if self.kind != "resample":
            return np.arange(len(y))
        drawn = []
        for label, seed in enumerate(SEEDS):
            random, held = np.random.RandomState(seed), np.flatnonzero(y == label)
            if not len(held):
                raise TrainingError(
                    f"the training part has no {AAMI_CLASSES[label]} row to resample; "
                    "use --rebalance none or another split"
                )
            if label == 0 and len(held) >= self.per_class:
                drawn.append(held[random.choice(len(held), self.per_class, replace=False)])
            else:
                drawn.append(held[random.randint(0, len(held), self.per_class)])
        return np.concatenate(drawn)

    def class_weights(self, y: NDArray[np.integer]) -> NDArray[np.float32]:
        """Give the weight of each class in the loss, shape ``(5,)``; ones without weighting."""
        counts = np.bincount(y, minlength=len(AAMI_CLASSES))
        if self.kind != "weights":
            return np.ones(len(AAMI_CLASSES), np.float32)
        weights = len(y) / (len(AAMI_CLASSES) * np.maximum(counts, 1))
        return np.where(counts > 0, weights, 0).astype(np.float32)
