"""Beats + Labels → the figures of a whole recording: what an overview draws, as plain arrays.

The report and the viewer draw the same numbers from here; nothing here draws. All of them count
an interval only where :func:`ectopy.rhythm.trusted_rr` does, so that they agree with the rhythm.

========================  ================================================================
`heart_rate`              mean, 10th and 90th percentile of the rate in each bin of time
`tachogram`               every interval over time, thinned so that no extreme is lost
`poincare`                each interval against the one before, as counted cells, SD1, SD2
`by_hour`                 beats of each class, burden and rate of each hour
`fastest_and_slowest`     the two stretches of eight intervals that hold the rate's extremes
`least_sure`              the beats of each class with the lowest probability
`bin_seconds`             the usual width of a bin for a length
========================  ================================================================

Times are seconds from the start of the recording. Arrays are new, never views of the beats.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.quality import NOISY_BELOW
from ectopy.beats.value import Beats
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.value import Labels
from ectopy.rhythm import RATE_INTERVALS, Episode, episode_between, spans, trusted_rr

BINS: Final = 300
"""Most bins that a trend has, so that a day takes no more room than an hour."""
TACHOGRAM_COLUMNS: Final = 360
"""Columns of time, each of which keeps the shortest and the longest interval of each class."""
CELL_S: Final = 0.01
"""Width and height of a cell of the Poincaré plot, in seconds, unless there are too many."""
CELLS: Final = 5000
"""Most cells of a Poincaré plot."""
HOUR_S: Final = 3600.0

_BIN_S: Final = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)

_Floats = NDArray[np.float64]


def bin_seconds(duration_s: float) -> float:
    """Choose a width for the bins of a trend: a usual one that makes at most 300 of them."""
    return next((b for b in _BIN_S if duration_s / b <= BINS), duration_s / BINS)


@dataclass(frozen=True, eq=False, slots=True)
class RateTrend:
    """The heart rate in bins of equal width.

    Attributes
    ----------
    width_s
        Width of a bin; the first starts at 0.
    mean, low, high
        Rate of the mean interval and 10th and 90th percentile of the rates, in beats per
        minute, each ``(n_bins,)``; NaN where no interval ends in a bin.
    counts
        Beats of each class that lie in each bin, int64, ``(n_bins, 5)`` in the order ``N S V F Q``.
    """

    width_s: float
    mean: _Floats
    low: _Floats
    high: _Floats
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Tachogram:
    """Intervals over time.

    Attributes
    ----------
    beat
        Index of the beat that ends each interval, ascending, ``(k,)``.
    time_s, rr_s
        When that beat is, and its interval from the beat before, ``(k,)``.
    label
        Class of that beat, ``(k,)``.
    n
        Number of intervals before thinning; `k` where none was left out.
    column_s
        Width of a column of time, of which each class kept its extremes.
    """

    beat: NDArray[np.int64]
    time_s: _Floats
    rr_s: _Floats
    label: NDArray[np.str_]
    n: int
    column_s: float


@dataclass(frozen=True, eq=False, slots=True)
class Poincare:
    """Each interval against the one before it, counted in square cells.

    Attributes
    ----------
    before_s, after_s
        Middle of each cell that holds any pair: the interval before a beat and the one after
        it, ``(k,)``.
    label
        Class of the beat between the two, ``(k,)``; cells of rare classes come last, to be
        drawn over the others.
    count
        Pairs in the cell, ``(k,)``.
    sd1_ms, sd2_ms
        Spread across and along the line of identity over pairs of three N beats, in
        milliseconds; None with fewer than two such pairs. They take the whole recording, with
        no correction for its trend.
    n
        Number of pairs.
    cell_s
        Side of a cell: 10 ms, or so often twice that until there are at most 5000 cells.
    """

    before_s: _Floats
    after_s: _Floats
    label: NDArray[np.str_]
    count: NDArray[np.int64]
    sd1_ms: float | None
    sd2_ms: float | None
    n: int
    cell_s: float


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a recording, or the part of it that was recorded.

    Attributes
    ----------
    start_s, stop_s
        Where it starts and stops. Hours of the clock where the start is known, else from 0.
    counts
        Beats of each class.
    mean_bpm
        Rate of the mean interval, None without any.
    bad_s
        Seconds of it that are missing, flat, saturated or noisy.
    """

    start_s: float
    stop_s: float
    counts: dict[str, int]
    mean_bpm: float | None
    bad_s: float

    @property
    def n_beats(self) -> int:
        """Beats of all classes."""
        return sum(self.counts.values())

    def burden(self, label: str) -> float | None:
        """Share of the beats that are of a class, 0 to 1; None in an hour without beats."""
        return self.counts[label] / self.n_beats if self.n_beats else None


def heart_rate(
    beats: Beats, labels: Labels, *, duration_s: float, width_s: float | None = None
) -> RateTrend:
    """Give the heart rate and the beats of each class over the whole recording.

    Parameters
    ----------
    beats, labels
        The beats of one recording and their classes.
    duration_s
        Length of the recording.
    width_s
        Width of a bin; without it that of :func:`bin_seconds`.
    """
    width_s = width_s or bin_seconds(duration_s)
    n_bins = max(int(np.ceil(duration_s / width_s)), 1)
    rr = trusted_rr(beats)
    bins = np.minimum((beats.time_s / width_s).astype(int), n_bins - 1)
    counts = np.zeros((n_bins, len(AAMI_CLASSES)), np.int64)
    for column, name in enumerate(AAMI_CLASSES):
        counts[:, column] = np.bincount(bins[labels.aami == name], minlength=n_bins)
    known = np.isfinite(rr)
    rr, bins = rr[known], bins[known]
    mean, low, high = (np.full(n_bins, np.nan) for _ in range(3))
    for each in np.unique(bins).tolist():
        start, stop = np.searchsorted(bins, [each, each + 1])
        inside = rr[start:stop]
        mean[each] = 60 / inside.mean()
        low[each], high[each] = np.percentile(60 / inside, [10, 90])
    return RateTrend(width_s, mean, low, high, counts)


def tachogram(
    beats: Beats, labels: Labels, *, duration_s: float, columns: int = TACHOGRAM_COLUMNS
) -> Tachogram:
    """Give the intervals over time, every one of them or the extremes of each column.

    Up to four intervals a column are kept as they are. Of more, each column of time keeps the
    shortest and the longest interval of each class: what stands out is always there, what lies
    between is left out.
    """
    rr, time_s = trusted_rr(beats), beats.time_s
    beat = np.flatnonzero(np.isfinite(rr))
    n = len(beat)
    if n > 4 * columns:
        column = np.minimum((time_s[beat] / duration_s * columns).astype(int), columns - 1)
        group = column * len(AAMI_CLASSES) + _place(labels.aami[beat])
        order = np.lexsort((rr[beat], group))
        edges = np.flatnonzero(np.diff(group[order])) + 1
        first = np.concatenate([[0], edges])
        last = np.concatenate([edges - 1, [n - 1]])
        beat = np.sort(beat[np.unique(np.concatenate([order[first], order[last]]))])
    return Tachogram(beat, time_s[beat], rr[beat], labels.aami[beat], n, duration_s / columns)


def poincare(beats: Beats, labels: Labels) -> Poincare:
    """Give each interval against the one before, in cells, with SD1 and SD2 of normal beats.

    SD1 and SD2 after Brennan et al. 2001 (IEEE Trans Biomed Eng 48:1342,
    doi:10.1109/10.959330): the standard deviations of (b - a)/√2 and (b + a)/√2.
    """
    rr = trusted_rr(beats)
    middle = np.flatnonzero(np.isfinite(rr[:-1]) & np.isfinite(rr[1:]))
    before, after = rr[middle], rr[middle + 1]
    place = _place(labels.aami[middle])
    cell_s = CELL_S
    while True:
        cells = np.stack([place, *np.floor([before / cell_s, after / cell_s])]).astype(np.int64)
        found, count = np.unique(cells, axis=1, return_counts=True)
        if len(count) <= CELLS:
            break
        cell_s *= 2
    total = np.bincount(place, minlength=len(AAMI_CLASSES))
    order = np.argsort(-total[found[0]], kind="stable")
    found, count = found[:, order], count[order]
    sd1_ms, sd2_ms = _spread(before, after, labels.aami, middle)
    return Poincare(
        before_s=(found[1] + 0.5) * cell_s,
        after_s=(found[2] + 0.5) * cell_s,
        label=np.array(AAMI_CLASSES)[found[0]],
        count=count.astype(np.int64),
        sd1_ms=sd1_ms,
        sd2_ms=sd2_ms,
        n=len(middle),
        cell_s=cell_s,
    )


def _spread(
    before: _Floats, after: _Floats, aami: NDArray[np.str_], middle: NDArray[np.int64]
) -> tuple[float | None, float | None]:
    """Give SD1 and SD2 in milliseconds over the pairs whose three beats are N."""
    normal = aami == "N"
    kept = normal[middle] & normal[middle - 1] & normal[middle + 1]
    if kept.sum() < 2:
        return None, None
    a, b = before[kept], after[kept]
    sd1, sd2 = np.std((b - a) / np.sqrt(2), ddof=1), np.std((b + a) / np.sqrt(2), ddof=1)
    return float(1000 * sd1), float(1000 * sd2)


def by_hour(
    beats: Beats, labels: Labels, *, duration_s: float, start: datetime | None = None
) -> tuple[Hour, ...]:
    """Count the beats of each class in each hour.

    Parameters
    ----------
    beats, labels
        The beats of one recording and their classes.
    duration_s
        Length of the recording.
    start
        When it started; the hours are then those of the clock, the first and the last cut.

    Returns
    -------
    tuple of Hour
        At least one; a recording of an hour or less may lie in two of the clock.
    """
    into = (start.minute * 60 + start.second + start.microsecond / 1e6) if start else 0.0
    inner = np.arange(HOUR_S - into, duration_s, HOUR_S)
    edges = np.concatenate([[0.0], inner[inner > 0], [duration_s]])
    n_hours = len(edges) - 1
    hour = np.clip(np.searchsorted(edges, beats.time_s, side="right") - 1, 0, n_hours - 1)
    counts = np.zeros((n_hours, len(AAMI_CLASSES)), np.int64)
    np.add.at(counts, (hour, _place(labels.aami)), 1)
    rr = trusted_rr(beats)
    known = np.isfinite(rr)
    sums = np.bincount(hour[known], weights=rr[known], minlength=n_hours)
    numbers = np.bincount(hour[known], minlength=n_hours)
    bad_s = _bad_seconds(beats, edges)
    return tuple(
        Hour(
            start_s=float(edges[k]),
            stop_s=float(edges[k + 1]),
            counts=dict(zip(AAMI_CLASSES, counts[k].tolist(), strict=True)),
            mean_bpm=float(60 * numbers[k] / sums[k]) if numbers[k] else None,
            bad_s=float(bad_s[k]),
        )
        for k in range(n_hours)
    )


def _bad_seconds(beats: Beats, edges: _Floats) -> _Floats:
    """Give the bad seconds between each two edges; stretches that overlap count once."""
    seconds = np.zeros(len(edges) - 1)
    reached = 0.0
    for each in sorted(beats.bad, key=lambda stretch: stretch.start):
        start, stop = max(each.start / beats.fs, reached), each.stop / beats.fs
        if start < stop:
            seconds += np.clip(np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start), 0, None)
            reached = stop
    return seconds


def fastest_and_slowest(beats: Beats) -> tuple[Episode, ...]:
    """Give the stretches that the highest and the lowest rate are means of.

    Returns
    -------
    tuple of Episode
        Of the kinds ``"fastest"`` and ``"slowest"``, each of nine beats, without a label; empty
        where the recording has no eight intervals in a row that count, or so few such stretches
        that the mean of all intervals does not lie between them.
    """
    rr = trusted_rr(beats)
    if len(rr) <= RATE_INTERVALS:
        return ()
    # an unknown interval makes every window over it unknown
    sums = np.lib.stride_tricks.sliding_window_view(rr, RATE_INTERVALS).sum(axis=1)
    whole = sums[np.isfinite(sums)]
    if not len(whole) or not spans(whole / RATE_INTERVALS, float(np.nanmean(rr))):
        return ()
    found = (("fastest", int(np.nanargmin(sums))), ("slowest", int(np.nanargmax(sums))))
    return tuple(
        episode_between(beats, kind, "", first - 1, first + RATE_INTERVALS - 1)
        for kind, first in found
    )


def least_sure(beats: Beats, labels: Labels, n: int) -> dict[str, NDArray[np.int64]]:
    """Give up to `n` beats of each class found, the least probable first.

    Beats in signal of poor quality come after all others: they say little of the class.
    """
    confidence, noisy = labels.confidence, beats.quality < NOISY_BELOW
    chosen = {}
    for label in AAMI_CLASSES:
        index = np.flatnonzero(labels.aami == label)
        if len(index):
            order = np.lexsort((confidence[index], noisy[index]))
            chosen[label] = index[order[:n]]
    return chosen


def _place(aami: NDArray[np.str_]) -> NDArray[np.int64]:
    """Give the place of each class in ``N S V F Q``."""
    place = np.zeros(len(aami), np.int64)
    for k, name in enumerate(AAMI_CLASSES):
        place[aami == name] = k
    return place
