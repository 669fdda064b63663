"""Text on the pages of a PDF: which font has which letters, and the styles of paragraphs.

Latin letters are set in Helvetica, Korean and Japanese ones in fonts that every reader of PDF
brings or replaces (Adobe's standard CID fonts); these are named, not embedded, so that the file
stays small and its text can be searched. What none of them has, such as Greek, is set in an
embedded DejaVu Sans.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from ectopy.report.palette import palette

KOREAN: Final = "HYGothic-Medium"
JAPANESE: Final = "HeiseiKakuGo-W5"
_REST: Final = "DejaVuSans"


@cache
def _registered(font: str) -> str:
    """Make a font known before its first use."""
    if font in (KOREAN, JAPANESE):
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    elif font == _REST:
        found = find_spec("matplotlib")
        folder = Path(str(found.origin)).parent if found else Path()
        pdfmetrics.registerFont(TTFont(font, folder / "mpl-data/fonts/ttf/DejaVuSans.ttf"))
    return font


@cache
def _font(letter: str, language: str, bold: bool) -> str:
    code = ord(letter)
    if 0x1100 <= code < 0x1200 or 0x3130 <= code < 0x3190 or 0xAC00 <= code < 0xD7B0:
        return KOREAN
    if 0x2E80 <= code < 0xFB00 or 0xFE30 <= code < 0xFFF0:
        return KOREAN if language == "ko" else JAPANESE
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return _REST
    return "Helvetica-Bold" if bold else "Helvetica"


def runs(text: str, language: str, bold: bool = False) -> Iterator[tuple[str, str]]:
    """Split text into pieces of one font each: the font and the piece.

    The Korean and Japanese fonts have no bold, so Latin letters among theirs are not bold either.
    """
    bold = bold and not {_font(letter, language, False) for letter in text} & {KOREAN, JAPANESE}
    shown = "".join(
        letter if letter.isprintable() or letter == "\u00a0" else " " for letter in text
    )
    for font, letters in groupby(shown, lambda letter: _font(letter, language, bold)):
        yield _registered(font), "".join(letters)


def width_of(text: str, size: float, language: str, bold: bool = False) -> float:
    """Give the width of text in the unit of its size."""
    pieces = runs(text, language, bold)
    return float(sum(pdfmetrics.stringWidth(piece, font, size) for font, piece in pieces))


def draw_text(
    canvas: Any, x: float, y: float, text: str, size: float, language: str, bold: bool = False
) -> None:
    """Write a line of text from `x` on its baseline `y`."""
    for font, piece in runs(text, language, bold):
        canvas.setFont(font, size)
        canvas.drawString(x, y, piece)
        x += pdfmetrics.stringWidth(piece, font, size)


def markup(text: str, language: str, *, bold: bool = False, colour: str = "") -> str:
    """Give text as the markup of a paragraph, nothing of it taken for markup."""
    told = f' color="{palette()[colour]}"' if colour else ""
    return "".join(
        f'<font name="{font}"{told}>{escape(piece)}</font>'
        for font, piece in runs(text, language, bold)
    )


@cache
def style(name: str, language: str, align: int = 0) -> ParagraphStyle:
    """Give the style of a paragraph: its size, its colour and the room around it."""
    size, leading, before, after, colour = {
        "title": (22, 26, 0, 5, "ink"),
        "lead": (11, 16, 4, 6, "ink"),
        "h2": (13.5, 17, 15, 5, "ink"),
        "h3": (10.5, 14, 9, 3, "ink"),
        "body": (9.5, 13.5, 0, 4, "ink"),
        "note": (8.2, 11.5, 2, 4, "faint"),
        "cell": (9, 11.5, 0, 0, "ink"),
        "small": (7.6, 9.6, 0, 0, "faint"),
        "figure": (16, 19, 0, 0, "ink"),
    }[name]
    return ParagraphStyle(
        f"{name}-{language}-{align}",
        fontName="Helvetica",
        fontSize=size,
        leading=leading,
        spaceBefore=before,
        spaceAfter=after,
        textColor=palette()[colour],
        alignment=align,
        wordWrap="CJK" if language == "ja" else None,
        splitLongWords=1,
    )


def paragraph(
    text: str, language: str, name: str = "body", *, bold: bool = False, align: int = 0
) -> Paragraph:
    """Make a paragraph of plain text."""
    return Paragraph(markup(text, language, bold=bold), style(name, language, align))
