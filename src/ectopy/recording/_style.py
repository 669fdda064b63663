"""How a line of text is cut into numbers: separator, decimal mark, quotes."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ectopy.errors import UnknownFormatError

MAX_COLUMNS: Final = 256
LOOK: Final = 200
"""Lines at the end of a text that separator and decimal mark are judged by."""
_MIN_SCORE: Final = 0.55
_SMALL: Final = 30
"""A voltage in mV stays below this."""

MISSING: Final = frozenset(
    {"", "-", "--", "nan", "na", "n/a", "null", "none", "nil", "?", "*", "inf", "-inf", "+inf"}
    | {"#n/a", "#div/0!", "#value!", "missing"}
)
_FIELD_ENDS: Final = re.compile(r"[;\t|,\s\"']+")
_TIME: Final = re.compile(
    r"\[?(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[T ]+)?\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
    r"\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|[+-]\d\d:?\d\d)?(?: \d[\d./-]+)?\]?"
)
_WHOLE: Final = re.compile(r"[+-]?\d+")
_EXPONENT: Final = r"(?:[eE][+-]?\d+)?"
_PLAIN: Final = {
    ".": re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)" + _EXPONENT),
    ",": re.compile(r"[+-]?(?:\d+(?:,\d+)?|,\d+)" + _EXPONENT),
}
_GROUPED: Final = {
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d*"),
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d*"),
}


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is cut into numbers.

    Attributes
    ----------
    separator
        One character, ``" "`` for any white space, empty for one column.
    decimal
        ``"."`` or ``","``.
    quote
        Character around fields, or empty.
    grouped
        Whether thousands are set apart, by the other one of ``.`` and ``,``.
    """

    separator: str
    decimal: str
    quote: str = ""
    grouped: bool = False

    def split(self, line: str) -> list[str]:
        """Cut a line into its fields."""
        quote = self.quote
        if self.separator == " ":
            return [cell.strip(quote or None) for cell in line.split()]
        if not self.separator:
            return [line.strip().strip(quote or None).strip()]
        if quote and quote in line:
            row = next(csv.reader([line], delimiter=self.separator, quotechar=quote), [])
            return [cell.strip() for cell in row]
        return [cell.strip() for cell in line.split(self.separator)]

    def kind(self, cell: str) -> str:
        """Tell what a field is: number, time, missing or text."""
        if _PLAIN[self.decimal].fullmatch(cell) or _GROUPED[self.decimal].fullmatch(cell):
            return "number"
        if cell.casefold() in MISSING:
            return "missing"
        return "time" if _TIME.fullmatch(cell) else "text"

    def number(self, cell: str) -> float:
        """Read a field of the kind number; NaN for any other."""
        if self.kind(cell) != "number":
            return float("nan")
        other = "," if self.decimal == "." else "."
        return float(cell.replace(other, "").replace(self.decimal, "."))


def holds_nothing(line: str) -> bool:
    """Whether a line only marks samples as missing, and so tells nothing of how to cut it."""
    return MISSING.issuperset(_FIELD_ENDS.split(line.casefold()))


def usual_width(rows: Sequence[Sequence[str]]) -> int:
    """Give the usual number of fields, which the last lines know better than a header."""
    return Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0


def choose_style(lines: Sequence[str]) -> Style | None:
    """Choose the way of cutting that leaves most fields numbers."""
    if not lines:
        return None
    tail = lines[len(lines) // 4 :][-LOOK:]
    quote = next((q for q in "\"'" if sum(q in line for line in tail) > len(tail) / 2), "")
    best, best_rank = None, (_MIN_SCORE, 0)
    for separator in (";", "\t", "|", ",", " ", ""):
        for decimal in (".", ","):
            style = Style(separator, decimal, quote)
            score, width = _score(style, tail)
            if width == 1:
                style = Style("", decimal, quote)
            if (round(score, 3), width) > best_rank:
                best, best_rank = style, (round(score, 3), width)
    if best is None:
        return None
    if best_rank[1] > MAX_COLUMNS:
        raise UnknownFormatError(
            f"each line of the file holds {best_rank[1]} numbers; "
            "put one sample into each line and one lead into each column"
        )
    if best.separator == "," and best.decimal == "." and not quote:
        best = _comma_or_decimal(best, lines, best_rank[1])
    grouped = any(
        _GROUPED[best.decimal].fullmatch(cell) for line in lines for cell in best.split(line)
    )
    return Style(best.separator, best.decimal, best.quote, grouped)


def _score(style: Style, lines: Sequence[str]) -> tuple[float, int]:
    """Give the share of fields that are no text, in lines of the usual width, and that width."""
    rows = [style.split(line) for line in lines]
    width = usual_width(rows)
    if width == 0 or (not style.separator and width > 1):
        return 0.0, width
    fitting = [row for row in rows if len(row) == width]
    kinds = [[style.kind(cell) for cell in row] for row in fitting]
    numeric = max(sum(row[i] == "number" for row in kinds) for i in range(width))
    if numeric < 0.6 * len(fitting):
        return 0.0, width
    good = sum(kind != "text" for row in kinds for kind in row)
    return good / (width * len(rows)), width


def _comma_or_decimal(style: Style, lines: Sequence[str], width: int) -> Style:
    """Tell columns of integers, ``995,1011``, from one column with decimal commas, ``0,455``."""
    rows = [row for row in map(style.split, lines) if len(row) == width]
    whole = [row for row in rows if all(_WHOLE.fullmatch(cell) for cell in row)]
    unsigned = all(cell[0].isdigit() for row in whole for cell in row[1::2])
    if width % 2 or len(whole) < 0.9 * len(rows) or not unsigned:
        return style
    pairs = [[(row[i], row[i + 1]) for row in whole] for i in range(0, width, 2)]
    if not all(map(_are_fractions, pairs)):
        return style
    if width == 2:
        return Style("", ",")
    raise UnknownFormatError(
        "the file has commas both inside and between its numbers; "
        "save it again with ; between the columns"
    )


def _are_fractions(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether pairs of integers are the two sides of a decimal comma.

    The second of two integers does not begin with 0, and the first is no -0; fractions fill all
    ten digits, or have a fixed length behind a small number, or follow one that never moves.
    """
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    if len(pairs) > 2 and all(int(b[0]) - int(a[0]) == 1 for a, b in pairwise(pairs)):
        return False
    lengths = {len(second) for second in seconds}
    padded = any(len(second) > 1 and second[0] == "0" for second in seconds)
    small = max(abs(int(first)) for first in firsts) <= _SMALL
    return (
        (padded and not any(re.match(r"[+-]?0\d", first) for first in firsts))
        or "-0" in firsts
        or (len(lengths) == 1 and lengths != {1} and small)
        or (lengths == {1} and len(seconds) >= 8)
        or (len(firsts) == 1 and len(pairs) > 2)
    )
