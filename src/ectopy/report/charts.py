"""What runs over the whole recording: heart rate, tachogram and hours, as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup

from ectopy.analysis import Analysis
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.report.axes import (
    INNER,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    Floats,
    band,
    dots,
    line,
    shade,
    svg,
    text,
    time_axis,
    time_axis_height,
)
from ectopy.report.words import Words, class_order
from ectopy.rhythm import trusted_rr
from ectopy.trends import HOUR_S, Hour, RateTrend, by_hour, heart_rate, tachogram

_PLOT, _GAP, _LANE = 150, 12, 22

EACH_BEAT: Final = 150
"""Up to so many beats are drawn one by one; more are put in bins."""

LONGEST_RR_S: Final = 3.0
"""Highest interval of a tachogram, in seconds; what is longer lies on its upper edge."""

MARKS: Final = {
    "N": "m-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0",
    "S": "m0-5l4.6 8.4h-9.2z",
    "V": "m-3.6-3.6h7.2v7.2h-7.2z",
    "F": "m0-5.2l5.2 5.2-5.2 5.2-5.2-5.2z",
    "Q": "m-4-4l8 8m0-8l-8 8",
}
"""Shape of each class: disc, triangle, square, diamond and cross tell apart without colour."""


def draws_each_beat(analysis: Analysis) -> bool:
    """Say whether the trend of this recording shows beat by beat rather than bins."""
    return len(analysis.beats) <= EACH_BEAT


def rate_trend(analysis: Analysis, words: Words) -> Markup | None:
    """Draw the heart rate over the whole recording, and where ectopic beats were.

    Of a short recording every beat is a mark in the shape of its class. Else the line is the
    mean rate of each bin, the band reaches from the 10th to the 90th percentile of its beats,
    and below it bars count the ectopic beats. Bad stretches are shaded. None with fewer than
    three intervals.
    """
    if np.isfinite(trusted_rr(analysis.beats)).sum() < 3:
        return None
    trend = heart_rate(analysis.beats, analysis.labels, duration_s=analysis.recording.duration_s)
    if draws_each_beat(analysis):
        plot, lanes = _beat_plot(analysis, words), []
    else:
        plot = _bin_plot(analysis, trend, words)
        lanes = [name for name in class_order(analysis) if name != "N"]
    base = TOP + _PLOT + (_GAP + _LANE * len(lanes) if lanes else 0)
    parts = [shade(analysis, base - TOP), *plot]
    for k, lane in enumerate(lanes):
        parts.append(_lane(trend, analysis, lane, base - _LANE * (len(lanes) - k), words))
    parts.append(time_axis(analysis, base))
    height = base + time_axis_height(analysis)
    return svg("chart trend", WIDTH, height, words.t("rate.about"), *parts)


def _rate_axis(bpm: Floats, words: Words) -> Axis:
    """Choose an axis for rates of which some may be unknown."""
    least, most = float(np.nanmin(bpm)), float(np.nanmax(bpm))
    least, most = min(least, most - 20), max(most, least + 20)
    step = next(s for s in (10, 20, 50, 100, 200, 500, 10**9) if (most - least) / s <= 6)
    bottom, top = step * np.floor(least / step), step * np.ceil(most / step)
    return Axis(bottom, top, step, _PLOT, words.t("bpm.unit"))


def _beat_plot(analysis: Analysis, words: Words) -> list[Markup]:
    """Draw the rate of every interval as a mark at the beat that ends it."""
    bpm = 60 / trusted_rr(analysis.beats)
    axis = _rate_axis(bpm, words)
    x = LEFT + analysis.beats.time_s / analysis.recording.duration_s * INNER
    y = axis.place(bpm)
    marks = []
    for label in class_order(analysis):
        shown = (analysis.labels.aami == label) & np.isfinite(y)
        path = "".join(
            f"M{a:.1f} {b:.1f}{MARKS[label]}" for a, b in zip(x[shown], y[shown], strict=True)
        )
        marks.append(Markup('<path class="mark {}" d="{}"/>').format(label, path))
    return [axis.draw(), line(x, y, "rate thin"), *marks]


def _bin_plot(analysis: Analysis, trend: RateTrend, words: Words) -> list[Markup]:
    """Draw the rate of every bin."""
    total_s = analysis.recording.duration_s
    axis = _rate_axis(np.concatenate([trend.low, trend.high]), words)
    middle = np.minimum((np.arange(len(trend.mean)) + 0.5) * trend.width_s, total_s)
    x = LEFT + middle / total_s * INNER
    return [
        axis.draw(),
        band(x, axis.place(trend.low), axis.place(trend.high)),
        line(x, axis.place(trend.mean), "rate"),
    ]


def _lane(trend: RateTrend, analysis: Analysis, name: str, top: int, words: Words) -> Markup:
    """Draw the number of beats of one class in each bin as bars in a lane of their own."""
    counts = trend.counts[:, AAMI_CLASSES.index(name)]
    per_bin = trend.width_s / analysis.recording.duration_s * INNER
    bars = "".join(
        f"M{LEFT + each * per_bin:.1f} {top + _LANE}"
        f"v{-max(2.0, counts[each] / counts.max() * (_LANE - 5)):.1f}h{max(per_bin, 1.2):.1f}"
        f"V{top + _LANE}"
        for each in np.flatnonzero(counts).tolist()
    )
    drawn = Markup('<path class="rule" d="M{} {}h{}"/><path class="bars {}" d="{}"/>').format(
        LEFT, top + _LANE, INNER, name, bars
    )
    most = words.t("rate.most", int(counts.max()))
    return (
        drawn
        + text(LEFT - 8, top + _LANE - 4, f"end key {name}", name)
        + text(WIDTH - RIGHT + 8, top + _LANE - 4, "unit", most)
    )


@dataclass(frozen=True, slots=True)
class TachogramChart:
    """A drawn tachogram: intervals in all, those drawn, and those beyond its upper edge."""

    svg: Markup
    n: int
    shown: int
    beyond: int
    column_s: float


def tachogram_chart(analysis: Analysis, words: Words) -> TachogramChart | None:
    """Draw every interval over time, N below and rarer classes over it; None without three."""
    total_s = analysis.recording.duration_s
    points = tachogram(analysis.beats, analysis.labels, duration_s=total_s)
    if points.n < 3:
        return None
    usual = float(np.percentile(points.rr_s, 99.5))
    top = min(max(0.5 * np.ceil(max(usual * 1.2, 1.0) / 0.5), 1.0), LONGEST_RR_S)
    axis = Axis(0.0, top, 0.5, _PLOT, words.t("seconds", value="").strip())
    x = LEFT + points.time_s / total_s * INNER
    y = axis.place(np.minimum(points.rr_s, top))
    drawn = [shade(analysis, _PLOT), axis.draw()]
    for label in class_order(analysis):
        at = points.label == label
        if at.any():
            drawn.append(dots(x[at], y[at], f"dots {label}"))
    drawn.append(time_axis(analysis, TOP + _PLOT))
    height = TOP + _PLOT + time_axis_height(analysis)
    return TachogramChart(
        svg("chart tachogram", WIDTH, height, words.t("tachogram.about"), *drawn),
        n=points.n,
        shown=len(points.beat),
        beyond=int((trusted_rr(analysis.beats) > top).sum()),
        column_s=points.column_s,
    )


def hours_of(analysis: Analysis) -> tuple[Hour, ...]:
    """Give the hours of a recording that is longer than one, else none."""
    if analysis.recording.duration_s <= HOUR_S:
        return ()
    return by_hour(
        analysis.beats,
        analysis.labels,
        duration_s=analysis.recording.duration_s,
        start=analysis.recording.start,
    )


def hours_chart(analysis: Analysis, hours: tuple[Hour, ...], words: Words) -> Markup:
    """Draw the share of V and of S among the beats of each hour as two bars side by side."""
    total_s = analysis.recording.duration_s
    percent = {
        name: np.array([100 * (hour.burden(name) or 0.0) for hour in hours]) for name in "VS"
    }
    most = max(float(each.max()) for each in percent.values())
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if most / s <= 5)
    axis = Axis(0.0, step * max(np.ceil(most / step), 1), step, 110, "%")
    base = TOP + axis.height
    bars = {"V": "", "S": ""}
    for k, hour in enumerate(hours):
        left = LEFT + hour.start_s / total_s * INNER
        room = (hour.stop_s - hour.start_s) / total_s * INNER
        gap = min(0.12 * room, 4.0)
        wide = (room - 2 * gap) / 2
        for place, name in enumerate("VS"):
            value = float(percent[name][k])
            if value:
                y = float(axis.place(np.array([value]))[0])
                x = left + gap + place * wide
                bars[name] += f"M{x:.1f} {base:g}V{min(y, base - 1):.1f}h{wide:.1f}V{base:g}z"
    drawn = [shade(analysis, axis.height), axis.draw()]
    drawn += [
        Markup('<path class="bars {}" d="{}"/>').format(name, d) for name, d in bars.items() if d
    ]
    drawn.append(time_axis(analysis, base))
    height = base + time_axis_height(analysis)
    return svg("chart hours", WIDTH, height, words.t("hours.about"), *drawn)
