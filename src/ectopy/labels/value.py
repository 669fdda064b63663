"""The values of named beats: a class for each, with its probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import ModelError
from ectopy.labels.aami import AAMI_CLASSES

_SORTED: Final = np.argsort(AAMI_CLASSES)


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """What kind each beat is, and how sure that is.

    Attributes
    ----------
    aami
        Class of each beat, one of ``N S V F Q``, shape ``(n,)``: the most probable, until a person
        renames the beat.
    probability
        float32, shape ``(n, 5)`` in the order ``N S V F Q``; each row sums to 1.
    abstained
        bool, shape ``(n,)``: the model would rather not say; `aami` is then a mere guess.
    reason
        Why it abstained, empty where it did not, shape ``(n,)``, of text or of Python's strings.
    model, sha256
        Name of the model and the checksum of its weights.
    """

    aami: NDArray[np.str_]
    probability: NDArray[np.float32]
    abstained: NDArray[np.bool_]
    reason: NDArray[Any]
    model: str
    sha256: str

    def __post_init__(self) -> None:
        n = len(self.aami)
        shapes = (self.probability.shape, self.abstained.shape, self.reason.shape)
        if shapes != ((n, len(AAMI_CLASSES)), (n,), (n,)):
            raise ModelError(f"{n} labels need probabilities ({n}, 5) and ({n},), got {shapes}")
        if n and not np.allclose(self.probability.sum(1), 1, atol=1e-4):
            raise ModelError("the probabilities of a beat must sum to 1")
        if not np.isin(self.aami, AAMI_CLASSES).all():
            raise ModelError(f"labels must be of {' '.join(AAMI_CLASSES)}")

    def __len__(self) -> int:
        return len(self.aami)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """Probability of the class that was named, shape ``(n,)``."""
        named = np.searchsorted(AAMI_CLASSES, self.aami, sorter=_SORTED)
        chosen: NDArray[np.float32] = self.probability[np.arange(len(self)), _SORTED[named]]
        return chosen

    def counts(self) -> dict[str, int]:
        """Number of beats of each class, in the order ``N S V F Q``."""
        return {name: int((self.aami == name).sum()) for name in AAMI_CLASSES}
