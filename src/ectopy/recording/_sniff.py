"""How a text file of numbers is laid out: encoding, separator, decimal mark, header, columns."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ectopy.errors import MissingFactError, RecordingError
from ectopy.recording._facts import stated_rate, stated_unit
from ectopy.recording._style import LOOK, Style, choose_style, holds_nothing, usual_width
from ectopy.recording._units import parse_unit

HEAD_BYTES: Final = 1 << 18
"""How much of a file is looked at to tell its layout."""
_SAMPLE: Final = 2000
"""Rows at the start of the body that the columns, and at the end that commas, are judged by."""
_STEADY_ROWS: Final = 5
_ALL: Final = 0.9
"""Share of lines without a value from which a file is taken for a recording without any."""


_COMMENTS: Final = ("#", "%", "//")
_UNIT_CELL: Final = re.compile(r"(?:[mnuµμ]?s|sec\w*|hh.*|mm.*|\W*|n\.?a\.?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text file of numbers is laid out.

    Attributes
    ----------
    encoding, style
        How bytes become lines and lines become fields.
    preamble
        The lines above the numbers.
    kinds
        Of each column: number, time or text.
    names, units
        Of each column, as the header gives them; empty strings where it does not.
    sample
        The first rows.
    comment
        The character that starts a comment.
    spaced
        Whether every other line is blank.
    """

    encoding: str
    style: Style
    preamble: tuple[str, ...]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    comment: str
    spaced: bool


@lru_cache(maxsize=1)
def sniff(head: bytes, *, complete: bool) -> Layout | None:
    """Tell the layout of a text file of numbers from its beginning.

    The last answer is kept, since each reader in turn asks about the same file.

    Parameters
    ----------
    head
        The first bytes of the file, :data:`HEAD_BYTES` at most.
    complete
        Whether that is all of it; if not, its last line is cut short and not looked at.

    Returns
    -------
    Layout or None
        None if this is no text with columns of numbers.

    Raises
    ------
    UnknownFormatError
        If commas are decimal marks and separators at once.
    RecordingError
        If the file is complete and marks every value as missing.
    """
    encoding = encoding_of(head)
    if encoding is None:
        return None
    lines = _lines(head, encoding, complete)
    comment = next((c for c in "%" if any(line.lstrip().startswith(c) for line in lines)), "#")
    data = [line for line in lines if _is_data(line)]
    bodies = [line for line in data if not holds_nothing(line)]
    style = choose_style(bodies[-_SAMPLE:])
    if style is None:
        if complete and len(data) > _STEADY_ROWS and len(bodies) < (1 - _ALL) * len(data):
            raise RecordingError(
                "every value of the file is marked as missing; export it again with its samples"
            )
        return None
    rows = [style.split(_bare(line, comment)) for line in bodies[-LOOK:]]
    width = usual_width(rows)
    kinds = _kinds(style, [row for row in rows if len(row) == width], width)
    start = _body_start(lines, style, kinds, comment)
    if start is None or "number" not in kinds:
        return None
    preamble = tuple(lines[:start])
    names, units = _header(preamble, style, width)
    body = [_bare(line, comment) for line in lines[start:] if _is_data(line)]
    sample = tuple(tuple(style.split(line)) for line in body[:_SAMPLE])
    blank = sum(not line.strip() for line in lines[start:])
    spaced = blank > 0.4 * len(lines[start:])
    return Layout(encoding, style, preamble, kinds, names, units, sample, comment, spaced)


def sniff_head(head: bytes) -> Layout | None:
    """Tell the layout of a text file from its first bytes; None if none can be told.

    For readers that only ask whether a file is theirs, and leave it to others to say what is wrong
    with it.
    """
    try:
        return sniff(head, complete=len(head) < HEAD_BYTES)
    except RecordingError:
        return None


def is_empty_so_far(head: bytes) -> bool:
    """Whether the beginning of a longer file is text that marks its samples as missing.

    Then :func:`sniff` cannot tell the layout before it sees the first numbers.
    """
    encoding = encoding_of(head)
    data = [line for line in _lines(head, encoding, False) if _is_data(line)] if encoding else []
    return sum(map(holds_nothing, data)) > _ALL * len(data)


def _lines(head: bytes, encoding: str, complete: bool) -> list[str]:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head, final=complete)
    lines = io.StringIO(text, newline=None).readlines()
    return [line.rstrip("\n") for line in (lines if complete else lines[:-1])]


def encoding_of(head: bytes) -> str | None:
    """Tell the encoding of a text from its first bytes; None if it is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if b"\0" in head:
        even, odd = head[0:2000:2].count(0), head[1:2000:2].count(0)
        share = min(len(head), 2000) / 2
        return "utf-16-le" if odd > 0.7 * share else "utf-16-be" if even > 0.7 * share else None
    if len(re.findall(rb"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]", head)) > len(head) / 200:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _is_data(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(_COMMENTS)


def _bare(line: str, comment: str) -> str:
    return line.split(comment, 1)[0]


def _kinds(style: Style, rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """Give the kind that most of the fields of each column have."""
    kinds = []
    for i in range(width):
        counts = Counter(style.kind(row[i]) for row in rows)
        counts.pop("missing", None)
        kinds.append(counts.most_common(1)[0][0] if counts else "number")
    return tuple(kinds)


def _body_start(
    lines: Sequence[str], style: Style, kinds: tuple[str, ...], comment: str
) -> int | None:
    """Give the line from which rows of numbers follow each other."""
    start, run = None, 0
    for number, line in enumerate(lines):
        if not _is_data(line):
            continue
        if start is not None and _is_missing_row(line, style, len(kinds)):
            continue
        if not _is_row(style.split(_bare(line, comment)), style, kinds):
            start, run = None, 0
            continue
        start, run = (number if start is None else start), run + 1
        if run == _STEADY_ROWS:
            break
    while start and _is_missing_row(lines[start - 1], style, len(kinds)):
        start -= 1
    return start


def _is_missing_row(line: str, style: Style, width: int) -> bool:
    """Whether a line above the first number marks missing samples, and is not just blank."""
    cells = style.split(line)
    return bool(line.strip()) and len(cells) == width and {*map(style.kind, cells)} == {"missing"}


def _is_row(cells: Sequence[str], style: Style, kinds: tuple[str, ...]) -> bool:
    found = [style.kind(cell) for cell in cells]
    return (
        len(found) == len(kinds)
        and "number" in found
        and all(
            k in (kind, "missing") or kind == "text" for k, kind in zip(found, kinds, strict=True)
        )
    )


def _header(
    preamble: Sequence[str], style: Style, width: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the names of the columns, and the row of units that may stand below them."""
    none = ("",) * width
    units = none
    lines = [line for line in preamble if line.strip()]
    for line in reversed(lines[-4:]):
        cells = _header_cells(line, style, width)
        if cells is None:
            continue
        if all(parse_unit(cell) or _UNIT_CELL.fullmatch(cell) for cell in cells) and any(cells):
            units = cells if units is none else units
            continue
        return cells, units
    return none, units


def _states_fact(line: str) -> bool:
    """Whether a line is a statement such as ``Unit,mV`` rather than a row of names."""
    try:
        return stated_rate([line]) is not None or stated_unit([line]) is not None
    except MissingFactError:
        return True


def _header_cells(line: str, style: Style, width: int) -> tuple[str, ...] | None:
    """Cut a line into `width` names, if it is one of a header."""
    if width == 1:
        name = line.strip(" \t\"'")
        plain = len(name) <= 40 and _is_data(line) and not re.search(r"[:=;\t]|,\S", name)
        letters = style.kind(name) == "text" and bool(re.search(r"[^\W\d_]", name))
        return (name,) if plain and letters and not _states_fact(line) else None
    bare = line if _is_data(line) else line.strip().lstrip("#%/ ")
    for cut in (style.split(bare), re.split(r"\t+|\s{2,}", bare.strip())):
        cells = [cell.strip(" \t\"'") for cell in cut]
        cells += [""] if len(cells) == width - 1 else []
        if len(cells) != width or cells[0].endswith(("=", ":")) or _states_fact(line):
            continue
        plain = all(style.kind(cell) in ("text", "missing") for cell in cells)
        named = any(style.kind(c) == "text" and re.search(r"[^\W\d_]|#", c) for c in cells)
        if plain and named and all(len(cell) <= 60 for cell in cells):
            return tuple(cells)
    return None
