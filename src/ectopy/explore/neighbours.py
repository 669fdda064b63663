"""How much of the test part the training part already knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.explore.value import BeatSet

DRAWN: Final = 4000
"""Test rows, drawn by chance, whose nearest training row is looked for."""
ALIKE: Final = 0.02
"""Root mean square difference of two rows below which they count as nearly the same."""
_BLOCK: Final = 250
TEST_SHARE: Final = 0.2
"""Share of rows that becomes the test where a set is not divided: what tutorials do."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """The training row most like each drawn test row.

    Attributes
    ----------
    rows
        Numbers of the test rows, shape ``(n,)``.
    any_row, any_distance
        Number of the nearest training row, and the root mean square difference to it.
    other_row, other_distance
        The same among rows of other patients; None where patients are not known.
    """

    rows: NDArray[np.int64]
    any_row: NDArray[np.int64]
    any_distance: NDArray[np.float64]
    other_row: NDArray[np.int64] | None
    other_distance: NDArray[np.float64] | None


def division(beats: BeatSet, seed: int) -> NDArray[np.bool_]:
    """Give the test rows: the set's own or, where it has none, a fifth of the rows by chance."""
    if beats.is_test is not None and beats.is_test.any():
        return beats.is_test
    random = np.random.default_rng(seed)
    is_test = np.zeros(len(beats), bool)
    is_test[random.permutation(len(beats))[: max(round(TEST_SHARE * len(beats)), 1)]] = True
    return is_test


def find_nearest(beats: BeatSet, is_test: NDArray[np.bool_], seed: int) -> Nearest | None:
    """Look up the nearest training row of up to 4,000 test rows; None without training rows."""
    random = np.random.default_rng(seed)
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    if not len(train):
        return None
    rows = np.sort(random.choice(test, min(DRAWN, len(test)), replace=False))
    known = beats.X[train]
    size = np.einsum("ij,ij->i", known, known)
    people = beats.people
    place = None if people is None else np.unique(people, return_inverse=True)[1]
    several = place is not None and len(np.unique(place[train])) > 1
    nearest = np.empty(len(rows), np.int64)
    other = np.full(len(rows), -1, np.int64)
    for first in range(0, len(rows), _BLOCK):
        block = slice(first, first + _BLOCK)
        distance = size - 2 * (beats.X[rows[block]] @ known.T)
        nearest[block] = train[distance.argmin(axis=1)]
        if place is not None and several:
            distance[place[rows[block], None] == place[train]] = np.inf
            other[block] = train[distance.argmin(axis=1)]
    return Nearest(
        rows,
        nearest,
        _apart(beats, rows, nearest),
        other if several else None,
        _apart(beats, rows, other) if several else None,
    )


def _apart(beats: BeatSet, one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the root mean square difference of rows, exactly."""
    difference = beats.X[one].astype(np.float64) - beats.X[two]
    apart: NDArray[np.float64] = np.sqrt(np.square(difference).mean(axis=1))
    return apart


def neighbours(
    beats: BeatSet, is_test: NDArray[np.bool_], nearest: Nearest | None
) -> dict[str, Any]:
    """Give the shares of test rows that have a neighbour, a copy or a look-alike in training.

    Returns
    -------
    dict
        ``divided`` (false: the division was drawn here), ``test_rows``, ``in_time`` (share of
        test beats of which the beat before or after is in training), ``same_patient`` (share of
        those whose patient is), ``identical`` (test rows that training holds value for value),
        ``repeated`` (rows of the whole set that occur before), and ``nearest``.
    """
    found: dict[str, Any] = {
        "divided": beats.is_test is not None,
        "test_rows": int(is_test.sum()),
        "in_time": _in_time(beats, is_test),
        "same_patient": None,
        "nearest": None,
        **_identical(beats, is_test),
    }
    people = beats.people
    if people is not None:
        shared = np.isin(people[is_test], np.unique(people[~is_test]))
        found["same_patient"] = float(shared.mean())
    if nearest is not None:
        found["nearest"] = _look_alikes(beats, nearest)
    return found


def _in_time(beats: BeatSet, is_test: NDArray[np.bool_]) -> float | None:
    """Give the share of test beats next to which, in their record, is a training beat."""
    if beats.record is None or beats.sample is None:
        return None
    order = np.lexsort((beats.sample, beats.record))
    record, test = beats.record[order], is_test[order]
    link = (record[1:] == record[:-1]) & (test[1:] != test[:-1])
    beside = np.zeros(len(order), bool)
    beside[1:] |= link
    beside[:-1] |= link
    return float(beside[test].mean())


def _identical(beats: BeatSet, is_test: NDArray[np.bool_]) -> dict[str, int]:
    key = np.array([hash(row.tobytes()) for row in beats.X])
    _, first = np.unique(key, return_index=True)
    copied = np.isin(key[is_test], key[~is_test])
    return {"identical": int(copied.sum()), "repeated": len(key) - len(first)}


def _look_alikes(beats: BeatSet, nearest: Nearest) -> dict[str, Any]:
    """Say how near the nearest rows are, and what copying their class would score."""
    truth = beats.y[nearest.rows]
    found: dict[str, Any] = {
        "drawn": len(nearest.rows),
        "alike_below": ALIKE,
        "median_distance": float(np.median(nearest.any_distance)),
        "alike_share": float((nearest.any_distance < ALIKE).mean()),
        "copying": _copying(beats, truth, nearest.any_row),
        "of_same_patient": None,
        "other_patients": None,
    }
    if nearest.other_row is not None and nearest.other_distance is not None:
        people = beats.people
        if people is not None:
            same = people[nearest.rows] == people[nearest.any_row]
            found["of_same_patient"] = float(same.mean())
        found["other_patients"] = {
            "median_distance": float(np.median(nearest.other_distance)),
            "alike_share": float((nearest.other_distance < ALIKE).mean()),
            "copying": _copying(beats, truth, nearest.other_row),
        }
    return found


def _copying(beats: BeatSet, truth: NDArray[np.int64], row: NDArray[np.int64]) -> dict[str, float]:
    """Give accuracy and macro F1 of naming every row as its nearest one is named."""
    named = beats.y[row]
    f1 = []
    for k in np.unique(truth).tolist():
        right = float(((named == k) & (truth == k)).sum())
        f1.append(2 * right / float((named == k).sum() + (truth == k).sum()))
    return {"accuracy": float((named == truth).mean()), "macro_f1": float(np.mean(f1))}
