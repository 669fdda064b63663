"""Analysis → one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, Final

import numpy as np

from ectopy._files import replacing
from ectopy.analysis import Analysis
from ectopy.labels.aami import AAMI_NAMES
from ectopy.report import charts, words
from ectopy.report.card import known_card, read_card
from ectopy.report.quality import assess
from ectopy.report.shapes import Shape, average_beats, examples
from ectopy.report.strips import STRIP_S, Strip, draw_strip
from ectopy.rhythm import PAUSE_S, Episode

WHOLE_S: Final = 63.0
"""Recordings up to this long, in seconds, are shown whole: nine strips."""

EPISODES_SHOWN: Final = 5
"""Episodes of one kind that the report lists."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A strip with what is said about it; `label` is the class it is an example of, if any."""

    label: str
    title: str
    detail: str
    strip: Strip


def write(analysis: Analysis, path: Path, card: Mapping[str, Any] | None = None) -> None:
    """Write the report of an analysis; see `render`.

    Without a card, that of the model in this package is taken if it is the very one that
    named the beats.
    """
    text = render(analysis, known_card(analysis) if card is None else card)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", errors="replace")


def render(analysis: Analysis, card: Mapping[str, Any] | None = None) -> str:
    """Give the report of an analysis as one HTML document.

    Parameters
    ----------
    analysis
        What was found.
    card
        The card of the model that named the beats; its ``warning`` and ``figures`` are shown
        as far as it has them.

    Returns
    -------
    str
        HTML that loads nothing from anywhere; all text from the recording is escaped.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ectopy.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html").render(_facts(analysis, card))


def _facts(analysis: Analysis, card: Mapping[str, Any] | None) -> dict[str, Any]:
    """Gather everything that the template shows."""
    quality = assess(analysis)
    shapes = average_beats(analysis)
    return {
        "words": words,
        "analysis": analysis,
        "name": file_name(analysis.recording.source.path),
        "summary": words.summary(analysis, quality),
        "classes": _classes(analysis),
        "sureness": _sureness(analysis),
        "abstentions": _abstentions(analysis),
        "trend": charts.rate_trend(analysis),
        "each_beat": charts.draws_each_beat(analysis),
        "marks": charts.MARKS,
        "trend_bin": words.duration(charts.bin_seconds(analysis.recording.duration_s)),
        "pause_s": PAUSE_S,
        "groups": _episode_groups(analysis.rhythm.episodes),
        "whole": _whole(analysis),
        "shown": _examples(analysis, shapes),
        "notable": _notable(analysis),
        "averages": charts.average_charts(shapes),
        "shapes": shapes,
        "square_mv": charts.voltage_step(shapes) if shapes else None,
        "quality": quality,
        "card": read_card(card),
    }


def file_name(path: str) -> str:
    """Give the last part of a path of any system, which is all of it a report should tell."""
    return PurePath(PureWindowsPath(path).name).name or "ECG recording"


def _classes(analysis: Analysis) -> list[dict[str, Any]]:
    n = len(analysis.beats)
    return [
        {
            "label": label,
            "name": AAMI_NAMES[label],
            "plain": words.PLAIN_NAMES[label],
            "count": k,
            "share": words.share(k, n),
            "percent": 100 * k / n if n else 0,
        }
        for label, k in analysis.labels.counts().items()
    ]


def _sureness(analysis: Analysis) -> list[dict[str, Any]]:
    """Count, for each class found, the sure names, the rest above one half, and the others."""
    labels = analysis.labels
    rows = []
    for label in words.class_order(analysis):
        confidence = labels.confidence[labels.aami == label]
        high = int((confidence >= words.SURE).sum())
        low = int((confidence < 0.5).sum())
        parts = (high, len(confidence) - high - low, low)
        rows.append(
            {
                "label": label,
                "shares": [words.share(part, len(confidence)) for part in parts],
                "percents": [100 * part / len(confidence) for part in parts],
                "median": words.probability(float(np.median(confidence))),
            }
        )
    return rows


def _abstentions(analysis: Analysis) -> list[tuple[str, int]]:
    reasons = analysis.labels.reason[analysis.labels.abstained].tolist()
    counts = {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}
    return sorted(counts.items(), key=lambda item: -item[1])


def _size(episode: Episode) -> tuple[float, float]:
    """Order episodes by beats, pauses by seconds."""
    seconds = episode.stop_s - episode.start_s
    return (seconds, 0.0) if episode.kind == "pause" else (episode.n_beats, seconds)


def _episode_groups(episodes: Iterable[Episode]) -> list[dict[str, Any]]:
    """Sort episodes by kind, longest first, and keep the first few of each."""
    kinds: dict[str, list[Episode]] = {}
    for episode in episodes:
        kinds.setdefault(words.episode_name(episode), []).append(episode)
    order = ("pause", "run", "couplet", "bigeminy", "trigeminy")
    groups = []
    for name, found in kinds.items():
        longest = sorted(found, key=_size, reverse=True)
        groups.append(
            {
                "name": name,
                "label": longest[0].label,
                "kind": longest[0].kind,
                "count": len(longest),
                "shown": longest[:EPISODES_SHOWN],
                "rest": max(len(longest) - EPISODES_SHOWN, 0),
            }
        )
    rank = {kind: place for place, kind in enumerate(order)}
    return sorted(groups, key=lambda g: (rank.get(str(g["kind"]), len(rank)), g["label"] != "V"))


def _whole(analysis: Analysis) -> list[Strip]:
    """Draw all of a short recording; of a longer one without beats, its first strip."""
    total_s = analysis.recording.duration_s
    if total_s > WHOLE_S:
        return [] if len(analysis.beats) else [draw_strip(analysis, 0)]
    starts = [k * STRIP_S for k in range(int(total_s / STRIP_S + 0.999))]
    return [draw_strip(analysis, start, min(STRIP_S, total_s - start)) for start in starts]


def _examples(analysis: Analysis, shapes: dict[str, Shape]) -> list[Figure]:
    """Draw typical and the least sure beats of each class of a long recording."""
    if analysis.recording.duration_s <= WHOLE_S:
        return []
    titles = {"typical": "a typical example", "unsure": "the least sure"}
    return [
        Figure(
            label,
            f"{AAMI_NAMES[label].capitalize()} – {titles[example.kind]}",
            _doubt(analysis, example.beat),
            draw_strip(analysis, _centred(analysis, example.beat), focus=example.beat),
        )
        for label in words.class_order(analysis)
        for example in examples(analysis, shapes, label)
    ]


def _centred(analysis: Analysis, beat: int) -> float:
    return float(analysis.beats.time_s[beat]) - STRIP_S / 2


def _doubt(analysis: Analysis, beat: int) -> str:
    """Say how probable the class of a beat is, and what it would be otherwise."""
    names = list(analysis.labels.counts())
    row = analysis.labels.probability[beat].tolist()
    confidence = float(analysis.labels.confidence[beat])
    text = f"probability {words.probability(confidence)}"
    second, name = sorted(zip(row, names, strict=True), reverse=True)[1]
    if second >= 0.01:
        text += f", next {name} {words.probability(second)}"
    if analysis.labels.abstained[beat]:
        text += f"; would rather not say: {analysis.labels.reason[beat]}"
    return text


def _notable(analysis: Analysis) -> list[Figure]:
    """Draw the longest run of each kind and the longest pause."""
    if analysis.recording.duration_s <= WHOLE_S:
        return []
    drawn = []
    for group in _episode_groups(analysis.rhythm.episodes):
        if group["kind"] not in ("run", "pause"):
            continue
        longest: Episode = group["shown"][0]
        seconds = longest.stop_s - longest.start_s
        start = longest.start_s - max((STRIP_S - seconds) / 2, 1.0)
        detail = (
            f"{seconds:.1f} s without a beat"
            if longest.kind == "pause"
            else f"{words.count(longest.n_beats, 'beat')} in a row, {longest.rate_bpm:.0f} bpm"
        )
        title = f"The longest {group['name']}"
        drawn.append(Figure(longest.label, title, detail, draw_strip(analysis, start)))
    return drawn
