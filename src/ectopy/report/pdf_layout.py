"""What the sections of a PDF are made of: headings, notes, tables, cautions and figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import AnchorFlowable, Flowable, KeepTogether, Paragraph, Table

from ectopy.report.facts import Figure
from ectopy.report.palette import palette
from ectopy.report.pdf_drawing import Badge, Drawing
from ectopy.report.pdf_text import markup, paragraph, style, width_of
from ectopy.report.strips import MM_PER_S, PULSE_MM, STRIP_S
from ectopy.report.words import clock, elapsed

STRIP_MM: Final = PULSE_MM + STRIP_S * MM_PER_S
"""Width of a strip and of everything else on a page."""
WIDTH: Final = STRIP_MM * mm
RIGHT: Final = 2
"""Alignment of numbers."""

Flow = list[Flowable]
_LINE: Final = HexColor(palette()["rule"])


class Layout:
    """Makes the parts of one report in its language."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.t, self.words, self.analysis = facts["t"], facts["words"], facts["analysis"]
        self.code: str = self.t.code

    def text(
        self, text: str, kind: str = "body", *, bold: bool = False, align: int = 0
    ) -> Paragraph:
        """Make a paragraph."""
        return paragraph(text, self.code, kind, bold=bold, align=align)

    def heading(self, text: str, kind: str = "h2") -> Paragraph:
        """Make a heading; those of sections go into the outline."""
        made = self.text(text, kind, bold=True)
        if kind == "h2":
            made.outline = text
        return made

    def section(self, title: str, *parts: Flow, kind: str = "h2") -> Flow:
        """Put a heading over parts, none of which is torn apart; the first stays with it."""
        first, *others = parts
        return [
            KeepTogether([self.heading(title, kind), *first]),
            *(KeepTogether(part) for part in others),
        ]

    def number(self, text: str) -> Paragraph:
        """Make a cell of a number."""
        return self.text(text, "cell", align=RIGHT)

    def cell(self, text: str, *, bold: bool = False, below: str = "") -> Paragraph:
        """Make a cell of text, with smaller text below it."""
        told = markup(text, self.code, bold=bold)
        if below:
            told += f'<br/><font size="7.6">{markup(below, self.code, colour="faint")}</font>'
        return Paragraph(told, style("cell", self.code))

    def table(
        self,
        rows: Sequence[Sequence[Any]],
        widths: Sequence[float | None],
        head: Sequence[str] | None = None,
        numbers: Iterable[int] = (),
        pad: float = 3.2,
        ruled: bool = True,
    ) -> Table:
        """Make a table ruled by thin lines; `numbers` are the columns set to the right.

        One that is not `ruled` has a line above its first row alone.
        """
        right = set(numbers)
        body = [
            [
                (self.number(each) if place in right else self.cell(each))
                if isinstance(each, str)
                else each
                for place, each in enumerate(row)
            ]
            for row in rows
        ]
        if head:
            small = [
                self.text(each, "small", align=RIGHT if place in right else 0)
                for place, each in enumerate(head)
            ]
            body.insert(0, small)
        commands: list[tuple[Any, ...]] = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-2, -1), 8),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), pad),
            ("BOTTOMPADDING", (0, 0), (-1, -1), pad),
        ]
        if rows:
            top = 1 if head else 0
            commands.append(("LINEABOVE", (0, top), (-1, -1 if ruled else top), 0.6, _LINE))
        made = Table(body, widths, repeatRows=1 if head else 0, hAlign="LEFT", style=commands)
        made.spaceBefore, made.spaceAfter = 2, 5
        return made

    def beside(self, columns: Sequence[Any], widths: Sequence[float], gap: float = 8) -> Table:
        """Put things side by side, without lines."""
        commands = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-2, -1), gap),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        return Table([list(columns)], list(widths), hAlign="LEFT", style=commands)

    def caution(self, lead: str, text: str) -> Table:
        """Make a note on a ground of its own."""
        told = markup(f"{lead} ", self.code, bold=True) + markup(text, self.code)
        commands = [
            ("BACKGROUND", (0, 0), (-1, -1), HexColor(palette()["caution"])),
            ("LINEBEFORE", (0, 0), (0, -1), 2.4, HexColor(palette()["caution-edge"])),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
            ("RIGHTPADDING", (0, 0), (-1, -1), 9),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ]
        made = Table([[Paragraph(told, style("cell", self.code))]], [WIDTH], style=commands)
        made.spaceBefore, made.spaceAfter = 4, 6
        return made

    def keys(self, labels: Iterable[str], note: str) -> Paragraph:
        """Make a note that begins with the colours of classes."""
        told = "".join(
            f'<font name="Helvetica-Bold" color="{palette()[label]}">{label}</font>&nbsp; '
            for label in labels
        )
        return Paragraph(told + markup(note, self.code), style("note", self.code))

    def titled(self, badge: str, title: str, detail: str, anchor: str = "") -> Table:
        """Make the line above a figure: badge, title, and detail at the right."""
        told = markup(title, self.code, bold=True)
        if anchor:
            told = f'<a name="{anchor}"/>{told}'
        left = min(width_of(title, 9, self.code, True) + 6, 0.62 * WIDTH)
        before = 18.0 if badge else 0.0
        cells: list[Any] = [Badge(badge)] if badge else []
        widths = [before] if badge else []
        cells += [
            Paragraph(told, style("cell", self.code)),
            self.text(detail, "small", align=RIGHT),
        ]
        made = Table([cells], [*widths, left, WIDTH - before - left], hAlign="LEFT")
        made.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
        return made

    def strip(self, figure: Figure) -> Flow:
        """Make a strip at true scale with what is said about it."""
        drawn: Flow = []
        if figure.title:
            total_s, start = self.analysis.recording.duration_s, self.analysis.recording.start
            detail = self.t("strips.from", at=elapsed(figure.strip.start_s, total_s, 1))
            if start:
                detail += f" ({clock(figure.strip.start_s, start)})"
            detail += f" · {figure.detail}"
            drawn.append(self.titled(figure.label, figure.title, detail, figure.anchor))
        else:
            drawn.append(AnchorFlowable(figure.anchor))
        drawn.append(Drawing(figure.strip.svg, self.code))
        if figure.strip.clipped:
            drawn.append(self.text(self.t("strips.clipped"), "note"))
        drawn[-1].spaceAfter = 9
        return drawn

    def chart(self, svg: str, width: float = WIDTH) -> Drawing:
        """Make a drawing of some width."""
        return Drawing(svg, self.code, width)
