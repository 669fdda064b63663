"""Results of every record → the figures of ``summary.json``, with intervals over patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy import ec57
from ectopy.datasets.mitdb import MITDB_RECORDS, patient_of
from ectopy.datasets.splits import Split, find_split
from ectopy.ec57 import BeatTable, Score
from ectopy.evaluation.curves import risk_curves
from ectopy.evaluation.run import LEARNING_S, RecordResult
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.scores import calibration_gaps, expected_calibration_error

RESAMPLES: Final = 1000
LEFT_OUT: Final = ("232",)
"""Records that figures are also given without: 232 alone holds three quarters of DS2's S beats."""

DEFINITIONS: Final = {
    "units": "rates are fractions of 1; null where there is nothing to count",
    "accuracy": "reference beats that were found and rightly named, of all reference beats",
    "macro_f1": "mean F1 of the classes that occur",
    "classes": "over whole records; a beat that was not found counts against its class",
    "gross": f"EC57, all beats after the first {LEARNING_S:g} s of each record together",
    "average": f"EC57, mean over records, after the first {LEARNING_S:g} s",
    "ece": "expected calibration error in 15 bins, over the reference beats that were found",
    "risk_coverage": "share of the found beats that is kept, surest names first, and share of the "
    "kept that is wrongly named; abstaining: where the kept are those the model did not abstain "
    "from",
    "intervals": f"95 %, {RESAMPLES} draws of patients with replacement",
}


def summarise(
    results: Sequence[RecordResult],
    *,
    split: Split,
    card: dict[str, Any],
    beats: str,
    escape_beats: str,
) -> dict[str, Any]:
    """Put the results of all records together.

    Parameters
    ----------
    results
        One for each record of the test side.
    split, card, beats, escape_beats
        What was evaluated, as given to :func:`ectopy.evaluation.evaluate`.

    Returns
    -------
    dict
        What ``summary.json`` holds: rates as fractions of 1, None where undefined.
    """
    leak = leak_warning(card, [result.record for result in results])
    mixed = split.patient_mixed or bool(leak)
    without = [name for name in LEFT_OUT if any(r.record == name for r in results)]
    return {
        "split": split.name,
        "split_says": split.says,
        "patient_mixed": mixed,
        "warning": leak or split.warning,
        "model": card["name"],
        "sha256": card["sha256"],
        "trained_on": card["training"]["split"],
        "seeds": [card["training"].get("seed")],
        "beats": beats,
        "escape_beats": escape_beats,
        "records": [result.record for result in results],
        **_figures(results),
        "risk_coverage": risk_curves(results)[0].to_dict(),
        "without": {name: _figures([r for r in results if r.record != name]) for name in without},
        "intervals": _intervals(results),
        "definitions": DEFINITIONS,
    }


def leak_warning(card: dict[str, Any], tested: Sequence[str]) -> str:
    """Say so if a model has learned from patients that it is tested on; empty if it has not."""
    trained = find_split(card["training"]["split"])
    learned = {patient_of(r) for r in trained.train_records or MITDB_RECORDS}
    declared = set(trained.shared_patients)
    seen = sorted({patient_of(r) for r in tested} & learned - declared)
    if not seen:
        return ""
    return (
        f"PATIENTS ARE MIXED: {card['name']} has learned from beats of {len(seen)} of the "
        f"{len({patient_of(r) for r in tested})} patients it is tested on here, so these figures "
        "measure memory of patients, not what happens on new ones."
    )


def mean_summary(summaries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give the mean of the summaries of one recipe's seeds, and keep each under ``per_seed``.

    Intervals become the outermost of all seeds' bounds; the curve of risk is the first seed's.
    """
    if len(summaries) == 1:
        return summaries[0]
    together: dict[str, Any] = _mean(list(summaries))
    bounds = [one["intervals"] for one in summaries]
    together["intervals"] = {
        name: [min(b[name][0] for b in bounds), max(b[name][1] for b in bounds)]
        for name in bounds[0]
        if all(b.get(name) for b in bounds)
    }
    together["seeds"] = [seed for one in summaries for seed in one["seeds"]]
    together["risk_coverage"] = summaries[0]["risk_coverage"]
    kept = ("seeds", "sha256", "accuracy", "macro_f1", "classes", "ece", "risk_coverage")
    together["per_seed"] = [{name: one[name] for name in kept} for one in summaries]
    return together


def record_rows(results: Sequence[RecordResult]) -> list[dict[str, Any]]:
    """Give one row a record for ``records.csv``: beats, errors, and the rates of EC57."""
    rows = []
    for result in results:
        table = BeatTable(matrix=result.matrix)
        row: dict[str, Any] = {
            "record": result.record,
            "patient": patient_of(result.record),
            "beats": int(result.matrix[:5].sum()),
            "missed": int(result.matrix[:5, 5:].sum()),
            "extra": int(result.matrix[5:, :5].sum()),
            "misnamed": int(result.matrix[:5, :5].sum() - np.trace(result.matrix[:5, :5])),
            "accuracy": _accuracy(table),
        }
        for name, score in table.classes.items():
            row |= {f"{name}_{key}": value for key, value in _rates(score, name, table).items()}
        if result.comparison is not None:
            for name in ("qrs", "veb", "sveb"):
                rates = _rates(getattr(result.comparison, name))
                row |= {f"ec57_{name}_{key}": value for key, value in rates.items()}
        rows.append(row)
    return rows


def _figures(results: Sequence[RecordResult]) -> dict[str, Any]:
    table = BeatTable(matrix=np.sum([result.matrix for result in results], axis=0))
    truth = np.concatenate([result.truth for result in results])
    named = np.concatenate([result.named for result in results])
    probability = np.concatenate([result.probability for result in results])
    figures: dict[str, Any] = {
        "accuracy": _accuracy(table),
        "macro_f1": _macro_f1(table),
        "classes": {n: _rates(s, n, table) for n, s in table.classes.items()},
        "matrix": table.matrix.tolist(),
        "kappa": table.kappa,
        "ece": expected_calibration_error(truth, probability, named),
    }
    compared = [result.comparison for result in results if result.comparison is not None]
    if compared:
        summary = ec57.summarise(compared)
        kinds = ("qrs", "veb", "sveb")
        figures["gross"] = {name: _rates(summary.gross[name]) for name in kinds}
        figures["average"] = {
            name: {k: _share(v) for k, v in summary.average[name].to_dict().items()}
            for name in kinds
        }
        figures["average"]["rr_error_ms"] = summary.average_rr_error_ms
    else:
        figures["gross"] = {"qrs": None, "veb": _rates(table.veb), "sveb": _rates(table.sveb)}
        figures["average"] = {"qrs": None, "veb": None, "sveb": None}
    return figures


def _intervals(results: Sequence[RecordResult], seed: int = 0) -> dict[str, list[float] | None]:
    """Bootstrap over patients: 95 % intervals of the leading figures."""
    patients = sorted({patient_of(result.record) for result in results})
    place = [patients.index(patient_of(result.record)) for result in results]
    random = np.random.default_rng(seed)
    drawn = random.integers(len(patients), size=(RESAMPLES, len(patients)))
    weight = np.apply_along_axis(np.bincount, 1, drawn, minlength=len(patients))[:, place]
    whole = np.tensordot(weight, np.stack([result.matrix for result in results]), axes=1)
    draws: dict[str, list[float | None]] = {}
    for matrix in whole:
        table = BeatTable(matrix=matrix)
        _note(draws, "accuracy", _accuracy(table))
        _note(draws, "macro_f1", _macro_f1(table))
        for name, score in table.classes.items():
            _note(draws, f"classes.{name}.f1", _share(score.f1))
    gaps = np.stack([calibration_gaps(r.truth, r.probability, r.named) for r in results])
    beats = weight @ np.array([len(result.truth) for result in results])
    draws["ece"] = list(np.abs(weight @ gaps).sum(axis=1) / beats)
    compared = [result.comparison for result in results if result.comparison is not None]
    if compared:
        for matrix in np.tensordot(weight, np.stack([c.matrix for c in compared]), axes=1):
            table = BeatTable(matrix=matrix)
            sveb = table.sveb
            as_printed = Score(sveb.tp, sveb.fn, sveb.fp - table.cells("Fs"))
            for kind, score in (("qrs", table.qrs), ("veb", table.veb), ("sveb", as_printed)):
                for rate in ("se", "ppv", "f1"):
                    _note(draws, f"gross.{kind}.{rate}", _share(getattr(score, rate)))
    return {name: _percentiles(values) for name, values in draws.items()}


def _note(draws: dict[str, list[float | None]], name: str, value: float | None) -> None:
    draws.setdefault(name, []).append(value)


def _percentiles(values: list[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    bounds: list[float] = np.percentile(known, [2.5, 97.5]).round(5).tolist()
    return bounds


def _accuracy(table: BeatTable) -> float | None:
    beats = int(table.matrix[:5].sum())
    return int(np.trace(table.matrix[:5, :5])) / beats if beats else None


def _macro_f1(table: BeatTable) -> float:
    occurring = table.matrix.sum(axis=1)[:5] > 0
    scores = [score.f1 or 0.0 for score in table.classes.values()]
    return float(np.mean(np.array(scores)[occurring])) / 100


def _rates(
    score: Score, name: str | None = None, table: BeatTable | None = None
) -> dict[str, float | int | None]:
    rates: dict[str, float | int | None] = {
        "se": _share(score.se),
        "ppv": _share(score.ppv),
        "f1": _share(score.f1),
    }
    if name is not None and table is not None:
        rates["support"] = int(table.matrix[AAMI_CLASSES.index(name)].sum())
    return rates


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _mean(values: list[Any]) -> Any:
    """Mean of the numbers in nested dictionaries of one shape; other leaves from the first."""
    first = values[0]
    if isinstance(first, dict):
        return {key: _mean([value[key] for value in values]) for key in first}
    numbers: NDArray[np.float64] | None = None
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        numbers = np.array(values, float)
    if numbers is None:
        return first
    mean = float(numbers.mean())
    return int(mean) if all(isinstance(v, int) for v in values) and mean.is_integer() else mean
