"""Analysis → PDF for A4 or Letter: what the HTML report says, with strips to measure on paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from ectopy._files import replacing
from ectopy.analysis import Analysis
from ectopy.report.card import known_card
from ectopy.report.facts import gather
from ectopy.report.palette import palette
from ectopy.report.pdf_layout import STRIP_MM
from ectopy.report.pdf_sections import story
from ectopy.report.pdf_text import draw_text, width_of
from ectopy.report.write import PAPERS

_TOP_MM, _FOOT_MM = 13.0, 17.0
_FOOT_SIZE = 7.6


def write(
    analysis: Analysis,
    path: Path,
    card: Mapping[str, Any] | None = None,
    *,
    language: str = "en",
    paper: str = "a4",
) -> None:
    """Write the report of an analysis as a PDF.

    Strips are 25 mm a second and 10 mm a millivolt where it is printed at 100 %, which the file
    asks for.

    Parameters
    ----------
    analysis
        What was found.
    path
        The file to write.
    card
        The card of the model; without it that of the very model that named the beats.
    language
        One of :data:`ectopy.report.language.LANGUAGES`.
    paper
        ``"a4"`` or ``"letter"``.
    """
    facts = gather(analysis, known_card(analysis) if card is None else card, language)
    with replacing(path) as part:
        _Document(str(part), facts, paper).build(story(facts), canvasmaker=_Pages)


class _Pages(Canvas):  # type: ignore[misc]
    """Pages that learn at the end how many they are."""

    TOTAL = "number-of-pages"

    def save(self) -> None:
        """Write the number of pages wherever there is room for it, then the file."""
        self.beginForm(self.TOTAL)
        self.setFillColor(HexColor(palette()["faint"]))
        draw_text(self, 0, 0, str(self.getPageNumber() - 1), _FOOT_SIZE, "en")
        self.endForm()
        super().save()


class _Document(BaseDocTemplate):  # type: ignore[misc]
    """The pages: their size, their foot, and what the file says of itself."""

    def __init__(self, path: str, facts: dict[str, Any], paper: str) -> None:
        width, height = (side * mm for side in PAPERS[paper])
        t, name = facts["t"], facts["name"]
        super().__init__(
            path,
            pagesize=(width, height),
            title=t("title", name=name),
            subject=t("foot.not_device"),
            author=facts["analysis"].software,
            creator=facts["analysis"].software,
            lang=t.code,
        )
        self._facts, self._left = facts, (width - STRIP_MM * mm) / 2
        self._right = width - self._left
        frame = Frame(
            self._left,
            _FOOT_MM * mm,
            STRIP_MM * mm,
            height - (_TOP_MM + _FOOT_MM) * mm,
            *(0, 0, 0, 0),
        )
        self.addPageTemplates(PageTemplate(frames=[frame], onPage=self._foot))

    def beforeDocument(self) -> None:  # noqa: N802
        """Ask to be printed at 100 %, and to show the title of the report."""
        self.canv.setViewerPreference("PrintScaling", "None")
        self.canv.setViewerPreference("DisplayDocTitle", "true")

    def afterFlowable(self, flowable: Any) -> None:  # noqa: N802
        """Enter a heading into the outline."""
        heading = getattr(flowable, "outline", None)
        if heading:
            key = f"section-{self.page}-{heading}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(heading, key, 0)

    def _foot(self, canvas: Any, _: Any) -> None:
        """Write name and date, that this is no medical device, and the number of the page."""
        facts, t = self._facts, self._facts["t"]
        start = facts["analysis"].recording.start
        about = facts["name"] + (f" · {facts['words'].date(start)}" if start else "")
        baseline = 9.5 * mm
        canvas.saveState()
        canvas.setStrokeColor(HexColor(palette()["rule"]))
        canvas.setLineWidth(0.6)
        canvas.line(self._left, 13.5 * mm, self._right, 13.5 * mm)
        canvas.setFillColor(HexColor(palette()["faint"]))
        warning = t("foot.not_device")
        wide = width_of(warning, _FOOT_SIZE, t.code, True)
        middle = (self._left + self._right - wide) / 2
        draw_text(canvas, middle, baseline, warning, _FOOT_SIZE, t.code, True)
        about = _shortened(about, middle - self._left - 8, t.code)
        draw_text(canvas, self._left, baseline, about, _FOOT_SIZE, t.code)
        page, total_at = f"{self.page} / ", self._right - width_of("00", _FOOT_SIZE, "en")
        before = total_at - width_of(page, _FOOT_SIZE, "en")
        draw_text(canvas, before, baseline, page, _FOOT_SIZE, "en")
        canvas.translate(total_at, baseline)
        canvas.doForm(_Pages.TOTAL)
        canvas.restoreState()


def _shortened(text: str, room: float, language: str) -> str:
    """Cut text in the middle until it fits."""
    if width_of(text, _FOOT_SIZE, language) <= room:
        return text
    kept = len(text)
    while kept > 2 and width_of(_without_middle(text, kept), _FOOT_SIZE, language) > room:
        kept -= 1
    return _without_middle(text, kept)


def _without_middle(text: str, kept: int) -> str:
    head = kept // 2
    return f"{text[:head]}…{text[len(text) - (kept - head) :]}"
