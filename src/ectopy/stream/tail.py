"""The last rows of something that grows for ever, in memory that does not grow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Tail:
    """The last rows of a table that rows are added to at the end.

    Parameters
    ----------
    most
        Rows that are kept at least, once there are so many.
    width
        Columns, or None where a row is one number.
    dtype
        Type of the numbers.

    Attributes
    ----------
    count
        Rows that were ever added.
    """

    def __init__(self, most: int, width: int | None, dtype: DTypeLike) -> None:
        self.most = most
        self.count = 0
        shape = (2 * most,) if width is None else (2 * most, width)
        self._rows: NDArray[Any] = np.empty(shape, dtype)
        self._stop = 0

    def add(self, rows: NDArray[Any]) -> None:
        """Add rows, at most as many as are kept."""
        stop = self._stop + len(rows)
        if stop > len(self._rows):
            kept = min(self.most, self._stop)
            self._rows[:kept] = self._rows[self._stop - kept : self._stop]
            self._stop, stop = kept, kept + len(rows)
        self._rows[self._stop : stop] = rows
        self._stop = stop
        self.count += len(rows)

    @property
    def first(self) -> int:
        """Number of the first row that is kept, counted over all that were ever added."""
        return self.count - min(self.most, self._stop)

    @property
    def rows(self) -> NDArray[Any]:
        """The rows that are kept, not copied: what is written there stays."""
        return self._rows[max(0, self._stop - self.most) : self._stop]

    def between(self, first: int, last: int) -> NDArray[Any]:
        """Give the rows of these numbers, not copied."""
        shift = self._stop - self.count
        return self._rows[first + shift : last + shift]
