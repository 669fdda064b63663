"""The small values that a comparison is made from."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import AnnotationError
from ectopy.recording.value import Annotations

ESCAPE_BEATS = ("S", "N")
"""Classes that escape beats (``e j n``) can be counted as."""


@dataclass(frozen=True, eq=False, slots=True)
class FileAnnotations(Annotations):
    """Annotations as a file holds them, with two facts more.

    Attributes
    ----------
    subtype
        int64, shape ``(n,)``: subtype of each annotation, which tells for ``~`` whether the
        signal became unreadable; None if the file has none.
    n_samples
        Length of the record in samples; None if that is not known.
    """

    subtype: NDArray[np.int64] | None = None
    n_samples: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """What is compared, in samples.

    Attributes
    ----------
    start
        First sample after the learning period.
    stop
        Length of the record, or None to go on to the last annotation.
    window
        Farthest that two beats may lie apart to be one.
    """

    start: int
    stop: int | None
    window: int

    @classmethod
    def of(
        cls, fs: float, learning_s: float, window_s: float, n_samples: int | None = None
    ) -> Period:
        """Turn seconds into samples, rounded half up as the reference tools do.

        Raises
        ------
        AnnotationError
            If the rate is not positive or a time is negative.
        """
        if not 0 < fs < inf or not 0 <= learning_s < inf or not 0 <= window_s < inf:
            raise AnnotationError(
                f"a comparison needs a rate above 0 Hz and times from 0 s, got fs={fs:g}, "
                f"learning_s={learning_s:g}, window_s={window_s:g}"
            )
        return cls(floor(learning_s * fs + 0.5), n_samples, floor(window_s * fs + 0.5))


@dataclass(frozen=True, slots=True)
class Score:
    """How well events of one kind were found.

    Attributes
    ----------
    tp, fn, fp
        Events found, missed and made up. Where reference and test count different events
        (runs), `tp` is that of the reference.
    tp_ppv
        Events of the test that are real, where that differs from `tp`.
    """

    tp: int
    fn: int
    fp: int
    tp_ppv: int | None = None

    @property
    def found(self) -> int:
        """Events of the test that are real."""
        return self.tp if self.tp_ppv is None else self.tp_ppv

    @property
    def se(self) -> float | None:
        """Sensitivity in percent, None without events in the reference."""
        return percent(self.tp, self.tp + self.fn)

    @property
    def ppv(self) -> float | None:
        """Positive predictivity in percent, None without events in the test."""
        return percent(self.found, self.found + self.fp)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of sensitivity and positive predictivity in percent.

        None without any event; 0 if there are events and none of them was found.
        """
        if self.tp + self.fn + self.found + self.fp == 0:
            return None
        se, ppv = self.se or 0.0, self.ppv or 0.0
        return 2 * se * ppv / (se + ppv) if se + ppv else 0.0

    def to_dict(self) -> dict[str, float | int | None]:
        """Give the rates in percent (or None) and the counts behind them."""
        counts: dict[str, float | int | None] = {"tp": self.tp, "fn": self.fn, "fp": self.fp}
        if self.tp_ppv is not None:
            counts["tp_ppv"] = self.tp_ppv
        return {"se": self.se, "ppv": self.ppv, "f1": self.f1, **counts}


def percent(part: float, whole: float) -> float | None:
    """Give `part` of `whole` in percent, None if there is no whole."""
    return 100.0 * part / whole if whole > 0 else None
