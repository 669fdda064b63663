"""Beats + Labels → heart rate, pauses, runs, couplets, bigeminy and irregularity."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of beats that stands out.

    Attributes
    ----------
    kind
        ``"run"`` (3 or more ectopic beats in a row), ``"couplet"``, ``"bigeminy"``,
        ``"trigeminy"`` or ``"pause"``.
    label
        ``"V"`` or ``"S"``; empty for a pause.
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


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Facts of the rhythm; None where there are too few beats to say.

    Attributes
    ----------
    mean_bpm, min_bpm, max_bpm
        Heart rate from RR intervals in beats per minute: over the whole recording, and the
        lowest and highest mean of eight consecutive intervals.
    irregularity
        Spread of successive differences of normal intervals relative to their mean.
    irregular
        Whether that is more than sinus rhythm shows.
    counted_6s_bpm, counted_20s_bpm
        The rates people are taught to count by hand where the rhythm is irregular: beats in
        6 s times 10 and beats in 20 s times 3, mean over the recording; None if regular.
    episodes
        Pauses, runs, couplets, bigeminy and trigeminy in time order.
    """

    mean_bpm: float | None
    min_bpm: float | None
    max_bpm: float | None
    irregularity: float | None
    irregular: bool
    counted_6s_bpm: float | None
    counted_20s_bpm: float | None
    episodes: tuple[Episode, ...]
