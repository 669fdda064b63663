"""Recording → Beats: R peaks in one or several leads, in pieces, never across missing signal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from ectopy._threads import in_threads
from ectopy.beats.candidates import Float32, Positions, rate_ratio
from ectopy.beats.qrs import DETECTOR, detect_and_grade
from ectopy.beats.quality import NOISY_BELOW, bridged, dead_stretches, noisy_stretches
from ectopy.beats.value import Beats, Stretch
from ectopy.recording._backing import release
from ectopy.recording.value import Recording

PIECE_S: Final = 3600.0
"""Seconds of signal that are searched at a time, so that memory does not grow with length."""
OVERLAP_S: Final = 90.0
"""Seconds before and after a piece that are searched with it."""
MIN_SPAN_S: Final = 1.0
"""Stretches of signal shorter than this, between dead ones, are not searched."""
MOST_LEADS: Final = 3
"""Leads that are looked at together where no lead is named."""
MOSTLY: Final = 0.5
"""Share of the beats at which a lead is noise from which on it is left out."""


def find_beats(
    recording: Recording,
    lead: str | int | None = None,
    *,
    detector: Path = DETECTOR,
    progress: Callable[[float], None] | None = None,
) -> Beats:
    """Find the R peak of every heartbeat.

    Parameters
    ----------
    recording
        An ECG at 50 Hz or more; 100 to 1000 Hz give the same beats.
    lead
        Name or number of the one lead to search. Without it up to three leads decide together, all
        alive wherever that of the R peaks is; the R peaks are those of the lead that
        :func:`choose_lead` names. A lead that turns out to be noise at most beats, such as one
        whose electrode is off, is left out, and the next takes its place, unless all are.
    detector
        Directory of the detector's network, to try one of your own.
    progress
        Called with the share of the recording that is done, 0 to 1.

    Returns
    -------
    Beats
        Positions at the recording's own rate, with the quality of the signal at each and the
        stretches that are missing, flat, saturated or noisy. No beats are found in stretches
        that are missing, flat or saturated, and nothing is filtered across them.

    Raises
    ------
    UnknownLeadError
        If the recording has no such lead.
    ModelError
        If the detector's network is damaged.

    Notes
    -----
    Candidates are peaks of the slope; a small network decides which are QRS
    complexes (`ectopy.beats.qrs`). Each is then moved to the largest deflection from the baseline
    within 75 ms, upwards or downwards. Gain, offset and polarity make no difference.
    """
    judged = lead is None and len(recording.leads) > 1
    search = partial(_search, recording, detector=detector, progress=progress, judged=judged)
    beats, noise = search(*_columns(recording, lead))
    chosen, left_out = beats, set(noise)
    while noise:
        columns, dead = _columns(recording, None, left_out)
        if not columns or not _mostly_alive(recording, dead):
            return beats
        chosen, noise = search(columns, dead)
        left_out |= noise
    return chosen


def _search(
    recording: Recording,
    columns: list[int],
    dead: tuple[Stretch, ...],
    *,
    detector: Path,
    progress: Callable[[float], None] | None,
    judged: bool,
) -> tuple[Beats, set[int]]:
    """Find the beats in these columns, and, if asked, which of them are noise at most beats."""
    fs = recording.fs

    def search(place: tuple[int, int, int, int, int]) -> tuple[int, Positions, Float32, Float32]:
        start, first, last, low, high = place
        leads = [bridged(recording.signal[low:high, column]) for column in columns]
        sample, grade, clean = detect_and_grade(leads, fs, low - start, detector, each=judged)
        release(recording.signal)
        kept = (sample + low >= first) & (sample + low < last)
        return last, sample[kept] + low, grade[kept], clean

    places = [
        (start, *piece)
        for start, stop in live_spans(dead, recording.n_samples, fs)
        for piece in pieces(start, stop, fs)
    ]
    found, quality = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    cleanness = [np.empty((len(columns), 0), np.float32)]
    for last, of_piece, grade_of_piece, clean_of_piece in in_threads(search, places):
        found.append(of_piece)
        quality.append(grade_of_piece)
        cleanness.append(clean_of_piece)
        if progress:
            progress(last / recording.n_samples)
    sample, grade, clean = np.concatenate(found), np.concatenate(quality), np.hstack(cleanness)
    noisy = noisy_stretches(sample, grade, fs, recording.n_samples)
    bad = sorted((*dead, *noisy), key=lambda stretch: (stretch.start, stretch.stop))
    lead, *others = (recording.leads[column] for column in columns)
    mostly = (clean < NOISY_BELOW).mean(axis=1) > MOSTLY if clean.size else np.zeros(len(columns))
    noise = {column for column, is_noise in zip(columns, mostly, strict=True) if is_noise}
    return Beats(sample, grade, fs, lead, tuple(bad), tuple(others)), noise


def choose_lead(recording: Recording) -> str:
    """Name the lead that R peaks are taken from when the user names none and it is no noise.

    Lead II where there is one of that name, else the first; one that is missing, flat or
    saturated for more than half of the recording is passed over if another is not.
    """
    return choose_leads(recording)[0]


def choose_leads(recording: Recording) -> tuple[str, ...]:
    """Name the leads that are looked at together when the user names none.

    First the one that :func:`choose_lead` names, then up to two that are alive wherever it is.
    """
    return tuple(recording.leads[column] for column in _columns(recording, None)[0])


def _columns(
    recording: Recording, lead: str | int | None, left_out: Collection[int] = ()
) -> tuple[list[int], tuple[Stretch, ...]]:
    """Columns of the leads to search, that of the R peaks first, and its dead stretches."""
    if lead is not None:
        column = recording.lead_index(lead)
        return [column], dead_stretches(recording.signal[:, column], recording.fs)
    order = sorted(range(len(recording.leads)), key=lambda k: recording.leads[k].casefold() != "ii")
    order = [k for k in order if k not in left_out]
    if not order:
        return [], ()
    dead = {k: dead_stretches(recording.signal[:, k], recording.fs) for k in order[:MOST_LEADS]}
    for k in order[MOST_LEADS:]:
        if any(_mostly_alive(recording, held) for held in dead.values()):
            break
        dead[k] = dead_stretches(recording.signal[:, k], recording.fs)
    first = next((k for k in dead if _mostly_alive(recording, dead[k])), order[0])
    others = [k for k in dead if k != first and _within(dead[k], dead[first])]
    return [first, *others[: MOST_LEADS - 1]], dead[first]


def _within(dead: tuple[Stretch, ...], others: tuple[Stretch, ...]) -> bool:
    """Whether a lead is alive wherever another is: many files pad all leads alike at their end."""
    return all(any(o.start <= s.start and s.stop <= o.stop for o in others) for s in dead)


def _mostly_alive(recording: Recording, dead: tuple[Stretch, ...]) -> bool:
    return sum(s.stop - s.start for s in dead) <= recording.n_samples / 2


def live_spans(dead: tuple[Stretch, ...], n_samples: int, fs: float) -> Iterator[tuple[int, int]]:
    """Yield ``(start, stop)`` of the signal between dead stretches, where it is long enough."""
    start = 0
    for stretch in (*dead, Stretch(n_samples, n_samples, "missing")):
        if stretch.start - start >= MIN_SPAN_S * fs:
            yield start, stretch.start
        start = max(start, stretch.stop)


def pieces(start: int, stop: int, fs: float) -> Iterator[tuple[int, int, int, int]]:
    """Yield ``(first, last, low, high)``: search `low` to `high`, keep `first` to `last`.

    Pieces begin at samples that resampling keeps, so that all see the same resampled signal.
    """
    step = rate_ratio(fs).denominator
    size, overlap = round(PIECE_S * fs), round(OVERLAP_S * fs)
    for first in range(start, stop, size):
        low = start + max(0, (first - overlap - start) // step * step)
        yield first, min(first + size, stop), low, min(first + size + overlap, stop)
