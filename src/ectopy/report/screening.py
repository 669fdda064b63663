"""What a report tells of the answer to a question about the whole recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ectopy.analysis import Analysis
from ectopy.labels.screen import Screen
from ectopy.report.words import Words, probability

if TYPE_CHECKING:
    from ectopy.report.pdf_layout import Flow, Layout

RATES: Final = ("auroc", "se", "sp")
LIMITS: Final = ("one_lead", "alike", "origin", "prior", "help")


@dataclass(frozen=True, slots=True)
class Screening:
    """The section of one screen, in the language of the report.

    `answer` and the rows are empty where the screen gave none, `refusal` where it did.
    """

    title: str
    answer: str
    refusal: str
    rows: tuple[tuple[str, str], ...]
    caution: str
    limits: tuple[str, ...]


def read_screening(analysis: Analysis, words: Words) -> Screening | None:
    """Put the answer of a screen into words; None where none was asked."""
    screen, t = analysis.screen, words.t
    if screen is None:
        return None
    told: dict[str, Any] = screen.to_dict()
    side = "screen.above" if screen.positive else "screen.below"
    return Screening(
        title=t(f"screen.{screen.name}"),
        answer=t(side) if screen.applied else "",
        refusal="" if screen.applied else _refusal(analysis, screen, words),
        rows=tuple(_rows(screen, told["figures"], words)) if screen.applied else (),
        caution=t("screen.caution"),
        limits=tuple(t(f"screen.limit.{name}") for name in LIMITS),
    )


def limits_key(screen: Screen | None) -> str:
    """Give the sentence that says what is not looked for: less where that was asked."""
    if screen is None:
        return "limits.first"
    return "limits.first_screened" if screen.applied else "limits.first_unanswered"


def screening_flow(page: Layout) -> Flow:
    """Make the section of the PDF; nothing where none was asked."""
    from ectopy.report.pdf_layout import WIDTH

    told: Screening | None = page.facts["screening"]
    if told is None:
        return []
    parts: Flow = [page.text(told.answer or told.refusal)]
    if told.rows:
        parts.append(page.table([list(row) for row in told.rows], [WIDTH - 240, 240], numbers=(1,)))
    return page.section(told.title, [*parts, page.caution(told.caution, " ".join(told.limits))])


def _refusal(analysis: Analysis, screen: Screen, words: Words) -> str:
    """Say why there is no answer: as the screen does, or in another language by its cause."""
    t = words.t
    if t.code == "en":
        return t("screen.refused", reason=screen.reason)
    reason = t(
        f"screen.cause.{screen.cause}",
        lead=screen.lead,
        fs=f"{analysis.recording.fs:g}",
        beats=screen.beats,
    )
    return t("screen.refused", reason=reason)


def _rows(screen: Screen, figures: Mapping[str, Any] | None, words: Words) -> list[tuple[str, str]]:
    t = words.t
    rows = [
        (t("screen.probability"), probability(screen.probability or 0.0)),
        (t("screen.threshold"), f"{screen.threshold:.2f}"),
        (t("screen.looked_at"), words.beats(screen.beats)),
        (t("screen.model"), screen.model),
    ]
    if figures:
        tested = figures["patient"]
        rows.append(
            (t("screen.tested"), t("screen.patients", tested["n"], positive=tested["positive"]))
        )
        rows += [(t(f"screen.{rate}"), _told(tested, rate)) for rate in RATES]
        if crossed := figures.get("cross_validation"):
            rows.append((t("screen.crossed"), _crossed(crossed["patient"]["auroc"])))
        if others := figures.get("others"):
            share = f"{100 * others['named'] / others['n']:.0f}"
            rows.append((t("screen.others"), t("screen.share", others["n"], share=share)))
    return rows


def _told(tested: Mapping[str, Any], rate: str) -> str:
    low, high = tested[f"{rate}_interval"]
    if rate == "auroc":
        return f"{tested[rate]:.3f} ({low:.3f}–{high:.3f})"
    return f"{100 * tested[rate]:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def _crossed(found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    return f"{found['mean']:.3f} ({low:.3f}–{high:.3f})"
