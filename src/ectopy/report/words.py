"""Facts in plain words: times, shares, and the sentences that open the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from ectopy.analysis import Analysis
from ectopy.labels.aami import AAMI_CLASSES, AAMI_NAMES
from ectopy.report.quality import Quality
from ectopy.rhythm import Episode

PLAIN_NAMES: Final = {
    "N": "The regular beat, conducted from above the ventricles.",
    "S": "A beat from the atria or the AV junction, mostly too early.",
    "V": "A beat that starts in the ventricles, mostly early and wide.",
    "F": "A normal and a ventricular beat that meet and mix.",
    "Q": "A beat of a pacemaker, or one that fits none of the others.",
}
"""What each AAMI class is, for someone who never heard of it."""

_NBSP: Final = "\u00a0"

SURE: Final = 0.9
"""Probability from which the report calls a name sure."""

_EPISODES: Final = {
    ("run", "V"): "ventricular run",
    ("run", "S"): "supraventricular run",
    ("couplet", "V"): "ventricular couplet",
    ("couplet", "S"): "supraventricular couplet",
    ("bigeminy", "V"): "ventricular bigeminy",
    ("bigeminy", "S"): "supraventricular bigeminy",
    ("trigeminy", "V"): "ventricular trigeminy",
    ("trigeminy", "S"): "supraventricular trigeminy",
    ("pause", ""): "pause",
}


def episode_name(episode: Episode) -> str:
    """Name the kind of an episode, such as "ventricular run"."""
    return _EPISODES.get((episode.kind, episode.label), f"{episode.label} {episode.kind}".strip())


def elapsed(seconds: float, total_s: float, digits: int = 0) -> str:
    """Give a time from the start as ``m:ss`` or, in recordings of an hour and more, ``h:mm:ss``."""
    ticks = round(max(seconds, 0.0) * 10**digits)
    whole, fraction = divmod(ticks, 10**digits)
    minutes, second = divmod(whole, 60)
    tail = f"{second:02d}" + (f".{fraction:0{digits}d}" if digits else "")
    if total_s < 3600:
        return f"{minutes}:{tail}"
    return f"{minutes // 60}:{minutes % 60:02d}:{tail}"


def clock(seconds: float, start: datetime | None) -> str:
    """Give the time of day at `seconds` from the start, empty where the start is unknown."""
    return f"{start + timedelta(seconds=seconds):%H:%M:%S}" if start else ""


def duration(seconds: float) -> str:
    """Give a length in words, such as "23 h 59 min" or "30 min 6 s"."""
    if seconds < 60:
        return f"{seconds:.3g}{_NBSP}s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (rest, "s")]
    return " ".join(f"{value}{_NBSP}{unit}" for value, unit in parts if value)


def share(part: float, whole: float) -> str:
    """Give a part of a whole in percent; only nothing reads 0 %, and only all 100 %."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return f"<{_NBSP}0.1{_NBSP}%"
    if 99.9 < percent < 100:
        return f">{_NBSP}99.9{_NBSP}%"
    return f"{percent:.{0 if percent in (0, 100) else 1}f}{_NBSP}%"


def number(value: float | None, digits: int = 0) -> str:
    """Give a number with commas between thousands, a dash where it is not known."""
    return "–" if value is None or not np.isfinite(value) else f"{value:,.{digits}f}"


def probability(value: float) -> str:
    """Give a probability with two digits, cut rather than rounded: only 1 reads 1.00."""
    return f"{np.floor(value * 100 + 1e-6) / 100:.2f}"


def bpm(*rates: float | None) -> str:
    """Give one rate, or the span between two, in beats per minute."""
    if any(rate is None for rate in rates):
        return "–"
    return " – ".join(number(rate) for rate in rates) + f"{_NBSP}bpm"


def count(n: int, noun: str) -> str:
    """Give "1 beat" or "2,955 beats"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def summary(analysis: Analysis, quality: Quality) -> list[str]:
    """Say in a few sentences what was found, how fast the heart was and how sure that is."""
    length = duration(analysis.recording.duration_s)
    n = len(analysis.beats)
    if not n:
        return [
            f"In {length} of lead {analysis.beats.lead} the software found no heartbeat.",
            "That says nothing about the heart: the signal may be too weak, too disturbed or "
            "not an ECG.",
            *_trust(quality),
        ]
    sentences = [
        f"In {length} of lead {analysis.beats.lead} the software found {count(n, 'heartbeat')}"
        f" and named {_kinds(analysis)}.",
        *_rate(analysis),
        *_standing_out(analysis),
        f"{_sure(analysis)}.",
    ]
    return sentences + _trust(quality)


def _kinds(analysis: Analysis) -> str:
    n = len(analysis.beats)
    found = [
        f"{'all' if k == n else f'{k:,}'} of them {AAMI_NAMES[name]}"
        + (f" ({share(k, n)})" if k < n else "")
        for name, k in analysis.labels.counts().items()
        if k
    ]
    if n == 1:
        return f"it {AAMI_NAMES[str(analysis.labels.aami[0])]}"
    return _listed([found[0], *(each.replace(" of them", "") for each in found[1:])])


def _rate(analysis: Analysis) -> list[str]:
    rhythm = analysis.rhythm
    if rhythm.mean_bpm is None:
        return []
    text = f"The heart rate was {rhythm.mean_bpm:.0f} beats per minute on average"
    if rhythm.min_bpm is not None and rhythm.max_bpm is not None:
        text += f", at its lowest {rhythm.min_bpm:.0f} and at its highest {rhythm.max_bpm:.0f}"
    if rhythm.irregular:
        text += "; the intervals between beats were irregular"
    return [text + "."]


def _standing_out(analysis: Analysis) -> list[str]:
    """Name the longest run of each kind and the longest pause."""
    total_s = analysis.recording.duration_s
    found = []
    for label in ("V", "S"):
        runs = [e for e in analysis.rhythm.episodes if e.kind == "run" and e.label == label]
        if runs:
            longest = max(runs, key=lambda run: run.n_beats)
            found.append(
                f"the longest {episode_name(longest)} had {count(longest.n_beats, 'beat')} in a "
                f"row (at {elapsed(longest.start_s, total_s)})"
            )
    pauses = [e for e in analysis.rhythm.episodes if e.kind == "pause"]
    if pauses:
        longest = max(pauses, key=lambda pause: pause.stop_s - pause.start_s)
        found.append(
            f"the longest pause lasted {longest.stop_s - longest.start_s:.1f}{_NBSP}s "
            f"(at {elapsed(longest.start_s, total_s)})"
        )
    text = _listed(found)
    return [text[0].upper() + text[1:] + "."] if found else []


def _sure(analysis: Analysis) -> str:
    labels = analysis.labels
    sure = share(int((labels.confidence >= SURE).sum()), len(labels))
    least = f"at least {100 * SURE:.0f}{_NBSP}%"
    text = f"By its own estimate it was {least} sure of {sure} of these names"
    abstained = int(labels.abstained.sum())
    if abstained:
        text += f", and would rather not have named {count(abstained, 'beat')}"
    return text


def _trust(quality: Quality) -> list[str]:
    if not quality.share:
        return []
    return [f"{share(quality.share, 1)} of the signal was too poor to trust."]


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def class_order(analysis: Analysis) -> list[str]:
    """Give the classes that were found, in the order ``N S V F Q``."""
    counts = analysis.labels.counts()
    return [name for name in AAMI_CLASSES if counts[name]]
