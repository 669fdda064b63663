"""Annotations → bytes of a WFDB annotation file in the MIT format.

Source: annot(5) of the WFDB Applications Guide. An annotation is a pair of bytes, low byte first:
six bits of type, ten bits of samples since the one before. Other intervals come as a SKIP with the
interval in the four bytes after it, high half first. The text that goes with an annotation follows
it as AUX. The sampling rate is a NOTE at sample 0, which an annotation of no type ends.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ectopy.recording.value import Annotations

_NOTE, _SKIP, _AUX = 22, 59, 63
_MAX_STEP: Final = 2**10 - 1
_MAX_SKIP: Final = 2**31 - 1
_MAX_TEXT: Final = 255


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
