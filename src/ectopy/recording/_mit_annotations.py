"""Annotations ↔ bytes of a WFDB annotation file in the MIT format.

Source: annot(5) of the WFDB Applications Guide. An annotation is a pair of bytes, low byte first:
six bits of type, ten bits of samples since the one before. Type 0 only lets time pass, and types
from 59 on are no annotations either: SKIP gives a longer interval in the four bytes after it, high
half first; NUM, SUB and CHN belong to the annotation before, and so does AUX with its text. Two
zero bytes end it. The sampling rate is a NOTE at sample 0; other such notes define symbols of the
file's own.

`wfdb.rdann` reads the same, but only under names of letters, digits, ``-`` and ``_``, takes half a
second for a day of beats, takes any file for annotations, and never ends where the definitions are
damaged.
"""

from __future__ import annotations

import re
from array import array
from sys import byteorder
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError
from ectopy.recording.value import Annotations

SYMBOLS: Final = dict(enumerate("NLRaVFJASEj/Q", 1)) | dict(
    [(14, "~"), (16, "|"), *enumerate('sT*D"=pB^t+u?![]en@xf()r', 18)]
)
"""Symbol of each type of annotation; types that have none are the user's own."""

_NOTE, _SKIP, _NUM, _SUB, _CHN, _AUX = 22, 59, 60, 61, 62, 63
_LAST: Final = 49
"""Highest type that an annotation can have; 42 to 49 are for users."""
_RATES: Final = (1e-3, 1e7)
_MAX_STEP: Final = 2**10 - 1
_MAX_SKIP: Final = 2**31 - 1
_MAX_TEXT: Final = 255


class Decoded(NamedTuple):
    """What an annotation file holds.

    Attributes
    ----------
    annotations
        In the order of the file, without the notes that tell the rate and define symbols; types
        that nobody defines have the symbol ``" "``.
    subtype
        int64, shape ``(n,)``: subtype of each.
    fs
        The rate that they count at in Hz, if the file tells one.
    """

    annotations: Annotations
    subtype: NDArray[np.int64]
    fs: float | None


class _Entry(NamedTuple):
    sample: int
    code: int
    subtype: int = 0
    text: str = ""


def decode(content: bytes, name: str) -> Decoded:
    """Read the content of an annotation file.

    Raises
    ------
    DamagedFileError
        If these are no annotations in the MIT format, they break off, or more follows their end.
    """
    fs, own, inside = None, {}, False
    kept: list[_Entry] = []
    for entry in _entries(content, name):
        text = entry.text
        if not (entry.sample == 0 and entry.code == _NOTE and (text.startswith("## ") or inside)):
            inside = False
            kept.append(entry)
            continue
        if rate := re.fullmatch(r"## time resolution: (\d{1,20}(?:\.\d{0,20})?)\s*", text):
            fs = float(rate[1])
        inside = text.startswith("## annotation type definitions") or (
            inside and not text.startswith("## end of definitions")
        )
        if inside and (line := re.fullmatch(r"(\d{1,2}) (\S+)( .*)?", text)):
            own[int(line[1])] = line[2]
    if fs is not None and not _RATES[0] < fs < _RATES[1]:
        raise DamagedFileError(f"{name} gives a time resolution of {fs:g} Hz, which is none")
    symbols = SYMBOLS | own
    annotations = Annotations(
        np.array([entry.sample for entry in kept], np.int64),
        np.array([symbols.get(entry.code, " ") for entry in kept], np.str_),
        np.array([entry.text for entry in kept], np.str_),
    )
    return Decoded(annotations, np.array([entry.subtype for entry in kept], np.int64), fs)


def _entries(content: bytes, name: str) -> list[_Entry]:
    """Give each annotation in the order of the file."""
    found: list[_Entry] = []
    words = _words(content)
    at = time = 0
    while at < len(words):
        code, low = words[at] >> 10, words[at] & _MAX_STEP
        at += 1
        if code == low == 0:
            if any(content[2 * at :]):
                break
            return found
        if code <= _LAST:
            time += low
            if code:
                found.append(_Entry(time, code))
        elif code == _SKIP and at + 1 < len(words):
            step = words[at] << 16 | words[at + 1]
            time += step - (1 << 32) if step >> 31 else step
            at += 2
        elif code == _SUB and found:
            subtype = (low & 255) - (256 if low & 128 else 0)
            found[-1] = found[-1]._replace(subtype=subtype)
        elif code == _AUX and found:
            found[-1] = found[-1]._replace(text=_as_text(content[2 * at : 2 * at + low]))
            at += (low + 1) // 2
        elif code not in (_NUM, _CHN):
            break
    raise DamagedFileError(f"{name} holds no annotations in the MIT format, or is cut short")


def _words(content: bytes) -> array[int]:
    words = array("H")
    words.frombytes(content[: len(content) // 2 * 2])
    if byteorder == "big":
        words.byteswap()
    return words


def _as_text(raw: bytes) -> str:
    raw = raw.split(b"\0")[0]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def encode(annotations: Annotations, fs: float) -> bytes:
    """Give the content of an annotation file.

    A symbol that the format does not know becomes a NOTE that says it.

    Parameters
    ----------
    annotations
        At any positions, which are brought into order.
    fs
        Sampling rate that they count at, in Hz.
    """
    code_of = {symbol: code for code, symbol in SYMBOLS.items()}
    content = bytearray(_rate_note(fs))
    order = np.argsort(annotations.sample, kind="stable")
    at = 0
    for i in order.tolist():
        symbol, text = str(annotations.symbol[i]), str(annotations.aux[i])
        code = code_of.get(symbol, 0)
        if not code:
            code, text = _NOTE, f"{symbol} {text}".strip()
        step = int(annotations.sample[i]) - at
        at += step
        while not 0 <= step <= _MAX_STEP:
            jump = max(-_MAX_SKIP, min(step, _MAX_SKIP))
            content += _skip(jump)
            step -= jump
        content += _word(code, step) + _text(text)
    return bytes(content) + bytes(2)


def _word(code: int, low: int) -> bytes:
    return (code << 10 | low).to_bytes(2, "little")


def _skip(step: int) -> bytes:
    high, low = divmod(step & 0xFFFFFFFF, 0x10000)
    return _word(_SKIP, 0) + high.to_bytes(2, "little") + low.to_bytes(2, "little")


def _text(text: str) -> bytes:
    """Give the AUX of a text, cut to what its one byte of length can say."""
    raw = text.encode("utf-8")[:_MAX_TEXT].decode("utf-8", "ignore").encode("utf-8")
    return _word(_AUX, len(raw)) + raw + bytes(len(raw) % 2) if raw else b""


def _rate_note(fs: float) -> bytes:
    note = _word(_NOTE, 0) + _text(f"## time resolution: {fs:.12g}")
    return note + _skip(-1) + _word(0, 1)
