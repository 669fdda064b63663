"""The value that everything here looks at: labelled beats as rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DatasetError


@dataclass(frozen=True, eq=False)
class BeatSet:
    """Labelled heartbeats, one a row, with as much of their origin as is known.

    Attributes
    ----------
    name
        What to call the set.
    says
        What it was read from, in a few words.
    X
        Rows, float32, shape ``(n, length)``.
    y
        Index into `classes` of each row, shape ``(n,)``.
    classes
        Names of the classes, such as ``("N", "S", "V", "F", "Q")``.
    fs
        Samples a second of a row in Hz; None where it is not known.
    is_test
        Whether a row is in the test part; None where the set is not divided.
    record, patient, sample
        Where each beat is from; None where that is not known. Two records can be of one patient.
    start_s
        Time of the first column in seconds from the R peak, where the rate is known.
    """

    name: str
    says: str
    X: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    fs: float | None = None
    is_test: NDArray[np.bool_] | None = None
    record: NDArray[np.str_] | None = None
    patient: NDArray[np.str_] | None = None
    sample: NDArray[np.int64] | None = None
    start_s: float = 0.0

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or not len(self.X) or self.X.shape[1] < 2:
            raise DatasetError(
                f"{self.name} holds rows of the shape {self.X.shape}; at least one row of two "
                "values or more is needed to draw anything"
            )
        for what in ("y", "is_test", "record", "patient", "sample"):
            values = getattr(self, what)
            if values is not None and len(values) != len(self.X):
                raise DatasetError(
                    f"{self.name} holds {len(self.X):,} rows but {len(values):,} values of {what}; "
                    "build the set again"
                )
        if not np.isfinite(self.X).all():
            bad = int((~np.isfinite(self.X).all(axis=1)).sum())
            raise DatasetError(
                f"{bad:,} of {len(self):,} rows of {self.name} hold values that are no numbers; "
                "leave these rows out, or build the set again"
            )
        if (odd := self.y[(self.y < 0) | (self.y >= len(self.classes))]).size:
            raise DatasetError(
                f"{self.name} has a class {odd[0]:g}, but only {len(self.classes)} classes "
                f"are known: {', '.join(self.classes)}"
            )
        if self.is_test is not None and self.is_test.all():
            raise DatasetError(
                f"all {len(self):,} rows of {self.name} are of the test part, so there are none to "
                "learn from; build the set again, or leave the division away"
            )

    def __len__(self) -> int:
        return len(self.X)

    @property
    def people(self) -> NDArray[np.str_] | None:
        """Patient of each row or, where only that is known, its record."""
        return self.record if self.patient is None else self.patient

    @property
    def train(self) -> NDArray[np.bool_]:
        """The rows to learn from: all of them where the set is not divided."""
        return np.ones(len(self), bool) if self.is_test is None else ~self.is_test

    def seconds(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give columns as seconds from the start of a row where the rate is known."""
        return columns / self.fs if self.fs else columns

    def time(self, columns: int) -> NDArray[np.float64]:
        """Give the time of the first so many columns: from R in seconds, or just their numbers."""
        return self.seconds(np.arange(columns, dtype=float)) + (self.start_s if self.fs else 0)
