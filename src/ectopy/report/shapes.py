"""The average beat of each class, and the beats that show a class best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.report.quality import in_bad_stretch

BEFORE_S: Final = 0.3
AFTER_S: Final = 0.5
"""What is cut around an R peak, in seconds."""

MAX_BEATS: Final = 400
"""Beats of one class that its average is made of; of more, every so-many-th is taken."""

APART_S: Final = 7.0
"""Distance, in seconds, that keeps two examples from showing the same beats."""


@dataclass(frozen=True, eq=False, slots=True)
class Shape:
    """The average beat of one class.

    Attributes
    ----------
    label
        One of ``N S V F Q``.
    time_s
        From the R peak, in seconds, shape ``(w,)``.
    mean, low, high
        Mean, 10th and 90th percentile in mV, each ``(w,)``.
    index
        Beats it was made of, as indices into the beats, shape ``(k,)``.
    distance
        Root mean square distance of each of them from the mean in mV, shape ``(k,)``.
    """

    label: str
    time_s: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    index: NDArray[np.int64]
    distance: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One beat that is worth showing: its index in the beats, and ``"typical"`` or ``"unsure"``."""

    beat: int
    kind: str


def lead_slice(analysis: Analysis, start: int, stop: int) -> NDArray[np.float64]:
    """Give samples `start` to `stop` of the analysed lead in mV, without reading the others."""
    column = analysis.recording.lead_index(analysis.beats.lead)
    return np.asarray(analysis.recording.signal[max(start, 0) : stop, column], dtype=np.float64)


def average_beats(analysis: Analysis) -> dict[str, Shape]:
    """Average the beats of each class that lie in good signal; classes without any are left out."""
    good = ~in_bad_stretch(analysis)
    shapes = {}
    for label in AAMI_CLASSES:
        index = np.flatnonzero((analysis.labels.aami == label) & good)
        if len(index) > MAX_BEATS:
            index = index[np.linspace(0, len(index) - 1, MAX_BEATS).astype(int)]
        shape = _average(analysis, label, index)
        if shape is not None:
            shapes[label] = shape
    return shapes


def _average(analysis: Analysis, label: str, index: NDArray[np.int64]) -> Shape | None:
    fs = analysis.beats.fs
    before, after = round(BEFORE_S * fs), round(AFTER_S * fs)
    sample = analysis.beats.sample[index]
    whole = (sample >= before) & (sample + after <= analysis.recording.n_samples)
    cut = [lead_slice(analysis, s - before, s + after) for s in sample[whole].tolist()]
    windows = np.array(cut).reshape(len(cut), before + after)
    complete = np.isfinite(windows).all(axis=1)
    windows, index = windows[complete], index[whole][complete]
    if not len(windows):
        return None
    windows -= np.median(windows, axis=1, keepdims=True)
    mean = windows.mean(axis=0)
    low, high = np.percentile(windows, [10, 90], axis=0)
    return Shape(
        label=label,
        time_s=np.arange(-before, after) / fs,
        mean=mean,
        low=low,
        high=high,
        index=index,
        distance=np.sqrt(((windows - mean) ** 2).mean(axis=1)),
    )


def examples(analysis: Analysis, shapes: dict[str, Shape], label: str) -> list[Example]:
    """Choose beats of a class to show: typical ones first, then the least sure one.

    Typical are those named with more than the usual probability of their class that lie closest
    to its average; two of them, one for ``N``. Examples lie 7 s apart, so that there are fewer
    where the class is rare.
    """
    confidence, time_s = analysis.labels.confidence, analysis.beats.time_s
    index = np.flatnonzero(analysis.labels.aami == label)
    chosen: list[Example] = []

    def take(candidates: NDArray[np.int64], kind: str, n: int) -> None:
        for beat in candidates.tolist():
            if n and all(abs(time_s[beat] - time_s[each.beat]) >= APART_S for each in chosen):
                chosen.append(Example(beat, kind))
                n -= 1

    if label in shapes:
        shape = shapes[label]
        usual = np.median(confidence[shape.index])
        sure = (confidence[shape.index] >= usual) & ~analysis.labels.abstained[shape.index]
        nearest = shape.index[sure][np.argsort(shape.distance[sure], kind="stable")]
        take(nearest, "typical", 1 if label == "N" else 2)
    unsure_first = index[np.argsort(confidence[index], kind="stable")]
    in_good = ~in_bad_stretch(analysis)[unsure_first]
    take(np.concatenate([unsure_first[in_good], unsure_first[~in_good]]), "unsure", 1)
    return chosen


def other_class(analysis: Analysis, beat: int) -> tuple[str, float]:
    """Give the most probable class of a beat but for the one it was named, and its probability.

    It is the more probable of the two where a person has renamed the beat.
    """
    row = analysis.labels.probability[beat].tolist()
    named = str(analysis.labels.aami[beat])
    others = [(p, name) for p, name in zip(row, AAMI_CLASSES, strict=True) if name != named]
    probability, name = max(others, key=lambda other: other[0])
    return name, float(probability)
