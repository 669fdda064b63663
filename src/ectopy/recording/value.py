"""The values of a recording: the signal, what is known of it, and what was inferred."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from numbers import Real
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import MissingFactError, RecordingError, UnknownLeadError
from ectopy.recording._backing import release

MIN_FS: Final = 50.0
MAX_FS: Final = 20_000.0
"""Sampling rates, in Hz, between which a signal can be an ECG that beats are found in."""
MIN_DURATION_S: Final = 2.0
"""Shortest recording, in seconds, that is taken."""
_BLOCK: Final = 1 << 20
"""Samples that are checked at a time, so that a long recording fills the memory once only."""


@dataclass(frozen=True, slots=True)
class Inference:
    """One fact that the file did not state.

    Attributes
    ----------
    what
        The fact, such as ``"units"``.
    value
        What it was taken to be, such as ``"µV"``.
    why
        The evidence, in a few words.
    option
        The command-line option that overrides it, such as ``"--units"``; empty if none does.
    """

    what: str
    value: str
    why: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a recording comes from: path, format, and everything that was inferred.

    Attributes
    ----------
    path
        The file, as the user named it.
    format
        Name of the file format.
    inferred
        Every fact that the file did not state.
    identity
        Whom the file says it is about, as pairs of a fact and its text, such as ``("name",
        "Ada Lovelace")``; the usual facts are ``name``, ``patient_id``, ``birth_date``,
        ``address`` and ``comment`` for free text that may hold any of them. Every reader fills
        it; :func:`ectopy.read` empties it again unless it is asked to keep it, so that no
        result downstream can hold what it must not.
    """

    path: str = ""
    format: str = "array"
    inferred: tuple[Inference, ...] = ()
    identity: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Annotations:
    """Reference annotations that came with a recording, beats and others, in time order.

    Attributes
    ----------
    sample
        int64, shape ``(n,)``, at the recording's own rate.
    symbol
        MIT annotation symbols, shape ``(n,)``.
    aux
        The text that goes with each annotation (rhythm names), empty where there is none.
    """

    sample: NDArray[np.int64]
    symbol: NDArray[np.str_]
    aux: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.sample)


@dataclass(frozen=True, eq=False, slots=True)
class Recording:
    """An ECG: one or more leads sampled at one rate, in millivolts.

    Attributes
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``, in mV; NaN where the signal is missing. Masked
        samples of a masked array are missing. A long one that was read from a file may be held
        in a temporary file rather than in memory.
    fs
        Sampling rate in Hz.
    leads
        Name of each lead.
    start
        When the recording began, if known.
    source
        Path, format and what was inferred.
    annotations
        Reference annotations of the file, if it has any.
    resolution
        Millivolts per unit of the file's integers, for each lead; None where values were not
        integers or that is not known.

    Raises
    ------
    RecordingError
        If the signal is no two-dimensional array of numbers, is shorter than 2 s, holds
        infinite values or nothing but missing ones, or the lead names do not fit it.
    MissingFactError
        If the rate is no number between 50 Hz and 20 kHz.
    """

    signal: NDArray[np.float32]
    fs: float
    leads: tuple[str, ...]
    start: datetime | None = None
    source: Source = field(default_factory=Source)
    annotations: Annotations | None = None
    resolution: tuple[float | None, ...] | None = None

    def __post_init__(self) -> None:
        check_fs(self.fs)
        signal = np.asanyarray(self.signal)
        if isinstance(signal, np.ma.MaskedArray) and signal.dtype.kind in "iuf":
            signal = np.ma.filled(signal.astype(np.float32), np.nan)
        if signal.dtype.kind not in "iuf":
            raise RecordingError(f"a signal must hold numbers, this one holds {signal.dtype}")
        if signal.ndim == 1:
            signal = signal[:, None]
        if signal.ndim != 2 or 0 in signal.shape:
            raise RecordingError(
                f"a signal has the shape (samples, leads), this one has {signal.shape}"
            )
        if len(signal) / self.fs < MIN_DURATION_S:
            raise RecordingError(
                f"the recording has {len(signal)} samples, {len(signal) / self.fs:.3g} s at "
                f"{self.fs:g} Hz; at least {MIN_DURATION_S:g} s are needed"
            )
        if len(self.leads) != signal.shape[1] or len(set(self.leads)) != len(self.leads):
            raise RecordingError(
                f"{signal.shape[1]} leads need as many different names, got {self.leads}"
            )
        if self.resolution is not None and len(self.resolution) != len(self.leads):
            raise RecordingError("resolution needs one value for each lead")
        signal = signal.astype(np.float32, copy=False)
        is_empty = True
        for at in range(0, len(signal), _BLOCK):
            block = signal[at : at + _BLOCK]
            if np.isinf(block).any():
                raise RecordingError(
                    "the signal holds infinite values; mark missing samples as NaN"
                )
            is_empty = is_empty and bool(np.isnan(block).all())
            release(signal)
        if is_empty:
            raise RecordingError("the signal holds no value at all, every sample is missing")
        object.__setattr__(self, "signal", signal)
        object.__setattr__(self, "fs", float(self.fs))
        object.__setattr__(self, "leads", tuple(self.leads))

    @property
    def n_samples(self) -> int:
        """Number of samples of each lead."""
        return len(self.signal)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.fs

    def lead_index(self, name: str | int) -> int:
        """Give the column of a lead, by its name (upper or lower case) or its number from 0.

        A name wins over a number written as text, and the very name over one in other case.

        Raises
        ------
        UnknownLeadError
            If there is no such lead; the message lists those there are, and says why a signal of
            that name was left out.
        """
        if isinstance(name, str) and name:
            if name in self.leads:
                return self.leads.index(name)
            folded = [lead.casefold() for lead in self.leads]
            if name.casefold() in folded:
                return folded.index(name.casefold())
        number = int(name) if isinstance(name, (int, np.integer)) or _is_number(name) else -1
        if 0 <= number < len(self.leads):
            return number
        why = self._why_left_out(str(name))
        raise UnknownLeadError(f"no lead {name!r}{why}; this recording has {', '.join(self.leads)}")

    def _why_left_out(self, name: str) -> str:
        """Say why a signal of the file is none of the leads, if there is one of that name."""
        for fact in self.source.inferred:
            names = fact.value.casefold().split(", ") if fact.what == "signals left out" else []
            if name.casefold() in names:
                return f" ({fact.why})"
        return ""

    def lead(self, name: str | int) -> NDArray[np.float32]:
        """Give the signal of one lead in mV, shape ``(n_samples,)``."""
        return self.signal[:, self.lead_index(name)]


def _is_number(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[0-9]{1,6}", name) is not None


def check_fs(fs: float) -> float:
    """Give `fs` back if an ECG can have this sampling rate.

    Raises
    ------
    MissingFactError
        If it is not a number between 50 and 20,000 Hz.
    """
    if not isinstance(fs, Real):
        raise MissingFactError(
            f"a sampling rate is a number of hertz from {MIN_FS:g} to {MAX_FS:g}, such as 250, "
            f"not {fs!r}"
        )
    if not (math.isfinite(fs) and MIN_FS <= fs <= MAX_FS):
        raise MissingFactError(
            f"a sampling rate of {float(fs):g} Hz is not possible here; "
            f"give one from {MIN_FS:g} to {MAX_FS:g} Hz with --fs"
        )
    return fs
