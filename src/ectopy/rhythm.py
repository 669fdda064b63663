"""Beats + Labels → heart rate, pauses, runs, couplets, bigeminy and irregularity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.quality import NOISY_BELOW
from ectopy.beats.value import Beats
from ectopy.errors import ModelError
from ectopy.labels.value import Labels

PAUSE_S: Final = 2.0
"""Intervals longer than this, in seconds, are pauses."""
RATE_INTERVALS: Final = 8
"""Number of consecutive intervals that the lowest and highest rate are means of."""

IRREGULAR: Final = 0.1
"""Irregularity above which a rhythm is called irregular.

The threshold of Dash et al. 2009 (Ann Biomed Eng 37:1701, doi:10.1007/s10439-009-9740-z) for
RMSSD relative to the mean RR in atrial fibrillation, who also drop ectopic beats and outliers
first. It lies in a gap: over the MIT-BIH Arrhythmia Database with its reference labels, the
records of sinus rhythm stay below 0.08, those with a third or more of atrial fibrillation
above 0.11. Of pieces of 30 s, 99.6 % of those in atrial fibrillation are above it (96 % of
10 s) and 2.6 % of those in sinus rhythm (4.6 %), mostly where that is irregular indeed.
"""
TRIM: Final = 0.05
"""Share of the largest differences that is dropped: a missed beat or a misnamed ectopic one in
a long sinus rhythm does not make it irregular."""
MIN_DIFFERENCES: Final = 6
"""Fewer differences of normal intervals than this say nothing of irregularity."""

_ROUNDING: Final = 1e-9
_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of beats that stands out.

    Attributes
    ----------
    kind
        ``"run"`` (3 or more ectopic beats in a row), ``"couplet"``, ``"bigeminy"``,
        ``"trigeminy"`` or ``"pause"``; of a stretch that holds the highest or the lowest rate
        (:func:`ectopy.trends.fastest_and_slowest`) ``"fastest"`` or ``"slowest"``.
    label
        ``"V"`` or ``"S"``; empty for a pause and for a stretch of extreme rate.
    first, last
        Index of its first and last beat in the beats, both included.
    start_s, stop_s
        Time of these two beats in seconds.
    n_beats
        Number of beats; of a run, the ectopic ones.
    rate_bpm
        Mean rate between first and last beat.
    """

    kind: str
    label: str
    first: int
    last: int
    start_s: float
    stop_s: float
    n_beats: int
    rate_bpm: float

    def to_dict(self) -> dict[str, str | int | float]:
        """Give the same facts under the same names, ready for JSON."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Facts of the rhythm; None where there are too few beats to say.

    Attributes
    ----------
    mean_bpm, min_bpm, max_bpm
        Heart rate from RR intervals in beats per minute: over the whole recording, and the
        lowest and highest mean of eight consecutive intervals; these two are None where the
        mean does not lie between them, as so few intervals follow on each other that they are
        no extremes of the recording.
    irregularity
        Spread of successive differences of normal intervals relative to their mean.
    irregular
        Whether that is more than sinus rhythm shows.
    counted_6s_bpm, counted_3s_bpm
        The rates people are taught to count by hand where the rhythm is irregular: beats in
        6 s times 10 and beats in 3 s times 20, mean over the recording; None if regular.
    episodes
        Pauses, runs, couplets, bigeminy and trigeminy in time order.
    """

    mean_bpm: float | None
    min_bpm: float | None
    max_bpm: float | None
    irregularity: float | None
    irregular: bool
    counted_6s_bpm: float | None
    counted_3s_bpm: float | None
    episodes: tuple[Episode, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the same facts under the same names, ready for JSON; None becomes null."""
        facts = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**facts, "episodes": [episode.to_dict() for episode in self.episodes]}


def find_rhythm(beats: Beats, labels: Labels, *, duration_s: float | None = None) -> Rhythm:
    """Find heart rate, irregularity, pauses and patterns of ectopic beats.

    An interval over missing, flat or saturated signal counts for nothing and breaks every
    pattern (`Beats.rr_s`), and so does one from or to a beat in noise, which may be no beat.
    Beats of all classes count for the rates; a beat on which the
    labels abstained counts as what it was guessed to be.

    Parameters
    ----------
    beats
        The beats of one recording.
    labels
        The class of each of these beats.
    duration_s
        Length of the recording in seconds, which the counting method fills with windows from
        its start; None if not known, then windows end before the last beat.

    Returns
    -------
    Rhythm
        The patterns in `Rhythm.episodes` are, for V and for S:

        - run: 3 or more in a row; couplet: exactly 2 in a row;
        - bigeminy: 3 or more times one normal and one single ectopic beat (N V N V N V);
        - trigeminy: 3 or more times two normal and one single ectopic beat;
        - pause: an interval of more than 2 s.

        `Rhythm.irregularity` is the root mean square of the differences between successive
        normal-to-normal intervals (RMSSD), less the largest 5 % of them, divided by the mean
        normal-to-normal interval; intervals from or to a beat that is not N are left out. It
        takes the whole recording as one: a short episode of atrial fibrillation in a long
        recording does not show in it.

    Raises
    ------
    ModelError
        If there is not one label for each beat.
    """
    if len(labels) != len(beats):
        raise ModelError(
            f"{len(labels)} labels do not fit {len(beats)} beats; name these very beats first"
        )
    rr = trusted_rr(beats)
    irregularity = _irregularity(rr, labels.aami == "N")
    irregular = irregularity is not None and irregularity > IRREGULAR
    episodes = [*_pauses(beats, rr), *_patterns(beats, rr, labels)]
    return Rhythm(
        *_rates(rr),
        irregularity=irregularity,
        irregular=irregular,
        counted_6s_bpm=_counted(beats, 6.0, duration_s) if irregular else None,
        counted_3s_bpm=_counted(beats, 3.0, duration_s) if irregular else None,
        episodes=tuple(sorted(episodes, key=lambda episode: (episode.first, episode.last))),
    )


def trusted_rr(beats: Beats) -> _Floats:
    """Give the interval from the preceding beat in seconds, NaN where it counts for nothing.

    That is `Beats.rr_s` without the intervals from or to a beat in noise, shape ``(n,)``.
    """
    rr = beats.rr_s
    noisy = beats.quality < NOISY_BELOW
    rr[noisy | np.append(False, noisy)[:-1]] = np.nan
    return rr


def _rates(rr: _Floats) -> tuple[float | None, float | None, float | None]:
    """Give the mean, lowest and highest rate in beats per minute."""
    stretches = [stretch for stretch in _unbroken(rr) if len(stretch)]
    if not stretches:
        return None, None, None
    width = min(RATE_INTERVALS, max(map(len, stretches)))
    means = np.concatenate(
        [np.convolve(s, np.full(width, 1 / width), "valid") for s in stretches if len(s) >= width]
    )
    mean = float(np.concatenate(stretches).mean())
    if not spans(means, mean):
        return 60 / mean, None, None
    return 60 / mean, float(60 / means.max()), float(60 / means.min())


def spans(means: _Floats, mean: float) -> bool:
    """Whether the mean interval lies between the means of stretches, which are its extremes."""
    return bool(means.min() * (1 - _ROUNDING) <= mean <= means.max() * (1 + _ROUNDING))


def _unbroken(rr: _Floats) -> list[_Floats]:
    """Split intervals at those that are not known, which are left out."""
    return [part[~np.isnan(part)] for part in np.split(rr, np.flatnonzero(np.isnan(rr)))]


def _irregularity(rr: _Floats, normal: NDArray[np.bool_]) -> float | None:
    """Give the trimmed RMSSD of normal-to-normal intervals, relative to their mean."""
    nn = rr[1:].copy()
    nn[~(normal[1:] & normal[:-1])] = np.nan
    differences = np.abs(np.diff(nn))
    differences = np.sort(differences[~np.isnan(differences)])
    if len(differences) < MIN_DIFFERENCES:
        return None
    kept = differences[: int(np.ceil((1 - TRIM) * len(differences)))]
    return float(np.sqrt(np.mean(kept**2)) / np.nanmean(nn))


def _counted(beats: Beats, window_s: float, duration_s: float | None) -> float | None:
    """Count beats in whole windows from the start of the recording, as a rate."""
    times = beats.time_s
    if duration_s is None:
        duration_s = float(times[-1])
    counts = np.bincount((times // window_s).astype(np.int64))
    n_windows = int(duration_s // window_s)
    counts = np.pad(counts, (0, max(0, n_windows - len(counts))))[:n_windows]
    whole = np.ones(n_windows, bool)
    for stretch in beats.bad:
        if stretch.reason != "noisy":
            first = int(stretch.start / beats.fs // window_s)
            whole[first : int((stretch.stop - 1) / beats.fs // window_s) + 1] = False
    if not whole.any():
        return None
    return float(counts[whole].mean() * 60 / window_s)


def _pauses(beats: Beats, rr: _Floats) -> Iterator[Episode]:
    for last in np.flatnonzero(rr > PAUSE_S):
        yield episode_between(beats, "pause", "", int(last) - 1, int(last))


def _patterns(beats: Beats, rr: _Floats, labels: Labels) -> Iterator[Episode]:
    """Find runs, couplets, bigeminy and trigeminy as words in the text of the labels."""
    text = labels.aami.astype("S1").tobytes().decode("ascii")
    breaks = [*np.flatnonzero(np.isnan(rr)).tolist(), len(text)]
    for start, stop in pairwise(breaks):
        for label in "SV":
            for kind, pattern in (
                ("run", f"{label}{{2,}}"),
                ("bigeminy", f"(?:N{label}){{3,}}(?!{label})"),
                ("trigeminy", f"(?:NN{label}){{3,}}(?!{label})"),
            ):
                for found in re.finditer(pattern, text[start:stop]):
                    first, last = start + found.start(), start + found.end() - 1
                    named = "couplet" if kind == "run" and last - first == 1 else kind
                    yield episode_between(beats, named, label, first, last)


def episode_between(beats: Beats, kind: str, label: str, first: int, last: int) -> Episode:
    """Make an episode of the beats from `first` to `last`, both included."""
    start_s, stop_s = (int(beats.sample[index]) / beats.fs for index in (first, last))
    rate_bpm = 60 * (last - first) / (stop_s - start_s)
    return Episode(kind, label, first, last, start_s, stop_s, last - first + 1, rate_bpm)
