"""Time columns: their unit, the rate they give, and the gaps they show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording.value import MAX_FS, MIN_FS

if TYPE_CHECKING:
    import pandas as pd

MAX_DURATION_S: Final = 14 * 86_400.0
"""Longest recording that gaps may make, in seconds."""
_LONG_STEP: Final = 1.5
"""A step of more than this many usual ones is a gap."""
_MAX_LONG: Final = 0.02
"""Share of long steps above which stamps are taken to come in packets."""
_STEADY: Final = 0.8
"""Share of steps that must lie near the usual one."""
_MAX_UNSTAMPED: Final = 0.01
_MEDIAN_OF: Final = 4_000_000
"""Values beyond which a median is taken of every second, third, … of them."""

_UNIT_NAMES: Final = {
    1e-9: r"ns|nsec\w*|nano-?s(e\w*)?",
    1e-6: r"[uµμ]s|[uµμ]sec\w*|mi[ck]ro-?s(e\w*)?",
    1e-3: r"ms|msec\w*|mill?i-?s(e\w*)?",
    1.0: r"s|secs?|seconds?|sekunden?|secondes?|segundos?|secondi",
}
_SEPARATORS: Final = r"[\s_()\[\]{},;:/.\"']+"


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a time column says.

    Attributes
    ----------
    fs
        Sampling rate in Hz.
    missing
        int64, shape ``(n_samples,)``: how many samples are missing just before each one.
    """

    fs: float
    missing: NDArray[np.int64]


def unit_by_name(name: str) -> float | None:
    """Give the seconds per unit that the name of a column states, such as 1e-3 for ``t [ms]``."""
    for word in re.split(_SEPARATORS, name.casefold()):
        for seconds, spelling in _UNIT_NAMES.items():
            if re.fullmatch(spelling, word):
                return seconds
    return None


def unit_by_step(step: float) -> float | None:
    """Give the seconds per unit with which `step` makes a rate that an ECG can have.

    The rates span a factor of 400 and the units are a factor of 1000 apart, so that no more than
    one of seconds, milli-, micro- and nanoseconds fits.
    """
    for seconds in sorted(_UNIT_NAMES, reverse=True):
        period = step * seconds  # which is 0 where the step is the least of numbers
        if period > 0 and MIN_FS <= 1 / period <= MAX_FS:
            return seconds
    return None


def clock_seconds(stamps: pd.Series[str]) -> NDArray[np.float64]:
    """Turn stamps such as ``0:00.004``, ``13:58:58.081`` or ISO dates with times to seconds.

    Dates written year first count; of others only the time of day is taken, and the day goes up
    by one where the clock falls back past midnight. What is no time is NaN.
    """
    import pandas as pd

    text = stamps.astype(str).str.strip(" \t\"'[]").str.replace(",", ".", regex=False)
    if text.str.match(r"\d{4}[-/]").mean() > 0.5:
        iso = text.str.replace("/", "-", regex=False)
        times = pd.to_datetime(iso, format="ISO8601", utc=True, errors="coerce")
        since = (times - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
        return np.asarray(since.to_numpy(), np.float64)
    parts = text.str.extract(
        r"(?:(?P<h>\d+):)?(?P<m>\d+):(?P<s>\d+(?:\.\d+)?)\s*(?P<half>[AaPp])?", expand=True
    )
    number = parts[["h", "m", "s"]].apply(pd.to_numeric, errors="coerce")
    seconds = number["h"].fillna(0.0) * 3600 + number["m"] * 60 + number["s"]
    half = parts["half"].str.casefold()
    twelve = number["h"] == 12
    seconds += 43_200.0 * ((half == "p") & ~twelve) - 43_200.0 * ((half == "a") & twelve)
    return np.asarray(seconds.to_numpy(), np.float64)


def past_midnight(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let a clock that falls back by more than twelve hours go on into the next day."""
    falls = np.diff(seconds, prepend=seconds[:1]) < -43_200.0
    return seconds + 86_400.0 * np.cumsum(falls)


def start_time(first: float | str, seconds: float = 1.0) -> datetime | None:
    """Give when a recording began, from its first stamp, if that says the day.

    Parameters
    ----------
    first
        The first stamp: an ISO date with a time, or a number of units since 1970.
    seconds
        Seconds per unit of a number.
    """
    if isinstance(first, str):
        text = first.strip(" \t\"'[]").replace("/", "-").replace(",", ".")
        text = re.sub(r"\s+(?=[+-]\d\d:?\d\d$)", "", text)
        try:
            return (
                datetime.fromisoformat(text) if re.match(r"\d{4}-\d\d-\d\d[T ]\d", text) else None
            )
        except ValueError:
            return None
    since_1970 = first * seconds
    # From 2000 to 2100: less is a clock that counts from the start of the device.
    return datetime.fromtimestamp(since_1970, UTC) if 946e6 < since_1970 < 4103e6 else None


def measure(time: NDArray[np.float64], resolution: float, where: str) -> Timeline:
    """Find the sampling rate and the gaps in a column of times.

    Stamps may be rounded, may jitter, and may come in packets (several samples with one stamp,
    or with stamps that run ahead until the next packet); what counts is the time from packet to
    packet.

    Parameters
    ----------
    time
        float64, shape ``(n_samples,)``, in seconds; NaN where a stamp is missing.
    resolution
        To what they are rounded, in seconds.
    where
        What the column is called, for errors.

    Raises
    ------
    DamagedFileError
        If time goes back, or many stamps are missing.
    MissingFactError
        If the steps are too uneven to give a rate.
    RecordingError
        If gaps make the recording longer than 14 days.
    """
    time = _filled(time, where)
    step = np.diff(time)
    if len(step) and step.min() < 0:
        row = int(np.argmax(step < 0)) + 1
        raise DamagedFileError(
            f"{where} goes back in row {row + 1}, from {time[row - 1]:.10g} to {time[row]:.10g} s; "
            "sort the rows, or give --fs and remove that column"
        )
    usual = _median(step) if len(step) else 0.0
    is_long = step > max(_LONG_STEP * usual + 2 * resolution * (usual > 0), 0.0)
    packets = usual == 0 or float(is_long.mean()) > _MAX_LONG
    # A column of a day has 20 million stamps, so that no array more is made than need be.
    between, samples, heads = step, np.ones(1, np.int64), None
    if packets:
        heads = np.flatnonzero(np.r_[True, is_long])
        between, samples = np.diff(time[heads]), np.diff(heads)
    if len(between) < 3:
        raise MissingFactError(f"{where} has no steady step; give the rate, such as --fs 250")
    period = _period(between, samples, resolution, where)
    fs = _round_rate(1 / period, resolution / float(between.sum()))
    excess = between
    excess *= fs
    excess -= samples
    jitter = 0.5 + resolution * fs + 4 * _median(excess, np.abs)
    gaps = np.flatnonzero(excess > jitter)
    missing = np.zeros(len(time), np.int64)
    missing[gaps + 1 if heads is None else heads[gaps + 1]] = np.rint(excess[gaps])
    if (len(time) + int(missing.sum())) / fs > MAX_DURATION_S:
        row = int(np.argmax(missing)) + 1
        raise RecordingError(
            f"{where} jumps by {missing.max() / fs / 86_400:.3g} days before row {row}; "
            f"a recording lasts {MAX_DURATION_S / 86_400:.0f} days at most; split the file there"
        )
    return Timeline(fs, missing)


def _filled(time: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """Give stamps that are missing here and there the times between their neighbours."""
    known = np.isfinite(time)
    if known.all():
        return time
    if known.mean() < 1 - _MAX_UNSTAMPED:
        raise DamagedFileError(
            f"{where} has no time in {np.sum(~known)} of {len(time)} rows; "
            "remove that column and give the rate with --fs"
        )
    rows = np.arange(len(time))
    return np.interp(rows, rows[known], time[known])


def _period(
    between: NDArray[np.float64], samples: NDArray[np.int64], resolution: float, where: str
) -> float:
    """Give the mean time per sample, over the steps that are no gaps."""
    each = between if len(samples) == 1 else between / samples
    period = _median(each)
    for _ in range(3):
        usual = between <= _LONG_STEP * period * samples + resolution
        number = np.count_nonzero(usual) if len(samples) == 1 else samples[usual].sum()
        period = float(between.sum(where=usual) / number)
    reach = 0.5 * period + resolution
    near = np.count_nonzero((each >= period - reach) & (each <= period + reach)) / len(each)
    if near < _STEADY:
        raise MissingFactError(
            f"the steps of {where} are too uneven to give a rate; "
            "give it with --fs, such as --fs 250, and that column is not used"
        )
    return period


def _median(
    values: NDArray[np.float64], of: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.array
) -> float:
    """Give the median, of very many values that of some millions spread evenly."""
    return float(np.median(of(values[:: 1 + len(values) // _MEDIAN_OF])))


def _round_rate(fs: float, uncertainty: float) -> float:
    """Give the whole number of hertz where the stamps are not fine enough to tell it from `fs`."""
    whole = float(round(fs))
    return whole if abs(fs - whole) <= fs * max(2 * uncertainty, 1e-6) else fs


def insert_missing(signal: NDArray[np.float32], missing: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give `signal` with NaN where samples are missing; shape ``(n_samples, n_leads)``."""
    if not missing.any():
        return signal
    full = np.full((len(signal) + int(missing.sum()), signal.shape[1]), np.nan, np.float32)
    added = 0
    gaps = np.flatnonzero(missing).tolist()
    for start, stop in pairwise([0, *gaps, len(signal)]):
        added += int(missing[start])
        full[start + added : stop + added] = signal[start:stop]
    return full
