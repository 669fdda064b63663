"""Summary and results of an evaluation → one HTML page that needs nothing else."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from ectopy import __version__, ec57
from ectopy._files import replacing
from ectopy.datasets.mitdb import PACED_RECORDS, patient_of
from ectopy.evaluation.charts import (
    noise_chart,
    precision_recall_chart,
    reliability_chart,
    risk_chart,
)
from ectopy.evaluation.curves import Reliability, precision_recall, reliability, risk_curves
from ectopy.evaluation.mistakes import worst_records
from ectopy.evaluation.run import LEARNING_S, RecordResult
from ectopy.evaluation.summary import record_rows
from ectopy.labels.aami import AAMI_NAMES
from ectopy.report import words

_NBSP: Final = "\u00a0"

KINDS: Final = {
    "qrs": ("QRS", "any beat"),
    "veb": ("VEB", "ventricular ectopic"),
    "sveb": ("SVEB", "supraventricular ectopic"),
}
_RUNS: Final = {"couplets": "couplets", "short": "runs of 3 to 5", "long": "runs of 6 and more"}
_TERMS: Final = {
    "units": "Numbers in summary.json",
    "macro_f1": "Macro F1",
    "classes": "Figures of classes",
    "ece": "ECE",
    "risk_coverage": "Risk and coverage",
}
"""How definitions are headed whose name in the summary would not do."""


def write_page(
    summary: dict[str, Any],
    results: Sequence[RecordResult],
    path: Path,
    *,
    noise: dict[str, Any] | None = None,
) -> Path:
    """Write the page of an evaluation: one HTML file that loads and runs nothing.

    Parameters
    ----------
    summary
        What ``summary.json`` holds, see :func:`ectopy.evaluation.summarise`.
    results
        The records behind it. Where the summary is the mean of several seeds, those of the first.
    path
        Where to write.
    noise
        Figures of a noise stress test, see :func:`ectopy.evaluation.noise_stress`: ``record``,
        ``snr_db``, and for each of ``qrs``, ``veb`` and ``sveb`` one ``{"se": …, "ppv": …}`` per
        ratio, fractions of 1 or None. It may name the ``noise`` and hold the same ``clean``.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    text = render(summary, results, noise)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", errors="replace")
    return path


def render(
    summary: dict[str, Any], results: Sequence[RecordResult], noise: dict[str, Any] | None = None
) -> str:
    """Give the page of an evaluation as one HTML document; see `write_page`."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("ectopy.evaluation", ""), PackageLoader("ectopy.report", "")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(_facts(summary, results, noise))


def rate(value: float | None, digits: int = 1) -> str:
    """Give a fraction of 1 in percent; only nothing reads 0 and only all 100."""
    if value is None:
        return "–"
    least = 10.0**-digits
    percent = 100 * value
    if 0 < percent < least / 2:
        return f"<{_NBSP}{least:.{digits}f}"
    if 100 - least / 2 <= percent < 100:
        return f">{_NBSP}{100 - least:.{digits}f}"
    return f"{percent:.{digits}f}"


def _facts(
    summary: dict[str, Any], results: Sequence[RecordResult], noise: dict[str, Any] | None
) -> dict[str, Any]:
    """Gather everything that the template shows."""
    truth = np.concatenate([result.truth for result in results])
    named = np.concatenate([result.named for result in results])
    probability = np.concatenate([result.probability for result in results])
    bins = reliability(truth, probability, named)
    matrix = np.array(summary["matrix"])
    compared = [result.comparison for result in results if result.comparison is not None]
    return {
        "words": words,
        "rate": rate,
        "says": _says,
        "summary": summary,
        "software": f"ectopy {__version__}",
        "n_patients": len({patient_of(result.record) for result in results}),
        "sentences": _sentences(summary, matrix, bool(compared)),
        "cards": _cards(summary),
        "learning_s": LEARNING_S,
        "ec57": _ec57(summary, compared) if compared else None,
        "paced": [r.record for r in results if r.record in PACED_RECORDS],
        "names": AAMI_NAMES,
        "report": _report(summary),
        "matrices": _matrices(matrix, whole=bool(compared)),
        "without": _without(summary),
        "curves": [
            (c, precision_recall_chart(c)) for c in precision_recall(truth, named, probability)
        ],
        "reliability": reliability_chart(bins),
        "bins": _bins(bins),
        "risks": [(curve, risk_chart(curve)) for curve in risk_curves(results)],
        "n_found": len(truth),
        "noise": _noise(noise),
        "records": _records(results),
        "detected": bool(compared),
        "worst": worst_records(results),
        "definitions": {_term(name): text for name, text in summary["definitions"].items()},
        "command": _command(summary),
        "weights": [one["sha256"] for one in summary.get("per_seed", [summary])],
    }


def _says(truth: str, named: str) -> str:
    """Put an error in words."""
    if not truth:
        return f"made up, called {named}"
    return f"{truth} called {named}" if named else f"{truth} missed"


def _term(name: str) -> str:
    return _TERMS.get(name, name.replace("_", " ").capitalize())


def _sentences(summary: dict[str, Any], matrix: np.ndarray, compared: bool) -> list[str]:
    """Say in a few sentences what was measured and what came out."""
    beats = int(matrix[:5].sum())
    n_records = len(summary["records"])
    patients = len({patient_of(record) for record in summary["records"]})
    people = words.count(patients, "patient")
    tested = f"{words.count(n_records, 'record')} of {people}"
    right = f"{rate(summary['accuracy'])}{_NBSP}%"
    if not compared:
        opening = [f"Of {beats:,} published rows from {people} the model named {right} rightly."]
    elif summary["beats"] == "reference":
        opening = [
            f"Told where the {beats:,} beats of {tested} are, the model named {right} of them as "
            "the experts did."
        ]
    else:
        found = words.share(int(matrix[:5, :5].sum()), beats)
        made_up = words.count(int(matrix[5:, :5].sum()), "beat")
        opening = [
            f"In {tested} the software found {found} of {beats:,} beats and made up {made_up}.",
            f"It named {right} of all beats as the experts did.",
        ]
    return opening + [
        _of_class(summary["classes"][name], f"{AAMI_NAMES[name]} beats") for name in "VS"
    ]


def _of_class(scores: Mapping[str, Any], kind: str) -> str:
    percent = f"{_NBSP}%"
    if not scores["support"]:
        return f"There are no {kind} among them."
    said = f"Of {scores['support']:,.0f} {kind} it recognised {rate(scores['se'])}{percent}"
    if scores["ppv"] is None:
        return f"{said} and called no beat so."
    return f"{said}, and {rate(scores['ppv'])}{percent} of the beats that it called so were."


def _cards(summary: dict[str, Any]) -> list[dict[str, str]]:
    """Give the leading figures with their intervals."""
    shown = {
        "accuracy": (summary["accuracy"], "accuracy"),
        "macro_f1": (summary["macro_f1"], "macro F1"),
        "classes.V.f1": (summary["classes"]["V"]["f1"], "F1 of V"),
        "classes.S.f1": (summary["classes"]["S"]["f1"], "F1 of S"),
        "ece": (summary["ece"], "calibration error (ECE)"),
    }
    return [
        {"value": rate(value), "name": name, "interval": _interval(summary, key)}
        for key, (value, name) in shown.items()
    ]


def _interval(summary: dict[str, Any], key: str, digits: int = 1) -> str:
    bounds = summary["intervals"].get(key)
    return f"{rate(bounds[0], digits)} – {rate(bounds[1], digits)}" if bounds else ""


def _ec57(summary: dict[str, Any], compared: Sequence[ec57.Comparison]) -> dict[str, Any]:
    """Gather the tables of EC57: gross with intervals, averages, runs, and the printed lines."""
    total = ec57.summarise(compared)
    kinds = []
    for key, (short, name) in KINDS.items():
        score = total.gross[key]
        cells = [
            (rate(summary["gross"][key][r], 2), _interval(summary, f"gross.{key}.{r}", 2))
            for r in ("se", "ppv", "f1")
        ]
        average = [rate(summary["average"][key][r], 2) for r in ("se", "ppv", "f1")]
        there = score.tp + score.fn
        kinds.append(
            {"short": short, "name": name, "beats": there, "gross": cells, "average": average}
        )
    runs = [
        {
            "kind": {"v": "V", "s": "S"}[kind],
            "name": _RUNS[sort],
            "there": score.tp + score.fn,
            "named": score.found + score.fp,
            "rates": [
                words.number(r, 1)
                for r in (score.se, score.ppv, average[sort].se, average[sort].ppv)
            ],
        }
        for kind, average in total.average_runs.items()
        for sort, score in total.gross_runs[kind].items()
    ]
    return {
        "kinds": kinds,
        "runs": runs,
        "rr_error_ms": summary["average"].get("rr_error_ms"),
        "lines": ec57.beat_summary(compared),
        "run_lines": [ec57.run_summary(compared, kind) for kind in ("v", "s")],
    }


def _report(summary: dict[str, Any]) -> dict[str, Any]:
    """Give the classification report: each class, and the means over those that occur."""
    classes = summary["classes"]
    rows = [
        {
            "label": label,
            "rates": [rate(row["se"]), rate(row["ppv"]), rate(row["f1"])],
            "interval": _interval(summary, f"classes.{label}.f1"),
            "support": row["support"],
        }
        for label, row in classes.items()
    ]
    there = [row for row in classes.values() if row["support"]]
    means = [sum(row[r] or 0.0 for row in there) / len(there) for r in ("se", "ppv")]
    return {
        "rows": rows,
        "macro": [rate(means[0]), rate(means[1]), rate(summary["macro_f1"])],
        "interval": _interval(summary, "macro_f1"),
        "beats": sum(row["support"] for row in there),
    }


def _matrices(matrix: np.ndarray, *, whole: bool) -> list[dict[str, Any]]:
    """Give the matrix as counts and as shares of each true class, cell by cell.

    Where nothing was looked for, nothing can be missed or made up, and that part is left out.
    """
    width = 7 if whole else 5
    beats = matrix.sum(axis=1, keepdims=True)
    share = matrix / np.maximum(beats, 1)
    columns = list(ec57.COLUMNS[:width])

    def rows(n: int, as_share: bool) -> list[dict[str, Any]]:
        return [
            {
                "label": ec57.ROWS[i],
                "apart": i >= 5,
                "cells": [_cell(matrix[i, j], share[i, j], i, j, as_share) for j in range(width)],
            }
            for i in range(n)
        ]

    return [
        {"title": "Beats", "columns": columns, "rows": rows(width, False)},
        {"title": "Percent of the true class", "columns": columns, "rows": rows(5, True)},
    ]


def _cell(n: int, share: float, i: int, j: int, as_share: bool) -> dict[str, Any]:
    inside = i < 5
    text = (rate(share) if share else "0") if as_share else f"{n:,}"
    if i >= 5 and j >= 5:
        text = ""
    return {
        "text": text,
        "right": i == j,
        "apart": j >= 5,
        "depth": round(float(share), 3) if inside else 0.0,
        "none": not n,
    }


def _without(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the figures of S and V with all records, and without those that weigh too much."""
    held = {"": summary, **summary["without"]}
    if len(held) == 1:
        return []
    rows = []
    for name, figures in held.items():
        lost = {
            label: summary["classes"][label]["support"] - figures["classes"][label]["support"]
            for label in "SV"
        }
        rows.append({"record": name, "lost": lost, **figures})
    return rows


def _bins(bins: Reliability) -> list[dict[str, str]]:
    return [
        {
            "span": f"{bins.edges[k]:.2f} – {bins.edges[k + 1]:.2f}",
            "beats": f"{bins.beats[k]:,}",
            "confidence": rate(float(bins.confidence[k])),
            "accuracy": rate(float(bins.accuracy[k])),
        }
        for k in np.flatnonzero(bins.beats).tolist()
    ]


def _noise(noise: dict[str, Any] | None) -> dict[str, Any] | None:
    """Draw Se and +P over the noise, and put them in a table."""
    if noise is None:
        return None
    levels = noise["snr_db"]
    charts: dict[str, Markup] = {
        short: noise_chart(
            levels, [at["se"] for at in noise[key]], [at["ppv"] for at in noise[key]], name
        )
        for key, (short, name) in KINDS.items()
    }
    held = [{key: noise[key][k] for key in KINDS} for k in range(len(levels))]
    names = [f"{level:g}".replace("-", "−") for level in levels]
    if "clean" in noise:
        held, names = [noise["clean"], *held], ["no noise", *names]
    rows = [
        {"snr": name, "rates": [rate(one[key][r]) for key in KINDS for r in ("se", "ppv")]}
        for name, one in zip(names, held, strict=True)
    ]
    said = {"record": noise["record"], "noise": noise.get("noise", "")}
    return {**said, "charts": charts, "rows": rows}


def _records(results: Sequence[RecordResult]) -> list[dict[str, Any]]:
    """Give one row a record, that with most errors first."""
    rows = record_rows(results)
    for row in rows:
        row["errors"] = row["missed"] + row["extra"] + row["misnamed"]
    return sorted(rows, key=lambda row: (-row["errors"], row["record"]))


def _command(summary: dict[str, Any]) -> str:
    names = ("--split", summary["split"]), ("--model", summary["model"])
    ways = ("--beats", summary["beats"]), ("--escape-beats", summary["escape_beats"])
    given = " ".join(f"{option} {shlex.quote(str(value))}" for option, value in (*names, *ways))
    return f"ectopy evaluate {given} --data DIR -o OUT"
