"""Models + split → ``summary.json``, ``records.csv`` and ``report.html``."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ectopy._files import replacing
from ectopy.datasets.splits import Split
from ectopy.evaluation.page import write_page
from ectopy.evaluation.run import RecordResult, evaluate
from ectopy.evaluation.summary import mean_summary, record_rows, summarise
from ectopy.labels import load_card


def evaluate_models(
    models: Sequence[str],
    split: Split,
    data: Path,
    *,
    beats: str = "detected",
    escape_beats: str = "S",
    progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, Any], tuple[RecordResult, ...]]:
    """Evaluate one model, or the seeds of one recipe.

    Parameters
    ----------
    models
        Names or directories; the figures of several are averaged and kept apart too.
    split, data, beats, escape_beats, progress
        As for :func:`ectopy.evaluation.evaluate`.

    Returns
    -------
    summary : dict
        What ``summary.json`` holds.
    results : tuple of RecordResult
        The records as the first of the models read them.
    """
    summaries, kept = [], None
    for done, model in enumerate(models):

        def tick(share: float, done: int = done) -> None:
            if progress:
                progress((done + share) / len(models))

        results = evaluate(
            model, split, data, beats=beats, escape_beats=escape_beats, progress=tick
        )
        card = load_card(model)
        summaries.append(
            summarise(results, split=split, card=card, beats=beats, escape_beats=escape_beats)
        )
        kept = kept or results
    return mean_summary(summaries), kept or ()


def write_evaluation(
    summary: dict[str, Any], results: Sequence[RecordResult], folder: Path
) -> list[Path]:
    """Write the three files of an evaluation, each whole or not at all.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    written = write_figures(summary, record_rows(results), folder)
    page = write_page(summary, results, folder / "report.html", noise=summary.get("noise"))
    return [*written, page]


def write_figures(
    summary: dict[str, Any], rows: Sequence[dict[str, Any]], folder: Path
) -> list[Path]:
    """Write ``summary.json``, and ``records.csv`` with one row a record."""
    with replacing(folder / "summary.json") as part:
        part.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with (
        replacing(folder / "records.csv") as part,
        part.open("w", newline="", encoding="utf-8") as out,
    ):
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return [folder / "summary.json", folder / "records.csv"]
