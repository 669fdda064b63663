"""Huffman codes and differences, by which SCP-ECG stores its samples (EN 1064, 5.5 and 5.8)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError

_DEFAULT: Final = 19999
_WINDOW: Final = 16
_WORD: Final = 64
_MASK: Final = (1 << _WORD) - 1
_LONGEST_PREFIX: Final = 32
_LONGEST_CODE: Final = 48
_MAX_TABLES: Final = 256
_MAX_CODES: Final = 8192
MAX_SAMPLES: Final = 8_000_000
"""Most samples that are unpacked: a quarter of an hour of twelve leads."""
_ADVICE: Final = "the file is damaged, copy it again"


@dataclass(frozen=True, slots=True)
class _Code:
    """A prefix of so many bits, the bits in all, and the value or the table to go on with."""

    prefix: int
    total: int
    is_switch: bool
    value: int
    bits: int


class Table:
    """A Huffman table that looks 16 bits up at once; longer prefixes are searched for."""

    def __init__(self, codes: list[_Code]):
        if sum(Fraction(1, 1 << code.prefix) for code in codes) > 1:
            raise DamagedFileError(f"a Huffman table of the file is impossible; {_ADVICE}")
        self._short: list[_Code | None] = [None] * (1 << _WINDOW)
        self._long: dict[int, dict[int, _Code]] = {}
        for code in codes:
            if code.prefix <= _WINDOW:
                spare = _WINDOW - code.prefix
                first = code.bits << spare
                self._short[first : first + (1 << spare)] = [code] * (1 << spare)
            else:
                self._long.setdefault(code.prefix, {})[code.bits] = code

    def find(self, word: int) -> _Code | None:
        """Give the code that a word of 64 bits begins with."""
        found = self._short[word >> (_WORD - _WINDOW)]
        if found is None:
            for prefix, codes in self._long.items():
                found = found or codes.get(word >> (_WORD - prefix))
        return found


def _default_table() -> Table:
    codes = [_Code(1, 1, False, 0, 0)]
    for size in range(1, 9):
        ones = (1 << size) - 1
        codes.append(_Code(size + 2, size + 2, False, size, ones << 2))
        codes.append(_Code(size + 2, size + 2, False, -size, ones << 2 | 1))
    codes.append(_Code(10, 18, False, 0, 0b1111111110))
    codes.append(_Code(10, 26, False, 0, 0b1111111111))
    return Table(codes)


def parse_tables(body: bytes) -> list[Table]:
    """Read section 2: its tables, or the default table of the standard.

    Raises
    ------
    DamagedFileError
        If it is cut short or no set of prefix codes.
    """
    try:
        count = struct.unpack_from("<H", body)[0]
        if count == _DEFAULT:
            return [_default_table()]
        if not 0 < count <= _MAX_TABLES:
            raise DamagedFileError(f"the file promises {count} Huffman tables; {_ADVICE}")
        tables, at, left = [], 2, _MAX_CODES
        for _ in range(count):
            n = struct.unpack_from("<H", body, at)[0]
            left -= n
            if left < 0:
                raise DamagedFileError(f"the file has over {_MAX_CODES} Huffman codes; {_ADVICE}")
            rows = [struct.unpack_from("<BBBhI", body, at + 2 + 9 * i) for i in range(n)]
            tables.append(Table([_code(*row) for row in rows]))
            at += 2 + 9 * n
    except struct.error as error:
        raise DamagedFileError(f"the Huffman tables of the file end early; {_ADVICE}") from error
    return tables


def _code(prefix: int, total: int, mode: int, value: int, stored: int) -> _Code:
    """Build a code, whose bits are stored the first one last."""
    prefix, total = min(prefix, total), max(prefix, total)
    if not (0 < prefix <= _LONGEST_PREFIX and total <= _LONGEST_CODE):
        raise DamagedFileError(f"a Huffman code of the file has {prefix} bits; {_ADVICE}")
    bits = int(f"{stored & ((1 << prefix) - 1):0{prefix}b}"[::-1], 2)
    return _Code(prefix, total, mode == 0, value, bits)


def unpack(data: bytes, count: int, tables: list[Table]) -> tuple[NDArray[np.int64], int]:
    """Unpack `count` values from the beginning of `data`; give them and the bytes they took.

    Raises
    ------
    DamagedFileError
        If the data end early or hold an unknown code.
    """
    if count > 8 * len(data):
        raise DamagedFileError(f"the file promises {count} samples, more than it holds; {_ADVICE}")
    padded, end = data + bytes(9), 8 * len(data)
    table, at = tables[0], 0
    values: list[int] = []
    while len(values) < count:
        begin = at >> 3
        word = int.from_bytes(padded[begin : begin + 9], "big") >> (8 - (at & 7)) & _MASK
        code = table.find(word) if at < end else None
        if code is None:
            raise DamagedFileError(
                f"the samples end after {len(values)} of {count} or hold no code; {_ADVICE}"
            )
        if code.is_switch:
            if not 0 < code.value <= len(tables):
                raise DamagedFileError(f"there is no Huffman table {code.value}; {_ADVICE}")
            table, at = tables[code.value - 1], at + code.prefix
            continue
        value, spare = code.value, code.total - code.prefix
        if spare:
            raw = (word >> (_WORD - code.total)) & ((1 << spare) - 1)
            value += raw - (1 << spare) if raw >> (spare - 1) else raw
        at += code.total
        values.append(value)
    if at > end:
        raise DamagedFileError(f"the samples end within the last of {count}; {_ADVICE}")
    return np.array(values, np.int64), (at + 7) // 8


def undo_differences(values: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """Sum up first or second differences, in the 16-bit arithmetic of the standard."""
    if order == 1:
        values = np.cumsum(values)
    elif order == 2 and len(values) > 2:
        slopes = np.cumsum(np.concatenate([values[1:2] - values[:1], values[2:]]))
        values = values[0] + np.concatenate([[0], np.cumsum(slopes)])
    return values.astype(np.int16).astype(np.int64)
