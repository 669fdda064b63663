"""Why a beat was named so."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from ectopy.explain import STEP_S, WINDOW_S, explain
from ectopy.report.shapes import AFTER_S, BEFORE_S
from ectopy.web import schema
from ectopy.web.answers import RefusedError, answer, encoded, listed
from ectopy.web.beat_columns import table
from ectopy.web.common import PROBLEMS, DoneJob
from ectopy.web.jobs import Job
from ectopy.web.overview import average_beats, cut

router = APIRouter(prefix="/analyses/{id}", tags=["why"], responses=PROBLEMS)

COMPARED_S: Final = (-0.15, 0.3)
"""From R, where a beat is held against average beats."""


@router.get("/beats/{beat}/why", response_model=schema.Why)
def why(job: DoneJob, beat: int, request: Request) -> Response:
    """Say which part of the signal and of the timing moved the model; takes a second or two."""
    with job.lock:
        found = table(job)
    rows = np.flatnonzero(found.id == beat)
    if not len(rows):
        raise RefusedError(404, f"there is no beat {beat}; fetch the beats again")
    row = int(rows[0])
    if found.model_label[row] == "-":
        raise RefusedError(422, "a person put this beat here; the model has no label for it")
    answered = {"beat": found.beat(row), **_moved_by(job, beat), **_alike(job, beat)}
    return answer(request, encoded(answered))


def _moved_by(job: Job, beat: int) -> dict[str, Any]:
    """Say what moved the model; edits make no difference to that."""
    made: dict[str, Any] | None = job.known_whys.get(beat)
    if made is None:
        made = _explained(job, beat)
        job.known_whys[beat] = made
    return made


def _explained(job: Job, beat: int) -> dict[str, Any]:
    assert job.analysis is not None
    why = explain(job.analysis, beat, job.options.model)

    def ratio(interval: float | None) -> float | None:
        return interval / why.typical_s if interval and why.typical_s else None

    return {
        "label": why.label,
        "classes": "NSVFQ",
        "probability": listed(why.probability),
        "window": {"start_s": WINDOW_S[0], "stop_s": WINDOW_S[1], "bin_s": STEP_S},
        "time_s": listed(why.time_s),
        "importance": listed(why.importance),
        "evidence": listed(why.evidence),
        "rr": {
            "before_s": why.before_s,
            "after_s": why.after_s,
            "typical_s": why.typical_s,
            "before_ratio": ratio(why.before_s),
            "after_ratio": ratio(why.after_s),
            "on_time_probability": None if why.on_time is None else listed(why.on_time),
            "says": why.timing_says,
        },
        "says": why.says,
    }


def _alike(job: Job, beat: int) -> dict[str, Any]:
    """Hold a beat against the average beat of each class."""
    assert job.analysis is not None
    analysis = job.analysis
    averages = job.derived("average", lambda: average_beats(job.reviewed()))
    fs, column = analysis.recording.fs, analysis.recording.lead_index(analysis.beats.lead)
    before, after = round(BEFORE_S * fs), round(AFTER_S * fs)
    windows = cut(analysis, analysis.beats.sample[[beat]], before, after)
    own = windows[0, :, column] if len(windows) else np.full(before + after, np.nan)
    own = own - (np.nanmedian(own) if np.isfinite(own).any() else 0.0)
    time_s = np.array(averages["average_time_s"])
    core = (time_s >= COMPARED_S[0]) & (time_s <= COMPARED_S[1])
    similar: dict[str, float] = {}
    for each in averages["average"]:
        mean = np.array(each["leads"][column]["mean"], np.float64)
        match = _correlation(own[core], mean[core])
        if match is not None:
            similar[each["label"]] = round(match, 4)
    nearest = max(similar, key=lambda label: similar[label]) if similar else None
    typical = next((each for each in averages["average"] if each["label"] == nearest), None)
    return {
        "typical_beat": typical
        and {
            "label": nearest,
            "time_s": averages["average_time_s"],
            "mv": typical["leads"][column]["mean"],
            "n": typical["used"],
        },
        "this_beat": {"mv": listed(own)},
        "similarity": similar[nearest] if nearest else None,
        "similar": similar,
    }


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    if not np.isfinite(a).all() or not np.isfinite(b).all() or a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
