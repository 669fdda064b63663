"""What compares beats: Poincaré plot, average beats and the gallery, as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.report.axes import Floats, band, dots, line, svg, text
from ectopy.report.shapes import AFTER_S, BEFORE_S, Shape, lead_slice, other_class
from ectopy.report.words import Words, clock, elapsed, probability
from ectopy.trends import least_sure, poincare

_SIDE: Final = 300
_LEFT, _TOP, _FOOT = 44, 8, 38
FARTHEST_RR_S: Final = 2.5
"""Longest interval of a Poincaré plot, in seconds."""

LEVELS: Final = (1, 3, 10)
"""Pairs in a cell from which its colour is stronger."""


@dataclass(frozen=True, slots=True)
class PoincareChart:
    """A drawn Poincaré plot, its spreads, its number of pairs and of those outside it."""

    svg: Markup
    n: int
    beyond: int
    cell_s: float
    sd1_ms: float | None
    sd2_ms: float | None


def poincare_chart(analysis: Analysis, words: Words) -> PoincareChart | None:
    """Draw each interval against the one before; None with fewer than three pairs."""
    plot = poincare(analysis.beats, analysis.labels)
    if plot.n < 3:
        return None
    longest = np.maximum(plot.before_s, plot.after_s)
    top = min(max(0.5 * np.ceil(_usual(longest, plot.count) * 1.1 / 0.5), 1.5), FARTHEST_RR_S)
    scale = _SIDE / top
    parts = [_frame(top, scale, words)]
    inside = longest < top
    for label in dict.fromkeys(plot.label.tolist()):
        for level, least in enumerate(LEVELS):
            most = LEVELS[level + 1] if level + 1 < len(LEVELS) else np.inf
            at = inside & (plot.label == label) & (plot.count >= least) & (plot.count < most)
            if at.any():
                x = _LEFT + plot.before_s[at] * scale
                y = _TOP + _SIDE - plot.after_s[at] * scale
                parts.append(dots(x, y, f"dots {label} level{level}"))
    return PoincareChart(
        svg(
            "chart poincare",
            _LEFT + _SIDE + 12,
            _TOP + _SIDE + _FOOT,
            words.t("poincare.about"),
            *parts,
        ),
        n=plot.n,
        beyond=int(plot.count[~inside].sum()),
        cell_s=plot.cell_s,
        sd1_ms=plot.sd1_ms,
        sd2_ms=plot.sd2_ms,
    )


def _usual(values: Floats, weights: NDArray[np.int64]) -> float:
    """Give what 99.5 % of values lie below, each counted as often as its weight."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, 0.995 * reached[-1])])


def _frame(top: float, scale: float, words: Words) -> Markup:
    """Draw the paper of the plot: a line each half second, the line of identity, the axes."""
    levels = np.arange(0, top + 0.01, 0.5).tolist()
    right, bottom = _LEFT + _SIDE, _TOP + _SIDE
    parts = []
    for level in levels:
        x, y = _LEFT + level * scale, bottom - level * scale
        parts.append(
            Markup('<path class="rule" d="M{} {:.1f}H{}M{:.1f} {}V{}"/>').format(
                _LEFT, y, right, x, _TOP, bottom
            )
        )
        parts.append(text(_LEFT - 8, y + 4, "end", f"{level:g}"))
        parts.append(text(x, bottom + 17, "", f"{level:g}"))
    parts.append(
        Markup('<path class="identity" d="M{} {}L{} {}"/>').format(_LEFT, bottom, right, _TOP)
    )
    parts.append(text(_LEFT + _SIDE / 2, bottom + 34, "", words.t("poincare.x")))
    parts.append(
        Markup('<text class="" transform="translate(11 {:g}) rotate(-90)">{}</text>').format(
            _TOP + _SIDE / 2, words.t("poincare.y")
        )
    )
    return Markup("").join(parts)


_BEAT_W, _BEAT_H = 212, 170


def average_charts(shapes: dict[str, Shape], words: Words) -> dict[str, Markup]:
    """Draw the average beat of each class, all at one scale, over that of class N as dashes."""
    if not shapes:
        return {}
    least = min(float(min(s.low.min(), s.mean.min())) for s in shapes.values())
    most = max(float(max(s.high.max(), s.mean.max())) for s in shapes.values())
    step = voltage_step(shapes)
    paper = _Paper(-BEFORE_S, AFTER_S, step * np.floor(least / step), most, step, 0.1)
    return {
        name: _average_chart(shape, shapes.get("N"), paper, words) for name, shape in shapes.items()
    }


def voltage_step(shapes: dict[str, Shape]) -> float:
    """Choose what one square of the average beats is high, in mV."""
    return _step(max(float(s.high.max() - s.low.min()) for s in shapes.values()))


def _step(reach: float) -> float:
    return next((s for s in (0.1, 0.2, 0.5, 1, 2, 5) if reach / s <= 8), reach / 8) or 0.1


@dataclass(frozen=True, slots=True)
class _Paper:
    """Squared paper for a beat: what it spans in seconds and mV, and its squares."""

    start_s: float
    stop_s: float
    bottom: float
    most: float
    step: float
    column_s: float

    @property
    def top(self) -> float:
        """The voltage of its upper edge."""
        rows = max(np.ceil(round((self.most - self.bottom) / self.step, 6)), 1)
        return float(self.bottom + self.step * rows)

    def x(self, time_s: Floats) -> Floats:
        """Place times."""
        return (time_s - self.start_s) / (self.stop_s - self.start_s) * _BEAT_W

    def y(self, mv: Floats) -> Floats:
        """Place voltages."""
        return _BEAT_H * (self.top - mv) / (self.top - self.bottom)

    def draw(self) -> Markup:
        """Draw its squares."""
        columns = self.x(np.arange(self.start_s, self.stop_s + 0.01, self.column_s))
        rows = self.y(np.arange(self.bottom, self.top + self.step / 2, self.step))
        return Markup('<path class="cm" d="{}"/>').format(
            "".join(f"M{each:.1f} 0v{_BEAT_H}" for each in columns)
            + "".join(f"M0 {each:.1f}h{_BEAT_W}" for each in rows)
        )


def _average_chart(shape: Shape, normal: Shape | None, paper: _Paper, words: Words) -> Markup:
    thin = slice(None, None, max(len(shape.time_s) // _BEAT_W, 1))
    x = paper.x(shape.time_s)[thin]
    parts = [paper.draw(), band(x, paper.y(shape.low)[thin], paper.y(shape.high)[thin])]
    if normal is not None and normal is not shape:
        parts.append(line(x, paper.y(normal.mean)[thin], "ghost"))
    parts.append(line(x, paper.y(shape.mean)[thin], "ink"))
    about = words.t("averages.about", label=shape.label)
    return svg(f"beat {shape.label}", _BEAT_W, _BEAT_H, about, *parts)


GALLERY: Final = 6
"""Beats of each class in the gallery."""
_BEFORE_S, _AFTER_S = 0.6, 0.8
_POINTS: Final = 90
"""Pairs of extremes that the curve of a gallery beat is drawn with."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A beat of the gallery: its drawing, its place in the beats and what is said below it."""

    svg: Markup
    beat: int
    probability: str
    other: str
    at: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """The least sure beats of each class, at one scale; a square is `step` mV high."""

    pictures: dict[str, tuple[Picture, ...]]
    step: float


def gallery(analysis: Analysis, words: Words) -> Gallery | None:
    """Draw the least sure beats of each class; None without beats."""
    chosen = least_sure(analysis.beats, analysis.labels, GALLERY)
    curves = {beat: _cut(analysis, beat) for index in chosen.values() for beat in index.tolist()}
    known = [curve[np.isfinite(curve)] for curve in curves.values()]
    known = [curve for curve in known if len(curve)]
    if not known:
        return None
    # a few wild curves must not flatten the others, and may leave the paper
    bottom = float(np.percentile([curve.min() for curve in known], 10))
    most = float(np.percentile([curve.max() for curve in known], 90))
    step = _step(most - bottom)
    paper = _Paper(-_BEFORE_S, _AFTER_S, step * np.floor(bottom / step), most, step, 0.2)
    return Gallery(
        {
            label: tuple(
                _picture(analysis, beat, curves[beat], paper, words) for beat in index.tolist()
            )
            for label, index in chosen.items()
        },
        step,
    )


def _cut(analysis: Analysis, beat: int) -> Floats:
    """Cut a beat out with what is around it, NaN beyond the recording, its median at 0."""
    fs = analysis.beats.fs
    before, after = round(_BEFORE_S * fs), round(_AFTER_S * fs)
    first = int(analysis.beats.sample[beat]) - before
    inside = lead_slice(analysis, max(first, 0), first + before + after)
    curve = np.full(before + after, np.nan)
    start = max(-first, 0)
    curve[start : start + len(inside)] = inside
    return curve - (np.nanmedian(curve) if np.isfinite(curve).any() else 0.0)


def _picture(analysis: Analysis, beat: int, curve: Floats, paper: _Paper, words: Words) -> Picture:
    labels, total_s = analysis.labels, analysis.recording.duration_s
    label, time_s = str(labels.aami[beat]), float(analysis.beats.time_s[beat])
    time, mv = _extremes(curve, analysis.beats.fs)
    near = (time >= -0.2) & (time <= 0.4)
    y = np.clip(paper.y(mv), 0, _BEAT_H)
    parts = [paper.draw(), line(paper.x(time), y, "ghost whole")]
    parts.append(line(paper.x(time[near]), y[near], "ink"))
    other, second = other_class(analysis, beat)
    at = elapsed(time_s, total_s, 1)
    about = words.t("gallery.about", label=label, at=at)
    return Picture(
        svg(f"beat {label}", _BEAT_W, _BEAT_H, about, *parts),
        beat,
        probability(float(labels.confidence[beat])),
        f"{other} {probability(second)}" if second >= 0.01 else "",
        clock(time_s, analysis.recording.start) or at,
    )


def _extremes(curve: Floats, fs: float) -> tuple[Floats, Floats]:
    """Thin a curve to the lowest and the highest sample of each short piece, in their order."""
    time = np.arange(len(curve)) / fs - _BEFORE_S
    step = max(len(curve) // _POINTS, 1)
    if step < 3:
        return time, curve
    kept = []
    for start in range(0, len(curve), step):
        piece = curve[start : start + step]
        if np.isfinite(piece).all():
            kept += sorted({start + int(piece.argmin()), start + int(piece.argmax())})
        else:
            kept.append(start + int(np.flatnonzero(~np.isfinite(piece))[0]))
    return time[kept], curve[kept]
