"""What the pictures show, as numbers: balance, lengths, records."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ectopy.explore.value import BeatSet

Indices = NDArray[np.int64]


def counts(beats: BeatSet) -> dict[str, Any]:
    """Count the rows of each class, in all and in each part."""
    parts = {"all": np.ones(len(beats), bool)}
    if beats.is_test is not None:
        parts |= {"train": ~beats.is_test, "test": beats.is_test}
    return {
        part: dict(zip(beats.classes, _per_class(beats, rows), strict=True))
        for part, rows in parts.items()
    }


def _per_class(beats: BeatSet, rows: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.bincount(beats.y[rows], minlength=len(beats.classes)).tolist()
    return found


def rebalance(beats: BeatSet, per_class: int, seed: int) -> dict[str, Indices]:
    """Draw the same number of rows of each class from the part to learn from.

    A class with enough rows is drawn without replacement, one with too few with it, so that its
    rows come many times. A class without rows stays empty.

    Returns
    -------
    dict
        Class → numbers of the drawn rows, shape ``(per_class,)`` or empty.
    """
    random = np.random.default_rng(seed)
    drawn = {}
    for k, name in enumerate(beats.classes):
        rows = np.flatnonzero(beats.train & (beats.y == k))
        few = len(rows) < per_class
        n = per_class if len(rows) else 0
        drawn[name] = random.choice(rows, n, replace=few) if n else rows
    return drawn


def balance(beats: BeatSet, drawn: dict[str, Indices], per_class: int) -> dict[str, Any]:
    """Give for each class how many rows there are, and how few of the drawn ones differ."""
    found: dict[str, Any] = {"per_class": per_class, "classes": {}}
    for k, name in enumerate(beats.classes):
        there = beats.train & (beats.y == k)
        distinct, times = np.unique(drawn[name], return_counts=True)
        found["classes"][name] = {
            "rows": int(there.sum()),
            "drawn": len(drawn[name]),
            "distinct": len(distinct),
            "most_copies": int(times.max(initial=0)),
            "patients": None if beats.people is None else len(np.unique(beats.people[there])),
        }
    return found


def true_lengths(X: NDArray[np.float32]) -> Indices:
    """Give the number of values of each row before the zeros that pad it.

    A row whose last true value is a zero reads one too short; a row of zeros has none.
    """
    filled = X != 0
    last: Indices = X.shape[1] - np.argmax(filled[:, ::-1], axis=1)
    return np.where(filled.any(axis=1), last, 0)


def lengths(beats: BeatSet, length: Indices) -> dict[str, Any]:
    """Give the spread of true lengths of each class, and what the length alone tells."""
    width = beats.X.shape[1]
    found: dict[str, Any] = {
        "width": width,
        "fs": beats.fs,
        "padding_share": float(1 - length.mean() / width),
        "full_share": float((length >= width).mean()),
        "classes": {},
    }
    for k, name in enumerate(beats.classes):
        of_class = length[beats.y == k]
        if len(of_class):
            low, middle, high = np.percentile(of_class, [10, 50, 90]).tolist()
            found["classes"][name] = {
                "p10": low,
                "median": middle,
                "p90": high,
                "full_share": float((of_class >= width).mean()),
            }
    found["by_length_alone"] = by_length_alone(beats, length)
    return found


def by_length_alone(beats: BeatSet, length: Indices) -> dict[str, float] | None:
    """Name each test row by its true length and nothing else, and see how far that gets.

    The rule takes the class in which this length, give or take three columns, is the largest
    share of the training rows: no class is favoured for being frequent.

    Returns
    -------
    dict or None
        ``balanced_accuracy`` and what ``guessing`` gets; None where there is no test part.
    """
    if beats.is_test is None:
        return None
    there = [k for k in range(len(beats.classes)) if (beats.y[beats.train] == k).any()]
    likely = np.stack([_share_of_lengths(beats, length, k) for k in there])
    named = np.array(there)[likely.argmax(axis=0)][length]
    tested = [k for k in there if (beats.is_test & (beats.y == k)).any()]
    right = [float((named[beats.is_test & (beats.y == k)] == k).mean()) for k in tested]
    return {"balanced_accuracy": float(np.mean(right)), "guessing": 1 / len(there)}


def _share_of_lengths(beats: BeatSet, length: Indices, k: int) -> NDArray[np.float64]:
    """Give the smoothed share of each true length among the training rows of a class."""
    of_class = length[beats.train & (beats.y == k)]
    histogram = np.bincount(of_class, minlength=beats.X.shape[1] + 1) / len(of_class)
    return np.convolve(histogram, np.ones(7) / 7, mode="same")


def patients(beats: BeatSet) -> int | None:
    """Count the patients or, where only they are known, the records."""
    return None if beats.people is None else len(np.unique(beats.people))


def records(beats: BeatSet) -> dict[str, Any] | None:
    """Count the rows of each class in each record; None where records are not known."""
    if beats.record is None:
        return None
    names, place = np.unique(beats.record, return_inverse=True)
    table = np.zeros((len(names), len(beats.classes)), np.int64)
    np.add.at(table, (place, beats.y), 1)
    most = {}
    for k, name in enumerate(beats.classes):
        column = table[:, k]
        if column.any():
            top = int(column.argmax())
            most[name] = {
                "record": str(names[top]),
                "rows": int(column[top]),
                "share": float(column[top] / column.sum()),
                "records": int((column > 0).sum()),
            }
    return {
        "records": {
            record: dict(zip(beats.classes, row, strict=True))
            for record, row in zip(names.tolist(), table.tolist(), strict=True)
        },
        "most": most,
    }


def examples(beats: BeatSet, seed: int, others: int = 12) -> dict[str, Indices]:
    """Choose for each class the row nearest to its median, then some drawn at random."""
    random = np.random.default_rng(seed)
    chosen = {}
    for k, name in enumerate(beats.classes):
        rows = np.flatnonzero(beats.train & (beats.y == k))
        if not len(rows):
            continue
        some = rows if len(rows) <= 5000 else np.sort(random.choice(rows, 5000, replace=False))
        middle = np.median(beats.X[some], axis=0)
        typical = some[np.square(beats.X[some] - middle).sum(axis=1).argmin()]
        rest = random.choice(rows, min(others, len(rows)), replace=False)
        chosen[name] = np.concatenate([[typical], rest[rest != typical]])
    return chosen


def origins(beats: BeatSet, chosen: dict[str, Indices]) -> dict[str, Any]:
    """Give row, record and sample of the typical row of each class, as far as known."""
    return {
        name: {
            "row": int(rows[0]),
            "record": None if beats.record is None else str(beats.record[rows[0]]),
            "sample": None if beats.sample is None else int(beats.sample[rows[0]]),
        }
        for name, rows in chosen.items()
    }


def noise(
    beats: BeatSet, chosen: dict[str, Indices], length: Indices, sigma: float
) -> dict[str, Any]:
    """Give the ratio of signal to noise, in dB, when Gaussian noise of `sigma` is added.

    Signal is the variance of the true part of the typical row of each class.
    """
    found: dict[str, Any] = {"sigma": sigma, "snr_db": {}}
    for name, rows in chosen.items():
        power = float(beats.X[rows[0], : max(int(length[rows[0]]), 2)].var())
        known = power > 0 and sigma > 0
        found["snr_db"][name] = float(10 * np.log10(power / sigma**2)) if known else None
    return found
