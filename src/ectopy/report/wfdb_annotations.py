"""Analysis → WFDB annotations in the MIT format.

Source: annot(5) of the WFDB Applications Guide. An annotation is a pair of bytes, low byte
first: six bits of type, ten bits of samples since the one before. Longer intervals come as a
SKIP with the interval in the four bytes after it, high half first. The sampling rate is a
NOTE at sample 0, which an annotation of no type ends; a step back and forth keeps that from
looking like the end of the file. The package `wfdb` writes the same bytes, but only under names
of letters, digits, ``-`` and ``_``, and not without annotations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ectopy._files import replacing
from ectopy.analysis import Analysis

CODES: Final = {"N": 1, "S": 8, "V": 5, "F": 6, "Q": 13}
"""Type of each AAMI class; that of S is the type of the symbol ``A``."""

_NOTE: Final = 22
_SKIP: Final = 59
_AUX: Final = 63
_MAX_STEP: Final = 2**10 - 1
_MAX_SKIP: Final = 2**31 - 1


def write(analysis: Analysis, path: Path) -> None:
    """Write the beats with the symbols ``N A V F Q`` (S is written as ``A``) and the rate."""
    codes = [CODES[name] for name in analysis.labels.aami.tolist()]
    beats = analysis.beats
    content = _rate_note(beats.fs) + _beats(beats.sample.tolist(), codes) + bytes(2)
    with replacing(path) as part:
        part.write_bytes(content)


def _word(code: int, low: int) -> bytes:
    return (code << 10 | low).to_bytes(2, "little")


def _skip(step: int) -> bytes:
    high, low = divmod(step & 0xFFFFFFFF, 0x10000)
    return _word(_SKIP, 0) + high.to_bytes(2, "little") + low.to_bytes(2, "little")


def _rate_note(fs: float) -> bytes:
    text = f"## time resolution: {fs:.12g}".encode("ascii")
    note = _word(_NOTE, 0) + _word(_AUX, len(text)) + text + bytes(len(text) % 2)
    return note + _skip(-1) + _word(0, 1)


def _beats(sample: list[int], codes: list[int]) -> bytes:
    content = bytearray()
    for step, code in zip(np.diff(sample, prepend=0).tolist(), codes, strict=True):
        while step > _MAX_STEP:
            skip = min(step, _MAX_SKIP)
            content += _skip(skip)
            step -= skip
        content += _word(code, step)
    return bytes(content)
