"""Arrays of numbers as the text of JSON lists, many times faster than number after number."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PLACES: Final = 6
"""Digits behind the point."""
_ONE: Final = 10**PLACES
_WHOLE: Final = 9
"""Digits before the point at most."""
_NARROWEST: Final = 8
"""Characters that what is no plain decimal, such as 9.9e-05 and null, takes at most."""
_WITH_EXPONENT: Final = 100
"""Below so many millionths Python writes a number as 9.9e-05."""


def decimals(values: NDArray[np.floating]) -> str | None:
    """Write numbers as `json.dumps` writes them once they are rounded to six places.

    Parameters
    ----------
    values
        Shape ``(n,)`` or ``(n, k)``; NaN becomes null.

    Returns
    -------
    str or None
        The text between the brackets of the list; None where a number is negative, infinite or
        a thousand million or more, and has to be written by itself.
    """
    if not values.size:
        return ""
    flat = values.astype(np.float64).ravel()
    unknown = np.isnan(flat)
    flat[unknown] = 0
    if np.signbit(flat).any() or flat.max() >= 10**_WHOLE - 1:
        return None
    millionths = np.rint(flat * _ONE).astype(np.int64)
    digits = _digits(millionths)
    width = max(len(digits), _NARROWEST)
    text = np.zeros((len(flat), width + 4), np.uint8)
    text[:, 1 : 1 + len(digits)] = digits.T
    small = np.flatnonzero(millionths < _WITH_EXPONENT)
    text[small, 1 : 1 + width] = _small_ones()[millionths[small], :width]
    text[unknown, 1 : 1 + width] = _letters("null")[:width]
    text[:, -2], text[:, -1] = ord(","), ord(" ")
    if values.ndim > 1:
        text[:: values.shape[1], 0] = ord("[")
        text[values.shape[1] - 1 :: values.shape[1], -3] = ord("]")
    text[-1, -2:] = 0
    return str(text[text != 0].tobytes(), "ascii")


def _digits(millionths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Write millionths as decimals, one a column, 0 where there is no digit."""
    whole = (millionths // _ONE).astype(np.uint32)
    part = (millionths - whole * np.int64(_ONE)).astype(np.uint32)
    before = len(str(whole.max()))
    text = np.empty((before + 1 + PLACES, len(millionths)), np.uint8)
    for rest, rows in ((whole, range(before)), (part, range(before + 1, len(text)))):
        for row in reversed(rows):
            tens = rest // 10
            text[row] = rest - tens * 10 + ord("0")
            rest = tens
    text[before] = ord(".")
    for rows in (range(before - 1), range(len(text) - 1, before + 1, -1)):
        is_idle = np.ones(len(millionths), bool)  # a zero with nothing but zeros beyond it
        for row in rows:
            is_idle &= text[row] == ord("0")
            text[row] *= ~is_idle
    return text


@cache
def _small_ones() -> NDArray[np.uint8]:
    return np.stack([_letters(json.dumps(n / _ONE)) for n in range(_WITH_EXPONENT)])


def _letters(word: str) -> NDArray[Any]:
    return np.frombuffer(word.encode().ljust(_WHOLE + 1 + PLACES, b"\0"), np.uint8)
