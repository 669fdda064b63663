"""Figures of a model that tells two classes apart, for single beats and for whole patients."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DatasetError

RESAMPLES: Final = 2000
RATES: Final = ("auroc", "balanced_accuracy", "se", "sp", "f1")


def auroc(y: NDArray[np.integer], probability: NDArray[np.floating]) -> float:
    """Give the area under the ROC curve: the chance that a positive ranks above a negative.

    Returns
    -------
    float
        NaN if one of the classes is absent.
    """
    from scipy.stats import rankdata

    positive = np.asarray(y) == 1
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return float("nan")
    ranks = rankdata(probability)[positive].sum()
    return float((ranks - n * (n + 1) / 2) / (n * m))


def best_threshold(y: NDArray[np.integer], probability: NDArray[np.floating]) -> float:
    """Give the threshold of the highest balanced accuracy, halfway to the next probability.

    Where several are equally good, the middle one of them.
    """
    levels = np.unique(np.asarray(probability, np.float64))
    cuts = np.concatenate([levels[:1] - 1e-6, (levels[1:] + levels[:-1]) / 2])
    found = np.array([rates(y, probability, cut)["balanced_accuracy"] for cut in cuts])
    best = np.flatnonzero(found >= found.max() - 1e-12)
    return float(np.clip(cuts[best[len(best) // 2]], 0.0, 1.0))


def rates(
    y: NDArray[np.integer], probability: NDArray[np.floating], threshold: float
) -> dict[str, float]:
    """Give AUROC, and at the threshold balanced accuracy, Se, Sp and F1; NaN if undefined."""
    true, named = np.asarray(y) == 1, np.asarray(probability) >= threshold
    hits, passed = int((true & named).sum()), int((~true & ~named).sum())
    se, sp = _share(hits, int(true.sum())), _share(passed, int((~true).sum()))
    return {
        "auroc": auroc(y, probability),
        "balanced_accuracy": (se + sp) / 2,
        "se": se,
        "sp": sp,
        "f1": _share(2 * hits, int(true.sum() + named.sum())),
    }


def by_patient(
    y: NDArray[np.integer], probability: NDArray[np.floating], patient: NDArray[np.str_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.str_]]:
    """Give class, mean probability of all beats, and name of each patient.

    Raises
    ------
    DatasetError
        If beats of one patient are of both classes.
    """
    names, place = np.unique(patient, return_inverse=True)
    counts = np.bincount(place, minlength=len(names))
    mean = np.bincount(place, np.asarray(probability, np.float64), len(names)) / counts
    true = np.bincount(place, np.asarray(y, np.float64), len(names)) / counts
    if len(odd := names[(true > 0) & (true < 1)]):
        raise DatasetError(f"patient {odd[0]} is of both classes; label patients, not recordings")
    return true.astype(np.int64), mean, names


def score_two(
    y: NDArray[np.integer],
    probability: NDArray[np.floating],
    patient: NDArray[np.str_] | None,
    threshold: float,
    *,
    beat_threshold: float | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Score predictions per beat and, where patients are known, per patient.

    Parameters
    ----------
    y, probability
        Class and probability of each beat, shape ``(n,)``.
    patient
        Patient of each beat; None where that is not known.
    threshold, beat_threshold
        From where on a patient, and a single beat, counts as positive.
    seed
        Seed of the draws.

    Returns
    -------
    dict
        `beat` and, where patients are known, `patient`: each with the rates, `n`, `positive` and
        `threshold`, those of patients with a 95 % interval by bootstrap over patients, each class
        by itself, as ``<rate>_interval``. What is undefined is None.
    """
    cut = threshold if beat_threshold is None else beat_threshold
    found = {"beat": _counted(y, rates(y, probability, cut), cut)}
    if patient is None:
        return found
    true, mean, _ = by_patient(y, probability, patient)
    found["patient"] = _counted(true, rates(true, mean, threshold), threshold)
    found["patient"] |= intervals(true, mean, threshold, seed)
    return found


def intervals(
    y: NDArray[np.integer], probability: NDArray[np.floating], threshold: float, seed: int
) -> dict[str, list[float] | None]:
    """Give 95 % intervals of the rates by bootstrap, drawing each class by itself."""
    random = np.random.default_rng(seed)
    sides = [np.flatnonzero(np.asarray(y) == k) for k in (0, 1)]
    if not all(map(len, sides)):
        return {f"{rate}_interval": None for rate in RATES}
    drawn = []
    for _ in range(RESAMPLES):
        lines = np.concatenate([random.choice(side, len(side)) for side in sides])
        drawn.append([*rates(y[lines], probability[lines], threshold).values()])
    ends = np.percentile(drawn, [2.5, 97.5], axis=0).round(5)
    return {f"{rate}_interval": ends[:, k].tolist() for k, rate in enumerate(RATES)}


def _counted(y: NDArray[np.integer], found: dict[str, float], threshold: float) -> dict[str, Any]:
    plain = {name: None if np.isnan(value) else value for name, value in found.items()}
    return {"n": len(y), "positive": int(np.sum(y)), **plain, "threshold": threshold}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
