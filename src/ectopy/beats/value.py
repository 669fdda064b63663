"""The values of found beats: where each is, and how good the signal is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import RecordingError

BAD_REASONS: Final = ("missing", "flat", "saturated", "noisy")
"""Why a stretch of signal cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of bad signal: samples `start` up to but not including `stop`, and the reason."""

    start: int
    stop: int
    reason: str


@dataclass(frozen=True, eq=False, slots=True)
class Beats:
    """The heartbeats of one recording.

    Attributes
    ----------
    sample
        int64, shape ``(n,)``, strictly ascending: the R peak of each beat, counted in samples
        at the recording's own rate.
    quality
        float32, shape ``(n,)``: 1 where the signal around the beat is clean and the detector
        sure of it, 0 where the signal says nothing.
    fs
        Sampling rate in Hz that `sample` counts at.
    lead
        The lead that the beats were found in.
    bad
        Stretches of missing, flat, saturated or noisy signal in that lead, in time order.
    others
        Other leads that were looked at together with it; where the beats are named they are
        looked at again.

    Raises
    ------
    RecordingError
        If positions are not ascending, or quality does not fit them.
    """

    sample: NDArray[np.int64]
    quality: NDArray[np.float32]
    fs: float
    lead: str
    bad: tuple[Stretch, ...] = ()
    others: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if np.asarray(self.sample).dtype.kind not in "iu" and len(self.sample):
            raise RecordingError("beat positions must be whole sample numbers; round them first")
        sample = np.asarray(self.sample, np.int64)
        quality = np.asarray(self.quality, np.float32)
        if sample.ndim != 1 or quality.shape != sample.shape:
            raise RecordingError(
                f"beats need one position and one quality each, got {sample.shape} and "
                f"{quality.shape}"
            )
        if not ((quality >= 0) & (quality <= 1)).all():
            raise RecordingError("the quality of a beat must be between 0 and 1")
        if len(sample) and (sample[0] < 0 or (np.diff(sample) <= 0).any()):
            raise RecordingError("beat positions must be ascending sample numbers from 0")
        object.__setattr__(self, "sample", sample)
        object.__setattr__(self, "quality", quality)

    def __len__(self) -> int:
        return len(self.sample)

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Time of each beat from the start of the recording, in seconds."""
        return self.sample / self.fs

    @property
    def rr_s(self) -> NDArray[np.float64]:
        """Interval from the preceding beat in seconds.

        NaN for the first beat and for a beat that a stretch of missing, flat or saturated
        signal lies before: beats may have been lost there.
        """
        rr = np.full(len(self), np.nan)
        rr[1:] = np.diff(self.sample) / self.fs
        for stretch in self.bad:
            if stretch.reason != "noisy":
                after = np.searchsorted(self.sample, stretch.start)
                if after < len(self):
                    rr[after] = np.nan
        return rr
