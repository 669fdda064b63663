"""Bytes that come in pieces → rows of samples: text, one row a line, or binary numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import RecordingError

BINARY: Final = {
    "int16": "<i2",
    "int32": "<i4",
    "float32": "<f4",
    "float64": "<f8",
}
"""Binary formats: little-endian numbers, the leads of one moment side by side."""
FORMATS: Final = ("text", *BINARY)
LONGEST_LINE: Final = 10_000
"""Bytes that a line of text may have."""
_MISSING: Final = frozenset({"", "nan", "na", "-", "null", "none"})
_TIMES: Final = ("time", "time_s", "t", "sample", "index")
"""Columns of a header line that are no lead."""


class TextSamples:
    """Lines of numbers, one line a moment, one column a lead.

    Columns stand apart by commas, semicolons, tabs or spaces. A blank line, ``nan`` or an empty
    field is a missing sample, a line that begins with ``#`` a remark. The first line may name the
    columns: those of time or of sample numbers are left out.

    Parameters
    ----------
    leads
        Name of each lead; taken from the first line where they are not given.

    Attributes
    ----------
    error
        What was wrong with the line that reading ended at, None while all is well.
    """

    format: Final = "text"

    def __init__(self, leads: Sequence[str] | None = None) -> None:
        self.leads = tuple(leads) if leads else None
        self.error: str | None = None
        self._line = 0
        self._rest = b""
        self._columns: list[int] | None = None
        self._width = 0
        self._blank = 0

    def feed(self, data: bytes, *, end: bool = False) -> NDArray[np.float32]:
        """Take the next bytes, and give the rows that are complete: ``(n, n_leads)``.

        After a line that cannot be read, which `error` tells, nothing more is read.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if end and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        rows: list[list[float]] = []
        for line in lines:
            if self.error is None:
                self._line += 1
                self._read(line, rows)
        if len(self._rest) > LONGEST_LINE and self.error is None:
            self.error = f"line {self._line + 1} is longer than {LONGEST_LINE:,} bytes; is it text?"
        return np.array(rows, np.float32).reshape(len(rows), len(self.leads or ()))

    def _read(self, line: bytes, rows: list[list[float]]) -> None:
        """Read a line into a row, or say what is wrong with it."""
        text = line.decode("utf-8", "replace").strip().removeprefix("\ufeff")
        if text.startswith("#"):
            return
        if not text:
            if self._columns is None:
                self._blank += 1
            else:
                rows.append([np.nan] * len(self._columns))
            return
        fields = _fields(text)
        if self._columns is None:
            if self._begins(fields):
                return
            rows += [[np.nan] * len(self._columns or ())] * self._blank
        if len(fields) != self._width:
            self.error = (
                f"line {self._line} has {len(fields)} columns, those before have {self._width}"
            )
            return
        row = []
        for column in self._columns or ():
            try:
                value = np.nan if fields[column].lower() in _MISSING else float(fields[column])
            except ValueError:
                value = np.inf
            if abs(value) > _LARGEST:
                self.error = f"line {self._line} holds {fields[column][:40]!r}, which is no sample"
                return
            row.append(value)
        rows.append(row)

    def _begins(self, fields: list[str]) -> bool:
        """Learn the columns from the first line; True if it names them and holds no sample."""
        named = not all(_is_number(field) for field in fields)
        self._width = len(fields)
        self._columns = [
            k
            for k, field in enumerate(fields)
            if not (named and field.lower().split("(")[0].strip(' "') in _TIMES)
        ]
        if self.leads is None:
            names = [field.split("(")[0].strip(' "') for field in fields]
            self.leads = tuple(
                names[k] if named else "ECG" if len(fields) == 1 else str(k + 1)
                for k in self._columns
            )
        if len(self.leads) != len(self._columns):
            self.error = (
                f"line {self._line} has {len(self._columns)} columns for {len(self.leads)} leads"
            )
        elif not self.leads or len(set(self.leads)) != len(self.leads):
            self.error = f"line {self._line} does not name leads that differ: {', '.join(fields)}"
        return named or self.error is not None


class BinarySamples:
    """Little-endian numbers, the leads of one moment side by side.

    Parameters
    ----------
    kind
        One of `BINARY`.
    leads
        Name of each lead.
    missing
        The number that stands for a missing sample, besides NaN.

    Attributes
    ----------
    error
        What was wrong, None while all is well.
    """

    def __init__(
        self, kind: str, leads: Sequence[str] = ("ECG",), missing: float | None = None
    ) -> None:
        if kind not in BINARY:
            raise RecordingError(f"no format {kind!r}; formats are {', '.join(FORMATS)}")
        self.format = kind
        self.leads = tuple(leads)
        self.error: str | None = None
        self._dtype = np.dtype(BINARY[kind])
        self._missing = missing
        self._rest = b""
        self._count = 0

    def feed(self, data: bytes, *, end: bool = False) -> NDArray[np.float32]:
        """Take the next bytes, and give the rows that are complete: ``(n, n_leads)``."""
        data = self._rest + data
        size = self._dtype.itemsize * len(self.leads)
        whole = 0 if self.error else len(data) // size * size
        self._rest = data[whole:] if self.error is None else b""
        given = np.frombuffer(data[:whole], self._dtype).reshape(-1, len(self.leads))
        with np.errstate(over="ignore"):
            rows = given.astype(np.float32)
        if self._missing is not None:
            rows[given == self._missing] = np.nan
        if (wrong := np.isinf(rows).any(axis=1)).any():
            bad = int(np.argmax(wrong))
            self.error = f"sample {self._count + bad} is {given[bad].max():g}; is the format right?"
            rows = rows[:bad]
        self._count += len(rows)
        if end and self._rest and self.error is None:
            self.error = (
                f"{len(self._rest)} bytes are left over after sample {self._count - 1}, less than "
                f"the {size} of one moment; the end is missing, or the format or the leads are "
                "not what you say"
            )
        return rows


def read_samples(
    kind: str, leads: Sequence[str] | None = None, missing: float | None = None
) -> TextSamples | BinarySamples:
    """Give what reads a format.

    Parameters
    ----------
    kind
        One of `FORMATS`.
    leads
        Name of each lead.
    missing
        The number that stands for a missing sample in binary formats.

    Raises
    ------
    RecordingError
        If there is no such format.
    """
    if kind == "text":
        return TextSamples(leads)
    return BinarySamples(kind, leads or ("ECG",), missing)


_LARGEST: Final = float(np.finfo(np.float32).max)


def _fields(text: str) -> list[str]:
    for mark in (";", ",", "\t"):
        if mark in text:
            return [field.strip() for field in text.split(mark)]
    return text.split()


def _is_number(field: str) -> bool:
    if field.lower() in _MISSING:
        return True
    try:
        float(field)
    except ValueError:
        return False
    return True
