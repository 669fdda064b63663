"""Couplets and runs: how many of them were found, as the tool rxr counts them.

A run is a row of beats of one kind. For runs of ventricular beats, ``V`` and ``F`` belong to it;
for runs of supraventricular beats, ``S``, and within atrial fibrillation or flutter also ``N``.
Any other beat ends a run, and so does a signal that becomes unreadable. Ventricular flutter
counts as a ventricular run of full length, and so does the onset of atrial fibrillation as a
supraventricular one, unless a run is going on already.

Sensitivity takes each run of the reference and looks for the longest run of the test from one
match window before its first beat to one match window after its last. Positive predictivity
takes each run of the test and looks in the reference.

Sources: ANSI/AAMI EC57:1998, 4.3; rxr(1) in the WFDB Applications Guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.ec57.match import UNREADABLE
from ectopy.ec57.value import FileAnnotations, Period, Score
from ectopy.labels.aami import BEAT_SYMBOLS, aami_class
from ectopy.recording.value import Annotations

KINDS: Final = ("v", "s")
"""Kinds of runs: ventricular and supraventricular."""
LENGTHS: Final = {"couplets": (2, 2), "short": (3, 5), "long": (6, 6)}
"""Shortest and longest run of each sort; 6 stands for 6 and more."""

_FULL: Final = 6


class _Mark(Enum):
    """What an annotation means for runs of one kind."""

    BEAT = auto()
    END = auto()
    DARK = auto()
    """The signal becomes unreadable."""
    ON = auto()
    """Ventricular flutter or atrial fibrillation, whichever the kind is about, begins."""
    OFF = auto()
    OTHER_ON = auto()
    """The other one of the two begins."""


@dataclass(frozen=True, eq=False, slots=True)
class RunTable:
    """Runs of one kind.

    Attributes
    ----------
    sensitivity
        int64, shape ``(7, 7)``: runs of the reference by their length (rows, 0 to 5 and more
        than 5) and by that of the longest run of the test beside them (columns).
    ppv
        int64, shape ``(7, 7)``: runs of the test by their length (columns) and by that of the
        longest run of the reference beside them (rows).
    """

    sensitivity: NDArray[np.int64]
    ppv: NDArray[np.int64]

    def score(self, sort: str) -> Score:
        """Score ``"couplets"``, ``"short"`` or ``"long"`` runs.

        One is found if there is a run of at least its shortest length beside it.
        """
        low, high = LENGTHS[sort]
        real, own = self.sensitivity[low : high + 1], self.ppv[:, low : high + 1]
        return Score(
            tp=int(real[:, low:].sum()),
            fn=int(real[:, :low].sum()),
            fp=int(own[:low].sum()),
            tp_ppv=int(own[low:].sum()),
        )

    @property
    def scores(self) -> dict[str, Score]:
        """Scores of couplets, short runs (3 to 5 beats) and long runs (6 and more)."""
        return {sort: self.score(sort) for sort in LENGTHS}

    def to_dict(self) -> dict[str, object]:
        """Give the scores and both matrices as plain lists."""
        return {
            **{sort: score.to_dict() for sort, score in self.scores.items()},
            "sensitivity_matrix": self.sensitivity.tolist(),
            "ppv_matrix": self.ppv.tolist(),
        }


def compare_runs(
    reference: Annotations, test: Annotations, kind: str, period: Period, escape_beats: str = "S"
) -> RunTable:
    """Compare the runs of one kind, ``"v"`` or ``"s"``."""
    real = _marks(reference, kind, period, escape_beats)
    own = _marks(test, kind, period, escape_beats)
    sensitivity, ppv = np.zeros((7, 7), np.int64), np.zeros((7, 7), np.int64)
    beside = _Beside(own)
    for length, start, stop in _runs(real, period):
        sensitivity[length, beside.longest(start, stop)] += 1
    beside = _Beside(real)
    for length, start, stop in _runs(own, period):
        ppv[beside.longest(start, stop), length] += 1
    return RunTable(sensitivity, ppv)


def _marks(
    annotations: Annotations, kind: str, period: Period, escape_beats: str
) -> list[tuple[int, _Mark]]:
    """Give position and meaning of each annotation that says something about runs.

    Of several beats in a row that end a run only the first is given.
    """
    subtypes = annotations.subtype if isinstance(annotations, FileAnnotations) else None
    subtype = subtypes.tolist() if subtypes is not None else [0] * len(annotations)
    columns = (annotations.sample.tolist(), annotations.symbol.tolist(), subtype)
    mine = "VF" if kind == "v" else "AF"
    in_af, outside = (_meanings(kind, af, escape_beats) for af in (True, False))
    marks: list[tuple[int, _Mark]] = []
    rhythm, dark, beats, ended = "", False, outside, -1
    for sample, symbol, low, aux in zip(*columns, annotations.aux.tolist(), strict=True):
        mark = beats.get(symbol)
        if mark is _Mark.END:
            if ended >= period.start or (ended >= 0 and sample < period.start):
                continue
            ended = sample
        elif mark is not None:
            ended = -1
        elif symbol == "~":
            was_dark, dark = dark, low & UNREADABLE == UNREADABLE
            mark = _Mark.DARK if dark and not was_dark else None
        elif symbol in ("[", "]") or (symbol == "+" and aux):
            was, rhythm = rhythm, _rhythm(symbol, aux, rhythm)
            beats, ended = (in_af if rhythm == "AF" else outside), -1
            if rhythm != was and rhythm:
                mark = _Mark.ON if rhythm == mine else _Mark.OTHER_ON
            elif rhythm != was and was == mine:
                mark = _Mark.OFF
        if mark is not None:
            marks.append((sample, mark))
    return marks


def _meanings(kind: str, in_af: bool, escape_beats: str) -> dict[str, _Mark]:
    """Tell for each symbol of a beat whether that beat belongs to a run or ends it."""
    belongs = "VF" if kind == "v" else "SN" if in_af else "S"
    names = {symbol: aami_class(symbol, escape_beats) or "Q" for symbol in BEAT_SYMBOLS}
    return {symbol: _Mark.BEAT if name in belongs else _Mark.END for symbol, name in names.items()}


def _rhythm(symbol: str, aux: str, before: str) -> str:
    """Give ``"AF"``, ``"VF"`` or nothing, after an annotation that may change it."""
    if symbol == "[" or aux.startswith("(VF"):
        return "VF"
    if symbol == "]":
        return "" if before == "VF" else before
    return "AF" if aux.startswith("(AF") else ""


def _runs(marks: list[tuple[int, _Mark]], period: Period) -> Iterator[tuple[int, int, int]]:
    """Give length (up to 6) of each run in the test period, and where its partner may lie."""
    window = period.window
    length, start, stop = 0, 0, 0
    for sample, mark in marks:
        if sample < period.start:
            if mark in (_Mark.ON, _Mark.OFF, _Mark.OTHER_ON):
                length = _FULL if mark is _Mark.ON else 0
                start, stop = period.start - window, period.start + window
        elif mark is _Mark.BEAT:
            start = start if length else sample - window
            length, stop = min(length + 1, _FULL), sample + window
        elif mark is _Mark.ON and not length:
            length, start, stop = _FULL, sample - window, sample + window
        elif mark is _Mark.OFF and length:
            stop = sample + window
        elif mark in (_Mark.END, _Mark.DARK) and length:
            yield length, start, stop
            length = 0
    if length:
        yield length, start, stop


class _Beside:
    """Finds the longest run of one side in stretch after stretch of the record.

    It reads on from where it stopped, so that no beat is part of two runs.
    """

    def __init__(self, marks: list[tuple[int, _Mark]]) -> None:
        self._marks = marks
        self._next = 0
        self._episode_stop = -inf

    def longest(self, start: int, stop: int) -> int:
        """Give the length of the longest run from `start` to `stop`, up to 6."""
        if self._episode_stop > start:
            return _FULL
        while self._next < len(self._marks) and self._marks[self._next][0] < start:
            if self._take() is _Mark.ON and self._pass_episode() > start:
                return _FULL
        best = length = 0
        while self._next < len(self._marks) and self._marks[self._next][0] <= stop:
            mark = self._take()
            if mark is _Mark.ON:
                self._pass_episode()
                return _FULL
            if mark is _Mark.BEAT:
                length = min(length + 1, _FULL)
            elif mark is not _Mark.OFF:
                best, length = max(best, length), 0
        return max(best, length)

    def _take(self) -> _Mark:
        mark = self._marks[self._next][1]
        self._next += 1
        return mark

    def _pass_episode(self) -> float:
        """Read to the end of flutter or fibrillation that has begun, and give where that is."""
        ends = (_Mark.OFF, _Mark.OTHER_ON, _Mark.DARK)
        while self._next < len(self._marks):
            sample = self._marks[self._next][0]
            if self._take() in ends:
                self._episode_stop = sample
                return sample
        self._episode_stop = inf
        return inf
