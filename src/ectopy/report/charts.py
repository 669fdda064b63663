"""Heart-rate trend and average beats as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.report.quality import merged
from ectopy.report.shapes import AFTER_S, BEFORE_S, Shape
from ectopy.report.words import class_order, clock, elapsed

WIDTH: Final = 720
_LEFT, _RIGHT, _TOP, _PLOT, _GAP, _LANE = 46, 62, 8, 150, 12, 22
_INNER: Final = WIDTH - _LEFT - _RIGHT

EACH_BEAT: Final = 150
"""Up to so many beats are drawn one by one; more are put in bins."""

MARKS: Final = {
    "N": "m-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0",
    "S": "m0-5l4.6 8.4h-9.2z",
    "V": "m-3.6-3.6h7.2v7.2h-7.2z",
    "F": "m0-5.2l5.2 5.2-5.2 5.2-5.2-5.2z",
    "Q": "m-4-4l8 8m0-8l-8 8",
}
"""Shape of each class: disc, triangle, square, diamond and cross tell apart without colour."""

BINS: Final = 300
"""Most points that a trend has, so that a day takes no more room than an hour."""
_BIN_S: Final = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_TICK_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)


def bin_seconds(duration_s: float) -> float:
    """Choose a width for the bins of a trend: a usual one that makes at most 300 of them."""
    return next((b for b in _BIN_S if duration_s / b <= BINS), duration_s / BINS)


def draws_each_beat(analysis: Analysis) -> bool:
    """Say whether the trend of this recording shows beat by beat rather than bins."""
    return len(analysis.beats) <= EACH_BEAT


def rate_trend(analysis: Analysis) -> Markup | None:
    """Draw the heart rate over the whole recording, and where ectopic beats were.

    Of a short recording every beat is a mark in the shape of its class. Else the line is the
    mean rate of each bin, the band reaches from the 10th to the 90th percentile of its beats,
    and below it bars count the ectopic beats. Bad stretches are shaded. None with fewer than
    three intervals.
    """
    if np.isfinite(analysis.beats.rr_s).sum() < 3:
        return None
    each_beat = draws_each_beat(analysis)
    plot, lanes = _beat_plot(analysis) if each_beat else _bin_plot(analysis)
    base = _TOP + _PLOT + (_GAP + _LANE * len(lanes) if lanes else 0)
    height = base + (40 if analysis.recording.start else 26)
    parts = [_shade(analysis, base - _TOP), *plot]
    for k, lane in enumerate(lanes):
        parts.append(_lane(analysis, lane, base - _LANE * (len(lanes) - k)))
    parts.append(_time_axis(analysis, base))
    return Markup(
        '<svg class="chart trend" xmlns="http://www.w3.org/2000/svg" role="img" '
        'aria-label="Heart rate over the recording" viewBox="0 0 {} {}">{}</svg>'
    ).format(WIDTH, height, Markup("").join(parts))


def _beat_plot(analysis: Analysis) -> tuple[list[Markup], list[str]]:
    """Draw the rate of every interval as a mark at the beat that ends it."""
    bpm = 60 / analysis.beats.rr_s
    axis = _BpmAxis.over(bpm)
    x = _LEFT + analysis.beats.time_s / analysis.recording.duration_s * _INNER
    y = axis.place(bpm)
    marks = []
    for label in class_order(analysis):
        shown = (analysis.labels.aami == label) & np.isfinite(y)
        path = "".join(
            f"M{a:.1f} {b:.1f}{MARKS[label]}" for a, b in zip(x[shown], y[shown], strict=True)
        )
        marks.append(Markup('<path class="mark {}" d="{}"/>').format(label, path))
    return [axis.draw(), _line(x, y, "rate thin"), *marks], []


def _bin_plot(analysis: Analysis) -> tuple[list[Markup], list[str]]:
    """Draw the rate of every bin; below come lanes for the ectopic classes."""
    total_s = analysis.recording.duration_s
    width_s = bin_seconds(total_s)
    rate, low, high = _binned_rate(analysis, width_s)
    axis = _BpmAxis.over(np.concatenate([low, high]))
    middle = np.minimum((np.arange(len(rate)) + 0.5) * width_s, total_s)
    x = _LEFT + middle / total_s * _INNER
    drawn = [
        axis.draw(),
        _band(x, axis.place(low), axis.place(high)),
        _line(x, axis.place(rate), "rate"),
    ]
    return drawn, [name for name in class_order(analysis) if name != "N"]


@dataclass(frozen=True, slots=True)
class _BpmAxis:
    """The upright axis of the trend: its ends and the step between its lines, in bpm."""

    bottom: float
    top: float
    step: int

    @classmethod
    def over(cls, bpm: NDArray[np.float64]) -> _BpmAxis:
        """Choose an axis for rates of which some may be unknown."""
        least, most = float(np.nanmin(bpm)), float(np.nanmax(bpm))
        least, most = min(least, most - 20), max(most, least + 20)
        step = next(s for s in (10, 20, 50, 100, 200, 500, 10**9) if (most - least) / s <= 6)
        return cls(step * np.floor(least / step), step * np.ceil(most / step), step)

    def place(self, bpm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the y of rates."""
        return _TOP + _PLOT * (self.top - bpm) / (self.top - self.bottom)

    def draw(self) -> Markup:
        """Draw the lines and their rates."""
        levels = np.arange(self.bottom, self.top + 1, self.step)
        lines = [
            Markup('<path class="rule" d="M{} {:.1f}h{}"/>').format(_LEFT, y, _INNER)
            + Markup('<text x="{}" y="{:.1f}" class="end">{:g}</text>').format(
                _LEFT - 8, y + 4, bpm
            )
            for bpm, y in zip(levels.tolist(), self.place(levels).tolist(), strict=True)
        ]
        unit = Markup('<text x="{}" y="{}" class="unit">bpm</text>')
        return Markup("").join([*lines, unit.format(WIDTH - _RIGHT + 8, _TOP + 12)])


def _binned_rate(
    analysis: Analysis, width_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Give mean rate, 10th and 90th percentile of each bin in bpm, NaN in bins without beats."""
    n_bins = max(int(np.ceil(analysis.recording.duration_s / width_s)), 1)
    rr, time_s = analysis.beats.rr_s, analysis.beats.time_s
    known = np.isfinite(rr)
    rr, bins = rr[known], np.minimum((time_s[known] / width_s).astype(int), n_bins - 1)
    rate, low, high = (np.full(n_bins, np.nan) for _ in range(3))
    for each in np.unique(bins).tolist():
        start, stop = np.searchsorted(bins, [each, each + 1])
        inside = rr[start:stop]
        rate[each] = 60 / inside.mean()
        low[each], high[each] = np.percentile(60 / inside, [10, 90])
    return rate, low, high


def _shade(analysis: Analysis, height: int) -> Markup:
    n_samples = analysis.recording.n_samples
    pixel = n_samples / _INNER
    return Markup("").join(
        Markup('<rect class="bad" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            _LEFT + start / pixel, _TOP, max((stop - start) / pixel, 0.6), height
        )
        for start, stop in merged(analysis.beats.bad, gap=int(pixel))
    )


def _line(x: NDArray[np.float64], y: NDArray[np.float64], kind: str) -> Markup:
    """Draw a line with gaps where `y` is not known; a point on its own becomes a dot."""
    pieces = []
    for part in _known_runs(y):
        points = " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(x[part], y[part], strict=True))
        pieces.append(f"M{points}" + ("h.01" if len(x[part]) == 1 else ""))
    return Markup('<path class="{}" d="{}"/>').format(kind, "".join(pieces))


def _band(x: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> Markup:
    pieces = []
    for part in _known_runs(low):
        around = np.concatenate([x[part], x[part][::-1]])
        level = np.concatenate([high[part], low[part][::-1]])
        points = " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(around, level, strict=True))
        pieces.append(f"M{points}Z")
    return Markup('<path class="band" d="{}"/>').format("".join(pieces))


def _known_runs(values: NDArray[np.float64]) -> list[slice]:
    known = np.concatenate([[False], np.isfinite(values), [False]]).astype(np.int8)
    return [slice(*pair) for pair in np.flatnonzero(np.diff(known)).reshape(-1, 2).tolist()]


def _lane(analysis: Analysis, name: str, top: int) -> Markup:
    """Draw the number of beats of one class in each bin as bars in a lane of their own."""
    total_s = analysis.recording.duration_s
    width_s = bin_seconds(total_s)
    time_s = analysis.beats.time_s[analysis.labels.aami == name]
    counts = np.bincount((time_s / width_s).astype(int))
    wide = max(_INNER / (total_s / width_s), 1.2)
    bars = "".join(
        f"M{_LEFT + each * width_s / total_s * _INNER:.1f} {top + _LANE}"
        f"v{-max(2.0, counts[each] / counts.max() * (_LANE - 5)):.1f}h{wide:.1f}V{top + _LANE}"
        for each in np.flatnonzero(counts).tolist()
    )
    return Markup(
        '<path class="rule" d="M{} {}h{}"/><path class="bars {}" d="{}"/>'
        '<text x="{}" y="{}" class="end key {}">{}</text>'
        '<text x="{}" y="{}" class="unit">max {}</text>'
    ).format(
        *(_LEFT, top + _LANE, _INNER, name, bars),
        *(_LEFT - 8, top + _LANE - 4, name, name),
        *(WIDTH - _RIGHT + 8, top + _LANE - 4, counts.max()),
    )


def _time_axis(analysis: Analysis, y: int) -> Markup:
    total_s, start = analysis.recording.duration_s, analysis.recording.start
    step = next((t for t in _TICK_S if total_s / t <= 8), 3600 * np.ceil(total_s / 8 / 3600))
    drawn = []
    for second in np.arange(0, total_s + 1e-9, step).tolist():
        x = _LEFT + second / total_s * _INNER
        drawn.append(
            Markup('<path class="rule" d="M{:.1f} {}v4"/><text x="{:.1f}" y="{}">{}</text>').format(
                x, y, x, y + 18, elapsed(second, total_s)
            )
        )
        if start:
            drawn.append(
                Markup('<text x="{:.1f}" y="{}" class="faint">{}</text>').format(
                    x, y + 33, clock(second, start)[: 5 if step >= 60 else 8]
                )
            )
    return Markup("").join(drawn)


_BEAT_W, _BEAT_H = 212, 170


def average_charts(shapes: dict[str, Shape]) -> dict[str, Markup]:
    """Draw the average beat of each class, all at one scale, over that of class N as dashes."""
    if not shapes:
        return {}
    least = min(float(min(s.low.min(), s.mean.min())) for s in shapes.values())
    most = max(float(max(s.high.max(), s.mean.max())) for s in shapes.values())
    step = voltage_step(shapes)
    bottom, top = step * np.floor(least / step), step * np.ceil(most / step)
    return {
        name: _average_chart(s, shapes.get("N"), bottom, top, step) for name, s in shapes.items()
    }


def voltage_step(shapes: dict[str, Shape]) -> float:
    """Choose what one square of the average beats is high, in mV."""
    reach = max(float(s.high.max() - s.low.min()) for s in shapes.values())
    return next((s for s in (0.1, 0.2, 0.5, 1, 2, 5) if reach / s <= 8), reach / 8) or 0.1


def _average_chart(
    shape: Shape, normal: Shape | None, bottom: float, top: float, step: float
) -> Markup:
    span = max(top - bottom, step)

    def x(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return (time_s + BEFORE_S) / (BEFORE_S + AFTER_S) * _BEAT_W

    def y(mv: NDArray[np.float64]) -> NDArray[np.float64]:
        return _BEAT_H - (mv - bottom) / span * _BEAT_H

    columns = x(np.arange(-BEFORE_S, AFTER_S + 0.01, 0.1))
    rows = y(np.arange(bottom, top + step / 2, step))
    thin = slice(None, None, max(len(shape.time_s) // _BEAT_W, 1))
    parts: Sequence[Markup] = [
        Markup('<path class="cm" d="{}"/>').format(
            "".join(f"M{each:.1f} 0v{_BEAT_H}" for each in columns)
            + "".join(f"M0 {each:.1f}h{_BEAT_W}" for each in rows)
        ),
        _band(x(shape.time_s)[thin], y(shape.low)[thin], y(shape.high)[thin]),
        _line(x(normal.time_s)[thin], y(normal.mean)[thin], "ghost")
        if normal is not None and normal is not shape
        else Markup(),
        _line(x(shape.time_s)[thin], y(shape.mean)[thin], "ink"),
    ]
    return Markup(
        '<svg class="beat {}" xmlns="http://www.w3.org/2000/svg" role="img" '
        'aria-label="Average beat of class {}" viewBox="0 0 {} {}">{}</svg>'
    ).format(shape.label, shape.label, _BEAT_W, _BEAT_H, Markup("").join(parts))
