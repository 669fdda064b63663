"""Millivolts → integers, a piece at a time: the steps that lose as little as there is to lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.recording.value import Recording

PIECE: Final = 1 << 20
"""Samples that are turned at a time."""
HIGHEST_16: Final = 32_767
"""Largest integer of 16 bits; values go from its negative, one below that means missing."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Lowest and highest value of one lead in mV, and its own step if it has one."""

    low: float
    high: float
    step: float | None

    @property
    def steps(self) -> float:
        """How many steps of its own the lead spans; infinite if it has none."""
        return (self.high - self.low) / self.step if self.step else float("inf")


def pieces(recording: Recording) -> Iterator[NDArray[np.float32]]:
    """Yield the signal in pieces of shape ``(up to PIECE, n_leads)``."""
    for start in range(0, recording.n_samples, PIECE):
        yield recording.signal[start : start + PIECE]


def extents(recording: Recording) -> tuple[Extent, ...]:
    """Give the extent of each lead; that of a lead without a value is 0 to 0."""
    low = np.full(len(recording.leads), np.inf)
    high = -low
    for piece in pieces(recording):
        low = np.fmin(low, np.fmin.reduce(piece, axis=0))
        high = np.fmax(high, np.fmax.reduce(piece, axis=0))
    steps = recording.resolution or (None,) * len(recording.leads)
    return tuple(
        Extent(float(a), float(b), step) if a <= b else Extent(0.0, 0.0, step)
        for a, b, step in zip(low, high, steps, strict=True)
    )


def integers(
    piece: NDArray[np.float32],
    step: NDArray[np.float64],
    zero: NDArray[np.float64],
    missing: int,
) -> NDArray[np.float64]:
    """Turn mV to the nearest integers.

    Parameters
    ----------
    piece
        float32, shape ``(n, n_leads)``, in mV, NaN where missing.
    step, zero
        Of each lead the mV per integer, and the integer that stands for 0 mV.
    missing
        The integer that stands for a missing sample.
    """
    found = np.rint(piece / step + zero)
    found[np.isnan(found)] = missing
    return found


def missing_runs(recording: Recording) -> Iterator[tuple[int, int, int]]:
    """Yield ``(lead, start, stop)`` of each run of missing samples, lead by lead."""
    for lead in range(len(recording.leads)):
        before, start, begun = False, 0, 0
        for piece in pieces(recording):
            gone = np.isnan(piece[:, lead])
            for edge in np.flatnonzero(np.diff(gone, prepend=before)):
                if gone[edge]:
                    begun = start + int(edge)
                else:
                    yield lead, begun, start + int(edge)
            before, start = bool(gone[-1]), start + len(piece)
        if before:
            yield lead, begun, start
