"""The overview of a recording, and its beats by class."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from ectopy.web import schema
from ectopy.web.answers import answer, encoded, listed
from ectopy.web.beat_columns import Table, table
from ectopy.web.common import PROBLEMS, DoneJob
from ectopy.web.jobs import Job
from ectopy.web.overview import overview as made_overview
from ectopy.web.tiles import let_go

router = APIRouter(prefix="/analyses/{id}", tags=["overview"], responses=PROBLEMS)

BEFORE_S: Final = 0.4
AFTER_S: Final = 0.6
"""What a thumbnail shows, from R."""
_POINTS: Final = 250
"""Points of a thumbnail, more or less."""


@router.get("/overview", response_model=schema.Overview)
def overview(job: DoneJob, request: Request) -> Response:
    """Give trend, tachogram, hours, episodes, Poincaré plot and average beats."""
    return answer(request, job.derived("overview", lambda: _overview(job)))


@router.get("/gallery", response_model=schema.Gallery)
def gallery(
    job: DoneJob,
    request: Request,
    label: schema.Label,
    order: Literal["confidence", "-confidence", "time"] = "confidence",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
    lead: str | None = None,
) -> Response:
    """Give beats of a class, surest first, least sure first or in time order."""
    assert job.recording is not None
    assert job.analysis is not None
    assert job.review is not None
    with job.lock:
        found, version = table(job), job.review.version
    rows = job.derived(("gallery", label, order), lambda: _ordered(found, label, order))
    column = job.recording.lead_index(job.analysis.beats.lead if lead is None else lead)
    before, after, step = _window(job)
    return answer(
        request,
        encoded(
            {
                "version": version,
                "label": label,
                "total": len(rows),
                "offset": offset,
                "lead": job.recording.leads[column],
                "time_s": listed(np.arange(-before, after, step) / job.recording.fs),
                "beats": [
                    _snippet(job, found, row, column) for row in rows[offset : offset + limit]
                ],
            }
        ),
    )


def _overview(job: Job) -> bytes:
    assert job.review is not None
    return encoded({"version": job.review.version, **made_overview(job.reviewed())})


def _ordered(found: Table, label: str, order: str) -> list[int]:
    rows = np.flatnonzero(found.label == label)
    if order != "time":
        sure = np.nan_to_num(found.confidence[rows], nan=1.0)
        rows = rows[np.argsort(sure if order == "-confidence" else -sure, kind="stable")]
    listed_rows: list[int] = rows.tolist()
    return listed_rows


def _window(job: Job) -> tuple[int, int, int]:
    assert job.recording is not None
    fs = job.recording.fs
    before, after = round(BEFORE_S * fs), round(AFTER_S * fs)
    step = max(1, (before + after) // _POINTS)
    return before // step * step, after, step


def _snippet(job: Job, found: Table, row: int, column: int) -> dict[str, Any]:
    assert job.recording is not None
    before, after, step = _window(job)
    at = int(found.sample[row])
    signal = job.recording.signal
    window = np.full(before + after, np.nan)
    low, high = max(0, at - before), min(len(signal), at + after)
    window[low - at + before : high - at + before] = signal[low:high, column]
    let_go(signal)
    beat = found.beat(row)
    kept = ("id", "sample", "time_s", "label", "confidence", "abstained", "source")
    return {**{name: beat[name] for name in kept}, "mv": listed(window[::step], 3)}
