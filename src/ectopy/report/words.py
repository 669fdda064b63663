"""Facts in words: times, shares, and the sentences that open the report, in any language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from ectopy.analysis import Analysis
from ectopy.beats import Beats
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.report.language import Catalogue, catalogue
from ectopy.report.quality import Quality
from ectopy.rhythm import Episode

_NBSP: Final = "\u00a0"

SURE: Final = 0.9
"""Probability from which the report calls a name sure."""


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


def number(value: float | None, digits: int = 0) -> str:
    """Give a number with commas between thousands, a dash where it is not known."""
    return "–" if value is None or not np.isfinite(value) else f"{value:,.{digits}f}"


def probability(value: float) -> str:
    """Give a probability with two digits, cut rather than rounded: only 1 reads 1.00."""
    return f"{np.floor(value * 100 + 1e-6) / 100:.2f}"


def count(n: int, noun: str) -> str:
    """Give "1 beat" or "2,955 beats", in English."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def duration(seconds: float) -> str:
    """Give a length in English words, such as "23 h 59 min" or "30 min 6 s"."""
    return Words(catalogue("en")).duration(seconds)


def share(part: float, whole: float) -> str:
    """Give a part of a whole in percent, in English."""
    return Words(catalogue("en")).share(part, whole)


@dataclass(frozen=True, slots=True)
class Words:
    """What needs words or units of a language; `t` is its catalogue."""

    t: Catalogue

    def unit(self, key: str, value: str) -> str:
        """Give a value with its unit, which stays on the line of the value."""
        return self.t(key, value=value).replace(" ", _NBSP)

    def duration(self, seconds: float, digits: int = 3) -> str:
        """Give a length in words, such as "23 h 59 min" or "30 min 6 s"; seconds with digits."""
        if seconds < 60:
            return self.unit("seconds", f"{seconds:.{digits}g}")
        whole = round(seconds)
        hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
        parts = (
            [(hours, "hours"), (minutes, "minutes")]
            if hours
            else [(minutes, "minutes"), (rest, "seconds")]
        )
        return " ".join(self.unit(unit, f"{value}") for value, unit in parts if value)

    def share(self, part: float, whole: float) -> str:
        """Give a part of a whole in percent; only nothing reads 0 %, and only all 100 %."""
        if not whole:
            return "–"
        percent = 100 * part / whole
        if 0 < percent < 0.1:
            return f"<{_NBSP}{self.unit('percent', '0.1')}"
        if 99.9 < percent < 100:
            return f">{_NBSP}{self.unit('percent', '99.9')}"
        return self.unit("percent", f"{percent:.{0 if percent in (0, 100) else 1}f}")

    def bpm(self, *rates: float | None) -> str:
        """Give one rate, or the span between two, in beats per minute."""
        if any(rate is None for rate in rates):
            return "–"
        return self.unit("bpm", " – ".join(number(rate) for rate in rates))

    def date(self, moment: datetime) -> str:
        """Give date and time of day."""
        return moment.strftime(self.t("date"))

    def beats(self, n: int) -> str:
        """Give "1 beat" or "2,955 beats"."""
        return self.t("beats", n)

    def class_name(self, label: str) -> str:
        """Name an AAMI class."""
        return self.t(f"class.{label}")

    def episode_name(self, episode: Episode) -> str:
        """Name the kind of an episode, such as "ventricular run"."""
        return self.t(".".join(filter(None, ("episode", episode.kind, episode.label))))

    def identity(self, what: str) -> str:
        """Name a kind of identity that a file holds."""
        known = f"fact.{what}" in self.t.entries
        return self.t(f"fact.{what}") if known else what.replace("_", " ").capitalize()

    def setting(self, name: str) -> str:
        """Name an option of the analysis."""
        known = f"model.{name}" in self.t.entries
        return self.t(f"model.{name}") if known else name.capitalize()

    def told(self, text: str) -> str:
        """Give what another part of the package says, in English where it has no translation."""
        return self.t.translated(text) or text

    def listed(self, parts: Sequence[str]) -> str:
        """Put parts into one list, such as "a, b and c"."""
        if len(parts) < 2:
            return "".join(parts)
        return self.t("list.comma").join(parts[:-1]) + self.t("list.last") + parts[-1]

    def leads(self, beats: Beats) -> str:
        """Name the lead that the beats are of, and those that were looked at with it."""
        if not beats.others:
            return beats.lead
        return beats.lead + self.t("fact.with_leads", leads=self.listed(beats.others))

    def summary(self, analysis: Analysis, quality: Quality) -> str:
        """Say in a few sentences what was found, how fast the heart was and how sure that is."""
        if len(analysis.beats):
            sentences = [
                self._found(analysis),
                *self._rate(analysis),
                *self._standing_out(analysis),
                *self._sure(analysis),
            ]
        else:
            sentences = [self._found(analysis)]
            if not analysis.edited:
                sentences.append(self.t("summary.none_why"))
        if quality.share:
            sentences.append(self.t("summary.poor", share=self.share(quality.share, 1)))
        return self.t("sentence.space").join(sentences)

    def _found(self, analysis: Analysis) -> str:
        n, edited = len(analysis.beats), analysis.edited
        named = {name: k for name, k in analysis.labels.counts().items() if k}
        about = {
            "length": self.duration(analysis.recording.duration_s),
            "lead": analysis.beats.lead,
        }
        if edited:
            done = [self.t(f"edited.by.{how}", k) for how, k in edited.counts().items() if k]
            about["edits"] = self.listed(done)
        said = "edited" if edited else "summary"
        if len(named) < 2:
            key = f"{said}.none" if not n else f"{said}.one" if n == 1 else f"{said}.all"
            return self.t(key, n, kind="".join(map(self.class_name, named)), **about)
        kinds = [
            self.t(
                "summary.next_kind" if place else "summary.first_kind",
                k,
                kind=self.class_name(name),
                share=self.share(k, n),
            )
            for place, (name, k) in enumerate(named.items())
        ]
        return self.t(f"{said}.found", n, kinds=self.listed(kinds), **about)

    def _rate(self, analysis: Analysis) -> list[str]:
        rhythm = analysis.rhythm
        if rhythm.mean_bpm is None:
            return []
        mean, low, high = map(number, (rhythm.mean_bpm, rhythm.min_bpm, rhythm.max_bpm))
        # where few stretches of eight intervals are good, the mean may lie outside of their rates
        spans = low != high and (rhythm.min_bpm or 0) <= rhythm.mean_bpm <= (rhythm.max_bpm or 0)
        key = "summary.rate" if spans else "summary.rate_mean"
        said = [self.t(key, mean=mean, low=low, high=high)]
        return [*said, self.t("summary.irregular")] if rhythm.irregular else said

    def _standing_out(self, analysis: Analysis) -> list[str]:
        """Name the longest run of each kind and the longest pause."""
        total_s = analysis.recording.duration_s
        found = []
        for label in ("V", "S"):
            runs = [e for e in analysis.rhythm.episodes if e.kind == "run" and e.label == label]
            if runs:
                longest = max(runs, key=lambda run: run.n_beats)
                found.append(
                    self.t(
                        "summary.longest_run",
                        longest.n_beats,
                        episode=self.episode_name(longest),
                        at=elapsed(longest.start_s, total_s),
                    )
                )
        pauses = [e for e in analysis.rhythm.episodes if e.kind == "pause"]
        if pauses:
            longest = max(pauses, key=lambda pause: pause.stop_s - pause.start_s)
            length = self.unit("seconds", f"{longest.stop_s - longest.start_s:.1f}")
            at = elapsed(longest.start_s, total_s)
            found.append(self.t("summary.longest_pause", length=length, at=at))
        return found

    def _sure(self, analysis: Analysis) -> list[str]:
        labels, edited = analysis.labels, analysis.edited
        own = labels.confidence[~edited.by_hand] if edited else labels.confidence
        if not len(own):
            return []
        sure = self.share(int((own >= SURE).sum()), len(own))
        least = self.unit("percent", f"{100 * SURE:.0f}")
        key = "edited.sure" if edited else "summary.sure"
        said = [self.t(key, least=least, share=sure)]
        abstained = int(labels.abstained.sum())
        return [*said, self.t("summary.abstained", abstained)] if abstained else said


def class_order(analysis: Analysis) -> list[str]:
    """Give the classes that were found, in the order ``N S V F Q``."""
    counts = analysis.labels.counts()
    return [name for name in AAMI_CLASSES if counts[name]]
