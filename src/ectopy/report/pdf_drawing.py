"""The drawings of the report on the pages of a PDF, as vectors and true to scale.

They are the SVG that the HTML report holds, of which this knows what they use: nested ``svg``,
``g``, ``rect``, ``path`` and ``text``, styled by `ectopy.report.style`.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from ectopy.report.palette import palette
from ectopy.report.pdf_text import draw_text, width_of
from ectopy.report.style import Names, style_of

_TOKEN: Final = re.compile(r"[MmLlHhVvAaZz]|-?(?:\d+\.?\d*|\.\d+)")
_TAKES: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "A": 7, "Z": 0}
_ROUND: Final = 0.5522847498
"""Length of the handles of a Bézier curve that looks like a quarter of a circle."""

Chain = tuple[Names, ...]


class Drawing(Flowable):  # type: ignore[misc]
    """One drawing.

    Parameters
    ----------
    svg
        The drawing.
    language
        Language of its text.
    width
        How wide it becomes, in points; without it its unit is the millimetre, as on ECG paper.
    """

    def __init__(self, svg: str, language: str, width: float | None = None) -> None:
        super().__init__()
        self._root = ElementTree.fromstring(str(svg))
        self._language = language
        _, _, across, down = _numbers(self._root.get("viewBox", "0 0 1 1"))
        self._scale = mm if width is None else width / across
        self.width, self.height = across * self._scale, down * self._scale

    def wrap(self, *_: float) -> tuple[float, float]:
        """Give the room it takes in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it, its y running down."""
        canvas = self.canv
        canvas.saveState()
        canvas.transform(self._scale, 0, 0, -self._scale, 0, self.height)
        self._children(self._root, (_names(self._root),))
        canvas.restoreState()

    def _children(self, element: ElementTree.Element, chain: Chain) -> None:
        for child in element:
            tag = child.tag.rpartition("}")[2]
            inner = (*chain, _names(child))
            if tag in ("svg", "g"):
                self.canv.saveState()
                self._enter(child, tag)
                self._children(child, inner)
                self.canv.restoreState()
            elif tag == "text":
                self._text(child, style_of(inner))
            else:
                self._shape(child, tag, style_of(inner))

    def _enter(self, element: ElementTree.Element, tag: str) -> None:
        """Take over the coordinates of a group, or of a drawing in the drawing, which clips."""
        canvas = self.canv
        for name, values in re.findall(r"(\w+)\(([^)]*)\)", element.get("transform", "")):
            numbers = _numbers(values)
            if name == "scale":
                canvas.scale(numbers[0], numbers[-1])
            elif name == "translate":
                canvas.translate(*numbers)
            else:
                canvas.rotate(*numbers)
        if tag == "svg":
            left, top, across, down = _numbers(element.get("viewBox", "0 0 1 1"))
            canvas.translate(float(element.get("x", 0)), float(element.get("y", 0)))
            canvas.scale(
                float(element.get("width", 1)) / across, float(element.get("height", 1)) / down
            )
            canvas.translate(-left, -top)
            path = canvas.beginPath()
            path.rect(left, top, across, down)
            canvas.clipPath(path, stroke=0, fill=0)

    def _shape(self, element: ElementTree.Element, tag: str, style: dict[str, str]) -> None:
        canvas = self.canv
        fill, stroke = style.get("fill", "#000000"), style.get("stroke", "none")
        fills, strokes = fill != "none", stroke != "none"
        opacity = float(style.get("opacity", 1))
        canvas.saveState()
        if fills:
            canvas.setFillColor(_colour(fill), alpha=opacity * float(style.get("fill-opacity", 1)))
        if strokes:
            alpha = opacity * float(style.get("stroke-opacity", 1))
            canvas.setStrokeColor(_colour(stroke), alpha=alpha)
            canvas.setLineWidth(float(style.get("stroke-width", 1)))
            canvas.setLineCap(
                ("butt", "round", "square").index(style.get("stroke-linecap", "butt"))
            )
            canvas.setLineJoin(1 if style.get("stroke-linejoin") == "round" else 0)
            if style.get("stroke-dasharray", "none") != "none":
                canvas.setDash(_numbers(style["stroke-dasharray"]))
        if tag == "rect":
            x, y, across, down = (float(element.get(k, 0)) for k in ("x", "y", "width", "height"))
            radius = float(element.get("rx", 0))
            if radius:
                canvas.roundRect(x, y, across, down, radius, stroke=strokes, fill=fills)
            else:
                canvas.rect(x, y, across, down, stroke=strokes, fill=fills)
        else:
            canvas.drawPath(_Path(element.get("d", "")), stroke=strokes, fill=fills)
        canvas.restoreState()

    def _text(self, element: ElementTree.Element, style: dict[str, str]) -> None:
        canvas, text = self.canv, element.text or ""
        size = float(style.get("font-size", "12px").removesuffix("px"))
        bold = style.get("font-weight") == "700"
        width = width_of(text, size, self._language, bold)
        shift = {"middle": width / 2, "end": width}.get(style.get("text-anchor", ""), 0.0)
        canvas.saveState()
        self._enter(element, "text")
        canvas.translate(float(element.get("x", 0)), float(element.get("y", 0)))
        canvas.scale(1, -1)
        canvas.setFillColor(_colour(style.get("fill", "#000000")))
        draw_text(canvas, -shift, 0, text, size, self._language, bold)
        canvas.restoreState()


def _names(element: ElementTree.Element) -> Names:
    tag = element.tag.rpartition("}")[2]
    return frozenset([tag, *(f".{name}" for name in element.get("class", "").split())])


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+", text)]


class _Path:
    """The commands of an SVG path as those of a PDF, where all places are absolute."""

    def __init__(self, d: str) -> None:
        self._code: list[str] = []
        self._x = self._y = self._start_x = self._start_y = 0.0
        tokens = _TOKEN.findall(d)
        command, at = "", 0
        while at < len(tokens):
            if tokens[at].isalpha():
                command, at = tokens[at], at + 1
            stop = at + _TAKES[command.upper()]
            self._do(command, [float(token) for token in tokens[at:stop]])
            at = stop
            # further numbers after a move are lines
            command = {"M": "L", "m": "l"}.get(command, command)

    def getCode(self) -> str:  # noqa: N802
        """Give the operators, under the name that the canvas asks for."""
        return " ".join(self._code)

    def _do(self, command: str, values: list[float]) -> None:
        kind = command.upper()
        if kind == "Z":
            self._code.append("h")
            self._x, self._y = self._start_x, self._start_y
            return
        before_x, before_y = self._x, self._y
        base_x, base_y = (before_x, before_y) if command.islower() else (0.0, 0.0)
        if kind != "V":
            self._x = base_x + values[0 if kind == "H" else -2]
        if kind != "H":
            self._y = base_y + values[-1]
        if kind == "A":
            self._half_circle(before_x, before_y)
            return
        if kind == "M":
            self._start_x, self._start_y = self._x, self._y
        self._code.append(f"{self._x:.6g} {self._y:.6g} {'m' if kind == 'M' else 'l'}")

    def _half_circle(self, x0: float, y0: float) -> None:
        """Go half around a circle to the point a diameter away, the only arc there is."""
        rx, ry = (self._x - x0) / 2, (self._y - y0) / 2
        top_x, top_y = x0 + rx - ry, y0 + ry + rx
        x1, y1, k = self._x, self._y, _ROUND
        for curve in (
            (x0 - k * ry, y0 + k * rx, top_x - k * rx, top_y - k * ry, top_x, top_y),
            (top_x + k * rx, top_y + k * ry, x1 - k * ry, y1 + k * rx, x1, y1),
        ):
            self._code.append(" ".join(f"{each:.6g}" for each in curve) + " c")


def _colour(value: str) -> HexColor:
    """Give a colour of the style sheet, which may be written with three digits."""
    digits = value.removeprefix("#")
    return HexColor("#" + ("".join(2 * d for d in digits) if len(digits) == 3 else digits))


class Badge(Flowable):  # type: ignore[misc]
    """The letter of a class on its colour."""

    def __init__(self, label: str, faint: bool = False) -> None:
        super().__init__()
        self._label, self._faint = label, faint
        self.width, self.height = 13.0, 13.0

    def wrap(self, *_: float) -> tuple[float, float]:
        """Give the room it takes in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it."""
        canvas = self.canv
        canvas.setFillColor(HexColor(palette().get(self._label, palette()["N"])))
        canvas.setFillAlpha(0.45 if self._faint else 1)
        canvas.roundRect(0, 0, self.width, self.height, 3, stroke=0, fill=1)
        canvas.setFillColor(HexColor(palette()["on"]))
        x = (self.width - width_of(self._label, 8.5, "en", True)) / 2
        draw_text(canvas, x, 3.5, self._label, 8.5, "en", True)


class Bar(Flowable):  # type: ignore[misc]
    """Shares of a whole side by side: colour by class, opacity and letter of each."""

    def __init__(
        self, parts: list[tuple[str, float, float, str]], width: float, height: float
    ) -> None:
        super().__init__()
        self._parts = [part for part in parts if part[1] > 0]
        self.width, self.height = width, height

    def wrap(self, *_: float) -> tuple[float, float]:
        """Give the room it takes in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it; what is too small to see is a hair wide."""
        canvas, gap = self.canv, 1.2
        room = self.width - gap * (len(self._parts) - 1)
        whole = sum(share for _, share, _, _ in self._parts)
        wide = [max(share / whole * room, 1.0) for _, share, _, _ in self._parts]
        x, shrink = 0.0, room / sum(wide)
        for (label, _, alpha, letter), each in zip(self._parts, wide, strict=True):
            canvas.setFillColor(HexColor(palette()[label]), alpha=alpha)
            canvas.rect(x, 0, each * shrink, self.height, stroke=0, fill=1)
            if letter and each * shrink > 12:
                canvas.setFillColor(HexColor(palette()["on"]), alpha=1)
                draw_text(canvas, x + 5, self.height / 2 - 3, letter, 8.5, "en", True)
            x += each * shrink + gap
