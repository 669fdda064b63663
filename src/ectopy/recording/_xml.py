"""XML that strangers made, parsed without entities, without bombs and without a network.

Everything here refuses more than the vendors' files need: a document type may be named but not
defined, and size, number and depth of elements have limits.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import warnings
import xml.etree.ElementTree as ET  # entities are refused before the parser sees the text
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError

MAX_BYTES: Final = 64 << 20
"""Largest XML file that is read: an hour of twelve leads in decimal digits."""
_MAX_ELEMENTS: Final = 200_000
_MAX_DEPTH: Final = 100
_MAX_MARKS: Final = 500_000
"""Most signs that begin a tag, or give a value to an attribute, before anything is parsed."""
_ENCODINGS: Final = re.compile(
    r"(us-)?ascii|utf-?8(-sig)?|utf-?16([bl]e)?|iso[-_]?8859-?\d{1,2}|latin-?\d|"
    r"(windows|cp)-?\d{3,4}|koi8-[ru]|gb(2312|k|18030)|big5|euc-(jp|kr)|shift[-_]jis",
    re.IGNORECASE,
)
_DECLARATION: Final = re.compile(
    r"""^\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([\w.-]{1,40})["'][^>]{0,200}\?>"""
)
_PROLOG: Final = re.compile(
    r"\s*(?:<\?(?:[^?]|\?(?!>))*\?>|<!--(?:[^-]|-(?!->))*-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>)"
)
_ROOT: Final = re.compile(r"\s*<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")


@lru_cache(maxsize=4)
def root_name(head: bytes) -> str:
    """Name the root element of an XML file by its first bytes, without its namespace.

    Empty if it is no XML, or the root does not come within the head.
    """
    text = _decode(head, final=False)
    at = 0
    while match := _PROLOG.match(text, at):
        at = match.end()
    root = _ROOT.match(text, at)
    return root[1] if root else ""


def parse(path: Path) -> ET.Element:
    """Parse a file and give its root, with namespaces taken off tags and attributes.

    Raises
    ------
    RecordingError
        If the file is too large.
    DamagedFileError
        If it declares entities, is nested or split absurdly, or is no well-formed XML.
    """
    if path.stat().st_size > MAX_BYTES:
        raise RecordingError(
            f"{path.name} is larger than {MAX_BYTES >> 20} MB, too large for an XML file; "
            "export the recording in parts or in a binary format"
        )
    text = _decode(path.read_bytes(), final=True)
    if "<!ENTITY" in text or re.search(r"<!DOCTYPE[^>\[]*\[", text):
        raise DamagedFileError(
            f"{path.name} defines XML entities or its own document type, which no ECG needs and "
            "attacks use; take that part out, or export the file again"
        )
    if max(text.count("<"), text.count("=")) > _MAX_MARKS:
        raise _too_many(path.name)
    parser = ET.XMLParser(target=_Guard(path.name))
    try:
        parser.feed(re.sub(r"^\s*<\?xml\b[^>]*\?>", "", text, count=1))
        root = parser.close()
    except (ET.ParseError, ValueError) as error:
        place = f" in line {error.position[0]}" if isinstance(error, ET.ParseError) else ""
        raise DamagedFileError(
            f"{path.name} is no well-formed XML{place}; it may be cut short, export it again"
        ) from error
    return root


class _Guard(ET.TreeBuilder):
    """A builder that gives up on absurd documents and takes namespaces off."""

    def __init__(self, name: str):
        super().__init__()
        self._name, self._depth, self._elements = name, 0, 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        self._elements += 1
        if self._depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise _too_many(self._name)
        return super().start(_local(tag), {_local(key): value for key, value in attrs.items()})

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(_local(tag))


def _too_many(name: str) -> DamagedFileError:
    return DamagedFileError(
        f"{name} has more than {_MAX_ELEMENTS} XML elements or nests them deeper than "
        f"{_MAX_DEPTH}, which no ECG does; export it again"
    )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _decode(data: bytes, *, final: bool) -> str:
    """Turn bytes into text by their byte order mark or declaration; never fails."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data[: len(data) // 2 * 2].decode("utf-16", errors="replace").lstrip("\ufeff")
    for pair, encoding in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if data.startswith(pair):
            return data[: len(data) // 2 * 2].decode(encoding, errors="replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARATION.match(data[:500].decode("latin-1"))
    named = declared[1] if declared and _ENCODINGS.fullmatch(declared[1]) else "utf-8"
    for encoding in (named, "utf-8"):
        if encoding.lower().startswith(("utf-16", "utf16")):
            continue  # declared so, yet stored in bytes
        try:
            return data.decode(encoding, errors="strict" if final else "replace")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1")


def text_of(element: ET.Element | None, path: str = "") -> str:
    """Give the text of an element, or of the one at `path` below it; empty if there is none."""
    found = element if element is None or not path else element.find(path)
    return "" if found is None or found.text is None else found.text.strip()


def number(text: str | None) -> float | None:
    """Read a finite number, with a decimal point or comma; None if it is none."""
    folded = (text or "").strip()
    if folded.count(",") == 1 and "." not in folded:
        folded = folded.replace(",", ".")
    try:
        value = float(folded)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def integers_from_base64(text: str, size: int, where: str) -> NDArray[np.signedinteger]:
    """Read little-endian signed integers of `size` bytes from Base64.

    Raises
    ------
    DamagedFileError
        If the text is no Base64, or ends within a number.
    """
    return np.frombuffer(bytes_from_base64(text, where, size), np.dtype(f"<i{size}"))


def bytes_from_base64(text: str, where: str, multiple: int = 1) -> bytes:
    """Read bytes from Base64 with white space in it.

    Raises
    ------
    DamagedFileError
        If the text is no Base64, or its bytes are not a multiple of `multiple`.
    """
    try:
        data = base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DamagedFileError(
            f"the samples of {where} are no valid Base64; the file may be cut short, export it "
            "again"
        ) from error
    if len(data) % multiple:
        raise DamagedFileError(
            f"the samples of {where} end within a number; the file may be cut short, export it "
            "again"
        )
    return data


def numbers_from_text(text: str, where: str) -> NDArray[np.float64]:
    """Read numbers parted by white space, commas or semicolons, decimal commas among them.

    Raises
    ------
    DamagedFileError
        If there is anything else among them.
    """
    if "," in text:
        parted = re.search(r",\s|^\s*[^\s]*,[^\s]*,|\s,", text) is not None
        text = text.replace(",", " " if parted else ".")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy only warns where numbers end before the text
            return np.fromstring(text.replace(";", " "), np.float64, sep=" ")
    except (ValueError, DeprecationWarning) as error:
        raise DamagedFileError(
            f"the samples of {where} are not all numbers; export the file again"
        ) from error


def moment(text: str) -> datetime | None:
    """Read a date with a time of day: ``20021122091000.000+0100`` or ISO 8601; None if neither."""
    folded = text.strip()
    match = re.fullmatch(r"(\d{12})(\d{2})?(?:[.,](\d{1,6})\d*)?\s*([+-]\d{4})?", folded)
    try:
        if match:
            plain = f"{match[1]}{match[2] or '00'}.{(match[3] or '0').ljust(6, '0')}"
            if match[4]:
                return datetime.strptime(plain + match[4], "%Y%m%d%H%M%S.%f%z")
            return datetime.strptime(plain, "%Y%m%d%H%M%S.%f")
        if re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", folded):
            return datetime.fromisoformat(folded)
    except ValueError:
        pass
    return None
