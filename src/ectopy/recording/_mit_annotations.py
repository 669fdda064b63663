"""Annotations ↔ bytes of a WFDB annotation file in the MIT format.

Source: annot(5) of the WFDB Applications Guide. An annotation is a pair of bytes, low byte first:
six bits of type, ten bits of samples since the one before. Other intervals come as a SKIP with the
interval in the four bytes after it, high half first. The text that goes with an annotation follows
it as AUX. The sampling rate is a NOTE at sample 0, which an annotation of no type ends; other such
notes define symbols of the file's own. `wfdb.rdann` reads the same, but never ends where the
definitions are damaged.
"""

from __future__ import annotations

import re
from array import array
from sys import byteorder
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError
from ectopy.recording.value import Annotations

_NOTE, _SKIP, _NUM, _SUB, _CHN, _AUX = 22, 59, 60, 61, 62, 63
_LAST: Final = 49
"""Highest type that an annotation can have; 42 to 49 are for users."""
_RATES: Final = (1e-3, 1e7)
_MAX_STEP: Final = 2**10 - 1
_MAX_SKIP: Final = 2**31 - 1
_MAX_TEXT: Final = 255


def decode(content: bytes, name: str) -> tuple[Annotations, float | None]:
    """Read the content of an annotation file.

    Returns
    -------
    annotations
        In time order, without the notes that tell the rate and define symbols; types that
        nobody defines have the symbol ``" "``.
    fs
        The rate that they count at in Hz, if the file tells one.

    Raises
    ------
    DamagedFileError
        If these are no annotations in the MIT format, or they break off.
    """
    from wfdb.io.annotation import ann_label_table

    found = _annotations(content, name)
    fs, own, inside = None, {}, False
    kept: list[tuple[int, int, str]] = []
    for sample, code, text in found:
        if sample == 0 and code == _NOTE and (text.startswith("## ") or inside):
            rate = re.fullmatch(r"## time resolution: ([\d.]{1,20})\s*", text)
            fs = float(rate[1]) if rate and rate[1].count(".") < 2 and rate[1] != "." else fs
            inside = text.startswith("## annotation type definitions") or (
                inside and not text.startswith("## end of definitions")
            )
            if inside and (line := re.fullmatch(r"(\d{1,2}) (\S+)( .*)?", text)):
                own[int(line[1])] = line[2]
            continue
        inside = False
        kept.append((sample, code, text))
    if fs is not None and not _RATES[0] < fs < _RATES[1]:
        raise DamagedFileError(f"{name} gives a time resolution of {fs:g} Hz, which is none")
    known = zip(ann_label_table["label_store"], ann_label_table["symbol"], strict=True)
    symbols = {int(code): str(symbol) for code, symbol in known} | own
    kept.sort(key=lambda each: each[0])
    return (
        Annotations(
            np.array([sample for sample, _, _ in kept], np.int64),
            np.array([symbols.get(code, " ") for _, code, _ in kept], np.str_),
            np.array([text for _, _, text in kept], np.str_),
        ),
        fs,
    )


def _annotations(content: bytes, name: str) -> list[tuple[int, int, str]]:
    """Give sample, type and text of each annotation, in the order of the file."""
    found: list[tuple[int, int, str]] = []
    words = array("H")
    words.frombytes(content[: len(content) // 2 * 2])
    if byteorder == "big":
        words.byteswap()
    at = time = 0
    while at < len(words):
        code, low = words[at] >> 10, words[at] & _MAX_STEP
        at += 1
        if code == low == 0:
            return found
        if code <= _LAST:
            time += low
            if code:
                found.append((time, code, ""))
        elif code == _SKIP and at + 1 < len(words):
            step = words[at] << 16 | words[at + 1]
            time += step - (1 << 32) if step >> 31 else step
            at += 2
        elif code == _AUX and found:
            sample, of, _ = found[-1]
            found[-1] = (sample, of, _as_text(content[2 * at : 2 * at + low]))
            at += (low + 1) // 2
        elif code not in (_NUM, _SUB, _CHN):
            break
    raise DamagedFileError(f"{name} holds no annotations in the MIT format, or is cut short")


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
    from wfdb.io.annotation import ann_label_table

    code_of = dict(zip(ann_label_table["symbol"], ann_label_table["label_store"], strict=True))
    content = bytearray(_rate_note(fs))
    order = np.argsort(annotations.sample, kind="stable")
    at = 0
    for i in order.tolist():
        symbol, text = str(annotations.symbol[i]), str(annotations.aux[i])
        code = int(code_of.get(symbol, 0))
        if not 0 < code < _SKIP:
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
