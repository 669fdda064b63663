"""Analysis → everything that a report shows, gathered once for HTML and PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath
from typing import Any, Final

import numpy as np

from ectopy.analysis import Analysis
from ectopy.report import charts, clouds
from ectopy.report.card import read_card
from ectopy.report.language import catalogue
from ectopy.report.quality import assess
from ectopy.report.screening import limits_key, read_screening
from ectopy.report.shapes import MAX_BEATS, Shape, average_beats, examples, other_class
from ectopy.report.strips import STRIP_S, Strip, draw_strip
from ectopy.report.words import SURE, Words, class_order, probability
from ectopy.rhythm import PAUSE_S, Episode
from ectopy.trends import bin_seconds, fastest_and_slowest

WHOLE_S: Final = 63.0
"""Recordings up to this long, in seconds, are shown whole: nine strips."""

EPISODES_SHOWN: Final = 5
"""Episodes of one kind that the report lists."""
EPISODES_DRAWN: Final = {"pause": 2, "run": 2}
"""Episodes of one kind that have a strip; one of every other kind."""
HOURS_SHOWN: Final = 50
"""Hours up to which their table is shown."""

_KINDS: Final = ("pause", "run", "fastest", "slowest", "couplet", "bigeminy", "trigeminy")


@dataclass(frozen=True, slots=True)
class Figure:
    """A strip with what is said about it.

    `anchor` is what links to it; `label` is the class it is an example of, if any.
    """

    anchor: str
    label: str
    title: str
    detail: str
    strip: Strip

    def holds(self, episode: Episode) -> bool:
        """Say whether an episode, or as much of it as a strip can show, lies on this one."""
        stop_s = min(episode.stop_s, episode.start_s + STRIP_S - 2)
        return self.strip.start_s <= episode.start_s and stop_s <= (
            self.strip.start_s + self.strip.seconds
        )


@dataclass(frozen=True, slots=True)
class Row:
    """An episode of the list and the strip that shows it, if one does."""

    episode: Episode
    anchor: str


@dataclass(frozen=True, slots=True)
class Group:
    """Episodes of one kind, longest first: how many there are and those shown."""

    name: str
    label: str
    kind: str
    count: int
    rows: tuple[Row, ...]

    @property
    def rest(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)


def gather(analysis: Analysis, card: Mapping[str, Any] | None, language: str) -> dict[str, Any]:
    """Gather everything that a report shows, in a language; see the template for its use."""
    words = Words(catalogue(language))
    shapes = average_beats(analysis)
    whole = _whole(analysis, words)
    notable, groups = _episodes(analysis, whole, words)
    hours = charts.hours_of(analysis)
    return {
        "words": words,
        "t": words.t,
        "analysis": analysis,
        "name": file_name(analysis.recording.source.path) or words.t("unnamed"),
        "quality": assess(analysis),
        "caution": words.t("caution.edited" if analysis.edited else "caution"),
        "summary": words.summary(analysis, assess(analysis)),
        "classes": _classes(analysis, words),
        "sureness": _sureness(analysis, words),
        "abstentions": _abstentions(analysis, words),
        "trend": charts.rate_trend(analysis, words),
        "each_beat": charts.draws_each_beat(analysis),
        "trend_bin": words.duration(bin_seconds(analysis.recording.duration_s)),
        "tachogram": charts.tachogram_chart(analysis, words),
        "hours": hours,
        "hours_chart": charts.hours_chart(analysis, hours, words) if hours else None,
        "poincare": clouds.poincare_chart(analysis, words),
        "pause": words.unit("seconds", f"{PAUSE_S:g}"),
        "groups": groups,
        "whole": whole,
        "shown": _examples(analysis, shapes, words),
        "notable": notable,
        "averages": clouds.average_charts(shapes, words),
        "shapes": shapes,
        "square_mv": f"{clouds.voltage_step(shapes):g}" if shapes else "",
        "max_beats": MAX_BEATS,
        "gallery": clouds.gallery(analysis, words),
        "card": read_card(card, words),
        "counts": analysis.labels.counts(),
        "by_hand": int(analysis.edited.by_hand.sum()) if analysis.edited else 0,
        "screening": read_screening(analysis, words),
        "limits": words.t(limits_key(analysis.screen)),
        "leads": words.leads(analysis.beats),
        "settings": [
            (words.setting(key), words.told(value))
            for key, value in analysis.settings.items()
            if key != "model"
        ],
    }


def file_name(path: str) -> str:
    """Give the last part of a path of any system, which is all of it a report should tell."""
    return PurePath(PureWindowsPath(path).name).name


def sentence_case(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


def _classes(analysis: Analysis, words: Words) -> list[dict[str, Any]]:
    n = len(analysis.beats)
    return [
        {
            "label": label,
            "name": sentence_case(words.class_name(label)),
            "plain": words.t(f"plain.{label}"),
            "count": k,
            "share": words.share(k, n),
            "percent": 100 * k / n if n else 0,
        }
        for label, k in analysis.labels.counts().items()
    ]


def _sureness(analysis: Analysis, words: Words) -> list[dict[str, Any]]:
    """Count, for each class found, the sure names, the rest above one half, and the others.

    Beats that a person has named are left out.
    """
    labels = analysis.labels
    own = ~analysis.edited.by_hand if analysis.edited else np.ones(len(labels), bool)
    rows = []
    for label in class_order(analysis):
        confidence = labels.confidence[(labels.aami == label) & own]
        if not len(confidence):
            continue
        high = int((confidence >= SURE).sum())
        low = int((confidence < 0.5).sum())
        parts = (high, len(confidence) - high - low, low)
        rows.append(
            {
                "label": label,
                "shares": [words.share(part, len(confidence)) for part in parts],
                "percents": [100 * part / len(confidence) for part in parts],
                "median": probability(float(np.median(confidence))),
            }
        )
    return rows


def _abstentions(analysis: Analysis, words: Words) -> list[tuple[str, int]]:
    reasons = analysis.labels.reason[analysis.labels.abstained].tolist()
    counts = {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}
    named = [
        (words.told(reason) if reason else words.t("sure.no_reason"), n)
        for reason, n in counts.items()
    ]
    return sorted(named, key=lambda item: -item[1])


def _size(episode: Episode) -> tuple[float, float]:
    """Order episodes by beats, pauses by seconds."""
    seconds = episode.stop_s - episode.start_s
    return (seconds, 0.0) if episode.kind == "pause" else (episode.n_beats, seconds)


def _by_kind(episodes: Iterable[Episode]) -> list[list[Episode]]:
    """Sort episodes by kind, V before S, each kind longest first."""
    kinds: dict[tuple[int, bool, str], list[Episode]] = {}
    for episode in episodes:
        place = _KINDS.index(episode.kind) if episode.kind in _KINDS else len(_KINDS)
        kinds.setdefault((place, episode.label != "V", episode.kind), []).append(episode)
    return [sorted(found, key=_size, reverse=True) for _, found in sorted(kinds.items())]


def _episodes(
    analysis: Analysis, whole: list[Figure], words: Words
) -> tuple[list[Figure], list[Group]]:
    """List the episodes and draw those that stand out, none of them twice."""
    drawn: list[Figure] = []
    groups = []
    for found in _by_kind([*analysis.rhythm.episodes, *fastest_and_slowest(analysis.beats)]):
        kind, label = found[0].kind, found[0].label
        rows = []
        for place, episode in enumerate(found[:EPISODES_SHOWN]):
            on = next((each for each in whole + drawn if each.holds(episode)), None)
            if on is None and not whole and place < EPISODES_DRAWN.get(kind, 1):
                on = _episode_strip(analysis, episode, place, len(drawn) + 1, words)
                drawn.append(on)
            rows.append(Row(episode, on.anchor if on else ""))
        name = words.episode_name(found[0])
        groups.append(Group(sentence_case(name), label, kind, len(found), tuple(rows)))
    return drawn, groups


def _episode_strip(
    analysis: Analysis, episode: Episode, place: int, number: int, words: Words
) -> Figure:
    """Draw an episode in the middle of a strip, or a longer one from a second before it."""
    t, name = words.t, words.episode_name(episode)
    seconds = episode.stop_s - episode.start_s
    if episode.kind == "pause":
        detail = t("strips.no_beat", length=words.unit("seconds", f"{seconds:.1f}"))
    else:
        key = "strips.in_a_row" if episode.kind == "run" else "strips.beats_at"
        detail = t(key, episode.n_beats, rate=words.bpm(episode.rate_bpm))
    if episode.kind in ("fastest", "slowest"):
        title = t("stretch", episode=name)
    elif place:
        title = t("by_length", place + 1, episode=name)
    else:
        title = t("longest", episode=name)
    strip = draw_strip(analysis, episode.start_s - max((STRIP_S - seconds) / 2, 1.0), words=words)
    return Figure(f"strip-{number}", episode.label, sentence_case(title), detail, strip)


def _whole(analysis: Analysis, words: Words) -> list[Figure]:
    """Draw all of a short recording; of a longer one without beats, its first strip."""
    total_s = analysis.recording.duration_s
    if total_s > WHOLE_S:
        starts = [] if len(analysis.beats) else [0.0]
    else:
        starts = [k * STRIP_S for k in range(int(total_s / STRIP_S + 0.999))]
    strips = [
        draw_strip(analysis, start, min(STRIP_S, total_s - start), words=words) for start in starts
    ]
    return [Figure(f"part-{k}", "", "", "", strip) for k, strip in enumerate(strips, 1)]


def _examples(analysis: Analysis, shapes: dict[str, Shape], words: Words) -> list[Figure]:
    """Draw typical and the least sure beats of each class of a long recording."""
    if analysis.recording.duration_s <= WHOLE_S:
        return []
    titles = {"typical": words.t("strips.typical"), "unsure": words.t("strips.least_sure")}
    chosen = [
        (label, example)
        for label in class_order(analysis)
        for example in examples(analysis, shapes, label)
    ]
    return [
        Figure(
            f"example-{number}",
            label,
            f"{sentence_case(words.class_name(label))} – {titles[example.kind]}",
            _doubt(analysis, example.beat, words),
            draw_strip(analysis, _centred(analysis, example.beat), focus=example.beat, words=words),
        )
        for number, (label, example) in enumerate(chosen, 1)
    ]


def _centred(analysis: Analysis, beat: int) -> float:
    return float(analysis.beats.time_s[beat]) - STRIP_S / 2


def _doubt(analysis: Analysis, beat: int, words: Words) -> str:
    """Say how probable the class of a beat is, and what it would be otherwise."""
    t = words.t
    confidence = float(analysis.labels.confidence[beat])
    parts = [t("strips.probability", value=probability(confidence))]
    name, second = other_class(analysis, beat)
    if second >= 0.01:
        parts.append(t("strips.next", label=name, value=probability(second)))
    said = t("list.comma").join(parts)
    if analysis.labels.abstained[beat]:
        reason = words.told(str(analysis.labels.reason[beat])) or t("sure.no_reason")
        said += "; " + t("strips.reason", reason=reason)
    return said
