"""Why a beat was named so: which part of the signal moved the model, and its timing.

>>> from ectopy.explain import explain
>>> why = explain(analysis, 1204)                             # doctest: +SKIP
>>> why.says                                                  # doctest: +SKIP
'0.00 to 0.12 s from R (QRS) speaks most for V'

By occlusion: a piece of the signal is replaced by a straight line, the beat is cut and named anew
through the same steps as the first time, and the probability of its class falls or rises. Of
timing the same is asked by moving the beat to where the usual interval would have put it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.beats import Beats
from ectopy.beats.context import PERIOD_S, period_ends
from ectopy.errors import ModelError
from ectopy.labels import AAMI_CLASSES, load_card
from ectopy.labels.classify import combine, find_layout, probabilities, views
from ectopy.labels.models import load_network
from ectopy.recording import Recording
from ectopy.rhythm import trusted_rr

STEP_S: Final = 0.06
"""Time from one piece of signal that is replaced to the next, …"""
PIECE_S: Final = 0.12
"""… and its length: pieces overlap, for a shorter straight line hardly changes a wide QRS."""
WINDOW_S: Final = (-0.42, 0.48)
"""From R, what pieces are the middles of."""
AROUND: Final = 20
"""Beats before and after whose median interval is the usual one."""
REFRACTORY_S: Final = 0.2
"""Signal on both sides of an interval that moving a beat leaves as it is."""
_SLACK_S: Final = 3.0
_WAVES: Final = ((-0.28, -0.07, "P wave"), (-0.07, 0.12, "QRS"), (0.12, 0.5, "ST and T wave"))
_SAID: Final = 0.02
"""Change of probability below which nothing is said."""


@dataclass(frozen=True, eq=False, slots=True)
class Why:
    """Why a model named a beat as it did.

    Attributes
    ----------
    label
        What the model named it.
    probability
        The five probabilities, shape ``(5,)``, in the order ``N S V F Q``.
    time_s
        Middle of each piece in seconds from R, shape ``(k,)``.
    importance
        How far the probability of `label` falls where that piece is a straight line, ``(k,)``;
        below 0 where the piece spoke against it.
    evidence
        The same as a fall of the log-odds of `label`, ``(k,)``: where the model is so sure that
        no piece changes its probability, this still tells which matters.
    before_s, after_s
        Intervals before and after the beat, None where not known.
    typical_s
        Median of the intervals between N beats around.
    on_time
        The five probabilities if the beat had come after `typical_s`, shape ``(5,)``; None where
        the interval is not known.
    says
        The largest influence in one sentence.
    timing_says
        The intervals in one sentence.
    """

    label: str
    probability: NDArray[np.float32]
    time_s: NDArray[np.float64]
    importance: NDArray[np.float64]
    evidence: NDArray[np.float64]
    before_s: float | None
    after_s: float | None
    typical_s: float | None
    on_time: NDArray[np.float32] | None
    says: str
    timing_says: str


@dataclass(frozen=True, eq=False, slots=True)
class _Scene:
    """The beats that a beat is described beside, and the signal of each lead around them."""

    x: NDArray[np.float32]
    beats: Beats
    place: int
    model: str

    def named(self) -> NDArray[np.float32]:
        """Give the probabilities of the beat, cut and named anew."""
        beats, card, network = self.beats, load_card(self.model), load_network(self.model)
        recording = Recording(self.x, beats.fs, (beats.lead, *beats.others))
        given = []
        for view in views(card, beats):
            inputs = np.concatenate([*find_layout(card).cut(recording, view)])
            given.append(probabilities(network, card, inputs[[self.place]]))
        probability: NDArray[np.float32] = combine(card, given)[0]
        return probability


def explain(analysis: Analysis, beat: int, model: str | None = None) -> Why:
    """Say why a beat was named so.

    Parameters
    ----------
    analysis
        As the model made it.
    beat
        Index of the beat.
    model
        Name or directory of the model; by default that of the analysis by name.

    Returns
    -------
    Why
        Of some twenty pieces and of the timing. A beat is named anew beside the beats of its
        half hour, as the classifier does; this takes a second or two.

    Raises
    ------
    ModelError
        If there is no such beat or model.
    """
    labels = analysis.labels
    if not 0 <= beat < len(labels):
        raise ModelError(f"there is no beat {beat}; the analysis has 0 to {len(labels) - 1}")
    scene = _scene(analysis, beat, model or labels.model)
    label = str(labels.aami[beat])
    column = AAMI_CLASSES.index(label)
    whole = float(scene.named()[column])
    time_s = np.arange(WINDOW_S[0] + STEP_S / 2, WINDOW_S[1], STEP_S)
    without = np.array([_flattened(scene, at).named()[column] for at in time_s.tolist()], float)
    evidence = _log_odds(whole) - _log_odds(without)
    before_s, after_s, typical_s = _intervals(analysis, beat)
    on_time = None
    if before_s is not None and typical_s is not None:
        on_time = _moved(scene, typical_s - before_s).named()
    return Why(
        label=label,
        probability=labels.probability[beat],
        time_s=time_s,
        importance=whole - without,
        evidence=evidence,
        before_s=before_s,
        after_s=after_s,
        typical_s=typical_s,
        on_time=on_time,
        says=_says(label, time_s, whole - without, evidence),
        timing_says=_timing_says(label, before_s, after_s, typical_s, whole, on_time),
    )


def _scene(analysis: Analysis, beat: int, model: str) -> _Scene:
    """Cut out the period that the classifier takes the patient to be the same in."""
    recording, beats = analysis.recording, analysis.beats
    fs, at = recording.fs, float(beats.time_s[beat])
    ends = period_ends(recording.duration_s)
    parts = len(ends) - 1
    part = min(int(np.searchsorted(ends, at, side="right")) - 1, parts - 1)
    margin = (PERIOD_S - _SLACK_S - (ends[1] - ends[0])) / 2 if parts > 1 else 0.0
    start = max(0, round((ends[part] - min(margin, 30.0)) * fs))
    stop = min(recording.n_samples, round((ends[part + 1] + min(margin, 30.0)) * fs))
    first, last = np.searchsorted(beats.sample, [max(start, ends[part] * fs), ends[part + 1] * fs])
    first, last = min(int(first), beat), max(int(last), beat + 1)
    start, stop = min(start, int(beats.sample[first])), max(stop, int(beats.sample[last - 1]) + 1)
    inside = [s for s in beats.bad if s.start < stop and s.stop > start]
    bad = tuple(
        replace(s, start=max(0, s.start - start), stop=min(stop, s.stop) - start) for s in inside
    )
    near = replace(
        beats,
        sample=beats.sample[first:last] - start,
        quality=beats.quality[first:last],
        bad=bad,
    )
    columns = [recording.lead_index(lead) for lead in (beats.lead, *beats.others)]
    x = np.array(recording.signal[start:stop, columns])
    return _Scene(x, near, beat - first, model)


def _flattened(scene: _Scene, at_s: float) -> _Scene:
    """Give the same with straight lines for the piece around this time from R."""
    fs, r = scene.beats.fs, int(scene.beats.sample[scene.place])
    low = max(0, round(r + (at_s - PIECE_S / 2) * fs))
    high = min(len(scene.x), round(r + (at_s + PIECE_S / 2) * fs) + 1)
    if high - low < 3:
        return scene
    x = scene.x.copy()
    x[low:high] = np.linspace(x[low], x[high - 1], high - low)
    return replace(scene, x=x)


def _moved(scene: _Scene, by_s: float) -> _Scene:
    """Give the same with more or less time between the beat before and this one.

    Time is added or taken in the middle between the T wave and the beat, where least happens.
    """
    beats, k = scene.beats, scene.place
    fs, by = beats.fs, round(by_s * beats.fs)
    keep = round(REFRACTORY_S * fs)
    before, r = int(beats.sample[k - 1]), int(beats.sample[k])
    if by < 0:
        by = -min(-by, max(0, r - before - 2 * keep))
    middle = min(max((before + r) // 2 + round(0.1 * fs), before + keep), max(before + 1, r - keep))
    cut = max(before + 1, middle - max(0, -by) // 2)
    fill = np.repeat(scene.x[cut : cut + 1], max(0, by), axis=0)
    x = np.concatenate([scene.x[:cut], fill, scene.x[cut + max(0, -by) :]])
    sample = np.where(np.arange(len(beats)) >= k, beats.sample + by, beats.sample)
    bad = tuple(
        replace(s, start=s.start + by, stop=s.stop + by) if s.start >= cut else s for s in beats.bad
    )
    return replace(scene, x=x, beats=replace(beats, sample=sample, bad=bad))


def _intervals(analysis: Analysis, beat: int) -> tuple[float | None, float | None, float | None]:
    """Give the intervals before and after a beat, and the usual one around."""
    rr = trusted_rr(analysis.beats)
    normal = analysis.labels.aami == "N"
    nn = np.where(normal & np.append(False, normal[:-1]), rr, np.nan)
    first = max(0, beat - AROUND)
    around = nn[first : beat + AROUND + 1].copy()
    if np.isfinite(around).sum() < 3:
        around = rr[first : beat + AROUND + 1].copy()
    around = around[np.isfinite(around)]

    def known(place: int) -> float | None:
        return float(rr[place]) if place < len(rr) and np.isfinite(rr[place]) else None

    return known(beat), known(beat + 1), float(np.median(around)) if len(around) else None


def _log_odds(probability: NDArray[np.float64] | float) -> NDArray[np.float64]:
    within = np.clip(np.asarray(probability, np.float64), 1e-6, 1 - 1e-6)
    odds: NDArray[np.float64] = np.log(within / (1 - within))
    return odds


def _says(
    label: str,
    time_s: NDArray[np.float64],
    importance: NDArray[np.float64],
    evidence: NDArray[np.float64],
) -> str:
    top = int(np.argmax(evidence))
    if evidence[top] < _SAID:
        return f"no piece of the signal by itself speaks for {label}"
    strong = evidence >= evidence[top] / 2
    first, last = top, top
    while first > 0 and strong[first - 1]:
        first -= 1
    while last + 1 < len(strong) and strong[last + 1]:
        last += 1
    low, high = time_s[first] - STEP_S / 2, time_s[last] + STEP_S / 2
    waves = ", ".join(
        name for start, stop, name in _WAVES if start < time_s[last] and stop > time_s[first]
    )
    said = f"{low:.2f} to {high:.2f} s from R ({waves or 'baseline'}) speaks most for {label}"
    if importance.max() < _SAID:
        return f"{said}, but without any one piece it stays {label}"
    return f"{said}: without it {label} would be less likely by {importance.max():.0%}"


def _timing_says(
    label: str,
    before_s: float | None,
    after_s: float | None,
    typical_s: float | None,
    whole: float,
    on_time: NDArray[np.float32] | None,
) -> str:
    if before_s is None or typical_s is None or on_time is None:
        return "the interval before the beat is not known"
    ratio = before_s / typical_s - 1
    how = "on time" if abs(ratio) < 0.05 else f"{abs(ratio):.0%} {'early' if ratio < 0 else 'late'}"
    said = f"comes {how}: {before_s:.2f} s after the beat before, {typical_s:.2f} s is usual here"
    if after_s is not None and after_s > 1.15 * typical_s:
        said += f"; a pause of {after_s:.2f} s follows"
    fall = whole - float(on_time[AAMI_CLASSES.index(label)])
    if abs(ratio) >= 0.05 and abs(fall) >= _SAID:
        said += (
            f"; had it come on time, {label} would be "
            f"{'less' if fall > 0 else 'more'} likely by {abs(fall):.0%}"
        )
    return said
