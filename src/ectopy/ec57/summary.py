"""Comparisons of many records → gross figures (each beat counts) and averages (each record)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ectopy.ec57.beat_table import BeatTable
from ectopy.ec57.comparison import Comparison
from ectopy.ec57.runs import KINDS, LENGTHS
from ectopy.ec57.value import Score
from ectopy.errors import AnnotationError


@dataclass(frozen=True, slots=True)
class Mean:
    """Rates averaged over the records that have them, in percent, None if none has."""

    se: float | None
    ppv: float | None
    f1: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Give the three rates by name."""
        return {"se": self.se, "ppv": self.ppv, "f1": self.f1}


@dataclass(frozen=True, eq=False, slots=True)
class Summary:
    """Figures over many records, computed as the tool sumstats does.

    Attributes
    ----------
    comparisons
        The comparison of each record.
    total
        Sum of their matrices.
    gross, average
        ``qrs``, ``veb`` and ``sveb`` over all beats, and averaged over records.
    gross_runs, average_runs
        Couplets, short and long runs alike, for kind ``"v"`` and ``"s"``.
    average_rr_error_ms
        Mean of the records' RR errors, None if no record has one.

    Notes
    -----
    sumstats works from the printed lines, in which `Fs` and `Qs` are one number, so `gross`
    and `average` count neither as a false supraventricular beat, while a single record and
    `total` count `Fs`.
    """

    comparisons: tuple[Comparison, ...]
    total: BeatTable
    gross: dict[str, Score]
    average: dict[str, Mean]
    gross_runs: dict[str, dict[str, Score]]
    average_runs: dict[str, dict[str, Mean]]
    average_rr_error_ms: float | None

    @property
    def escape_beats(self) -> str:
        """Class that escape beats were counted as, the same for all records."""
        return self.comparisons[0].escape_beats

    def to_dict(self) -> dict[str, object]:
        """Give all figures as plain values, rates in percent or None."""
        return {
            "escape_beats": self.escape_beats,
            "matrix": self.total.matrix.tolist(),
            "classes": _dicts(self.total.classes),
            "kappa": self.total.kappa,
            "gross": {
                **_dicts(self.gross),
                "runs": {kind: _dicts(scores) for kind, scores in self.gross_runs.items()},
            },
            "average": {
                **_dicts(self.average),
                "rr_error_ms": self.average_rr_error_ms,
                "runs": {kind: _dicts(means) for kind, means in self.average_runs.items()},
            },
            "records": [comparison.to_dict() for comparison in self.comparisons],
        }


def summarise(comparisons: Iterable[Comparison]) -> Summary:
    """Put the comparisons of several records together: gross, and averaged over records.

    Raises
    ------
    AnnotationError
        If there are none, or escape beats were not counted alike in all of them.
    """
    records = tuple(comparisons)
    modes = sorted({comparison.escape_beats for comparison in records})
    if len(modes) != 1:
        found = f"escape beats counted as {' and as '.join(modes)}" if modes else "none"
        raise AnnotationError(
            f"a summary needs comparisons that count escape beats alike, got {found}; "
            "compare all records with one setting of escape_beats"
        )
    beats = {
        "qrs": [comparison.qrs for comparison in records],
        "veb": [comparison.veb for comparison in records],
        "sveb": [_printed_sveb(comparison) for comparison in records],
    }
    runs = {
        kind: {sort: [record.runs[kind].score(sort) for record in records] for sort in LENGTHS}
        for kind in KINDS
    }
    rr_errors = [round(c.rr_error_ms, 2) for c in records if c.rr_error_ms is not None]
    return Summary(
        comparisons=records,
        total=BeatTable(matrix=np.sum([record.matrix for record in records], axis=0)),
        gross={name: _gross(scores) for name, scores in beats.items()},
        average={name: _average(scores) for name, scores in beats.items()},
        gross_runs={
            kind: {sort: _gross(scores) for sort, scores in sorts.items()}
            for kind, sorts in runs.items()
        },
        average_runs={
            kind: {sort: _average(scores) for sort, scores in sorts.items()}
            for kind, sorts in runs.items()
        },
        average_rr_error_ms=sum(rr_errors) / len(rr_errors) if rr_errors else None,
    )


def _printed_sveb(comparison: Comparison) -> Score:
    """Give the score of supraventricular beats without `Fs`, which a printed line hides."""
    score = comparison.sveb
    return Score(score.tp, score.fn, score.fp - comparison.cells("Fs"))


def _gross(scores: list[Score]) -> Score:
    tp, fn, fp = (sum(column) for column in zip(*((s.tp, s.fn, s.fp) for s in scores), strict=True))
    own = [score.tp_ppv for score in scores if score.tp_ppv is not None]
    return Score(tp, fn, fp, sum(own) if own else None)


def _average(scores: list[Score]) -> Mean:
    return Mean(
        se=_mean(score.se for score in scores),
        ppv=_mean(score.ppv for score in scores),
        f1=_mean(score.f1 for score in scores),
    )


def _mean(rates: Iterable[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) / len(known) if known else None


def _dicts(values: Mapping[str, Score | Mean]) -> dict[str, dict[str, float | int | None]]:
    return {name: dict(value.to_dict()) for name, value in values.items()}
