"""What the charts of the report share: their size, axes, lines and shades, as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.report.quality import merged
from ectopy.report.words import clock, elapsed

WIDTH: Final = 720
LEFT, RIGHT, TOP = 46, 62, 8
INNER: Final = WIDTH - LEFT - RIGHT

_TICK_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600)

Floats = NDArray[np.float64]


def svg(kind: str, width: float, height: float, about: str, *parts: Markup) -> Markup:
    """Put the parts of a drawing together; `about` says what it shows to who cannot see it."""
    return Markup(
        '<svg class="{}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" '
        'viewBox="0 0 {:g} {:g}">{}</svg>'
    ).format(kind, about, width, height, Markup("").join(parts))


@dataclass(frozen=True, slots=True)
class Axis:
    """An upright axis: its ends, the step between its lines, its height, and its unit."""

    bottom: float
    top: float
    step: float
    height: float
    unit: str

    def place(self, values: Floats) -> Floats:
        """Give the y of values."""
        return TOP + self.height * (self.top - values) / (self.top - self.bottom)

    def draw(self) -> Markup:
        """Draw the lines with their values, and the unit."""
        levels = np.arange(self.bottom, self.top + self.step / 2, self.step)
        lines = [
            Markup('<path class="rule" d="M{} {:.1f}h{}"/>').format(LEFT, y, INNER)
            + text(LEFT - 8, y + 4, "end", f"{round(level, 3):g}")
            for level, y in zip(levels.tolist(), self.place(levels).tolist(), strict=True)
        ]
        return Markup("").join([*lines, text(WIDTH - RIGHT + 8, TOP + 12, "unit", self.unit)])


def text(x: float, y: float, kind: str, content: str) -> Markup:
    """Write text; `kind` holds its classes, which say where it is anchored."""
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(x, y, kind, content)


def dots(x: Floats, y: Floats, kind: str) -> Markup:
    """Draw points as ends of lines without length, in tenths, which takes little room."""
    places = sorted(set(zip(np.rint(x * 10).astype(int), np.rint(y * 10).astype(int), strict=True)))
    path = "".join(f"M{a} {b}h1" for a, b in places)
    return Markup('<g transform="scale(.1)"><path class="{}" d="{}"/></g>').format(kind, path)


def line(x: Floats, y: Floats, kind: str) -> Markup:
    """Draw a line with gaps where `y` is not known; a point on its own becomes a dot."""
    pieces = []
    for part in _known_runs(y):
        points = " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(x[part], y[part], strict=True))
        pieces.append(f"M{points}" + ("h.01" if len(x[part]) == 1 else ""))
    return Markup('<path class="{}" d="{}"/>').format(kind, "".join(pieces))


def band(x: Floats, low: Floats, high: Floats) -> Markup:
    """Fill what lies between two lines."""
    pieces = []
    for part in _known_runs(low):
        around = np.concatenate([x[part], x[part][::-1]])
        level = np.concatenate([high[part], low[part][::-1]])
        points = " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(around, level, strict=True))
        pieces.append(f"M{points}Z")
    return Markup('<path class="band" d="{}"/>').format("".join(pieces))


def _known_runs(values: Floats) -> list[slice]:
    known = np.concatenate([[False], np.isfinite(values), [False]]).astype(np.int8)
    return [slice(*pair) for pair in np.flatnonzero(np.diff(known)).reshape(-1, 2).tolist()]


def shade(analysis: Analysis, height: float) -> Markup:
    """Shade the bad stretches behind a chart of the whole recording."""
    pixel = analysis.recording.n_samples / INNER
    return Markup("").join(
        Markup('<rect class="bad" x="{:.1f}" y="{}" width="{:.1f}" height="{:g}"/>').format(
            LEFT + start / pixel, TOP, max((stop - start) / pixel, 0.6), height
        )
        for start, stop in merged(analysis.beats.bad, gap=int(pixel))
    )


def time_axis(analysis: Analysis, y: float) -> Markup:
    """Write the time from the start below a chart and, where it is known, that of the day."""
    total_s, start = analysis.recording.duration_s, analysis.recording.start
    step = next((t for t in _TICK_S if total_s / t <= 8), 3600 * np.ceil(total_s / 8 / 3600))
    drawn = []
    for second in np.arange(0, total_s + 1e-9, step).tolist():
        x = LEFT + second / total_s * INNER
        drawn.append(Markup('<path class="rule" d="M{:.1f} {:g}v4"/>').format(x, y))
        drawn.append(text(x, y + 18, "", elapsed(second, total_s)))
        if start:
            drawn.append(text(x, y + 33, "faint", clock(second, start)[: 5 if step >= 60 else 8]))
    return Markup("").join(drawn)


def time_axis_height(analysis: Analysis) -> int:
    """Give the room that the axis of time takes."""
    return 40 if analysis.recording.start else 26
