"""Named beats and what they are → curves of precision, of risk, and of reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.evaluation.run import RecordResult
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.scores import confidence_of

POINTS: Final = 200
"""Most points that a curve is drawn with."""
RISK_POINTS: Final = 100
"""Most points of a curve of risk: one for each percent of the beats."""


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
        Recall and precision of the names that the model gave; None if it gave none of these.
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


@dataclass(frozen=True, slots=True)
class Abstaining:
    """What became of the beats that a model named, and of those it would rather not.

    Attributes
    ----------
    kept, kept_wrong
        Beats that it named, and how many of them wrongly.
    left, left_wrong
        Beats from which it abstained, and for how many of them its guess is wrong.
    """

    kept: int
    kept_wrong: int
    left: int
    left_wrong: int

    @property
    def coverage(self) -> float:
        """Share of the beats that were named."""
        return self.kept / (self.kept + self.left)

    @property
    def risk(self) -> float | None:
        """Share of the named beats that were named wrongly; None if none was named."""
        return self.kept_wrong / self.kept if self.kept else None

    @property
    def risk_of_abstained(self) -> float | None:
        """Share of wrong guesses among the others; None if there are none."""
        return self.left_wrong / self.left if self.left else None


@dataclass(frozen=True, eq=False, slots=True)
class RiskCoverage:
    """How many names are wrong, as less and less sure ones are kept.

    Attributes
    ----------
    label
        ``S`` or ``V`` for the beats that are so or were named so, empty for all beats.
    beats, wrong
        How many beats these are, and how many of them were named wrongly.
    coverage, risk
        Share of the beats that is kept, those of the most likely names first, and share of wrong
        names among them; shape ``(m,)``, at most 100 points, coverage ascending to 1.
    abstaining
        Where the model abstains; None if it cannot.
    """

    label: str
    beats: int
    wrong: int
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    abstaining: Abstaining | None

    def at(self, share: float) -> float:
        """Give the risk at the first point that keeps this share of the beats."""
        return float(self.risk[np.searchsorted(self.coverage, share)])

    def to_dict(self) -> dict[str, Any]:
        """Give the curve and where the model abstains, as ``summary.json`` holds them."""
        names = ("coverage", "risk", "risk_of_abstained")
        return {
            "coverage": self.coverage.round(5).tolist(),
            "risk": self.risk.round(5).tolist(),
            "abstaining": self.abstaining and {n: getattr(self.abstaining, n) for n in names},
        }


def precision_recall(
    truth: NDArray[np.integer], named: NDArray[np.integer], probability: NDArray[np.floating]
) -> list[PrecisionRecall]:
    """Give the curve of each class that occurs, against all others.

    Parameters
    ----------
    truth
        Class index of each beat, shape ``(n,)``.
    named
        Class index that the model gave it, shape ``(n,)``.
    probability
        Predicted probabilities, shape ``(n, 5)``.
    """
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


def risk_curves(results: Sequence[RecordResult]) -> list[RiskCoverage]:
    """Give the curve of all beats, then those of the beats that are, or were named, S and V.

    A class that neither occurs nor was named has none. Beats are sorted by the probability of
    the class that was named, and those of one probability are kept together.
    """
    truth = np.concatenate([result.truth for result in results])
    named = np.concatenate([result.named for result in results])
    probability = np.concatenate([result.probability for result in results])
    confidence = probability[np.arange(len(named)), named]
    wrong = truth != named
    marked = [result.abstained for result in results if result.abstained is not None]
    abstained = np.concatenate(marked) if len(marked) == len(results) else None
    curves = []
    for label in ("", "S", "V"):
        k = AAMI_CLASSES.index(label) if label else None
        among = np.flatnonzero((truth == k) | (named == k)) if label else np.arange(len(truth))
        if len(among):
            left = None if abstained is None else abstained[among]
            curves.append(_risk_curve(label, wrong[among], confidence[among], left))
    return curves


def _risk_curve(
    label: str,
    wrong: NDArray[np.bool_],
    confidence: NDArray[np.floating],
    abstained: NDArray[np.bool_] | None,
) -> RiskCoverage:
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(wrong[order])
    kept = np.flatnonzero(np.diff(confidence[order], append=-1.0)) + 1
    percents = np.arange(1, RISK_POINTS + 1)
    enough = -(-len(wrong) * percents // RISK_POINTS)
    kept = kept[np.unique(np.searchsorted(kept, enough))]
    return RiskCoverage(
        label=label,
        beats=len(wrong),
        wrong=int(wrong.sum()),
        coverage=kept / len(wrong),
        risk=errors[kept - 1] / kept,
        abstaining=None
        if abstained is None
        else Abstaining(
            kept=int((~abstained).sum()),
            kept_wrong=int((wrong & ~abstained).sum()),
            left=int(abstained.sum()),
            left_wrong=int((wrong & abstained).sum()),
        ),
    )


def reliability(
    truth: NDArray[np.integer],
    probability: NDArray[np.floating],
    named: NDArray[np.integer],
    bins: int = 15,
) -> Reliability:
    """Put beats in equal bins of confidence.

    Parameters
    ----------
    truth
        Class index of each beat, shape ``(n,)``.
    probability
        Predicted probabilities, shape ``(n, 5)``.
    named
        Class index that the model gave each beat, shape ``(n,)``.
    bins
        Number of bins; 15 as for the expected calibration error.
    """
    confidence, _ = confidence_of(probability, named)
    right = named == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    beats = np.bincount(place, minlength=bins)
    known = np.where(beats, beats, np.nan)
    return Reliability(
        edges=np.linspace(0, 1, bins + 1),
        beats=beats.astype(np.int64),
        confidence=np.bincount(place, weights=confidence, minlength=bins) / known,
        accuracy=np.bincount(place, weights=right, minlength=bins) / known,
    )
