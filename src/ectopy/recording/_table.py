"""The body of a text file of numbers, read in pieces by the C parser of pandas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError
from ectopy.recording._sniff import Layout
from ectopy.recording._style import MISSING
from ectopy.recording._timeline import clock_seconds
from ectopy.recording._units import finite_float32

if TYPE_CHECKING:
    import pandas as pd

_ROWS: Final = 1 << 19
"""Rows that are parsed at a time."""
_END_BYTES: Final = 1 << 16
"""How much of the end of a file is looked at for blank lines."""
_MAX_UNREADABLE: Final = 0.02
"""Share of fields of a column that may be no numbers before the file counts as damaged."""


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Columns of a text file.

    Attributes
    ----------
    values
        float32, shape ``(n_rows, n_columns)``; NaN where a value is missing.
    whole
        Of each column, whether all its values are integers.
    time
        float64, shape ``(n_rows,)``, in the units of the file, or in seconds where the file has
        dates or clock times; None without a time column.
    unreadable
        How many fields are neither numbers nor marked as missing.
    example
        The first of them.
    """

    values: NDArray[np.float32]
    whole: tuple[bool, ...]
    time: NDArray[np.float64] | None
    unreadable: int = 0
    example: str = ""


def read_table(path: Path, layout: Layout, values: Sequence[int], time: int | None) -> Table:
    """Read columns of a text file.

    Parameters
    ----------
    path
        The file.
    layout
        How it is laid out.
    values, time
        The columns to read, counted from 0.

    Raises
    ------
    DamagedFileError
        If lines have more columns than the layout, or too many fields are no numbers.
    """
    try:
        return _Reading(path, layout, values, time).strictly()
    except (ValueError, TypeError):
        return _Reading(path, layout, values, time).leniently()


class _Growing:
    """Rows that are put together without a moment in which they fill the memory twice.

    The system moves no bytes when it enlarges a large array, so that it can grow in small steps.
    """

    def __init__(self, shape: tuple[int, ...], kind: type[np.floating[Any]]):
        self.rows, self.array = 0, np.empty((0, *shape), kind)

    def append(self, rows: NDArray[Any]) -> None:
        """Put rows behind those there are."""
        needed = self.rows + len(rows)
        if needed > len(self.array):
            room = max(needed, len(self.array) * 9 // 8)
            self.array.resize((room, *rows.shape[1:]), refcheck=False)
        self.array[self.rows : needed] = rows
        self.rows = needed

    def whole(self) -> NDArray[Any]:
        """Give all rows; none can follow."""
        self.array.resize((self.rows, *self.array.shape[1:]), refcheck=False)
        return self.array


class _Reading:
    """One pass over a file."""

    def __init__(self, path: Path, layout: Layout, values: Sequence[int], time: int | None):
        self.path, self.layout, self.values, self.time = path, layout, list(values), time
        self.unreadable, self.example = 0, ""

    def strictly(self) -> Table:
        """Read a file in which every field of a column of numbers is one, or is missing."""
        return self._collect(lambda column: np.asarray(column, np.float64), as_text=False)

    def leniently(self) -> Table:
        """Read a file in which some fields are neither; they become missing and are counted."""
        table = self._collect(self._numbers, as_text=True)
        if self.unreadable > _MAX_UNREADABLE * max(table.values.size, 1):
            raise DamagedFileError(
                f"{self.unreadable} of {table.values.size} values are no numbers, the first is "
                f"{self.example[:20]!r}; correct them or leave them empty"
            )
        return table

    def _collect(self, convert: Any, *, as_text: bool) -> Table:
        values, times = _Growing((len(self.values),), np.float32), _Growing((), np.float64)
        whole = np.ones(len(self.values), bool)
        for chunk in self._chunks(as_text):
            columns = np.stack([convert(chunk[i]) for i in self.values], axis=1)
            with np.errstate(invalid="ignore"):
                whole &= ((columns == np.rint(columns)) | ~np.isfinite(columns)).all(axis=0)
            values.append(finite_float32(columns))
            if self.time is not None:
                is_clock = self.layout.kinds[self.time] == "time"
                times.append((clock_seconds if is_clock else convert)(chunk[self.time]))
        ends = None if self.time is not None else -self._blank_ends() or None
        return Table(
            values.whole()[:ends],
            tuple(bool(w) for w in whole),
            None if self.time is None else times.whole(),
            self.unreadable,
            self.example,
        )

    def _blank_ends(self) -> int:
        """Count the rows that are but blank lines at the end of the file."""
        if self.layout.style.separator or self.layout.spaced:
            return 0
        with self.path.open("rb") as stream:
            stream.seek(max(0, self.path.stat().st_size - _END_BYTES))
            end = stream.read().replace(b"\0", b"").decode("latin-1")
        count = 0
        for line in reversed(end.splitlines()):
            if line.strip() and not line.lstrip().startswith(self.layout.comment):
                break
            count += not line.strip()
        return count

    def _chunks(self, as_text: bool) -> Iterator[pd.DataFrame]:
        import pandas as pd

        layout = self.layout
        numbers = [] if as_text else [*self.values, self.time]
        kinds: dict[int, Any] = {
            i: np.float64 if i in numbers and kind != "time" else str
            for i, kind in enumerate(layout.kinds)
        }
        with self.path.open(encoding=layout.encoding, errors="replace", newline=None) as stream:
            for _ in layout.preamble:
                stream.readline()
            try:
                yield from pd.read_csv(
                    stream,
                    header=None,
                    names=list(kinds),
                    dtype=kinds,
                    chunksize=_ROWS,
                    index_col=False,
                    **_options(layout),
                )
            except pd.errors.EmptyDataError:
                return
            except pd.errors.ParserError as error:
                place = re.search(r"line (\d+), saw (\d+)", str(error))
                if place is None:
                    raise
                raise DamagedFileError(
                    f"line {int(place[1]) + len(layout.preamble)} has {place[2]} columns, the "
                    f"others have {len(kinds)}; correct that line"
                ) from error

    def _numbers(self, column: pd.Series[str]) -> NDArray[np.float64]:
        """Turn text to numbers; count what is neither a number nor missing."""
        import pandas as pd

        style = self.layout.style
        text = column.str.strip()
        plain = text
        if style.grouped:
            plain = plain.str.replace("," if style.decimal == "." else ".", "", regex=False)
        plain = plain.str.replace(style.decimal, ".", regex=False)
        numbers = pd.to_numeric(plain, errors="coerce")
        odd = numbers.isna() & text.notna() & ~text.str.casefold().isin(MISSING)
        if odd.any():
            self.example = self.example or str(text[odd].iloc[0])
            self.unreadable += int(odd.sum())
        return np.asarray(numbers, np.float64)


def _options(layout: Layout) -> dict[str, Any]:
    style = layout.style
    other = "," if style.decimal == "." else "."
    return {
        "sep": {"": "\x1f", " ": r"\s+"}.get(style.separator, style.separator),
        "decimal": style.decimal,
        "thousands": other if style.grouped else None,
        "quotechar": style.quote or '"',
        "quoting": csv.QUOTE_MINIMAL if style.quote else csv.QUOTE_NONE,
        "comment": layout.comment,
        "skipinitialspace": True,
        # In one column a blank line is a missing sample, unless every other line is blank.
        "skip_blank_lines": bool(style.separator) or layout.spaced,
        "na_values": sorted(MISSING),
    }
