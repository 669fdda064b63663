"""Figures of a classifier on labelled rows: accuracy, F1, calibration, with intervals."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.labels.aami import AAMI_CLASSES

RESAMPLES: Final = 1000
N_CLASSES: Final = len(AAMI_CLASSES)


def confusion(y: NDArray[np.integer], predicted: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count beats: row = true class, column = predicted class, shape ``(5, 5)``."""
    flat = np.bincount(y.astype(np.int64) * N_CLASSES + predicted, minlength=N_CLASSES**2)
    return flat.reshape(N_CLASSES, N_CLASSES).astype(np.int64)


def class_scores(table: NDArray[np.int64]) -> dict[str, dict[str, float | int | None]]:
    """Give sensitivity, positive predictivity, F1 and support of each class, None if undefined."""
    hits, true, named = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    return {
        name: {
            "se": _ratio(hits[k], true[k]),
            "ppv": _ratio(hits[k], named[k]),
            "f1": _ratio(2 * hits[k], true[k] + named[k]),
            "support": int(true[k]),
        }
        for k, name in enumerate(AAMI_CLASSES)
    }


def macro_f1(table: NDArray[np.int64]) -> float:
    """Give the mean F1 of the classes that occur."""
    scores = class_scores(table).values()
    return float(np.mean([score["f1"] or 0.0 for score in scores if score["support"]]))


def confidence_of(
    probability: NDArray[np.floating], named: NDArray[np.integer] | None = None
) -> tuple[NDArray[np.floating], NDArray[np.integer]]:
    """Give the probability of the class that was named, and that class, of each beat.

    Parameters
    ----------
    probability
        Predicted probabilities, shape ``(n, 5)``.
    named
        Index of the class that was named, shape ``(n,)``, which is not the most probable one where
        the card of a model weighs classes; without it the most probable.
    """
    named = probability.argmax(axis=1) if named is None else named
    return probability[np.arange(len(named)), named], named


def calibration_gaps(
    y: NDArray[np.integer],
    probability: NDArray[np.floating],
    named: NDArray[np.integer] | None = None,
    bins: int = 15,
) -> NDArray[np.float64]:
    """Give, for equal bins of confidence, the sum of confidence less right answers, ``(bins,)``.

    Confidence is that in the class that was named, see :func:`confidence_of`.
    """
    confidence, named = confidence_of(probability, named)
    right = named == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps: NDArray[np.float64] = np.bincount(
        place, weights=(confidence - right).astype(np.float64), minlength=bins
    ).astype(np.float64)
    return gaps


def expected_calibration_error(
    y: NDArray[np.integer],
    probability: NDArray[np.floating],
    named: NDArray[np.integer] | None = None,
    bins: int = 15,
) -> float:
    """Give the mean gap between confidence and accuracy over equal bins of confidence.

    Confidence is that in the class that was named, see :func:`confidence_of`.
    """
    return float(np.abs(calibration_gaps(y, probability, named, bins)).sum() / len(y))


def fit_temperature(y: NDArray[np.integer], logits: NDArray[np.floating]) -> float:
    """Give the softmax temperature that makes the true classes most likely."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(scaled[np.arange(len(y)), y].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 3.0), method="bounded").x))


def score(
    y: NDArray[np.integer],
    probability: NDArray[np.floating],
    group: NDArray[np.str_] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Score predictions, with 95 % intervals by bootstrap.

    Parameters
    ----------
    y
        True class of each beat, shape ``(n,)``.
    probability
        Predicted probabilities, shape ``(n, 5)``.
    group
        Patient or record of each beat. With it whole groups are drawn, else single beats.
    seed
        Seed of the draws.
    """
    predicted = probability.argmax(axis=1)
    table = confusion(y, predicted)
    random = np.random.default_rng(seed)
    if group is None:
        flat = table.ravel() / table.sum()
        drawn = random.multinomial(len(y), flat, RESAMPLES).reshape(-1, N_CLASSES, N_CLASSES)
        says = "Intervals by bootstrap over beats."
    else:
        names = np.unique(group)
        tables = np.stack([confusion(y[group == g], predicted[group == g]) for g in names])
        drawn = tables[random.integers(len(tables), size=(RESAMPLES, len(tables)))].sum(axis=1)
        says = "Intervals by bootstrap over records."
    accuracies = [np.trace(t) / t.sum() for t in drawn]
    f1s = [macro_f1(t) for t in drawn]
    return {
        "rows": len(y),
        "accuracy": float(np.trace(table) / table.sum()),
        "accuracy_interval": np.percentile(accuracies, [2.5, 97.5]).round(5).tolist(),
        "macro_f1": macro_f1(table),
        "macro_f1_interval": np.percentile(f1s, [2.5, 97.5]).round(5).tolist(),
        "interval_says": says,
        "ece": expected_calibration_error(y, probability),
        "classes": class_scores(table),
        "confusion": table.tolist(),
    }


def _ratio(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None
