"""Analysis → one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ectopy._files import replacing
from ectopy.analysis import Analysis
from ectopy.report.card import known_card
from ectopy.report.charts import MARKS
from ectopy.report.facts import HOURS_SHOWN, gather, sentence_case
from ectopy.report.words import SURE, clock, elapsed, number


def write(
    analysis: Analysis,
    path: Path,
    card: Mapping[str, Any] | None = None,
    *,
    language: str = "en",
) -> None:
    """Write the report of an analysis; see `render`.

    Without a card, that of the model in this package is taken if it is the very one that
    named the beats.
    """
    card = known_card(analysis) if card is None else card
    text = render(analysis, card, language=language)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", errors="replace")


def render(
    analysis: Analysis, card: Mapping[str, Any] | None = None, *, language: str = "en"
) -> str:
    """Give the report of an analysis as one HTML document.

    Parameters
    ----------
    analysis
        What was found.
    card
        The card of the model that named the beats; its ``warning`` and ``figures`` are shown
        as far as it has them.
    language
        One of :data:`ectopy.report.language.LANGUAGES`.

    Returns
    -------
    str
        HTML that loads nothing from anywhere; all text from the recording is escaped.

    Raises
    ------
    OutputError
        If there is no report in this language.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ectopy.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html").render(
        **gather(analysis, card, language),
        elapsed=elapsed,
        clock=clock,
        number=number,
        sentence_case=sentence_case,
        marks=MARKS,
        sure=SURE,
        hours_shown=HOURS_SHOWN,
    )
