"""Beats as the classifier of unseen patients looks at them: each beside its own patient.

Nothing here is absolute. A beat's shape is held against the patient's typical beat, in units of
its size and the way up that makes it upright; its timing against the patient's own rhythm; and
beats of one shape are put together first, because a shape that keeps coming early is ectopic and
one that makes up the record is not, whatever it looks like. So gain, offset, polarity and lead
make no difference, and the same code serves training and use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy._threads import in_threads
from ectopy.beats.around import (
    log_ratio,
    mean_around,
    neighbours,
    norm,
    spread_around,
    spread_out,
)
from ectopy.beats.candidates import (
    DETECTION_FS,
    at_detection_rate,
    padded,
    quantile_around,
    rate_ratio,
    windows_of,
)
from ectopy.beats.filters import Recursive, both_ways, butterworth
from ectopy.beats.find import live_spans
from ectopy.beats.p_wave import find_p_wave, sinus_facts
from ectopy.beats.quality import bridged
from ectopy.beats.stretches import stretch_facts
from ectopy.beats.value import Beats
from ectopy.recording._backing import release
from ectopy.recording.value import Recording

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Whole = NDArray[np.int64]
Facts = dict[str, NDArray[np.floating]]
"""Features by name, each ``(n,)``, ``(n, k)``, or one number for all beats."""

CONTEXT_FS: Final = DETECTION_FS
"""Rate in Hz that every lead is brought to."""
N_FEATURES: Final = 200
BASELINE_HZ: Final = 0.5
"""What is slower than this is baseline, not heart."""
BASELINE_PAD: Final = 360
"""Samples by which the ends are continued, if there are as many, when that is taken away."""
MARGIN_S: Final = 30.0
"""Seconds of signal before and after a period that are filtered with it."""
PERIOD_S: Final = 1800.0
"""Longest time, in seconds, over which a patient is taken to be the same: a longer recording is
cut into equal parts, each with its own typical beat, rhythm and shapes."""
LONGEST_RR_S: Final = 3.0
"""Longest interval that counts as it is: a longer one spans beats that nobody could see."""
USUAL_RR_S: Final = 0.8
"""Interval that absolute ones are held against."""

REACH: Final = 96
"""Samples (0.8 s) on both sides of R that are cut out of the signal."""
WAVE: Final = REACH + np.arange(-48, 60, 2)
"""Where the shape of a beat is shown: -0.4 to 0.48 s."""
BEFORE: Final = np.arange(-46, -8, 2)
"""Where what the beat before leaves over is shown, from R: a P wave would be there."""
CORE: Final = REACH + np.arange(-14, 21)
"""Where shapes are compared."""
P_WAVE: Final = REACH + np.arange(-28, -9)
T_WAVE: Final = REACH + np.arange(18, 48)
PEAK: Final = REACH + np.arange(-12, 13)

SHIFT: Final = 6
"""Samples (50 ms) by which a beat may be moved to fit the typical beat."""
FITS: Final = 0.8
"""Correlation from which a beat is moved to fit."""
ON_TIME: Final = 0.9
"""Share of the mean interval around from which a beat is not early."""
EARLY: Final = -0.13
"""Logarithm of that share below which a beat is early enough to count."""
SAME_SHAPE: Final = 0.45
"""Difference, relative to the size of the larger, below which two beats have one shape."""
MOST_SHAPES: Final = 12
SAMPLED: Final = 150
"""Beats among which the centre of the next shape is looked for."""
NEIGHBOURS: Final = np.arange(-4, 5)
"""Beats before and after whose likeness to the typical beat is shown…"""
INTERVALS: Final = np.arange(-4, 6)
"""…and whose intervals are."""
CLIP: Final = 3.0
_TINY: Final = 1e-9


@dataclass(frozen=True, eq=False, slots=True)
class Habit:
    """What a patient's beats are held against, as :func:`learn_habit` finds it.

    Attributes
    ----------
    typical
        The typical beat as it was cut, float32, shape ``(193,)``.
    upright
        1, or -1 where its largest deflection points down.
    centres
        The shapes that there are, that of the typical beat first, float32, shape ``(k, 35)``,
        upright and relative to its height.
    p_wave
        The P wave of the sinus as it stands before a beat, in the same units, float32, shape
        ``(19,)``, mean 0.
    """

    typical: Float32
    upright: float
    centres: Float32
    p_wave: Float32


def context_inputs(recording: Recording, beats: Beats) -> Float32:
    """Describe every beat beside its neighbours and the patient's typical beat.

    Parameters
    ----------
    recording
        The recording that the beats were found in.
    beats
        Beats of one of its leads; all of them, for each is described by the others.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 200)``; :func:`feature_names` tells what each column is.
    """
    blocks = [*context_blocks(recording, beats)]
    return np.concatenate([np.empty((0, N_FEATURES), np.float32), *blocks])


def context_blocks(recording: Recording, beats: Beats) -> Iterator[Float32]:
    """Give :func:`context_inputs` period by period, so that memory does not grow with length."""
    rr = beats.rr_s
    after = np.append(rr[1:], np.nan)

    def describe(part: slice) -> Float32:
        cuts = cut_beats(recording, beats, part)
        return describe_beats(cuts, rr[part], after[part], beats.quality[part])

    ends = period_ends(recording.duration_s)
    edges = np.searchsorted(beats.time_s, [*ends[:-1], np.inf]).tolist()
    yield from in_threads(describe, [slice(*ends) for ends in pairwise(edges) if ends[0] < ends[1]])


def period_ends(duration_s: float) -> Float64:
    """Give the ends in seconds of the periods of a recording, 0 first: ``(periods + 1,)``."""
    return np.linspace(0, duration_s, int(np.ceil(duration_s / PERIOD_S)) + 1)


@cache
def feature_names() -> tuple[str, ...]:
    """Name the columns of :func:`context_inputs`; a name with a number is one of several."""
    cuts = np.random.default_rng(0).normal(size=(3, 2 * REACH + 1)).astype(np.float32)
    facts = _describe(cuts, np.full(3, 0.8), np.full(3, 0.8), np.ones(3, np.float32))
    widths = {name: values.shape[1] if values.ndim > 1 else 0 for name, values in facts.items()}
    return tuple(
        name if not width else f"{name} {k + 1}"
        for name, width in widths.items()
        for k in range(width or 1)
    )


def cut_beats(recording: Recording, beats: Beats, part: slice = slice(None)) -> Float32:
    """Cut beats out of their lead, 0.8 s to both sides of R, without baseline.

    Parameters
    ----------
    recording, beats
        As for :func:`context_inputs`.
    part
        Which of the beats.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 193)``, at 120 Hz, in mV; zeros beyond the ends of the signal.
    """
    sample, fs = beats.sample[part], recording.fs
    cuts = np.zeros((len(sample), 2 * REACH + 1), np.float32)
    lead = recording.signal[:, recording.lead_index(beats.lead)]
    dead = tuple(stretch for stretch in beats.bad if stretch.reason != "noisy")
    step, margin = rate_ratio(fs).denominator, round(MARGIN_S * fs)
    for start, stop in live_spans(dead, recording.n_samples, fs):
        inside = slice(*np.searchsorted(sample, [start, stop]))
        if inside.start == inside.stop:
            continue
        # begin at a sample that resampling keeps
        first = start + max(0, int(sample[inside][0]) - margin - start) // step * step
        x = bridged(lead[first : min(stop, int(sample[inside][-1]) + margin)])
        cuts[inside] = cut_piece(x, fs, sample[inside] - first)
        release(lead)
    return cuts


def cut_piece(x: Float32, fs: float, sample: Whole) -> Float32:
    """Cut beats out of an unbroken piece of signal, as :func:`cut_beats` does.

    Parameters
    ----------
    x
        The piece, shape ``(n_samples,)``, nothing missing. It begins at a sample that resampling
        keeps: a multiple of the denominator of :func:`ectopy.beats.candidates.rate_ratio` after
        the beginning of the unbroken signal.
    fs
        Sampling rate in Hz.
    sample
        R peaks in samples of the piece, shape ``(n,)``.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 193)``, at 120 Hz; zeros beyond the ends of the piece.
    """
    steady = padded(_steady(x, fs), REACH, REACH + 1)
    at = np.rint(sample * (CONTEXT_FS / fs)).astype(np.int64)
    cuts: Float32 = windows_of(steady, 2 * REACH + 1)[at]
    return cuts


def typical_beat(cuts: Float32, rr: Float64) -> tuple[Float32, float, Whole, Float64]:
    """Find the patient's typical beat: the median of beats that are alike and not early.

    Parameters
    ----------
    cuts
        Beats as :func:`cut_beats` gives them.
    rr
        Interval before each in seconds, shape ``(n,)``.

    Returns
    -------
    typical : numpy.ndarray
        float32, shape ``(193,)``.
    upright : float
        1, or -1 where the largest deflection of the typical beat points down.
    shift : numpy.ndarray
        int64, shape ``(n,)``: samples by which each beat must be moved to fit it best.
    match : numpy.ndarray
        Its correlation with the typical beat then, shape ``(n,)``.
    """
    on_time = np.flatnonzero(rr >= ON_TIME * mean_around(rr, 10, 10))
    chosen = spread_out(on_time if len(on_time) >= 3 else np.arange(len(rr)), 400)
    models, candidates = spread_out(chosen, 40), cuts[chosen]
    agreement = (_best_match(candidates, cuts[models])[0] ** 3).mean(axis=0)
    typical = cuts[models[int(np.argmax(agreement))]]
    for _ in range(3):
        match, shift = _best_match(candidates, typical)
        alike = match >= min(0.9, np.sort(match)[-min(5, len(match))])
        typical = _median_beat(moved(candidates[alike], shift[alike]))
    match, shift = _best_match(cuts, typical)
    peak = typical[PEAK]
    upright = -1.0 if peak[np.abs(peak).argmax()] < 0 else 1.0
    return typical.astype(np.float32), upright, np.where(match > FITS, shift, 0), match


def moved(cuts: Float32, shift: Whole) -> Float32:
    """Move each beat by so many samples; the ends are repeated."""
    out, at = cuts.copy(), np.arange(cuts.shape[1])
    for samples in np.unique(shift[shift != 0]):
        rows = np.flatnonzero(shift == samples)
        out[rows] = cuts[rows[:, None], np.clip(at + samples, 0, len(at) - 1)]
    return out


def learn_habit(cuts: Float32, rr: Float64) -> Habit:
    """Find what beats are to be held against, once for all who are held against the same.

    Parameters
    ----------
    cuts
        Beats as :func:`cut_beats` gives them.
    rr
        Interval before each in seconds, NaN where it is not known, shape ``(n,)``.
    """
    rr, _ = _steady_intervals(rr, rr)
    typical, upright, shift, _ = typical_beat(cuts, rr)
    rr, waves, usual = _relative(cuts, rr, typical, upright, shift)
    _, centres = _shapes(waves[:, CORE], usual[CORE])
    rest = _left_over(waves, usual, rr)
    return Habit(
        typical, upright, centres, find_p_wave(rest, _correlation(waves[:, CORE], usual[CORE]))
    )


def fits_habit(cuts: Float32, habit: Habit) -> NDArray[np.bool_]:
    """Whether each beat is of one of the shapes that are known, shape ``(n,)``."""
    match, shift = _best_match(cuts, habit.typical)
    scale = habit.upright / (np.ptp(habit.typical[CORE]) + _TINY)
    waves = np.clip(moved(cuts, np.where(match > FITS, shift, 0)) * scale, -CLIP, CLIP)
    return nearest_shape(waves[:, CORE], habit.centres)[1]


def describe_beats(
    cuts: Float32, rr: Float64, after: Float64, quality: Float32, habit: Habit | None = None
) -> Float32:
    """Describe beats that were cut already.

    Parameters
    ----------
    cuts, rr
        As for :func:`learn_habit`: the beats of one period.
    after
        Interval after each in seconds, NaN where it is not known, shape ``(n,)``.
    quality
        Quality of each.
    habit
        What to hold them against; found from these beats when it is not given.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 200)``, as :func:`context_inputs` gives them.
    """
    facts = _describe(cuts, rr, after, quality, habit)
    return np.column_stack([*facts.values()]).astype(np.float32)


def _describe(
    cuts: Float32, rr: Float64, after: Float64, quality: Float32, habit: Habit | None = None
) -> Facts:
    """Features of the beats of one period; `rr` and `after` are the intervals on both sides."""
    rr, after = _steady_intervals(rr, after)
    if habit is None:
        typical, upright, shift, _ = typical_beat(cuts, rr)
    else:
        typical, upright = habit.typical, habit.upright
        match, shift = _best_match(cuts, typical)
        shift = np.where(match > FITS, shift, 0)
    rr, waves, typical = _relative(cuts, rr, typical, upright, shift)
    if habit is None:
        shape, centres = _shapes(waves[:, CORE], typical[CORE])
    else:
        shape, centres = nearest_shape(waves[:, CORE], habit.centres)[0], habit.centres
    rest = _left_over(waves, typical, rr)
    facts: Facts = {"wave": waves[:, WAVE], "left over": rest}
    facts |= _timing(rr, after) | _regularity(rr) | stretch_facts(rr)
    facts |= _likeness(waves, typical) | _atrial(waves, typical, rest, shape)
    match = _correlation(waves[:, CORE], typical[CORE])
    facts |= sinus_facts(rest, rr, find_p_wave(rest, match) if habit is None else habit.p_wave)
    facts |= _width(waves, typical)
    facts |= _shape_facts(waves, typical, shape, centres, facts)
    facts["quality"] = quality
    return {name: np.broadcast_to(v, len(cuts)) if v.ndim == 0 else v for name, v in facts.items()}


def _relative(
    cuts: Float32, rr: Float64, typical: Float32, upright: float, shift: Whole
) -> tuple[Float64, Float32, Float32]:
    """Intervals between the beats where they fit the typical one, the beats and it in its size."""
    rr = np.maximum(rr + np.diff(shift, prepend=shift[:1]) / CONTEXT_FS, 0.1)
    scale = upright / (np.ptp(typical[CORE]) + _TINY)
    waves = np.clip(moved(cuts, shift) * scale, -CLIP, CLIP)
    return rr, waves, np.clip(typical * scale, -CLIP, CLIP)


def _steady_intervals(rr: Float64, after: Float64) -> tuple[Float64, Float64]:
    """Intervals with the unknown ones set to the mean, and the longest held back."""
    known = np.isfinite(rr)
    if not known.any():
        return np.full(len(rr), USUAL_RR_S), np.full(len(rr), USUAL_RR_S)
    longest = max(LONGEST_RR_S, 2 * float(np.median(rr[known])))
    mean = float(np.minimum(rr[known], longest).mean())
    return (
        np.minimum(np.where(known, rr, mean), longest),
        np.minimum(np.where(np.isfinite(after), after, mean), longest),
    )


def _timing(rr: Float64, after: Float64) -> Facts:
    """How early a beat comes and how long the heart waits after it, against many measures."""
    mean, near, far = rr.mean(), mean_around(rr, 10, 10), mean_around(rr, 40, 40)
    ten = np.append(mean, mean_around(rr, 9, 0)[:-1])
    return {
        "interval over mean": neighbours(log_ratio(rr / mean), INTERVALS, 0.0),
        "over ten before": log_ratio(rr / ten),
        "over near": log_ratio(rr / near),
        "over far": log_ratio(rr / far),
        "over median": log_ratio(rr / quantile_around(rr, 10, 10, 0.5)),
        "over slow ones": log_ratio(rr / quantile_around(rr, 12, 3, 0.75)),
        "after over near": log_ratio(after / near),
        "after over before": log_ratio(after / rr),
        "over last": log_ratio(rr / np.append(rr[:1], rr[:-1])),
        "both over near": log_ratio((rr + after) / (2 * near)),
        "interval": log_ratio(rr / USUAL_RR_S),
        "near interval": log_ratio(near / USUAL_RR_S),
        "far over mean": log_ratio(far / mean),
        "rank": np.argsort(np.argsort(rr)) / max(1, len(rr) - 1),
    }


def _regularity(rr: Float64) -> Facts:
    """How regular the rhythm is, around each beat and as a whole."""
    log = np.log(rr)
    step = np.abs(np.diff(log, prepend=log[:1]))
    return {
        "median step": np.minimum(quantile_around(step, 10, 10, 0.5), 1),
        "mean step": np.minimum(mean_around(step, 10, 10), 1),
        "far mean step": np.minimum(mean_around(step, 40, 40), 1),
        "large steps": mean_around((step > 0.1).astype(float), 20, 20),
        "spread": np.minimum(spread_around(log, 10), 1),
        "far spread": np.minimum(spread_around(log, 40), 1),
        "all intervals": np.tile(
            log_ratio(np.quantile(rr, [0.05, 0.25, 0.5, 0.75, 0.95]) / rr.mean()), (len(rr), 1)
        ),
        "all spread": np.minimum(log.std(), 1),
        "all large steps": (step > 0.1).mean(),
        "all median step": np.median(step),
        "beats": np.log(min(len(rr), 3000)) / 8 + np.zeros(len(rr)),
    }


def _likeness(waves: Float32, typical: Float32) -> Facts:
    """How much a beat and its neighbours are like the typical beat."""
    match = _correlation(waves[:, CORE], typical[CORE])
    apart = np.minimum(_difference(waves[:, CORE], typical[CORE]), 2)
    usual = np.minimum(quantile_around(apart, 10, 10, 0.5), 2)
    return {
        "match": neighbours(match, NEIGHBOURS, 1.0),
        "apart": neighbours(apart, NEIGHBOURS, 0.0),
        "usual apart": usual,
        "far usual apart": np.minimum(quantile_around(apart, 40, 40, 0.5), 2),
        "apart over usual": np.minimum(apart / (usual + 0.05), 8) / 4,
        "match over usual": match - quantile_around(match, 10, 10, 0.5),
        "T match": _correlation(waves[:, T_WAVE], typical[T_WAVE]),
        "T size": np.minimum(np.ptp(waves[:, T_WAVE], axis=1), 2),
    }


def _atrial(waves: Float32, typical: Float32, rest: Float32, shape: Whole) -> Facts:
    """Whether there is a P wave, here and as a rule."""
    p = waves[:, P_WAVE]
    match = _correlation(p, typical[P_WAVE])
    usual = quantile_around(match, 20, 20, 0.5)
    size = np.sqrt((rest**2).mean(axis=1))
    usual_size = quantile_around(size, 20, 20, 0.5)
    plain = p[shape == 0] if (shape == 0).sum() > 2 else p
    return {
        "P match": match,
        "P size": np.minimum(np.ptp(p, axis=1), 1),
        "P match around": mean_around(match, 5, 5),
        "P match far": mean_around(match, 40, 40),
        "P match usual": usual,
        "P match over usual": match - usual,
        "left over size": np.minimum(size, 1),
        "left over usual": np.minimum(usual_size, 1),
        "left over over usual": np.minimum(size / (usual_size + 0.02), 8) / 4,
        "left over height": np.minimum(np.ptp(rest[:, 6:], axis=1), 2),
        "typical P": np.ptp(typical[P_WAVE]),
        "P spread": np.minimum(plain.std(axis=0).mean(), 1),
        "all P match": match.mean(),
    }


def _width(waves: Float32, typical: Float32) -> Facts:
    """How wide, steep and high the QRS is, by itself and against the typical one."""
    core = waves[:, CORE]
    slope = np.abs(np.diff(core, axis=1))
    usual_slope = np.abs(np.diff(typical[CORE]))
    width, usual = _spread_of(slope), _spread_of(usual_slope[None])[0]
    return {
        "width": np.minimum(width, 40) / 10,
        "width over usual": np.minimum(width / (usual + _TINY), 3),
        "steepness": np.minimum(slope.max(axis=1) / (usual_slope.max() + _TINY), 3),
        "height": np.minimum(np.ptp(core, axis=1), 3),
        "area": np.minimum(np.abs(core).mean(axis=1) * 3, 3),
        "typical width": usual / 10,
    }


def _shape_facts(
    waves: Float32, typical: Float32, shape: Whole, centres: Float32, facts: Facts
) -> Facts:
    """What holds for all beats of a beat's shape together."""
    count = np.bincount(shape, minlength=len(centres))
    early = facts["over ten before"]
    common = {
        "early": early,
        "then waits": facts["after over before"],
        "over mean": facts["interval over mean"][:, -INTERVALS[0]],
        "often early": (early < EARLY).astype(float),
        "width": facts["width"],
    }
    same = shape[1:] == shape[:-1]
    made: Facts = {
        f"shape {name}": (np.bincount(shape, v, minlength=len(centres)) / (count + 1))[shape]
        for name, v in common.items()
    }
    return made | {
        "shape share": np.log(count[shape] / len(shape)) / 4,
        "shape fits": np.minimum(_difference(waves[:, CORE], centres[shape]), 2),
        "shape match": _correlation(centres, typical[CORE])[shape],
        "shape apart": np.minimum(_difference(centres, typical[CORE]), 2)[shape],
        "shape typical": (shape == 0).astype(float),
        "same before": np.append(0.0, same),
        "same after": np.append(same, 0.0),
        "typical share": (shape == 0).mean(),
        "shapes": np.asarray(len(centres) / MOST_SHAPES),
    }


def _best_match(cuts: Float32, typical: Float32) -> tuple[Float64, Whole]:
    """Highest correlation of each beat with the typical one over small shifts, and the shift.

    With several typical ones, ``(k, 193)``, both are of shape ``(n, k)``.
    """
    core = typical[..., CORE]
    usual = norm(core) + _TINY
    best, shift = np.full((len(cuts), *usual.shape), -2.0), np.zeros((len(cuts), *usual.shape), int)
    for move in sorted(range(-SHIFT, SHIFT + 1), key=abs):
        part = cuts[:, CORE[0] + move : CORE[-1] + 1 + move]
        size = norm(part)
        match = part @ core.T / ((size[:, None] if usual.ndim else size) * usual + _TINY)
        better = match > best + 1e-4
        best, shift = np.where(better, match, best), np.where(better, move, shift)
    return best, shift


def _median_beat(beats: Float32) -> Float32:
    """Median of each column."""
    ranked = np.sort(np.ascontiguousarray(beats.T), axis=1)
    half = len(beats) // 2
    if len(beats) % 2:
        return ranked[:, half]
    median: Float32 = (ranked[:, half - 1] + ranked[:, half]) / np.float32(2)
    return median


def _shapes(core: Float32, typical: Float32) -> tuple[Whole, Float32]:
    """Put beats of one shape together; 0 is the shape of the typical beat."""
    shape = np.full(len(core), -1)
    centres = [typical]
    shape[_difference(core, typical) < SAME_SHAPE] = 0
    while len(centres) < MOST_SHAPES and (left := np.flatnonzero(shape < 0)).size:
        some = spread_out(left, SAMPLED)
        alike = _differences(core[some]) < SAME_SHAPE
        members = some[alike[alike.sum(axis=1).argmax()]]
        centre = _median_beat(core[members])
        found = left[_difference(core[left], centre) < SAME_SHAPE]
        shape[found if len(found) else members] = len(centres)
        centres.append(centre)
    if (left := np.flatnonzero(shape < 0)).size:
        shape[left] = np.stack([_difference(core[left], c) for c in centres]).argmin(axis=0)
    return shape, np.stack(centres).astype(np.float32)


def nearest_shape(core: Float32, centres: Float32) -> tuple[Whole, NDArray[np.bool_]]:
    """Give each beat's shape among those known, and whether it really is of one of them."""
    apart = np.stack([_difference(core, centre) for centre in centres])
    alike = apart < SAME_SHAPE
    known: NDArray[np.bool_] = np.any(alike, axis=0)
    shape: Whole = np.where(known, alike.argmax(axis=0), apart.argmin(axis=0))
    return shape, known


def _left_over(waves: Float32, typical: Float32, rr: Float64) -> Float32:
    """What stands before each QRS once the T wave of a typical beat before it is taken away."""
    place = np.rint(rr * CONTEXT_FS).astype(np.int64)[:, None] + BEFORE + REACH
    seen = (place >= REACH + 12) & (place < len(typical))
    tail = np.where(seen, typical[np.clip(place, 0, len(typical) - 1)], 0)
    left: Float32 = np.clip(waves[:, REACH + BEFORE] - tail, -CLIP, CLIP).astype(np.float32)
    return left


def _difference(core: Float32, centre: Float32) -> Float64:
    size = np.maximum(norm(core), norm(centre))
    apart: Float64 = norm(core - centre) / (size + _TINY)
    return apart


def _differences(core: Float32) -> Float64:
    """Give :func:`_difference` of all beats from each other, ``(n, n)``."""
    core64 = core.astype(np.float64)
    product = core64 @ core64.T
    square = product.diagonal()
    apart = np.sqrt(np.maximum(square[:, None] + square - 2 * product, 0))
    differences: Float64 = apart / (np.sqrt(np.maximum(square[:, None], square)) + _TINY)
    return differences


def _correlation(a: Float32, b: Float32) -> Float64:
    a = a - a.mean(axis=-1, keepdims=True)
    b = b - b.mean(axis=-1, keepdims=True)
    size = norm(a) * norm(b)
    match: Float64 = (a * b).sum(axis=-1) / (size + 1e-3)
    return match


def _spread_of(slope: Float32) -> Float64:
    """Spread in time, in samples, of what is steep."""
    weight = slope**2 / ((slope**2).sum(axis=1, keepdims=True) + _TINY)
    at = np.arange(slope.shape[1])
    middle = (weight * at).sum(axis=1, keepdims=True)
    spread: Float64 = 2 * np.sqrt((weight * (at - middle) ** 2).sum(axis=1))
    return spread


def _steady(x: Float32, fs: float) -> Float32:
    """One lead at 120 Hz without baseline and without what depends on where samples fall."""
    middle = float(np.median(x[:: max(1, round(fs / 10))]))
    slow = at_detection_rate(x, fs, middle)
    steady = both_ways(slow, _high_pass(), min(len(slow) - 1, BASELINE_PAD))
    smooth = 0.5 * steady
    smooth[1:] += 0.25 * steady[:-1]
    smooth[:-1] += 0.25 * steady[1:]
    return smooth.astype(np.float32)


@cache
def _high_pass() -> Recursive:
    return butterworth(BASELINE_HZ, None, CONTEXT_FS)
