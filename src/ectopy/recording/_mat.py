"""MATLAB files of the versions 4 and 5 (to 7), every length checked before anything is made.

By the MAT-File Format of MathWorks. A struct or cell that promises a billion elements costs no
more than a message here. What is found is given flat: ``header.freq``, ``ECG.data``.
"""

from __future__ import annotations

import math
import struct
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError

Variables = dict[str, NDArray[Any] | list[str]]
"""Arrays of numbers and lists of texts, by name."""

_NUMBERS: Final = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_TEXTS: Final = {
    1: "latin-1", 2: "utf-8", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32",
}  # fmt: skip
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _OBJECT, _CHAR = 1, 2, 3, 4
_NUMERIC: Final = range(6, 16)
_MAX_DEPTH: Final = 12
_MAX_ELEMENTS: Final = 20_000
_MAX_NAMED: Final = 64
"""Elements of one struct array or cell that are looked into."""
_FREE_BYTES: Final = 256 << 20
_MAX_RATIO: Final = 100
_MAX_UNPACKED: Final = 2 << 30
_TYPES_V4: Final = ("f8", "f4", "i4", "i2", "u2", "u1")
_HEADER_V4: Final = 20


def is_version_4(head: bytes, size: int) -> bool:
    """Whether the first bytes of a file of `size` bytes are the header of a version 4 matrix."""
    for order in "<>":
        found = _header_v4(head, order)
        if found is not None:
            kind, rows, columns, name_length, _ = found
            name = head[_HEADER_V4 : _HEADER_V4 + name_length]
            held = rows * columns * np.dtype(kind).itemsize + _HEADER_V4 + name_length
            if _is_name(name):
                return held <= size
    return False


def _is_name(name: bytes) -> bool:
    return name[-1:] == b"\0" and name[:-1].decode("latin-1").isidentifier()


def _header_v4(head: bytes, order: str) -> tuple[str, int, int, int, bool] | None:
    """Give type, rows, columns, length of the name, and whether it is text, of one matrix."""
    if len(head) < _HEADER_V4:
        return None
    mopt, rows, columns, imaginary, name_length = struct.unpack_from(f"{order}5i", head)
    machine, rest = divmod(mopt, 1000)
    zero, kind, text = rest // 100, rest // 10 % 10, rest % 10
    if (
        machine != (0 if order == "<" else 1)
        or zero
        or kind >= len(_TYPES_V4)
        or text > 1
        or imaginary not in (0, 1)
        or not 1 < name_length <= _MAX_NAMED
        or rows < 0
        or columns < 0
    ):
        return None
    return order + _TYPES_V4[kind], rows, columns, name_length, bool(text)


def read_version_4(content: memoryview, name: str) -> Variables:
    """Give the matrices of a version 4 file.

    Raises
    ------
    DamagedFileError
        If one is cut short.
    """
    variables: Variables = {}
    at = 0
    while at < len(content) and len(variables) < _MAX_ELEMENTS:
        head = bytes(content[at : at + _HEADER_V4 + _MAX_NAMED])
        found = _header_v4(head, "<") or _header_v4(head, ">")
        if found is None:
            raise DamagedFileError(f"{name} breaks off between its variables; export it again")
        kind, rows, columns, name_length, text = found
        label = head[_HEADER_V4 : _HEADER_V4 + name_length].split(b"\0")[0].decode("latin-1")
        start = at + _HEADER_V4 + name_length
        imaginary = struct.unpack_from(kind[0] + "i", head, 12)[0]
        length = rows * columns * np.dtype(kind).itemsize
        at = start + length * (1 + imaginary)
        if at > len(content):
            raise DamagedFileError(
                f"{name} is cut short: {label[:40]} promises {length} bytes, "
                f"{len(content) - start} are left; copy it again"
            )
        values = np.frombuffer(content[start : start + length], kind).reshape(columns, rows).T
        variables[label] = _rows_of_text(values) if text else values
    return variables


def _rows_of_text(values: NDArray[Any]) -> list[str]:
    return ["".join(chr(int(c)) for c in row if 0 <= c < 0x110000) for row in values[:_MAX_NAMED]]


def read_version_5(content: memoryview, name: str) -> Variables:
    """Give the arrays and texts of a file of version 5 to 7, of structs and cells, too.

    Raises
    ------
    DamagedFileError
        If lengths and sizes contradict each other.
    RecordingError
        If it unpacks to more than any recording takes.
    """
    order = {b"IM": "<", b"MI": ">"}.get(bytes(content[126:128]))
    if order is None:
        raise DamagedFileError(f"{name} has no valid MATLAB header; export it again")
    reading = _Reading(order, name, len(content))
    try:
        reading.elements(content[128:])
    except (struct.error, zlib.error, UnicodeError) as error:
        raise DamagedFileError(
            f"{name} cannot be unpacked, it is damaged or cut short; copy or export it again"
        ) from error
    return reading.variables


class _Reading:
    """One pass over a version 5 file."""

    def __init__(self, order: str, name: str, size: int):
        self.order, self.name = order, name
        self.variables: Variables = {}
        self.left = _MAX_ELEMENTS
        self.unpacked, self.allowed = 0, min(_MAX_UNPACKED, max(_FREE_BYTES, _MAX_RATIO * size))

    def elements(self, content: memoryview) -> None:
        """Read the elements of the file itself."""
        at = 0
        while len(content) - at >= 8:
            kind, data, following = self._element(content, at)
            if kind == _COMPRESSED:
                inner, at = self._unpack(data), at + 8 + len(data)
                kind, data, _ = self._element(memoryview(inner), 0)
            else:
                at = following
            if kind == _MATRIX:
                self._matrix(data, "", 0)

    def _damaged(self, what: str) -> DamagedFileError:
        return DamagedFileError(f"{self.name} {what}; it is damaged, copy or export it again")

    def _element(self, content: memoryview, at: int) -> tuple[int, memoryview, int]:
        """Give the type and the data of one element, and where the next begins."""
        kind, length = struct.unpack_from(f"{self.order}2I", content, at)
        if kind >> 16:  # the short form: both in one word, the data in the next
            kind, length = kind & 0xFFFF, kind >> 16
            if length > 4:
                raise self._damaged("has an element of impossible length")
            return kind, content[at + 4 : at + 4 + length], at + 8
        if at + 8 + length > len(content):
            raise self._damaged(f"promises {length} bytes where {len(content) - at - 8} are left")
        return kind, content[at + 8 : at + 8 + length], at + 8 + -(-length // 8) * 8

    def _unpack(self, data: memoryview) -> bytearray:
        unpacker, out, rest = zlib.decompressobj(), bytearray(), bytes(data)
        while rest and not unpacker.eof:
            out += unpacker.decompress(rest, 1 << 22)
            rest = unpacker.unconsumed_tail
            self.unpacked += 0 if rest else len(out)
            if self.unpacked + len(out) > self.allowed:
                raise RecordingError(
                    f"{self.name} unpacks to more than {self.allowed >> 20} MB; "
                    "export the recording alone"
                )
        return out

    def _matrix(self, content: memoryview, path: str, depth: int) -> None:
        """Read one array and file it, or what it holds, under its name."""
        self.left -= 1
        if depth > _MAX_DEPTH or self.left < 0 or not len(content):
            return
        _, flags, at = self._element(content, 0)
        (word,) = struct.unpack_from(f"{self.order}I", flags)
        kind, is_complex = word & 0xFF, bool(word & 0x0800)
        if kind not in (_CELL, _STRUCT, _OBJECT, _CHAR, *_NUMERIC):
            return
        _, dims, at = self._element(content, at)
        shape = struct.unpack(f"{self.order}{len(dims) // 4}i", dims[: len(dims) // 4 * 4])
        _, label, at = self._element(content, at)
        path = path or bytes(label).decode("latin-1")
        if len(shape) < 2 or min(shape) < 0:
            raise self._damaged(f"gives {path[:40]} impossible sizes")
        count = math.prod(shape)
        if kind in _NUMERIC or kind == _CHAR:
            self._values(content, at, shape, path, text=kind == _CHAR, keep=not is_complex)
        elif kind == _CELL:
            self._cell(content, at, count, path, depth)
        else:
            self._struct(content, at, count, path, depth, has_class=kind == _OBJECT)

    def _values(
        self,
        content: memoryview,
        at: int,
        shape: tuple[int, ...],
        path: str,
        *,
        text: bool,
        keep: bool,
    ) -> None:
        kind, data, _ = self._element(content, at)
        count = math.prod(shape)
        if text:
            encoding = _TEXTS.get(kind, "latin-1")
            if encoding in ("utf-16", "utf-32"):
                encoding += "-le" if self.order == "<" else "-be"
            said = bytes(data).decode(encoding, "replace")
            rows = shape[0] if count == len(said) else 1
            self.variables[path] = [said[i::rows] for i in range(min(rows, _MAX_NAMED))]
            return
        dtype = np.dtype(self.order + _NUMBERS[kind]) if kind in _NUMBERS else None
        if dtype is None or len(data) != count * dtype.itemsize:
            raise self._damaged(f"holds other than the {count} values that {path[:40]} promises")
        if keep:
            self.variables[path] = np.frombuffer(data, dtype).reshape(shape, order="F")

    def _cell(self, content: memoryview, at: int, count: int, path: str, depth: int) -> None:
        """Read the items of a cell; texts of one row each become one list."""
        items = min(count, _MAX_NAMED)
        names = [f"{path}{{{i + 1}}}" for i in range(items)]
        for name in names:
            _, data, at = self._element(content, at)
            self._matrix(data, name, depth + 1)
        found = [self.variables.get(name) for name in names]
        if items and all(isinstance(item, list) and len(item) == 1 for item in found):
            self.variables[path] = [item[0] for item in found if isinstance(item, list)]
            for name in names:
                del self.variables[name]

    def _struct(
        self, content: memoryview, at: int, count: int, path: str, depth: int, *, has_class: bool
    ) -> None:
        """Read the fields of the first elements of a struct."""
        if has_class:
            _, _, at = self._element(content, at)
        _, width, at = self._element(content, at)
        (length,) = struct.unpack_from(f"{self.order}i", width)
        _, names, at = self._element(content, at)
        if not 0 < length <= 256:
            raise self._damaged(f"has field names of {length} bytes")
        fields = [
            bytes(names[i : i + length]).split(b"\0")[0].decode("latin-1")
            for i in range(0, len(names) // length * length, length)
        ]
        for i in range(min(count, _MAX_NAMED)):
            for field in fields:
                _, data, at = self._element(content, at)
                element = path if count == 1 else f"{path}({i + 1})"
                self._matrix(data, f"{element}.{field}", depth + 1)
