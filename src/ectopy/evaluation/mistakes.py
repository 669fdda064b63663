"""The records with most errors, and strips that show what the experts and what the model said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.ec57 import compare
from ectopy.evaluation.run import RecordResult, as_annotations
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.report.strips import MM_PER_S, PULSE_MM, STRIP_S, Strip, draw_strip

WORST: Final = 5
"""Records that are shown."""
STRIPS: Final = 3
"""Strips of each of them."""

_LANE_MM: Final = 8
_LETTER_MM: Final = 1.6
"""Nearest that the middle of a letter comes to the edge, as on the strip."""


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """Every beat that the experts or the model have, in time order.

    Attributes
    ----------
    sample
        int64, shape ``(n,)``: where the experts have it, or else the model.
    truth, named
        Its class, one of ``N S V F Q``; empty where the experts, or the model, have no beat.
    beat
        int64, shape ``(n,)``: its index in the beats of the analysis, -1 where it was missed.
    """

    sample: NDArray[np.int64]
    truth: NDArray[np.str_]
    named: NDArray[np.str_]
    beat: NDArray[np.int64]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the two do not agree, bool, shape ``(n,)``."""
        differs: NDArray[np.bool_] = self.truth != self.named
        return differs


@dataclass(frozen=True, slots=True)
class Mistake:
    """One strip: the error it is about, all errors on it, and the experts' line above it."""

    truth: str
    named: str
    probability: float | None
    errors: tuple[tuple[str, str, int], ...]
    experts: Markup
    strip: Strip


@dataclass(frozen=True, slots=True)
class WorstRecord:
    """A record with many errors: the number of each kind, most frequent first, and strips."""

    record: str
    beats: int
    kinds: tuple[tuple[str, str, int], ...]
    mistakes: tuple[Mistake, ...]

    @property
    def errors(self) -> int:
        """Number of errors of all kinds."""
        return sum(n for _, _, n in self.kinds)


def worst_records(results: Sequence[RecordResult]) -> list[WorstRecord]:
    """Give the records with most errors, whole records counted, with strips of their errors."""
    shown = [r for r in results if r.analysis is not None and _errors(r.matrix)]
    shown.sort(key=lambda r: -_errors(r.matrix))
    return [_worst(result) for result in shown[:WORST]]


def _errors(matrix: NDArray[np.int64]) -> int:
    return int(matrix.sum() - np.trace(matrix[:5, :5]))


def _worst(result: RecordResult) -> WorstRecord:
    analysis = result.analysis
    assert analysis is not None
    steps = find_steps(result, analysis)
    kinds = _kinds_of_matrix(result.matrix)
    chosen = _choose(steps, analysis, [(truth, named) for truth, named, _ in kinds])
    mistakes = tuple(_mistake(steps, analysis, k) for k in chosen)
    return WorstRecord(result.record, int(result.matrix[:5].sum()), kinds, mistakes)


def find_steps(result: RecordResult, analysis: Analysis) -> Steps:
    """Pair the beats of the experts with those of the model, over the whole record."""
    notes = result.reference
    assert notes is not None
    whole = compare(
        notes,
        as_annotations(analysis.beats, analysis.labels),
        fs=analysis.recording.fs,
        escape_beats=result.comparison.escape_beats if result.comparison else "S",
        learning_s=0.0,
        n_samples=analysis.recording.n_samples,
        record=result.record,
    )
    counts = whole.matches.row != "*"
    real, own = whole.matches.reference[counts], whole.matches.test[counts]
    truth, named = whole.matches.row[counts], np.char.upper(whole.matches.column[counts])
    return Steps(
        sample=np.where(real >= 0, notes.sample[real], analysis.beats.sample[own]),
        truth=np.where(real >= 0, truth, ""),
        named=np.where(own >= 0, named, ""),
        beat=own,
    )


def _kinds_of_matrix(matrix: NDArray[np.int64]) -> tuple[tuple[str, str, int], ...]:
    """Count what was called what, most frequent first; ``O X o x`` are no beat."""
    names = [*AAMI_CLASSES, "", ""]
    counts: Counter[tuple[str, str]] = Counter()
    for (row, column), n in np.ndenumerate(matrix):
        if n and names[row] != names[column]:
            counts[names[row], names[column]] += int(n)
    return tuple((truth, named, n) for (truth, named), n in counts.most_common())


def _kinds(steps: Steps, chosen: NDArray[np.bool_]) -> tuple[tuple[str, str, int], ...]:
    """Count what was called what, most frequent first."""
    pairs = zip(steps.truth[chosen].tolist(), steps.named[chosen].tolist(), strict=True)
    return tuple((truth, named, n) for (truth, named), n in Counter(pairs).most_common())


def _choose(steps: Steps, analysis: Analysis, kinds: Sequence[tuple[str, str]]) -> list[int]:
    """Choose errors to show: the surest of each kind in turn, none on the strip of another."""
    sure = np.append(analysis.labels.confidence, np.float32(0))[steps.beat]
    queues = []
    for truth, named in kinds:
        of_kind = np.flatnonzero((steps.truth == truth) & (steps.named == named))
        queues.append(of_kind[np.argsort(-sure[of_kind], kind="stable")])
    apart = STRIP_S * analysis.beats.fs
    chosen: list[int] = []
    while queues and len(chosen) < STRIPS:
        for k, queue in enumerate(queues):
            taken = steps.sample[chosen]
            far = [j for j in queue.tolist() if (abs(taken - steps.sample[j]) >= apart).all()]
            chosen += far[: 1 if len(chosen) < STRIPS else 0]
            queues[k] = np.array(far[1:], np.int64)
        queues = [queue for queue in queues if len(queue)]
    return chosen


def _mistake(steps: Steps, analysis: Analysis, k: int) -> Mistake:
    beat = int(steps.beat[k])
    found = beat >= 0
    centre_s = float(steps.sample[k]) / analysis.beats.fs
    strip = draw_strip(analysis, centre_s - STRIP_S / 2, focus=beat if found else None)
    first = round(strip.start_s * analysis.beats.fs)
    last = first + round(strip.seconds * analysis.beats.fs)
    visible = (steps.sample >= first) & (steps.sample < last)
    return Mistake(
        truth=str(steps.truth[k]),
        named=str(steps.named[k]),
        probability=float(analysis.labels.confidence[beat]) if found else None,
        errors=_kinds(steps, visible & steps.wrong),
        experts=_experts(steps, np.flatnonzero(visible), first, analysis.beats.fs, strip),
        strip=strip,
    )


def _experts(
    steps: Steps, visible: NDArray[np.int64], first: int, fs: float, strip: Strip
) -> Markup:
    """Draw the line above a strip: what the experts called each beat, set off where it differs."""
    width = PULSE_MM + strip.seconds * MM_PER_S
    drawn = [Markup('<text class="who" x=".6" y="7.4">experts</text>')]
    for k in visible.tolist():
        truth, wrong = str(steps.truth[k]), bool(steps.wrong[k])
        x = PULSE_MM + (int(steps.sample[k]) - first) / fs * MM_PER_S
        x = min(max(x, _LETTER_MM), width - _LETTER_MM)
        if wrong and truth:
            drawn.append(
                Markup(
                    '<rect class="focus {}" x="{:.2f}" y=".5" width="4.4" height="4.4" rx="1"/>'
                ).format(truth, x - 2.2)
            )
        kind = ("letter focused" if truth else "letter none") if wrong else "letter agreed"
        drawn.append(
            Markup('<text class="{}" x="{:.2f}" y="4">{}</text>').format(kind, x, truth or "–")
        )
        if not truth or steps.beat[k] < 0:
            drawn.append(
                Markup('<text class="small" x="{:.2f}" y="7.4">{}</text>').format(
                    min(x, width - 4), "missed" if truth else "no beat"
                )
            )
    return Markup(
        '<svg class="ecg experts" xmlns="http://www.w3.org/2000/svg" role="img" '
        'aria-label="What the experts called each beat" width="{:g}mm" height="{}mm" '
        'viewBox="0 0 {:g} {}">{}</svg>'
    ).format(round(width, 2), _LANE_MM, round(width, 2), _LANE_MM, Markup("").join(drawn))
