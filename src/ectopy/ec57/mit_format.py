"""Bytes of a WFDB annotation file in the MIT format → annotations.

Source: annot(5) of the WFDB Applications Guide. An annotation is a pair of bytes, low byte
first: six bits of type, ten bits of samples since the one before. Type 0 only lets time pass,
and types from 59 on are no annotations either: SKIP gives a longer interval in the four bytes
after it, high half first; NUM, SUB and CHN belong to the annotation before, and so does AUX
with its text. Two zero bytes end it.

`wfdb.rdann` reads the same, but only under names of letters, digits, ``-`` and ``_``, takes
half a second for a day of beats, and takes any file for annotations.
"""

from __future__ import annotations

import re
from array import array
from sys import byteorder
from typing import Final

import numpy as np

from ectopy.ec57.value import FileAnnotations
from ectopy.errors import AnnotationError

SYMBOLS: Final = dict(enumerate("NLRaVFJASEj/Q", 1)) | dict(
    [(14, "~"), (16, "|"), *enumerate('sT*D"=pB^t+u?![]en@xf()r', 18)]
)
"""Symbol of each type of annotation; types that have none are the user's own."""

_NOTE: Final = 22
_USERS: Final = frozenset({15, 17, *range(42, 50)})
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63


def parse(content: bytes, name: str) -> tuple[FileAnnotations, float | None]:
    """Read annotations and the sampling rate, None if the file does not state one.

    Raises
    ------
    AnnotationError
        If the bytes are no annotations in the MIT format, or break off.
    """
    sample: list[int] = []
    code: list[int] = []
    subtype: list[int] = []
    aux: list[str] = []
    words = _words(content)
    at, time = 0, 0
    while at < len(words):
        kind, low = words[at] >> 10, words[at] & 1023
        at += 1
        if kind == 0:
            if low == 0:
                break
            time += low
            continue
        if kind in SYMBOLS or kind in _USERS:
            time += low
            sample.append(time)
            code.append(kind)
            subtype.append(0)
            aux.append("")
        elif kind == _SKIP and at + 1 < len(words):
            step = words[at] << 16 | words[at + 1]
            time += step - (1 << 32) if step >> 31 else step
            at += 2
        elif kind == _SUB and sample:
            subtype[-1] = (low & 255) - (256 if low & 128 else 0)
        elif kind == _AUX and sample:
            text = content[2 * at : 2 * at + low]
            aux[-1] = text.decode("utf-8", "replace").rstrip("\0")
            at += (low + 1) // 2
        elif kind not in (_NUM, _CHN):
            raise _not_annotations(name)
    else:
        raise _not_annotations(name)
    if any(content[2 * at :]):
        raise _not_annotations(name)
    fs = _stated_rate(sample, code, aux)
    symbol = [SYMBOLS.get(each, " ") for each in code]
    keep = [
        not (when == 0 and kind == _NOTE and text.startswith("## "))
        for when, kind, text in zip(sample, code, aux, strict=True)
    ]
    annotations = FileAnnotations(
        np.array(sample, np.int64)[keep],
        np.array(symbol, np.str_)[keep],
        np.array(aux, np.str_)[keep],
        np.array(subtype, np.int64)[keep],
    )
    return annotations, fs


def _words(content: bytes) -> array[int]:
    words = array("H")
    words.frombytes(content[: len(content) // 2 * 2])
    if byteorder == "big":
        words.byteswap()
    return words


def _stated_rate(sample: list[int], code: list[int], aux: list[str]) -> float | None:
    for when, kind, text in zip(sample, code, aux, strict=True):
        if when > 0:
            break
        stated = re.fullmatch(r"## time resolution: ([\d.eE+-]+)\s*", text)
        if kind == _NOTE and stated:
            return float(stated[1])
    return None


def _not_annotations(name: str) -> AnnotationError:
    return AnnotationError(
        f"{name} is no WFDB annotation file in the MIT format, or is cut short; give a file such "
        "as 208.atr, or a CSV or JSON file of beats"
    )
