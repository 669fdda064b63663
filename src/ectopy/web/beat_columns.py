"""Beats after edits as columns, and single beats, as the API gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.labels import AAMI_CLASSES
from ectopy.web.answers import listed
from ectopy.web.jobs import Job

COLUMNS: Final = (
    "id",
    "sample",
    "time_s",
    "label",
    "model_label",
    "confidence",
    "probability",
    "abstained",
    "reason",
    "quality",
    "rr_s",
    "source",
)


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Beats after edits as arrays, each ``(n,)``; NaN and ``-`` for what the model does not say."""

    id: NDArray[np.int64]
    sample: NDArray[np.int64]
    time_s: NDArray[np.float64]
    label: NDArray[np.str_]
    model_label: NDArray[np.str_]
    confidence: NDArray[np.float64]
    probability: NDArray[np.float64]
    abstained: NDArray[np.bool_]
    reason: NDArray[np.str_]
    quality: NDArray[np.float64]
    rr_s: NDArray[np.float64]
    by_user: NDArray[np.bool_]

    def column(self, name: str, rows: slice) -> Any:
        """Give one of `COLUMNS` of these rows, ready for JSON."""
        if name == "source":
            return "".join(np.where(self.by_user[rows], "u", "m").tolist())
        values = getattr(self, name)[rows]
        if name in ("label", "model_label"):
            return "".join(values.tolist())
        if name == "abstained":
            return values.astype(np.int8).tolist()
        if name == "probability":
            known = np.isfinite(values[:, 0])
            rows_of = np.round(np.where(known[:, None], values, 0.0), 4).tolist()
            if known.all():
                return rows_of
            return [row if k else None for row, k in zip(rows_of, known.tolist(), strict=True)]
        return listed(values) if values.dtype.kind == "f" else values.tolist()

    def counts(self) -> dict[str, int]:
        """Give the number of beats of each class."""
        return {name: int((self.label == name).sum()) for name in AAMI_CLASSES}

    def beat(self, row: int) -> dict[str, Any]:
        """Give one beat."""
        one = {name: self.column(name, slice(row, row + 1))[0] for name in COLUMNS}
        return {
            **one,
            "model_label": None if one["model_label"] == "-" else one["model_label"],
            "abstained": bool(one["abstained"]),
        }


def table(job: Job) -> Table:
    """Give the beats of an analysis after edits."""
    return job.derived("table", lambda: _table(job))


def _table(job: Job) -> Table:
    assert job.review is not None
    now, base = job.review.beats(), job.review.analysis
    beats, labels = job.review.values()
    added = now.found < 0
    confidence = labels.confidence.astype(np.float64)
    probability = labels.probability.astype(np.float64)
    quality = beats.quality.astype(np.float64)
    if added.any():
        confidence[added], probability[added], quality[added] = np.nan, np.nan, np.nan
    if len(base.labels):
        model_label = np.where(added, "-", base.labels.aami[np.maximum(now.found, 0)])
    else:
        model_label = np.full(len(now.id), "-")
    return Table(
        id=now.id,
        sample=now.sample,
        time_s=beats.time_s,
        label=now.label,
        model_label=model_label,
        confidence=confidence,
        probability=probability,
        abstained=labels.abstained,
        reason=labels.reason,
        quality=quality,
        rr_s=beats.rr_s,
        by_user=now.by_user,
    )
