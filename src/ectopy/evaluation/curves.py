"""Probabilities and true classes → precision-recall curves and bins of a reliability diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.labels.aami import AAMI_CLASSES

POINTS: Final = 200
"""Most points that a curve is drawn with."""


@dataclass(frozen=True, eq=False, slots=True)
class PrecisionRecall:
    """How one class is told from the rest, as the threshold on its probability falls.

    Attributes
    ----------
    label
        One of ``N S V F Q``.
    beats
        Beats that truly are of this class.
    prevalence
        Their share of all beats: the precision of a guess.
    recall, precision
        Sensitivity and positive predictivity, fractions of 1, shape ``(m,)``, recall ascending.
    average_precision
        Mean precision over the steps of recall, from all thresholds.
    decided
        Recall and precision where the most probable class is taken; None if it never is this.
    """

    label: str
    beats: int
    prevalence: float
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    average_precision: float
    decided: tuple[float, float] | None


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """How often the model was right, by how sure it was.

    Attributes
    ----------
    edges
        Edges of the bins of confidence, shape ``(bins + 1,)``.
    beats
        int64, beats in each bin, shape ``(bins,)``.
    confidence, accuracy
        Their mean confidence, and the share of them that was named rightly; NaN in empty bins.
    """

    edges: NDArray[np.float64]
    beats: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """The expected calibration error, as `ectopy.labels.scores` gives it."""
        gap = np.abs(self.confidence - self.accuracy)
        return float(np.nansum(gap * self.beats) / self.beats.sum())


def precision_recall(
    truth: NDArray[np.integer], probability: NDArray[np.floating]
) -> list[PrecisionRecall]:
    """Give the curve of each class that occurs, against all others.

    Parameters
    ----------
    truth
        Class index of each beat, shape ``(n,)``.
    probability
        Predicted probabilities, shape ``(n, 5)``.
    """
    named = probability.argmax(axis=1)
    curves = []
    for k, label in enumerate(AAMI_CLASSES):
        real = truth == k
        if not real.any():
            continue
        order = np.argsort(-probability[:, k], kind="stable")
        score, hits = probability[order, k], np.cumsum(real[order])
        # beats of one probability pass the threshold together
        last = np.flatnonzero(np.diff(score, append=-1.0))
        recall, precision = hits[last] / hits[-1], hits[last] / (last + 1)
        shown = np.unique(np.searchsorted(recall, np.linspace(recall[0], 1, POINTS)))
        right = int((real & (named == k)).sum())
        curves.append(
            PrecisionRecall(
                label=label,
                beats=int(hits[-1]),
                prevalence=float(real.mean()),
                recall=recall[shown],
                precision=precision[shown],
                average_precision=float(np.diff(recall, prepend=0.0) @ precision),
                decided=(right / int(hits[-1]), right / int((named == k).sum()))
                if (named == k).any()
                else None,
            )
        )
    return curves


def reliability(
    truth: NDArray[np.integer], probability: NDArray[np.floating], bins: int = 15
) -> Reliability:
    """Put beats in equal bins of confidence.

    Parameters
    ----------
    truth
        Class index of each beat, shape ``(n,)``.
    probability
        Predicted probabilities, shape ``(n, 5)``.
    bins
        Number of bins; 15 as for the expected calibration error.
    """
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    beats = np.bincount(place, minlength=bins)
    known = np.where(beats, beats, np.nan)
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        beats=beats.astype(np.int64),
        confidence=np.bincount(place, weights=confidence, minlength=bins) / known,
        accuracy=np.bincount(place, weights=right, minlength=bins) / known,
    )
