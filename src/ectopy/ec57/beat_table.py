"""The 7×7 matrix of a comparison, and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ectopy.ec57.match import ROWS
from ectopy.ec57.value import Score
from ectopy.labels.aami import AAMI_CLASSES


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BeatTable:
    """Beats by what the reference and what the test calls them.

    Attributes
    ----------
    matrix
        int64, shape ``(7, 7)``: beats of the reference ``N S V F Q O X`` (rows) by what the
        test calls them, ``n s v f q o x`` (columns), after the learning period.
    """

    matrix: NDArray[np.int64]

    def cells(self, names: str) -> int:
        """Sum cells of the matrix, each named by row and column: ``"Vn Vs Vo"``."""
        places = [(ROWS.index(name[0]), ROWS.index(name[1].upper())) for name in names.split()]
        return int(sum(self.matrix[place] for place in places))

    @property
    def qrs(self) -> Score:
        """Detection of beats of any class."""
        m = self.matrix
        return Score(int(m[:5, :5].sum()), int(m[:5, 5:].sum()), int(m[5:, :5].sum()))

    @property
    def veb(self) -> Score:
        """Ventricular ectopic beats; ``F`` and ``Q`` called ``v`` are no false positives."""
        return Score(self.cells("Vv"), self.cells("Vn Vs Vf Vq Vo Vx"), self.cells("Nv Sv Ov Xv"))

    @property
    def sveb(self) -> Score:
        """Supraventricular ectopic beats; ``Q`` called ``s`` is no false positive."""
        return Score(
            self.cells("Ss"), self.cells("Sn Sv Sf Sq So Sx"), self.cells("Ns Vs Fs Os Xs")
        )

    @property
    def classes(self) -> dict[str, Score]:
        """Each of the five classes against everything else, as in a classification report.

        Unlike `veb` and `sveb` this forgives nothing: whatever was called ``v`` and is not
        ``V`` is a false positive, and a beat that was not found is a false negative.
        """
        m = self.matrix
        return {
            name: Score(int(m[i, i]), int(m[i].sum() - m[i, i]), int(m[:, i].sum() - m[i, i]))
            for i, name in enumerate(AAMI_CLASSES)
        }

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa over the beats that both sides have, in five classes.

        None without such beats, or if both sides know only one and the same class.

        Source: Cohen 1960, A coefficient of agreement for nominal scales.
        """
        both = self.matrix[:5, :5]
        total = int(both.sum())
        chance = int(both.sum(0) @ both.sum(1))
        if chance == total * total:
            return None
        return float((total * int(np.trace(both)) - chance) / (total * total - chance))
