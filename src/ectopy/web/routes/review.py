"""Edits by hand: made, undone, listed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from ectopy.review import Edit, Review
from ectopy.web.answers import RefusedError
from ectopy.web.beat_columns import Table, table
from ectopy.web.common import PROBLEMS, DoneJob
from ectopy.web.jobs import Job
from ectopy.web.schema import Beat, Changed, EditDone, History, NewEdit, PastEdit

router = APIRouter(prefix="/analyses/{id}", tags=["review"], responses=PROBLEMS)


@router.post("/edits")
def edit(job: DoneJob, wanted: NewEdit) -> Changed:
    """Name a beat, add one or take one away; it is on disk when this answers."""
    review = _review(job)
    with job.lock:
        before = table(job)
        return _changed(job, before, _made(review, wanted))


@router.post("/undo")
def undo(job: DoneJob) -> Changed:
    """Take the last edit back."""
    with job.lock:
        if not _review(job).edits:
            raise RefusedError(409, "there is nothing to undo")
        before = table(job)
        return _changed(job, before, _review(job).undo())


@router.post("/redo")
def redo(job: DoneJob) -> Changed:
    """Make the edit that was taken back last again."""
    with job.lock:
        if not _review(job).undone:
            raise RefusedError(409, "there is nothing to redo")
        before = table(job)
        return _changed(job, before, _review(job).redo())


@router.get("/history")
def history(job: DoneJob) -> History:
    """List all edits ever made, oldest first."""
    with job.lock:
        past = _review(job).history
    return History(edits=[PastEdit(**_said(job, each), undone=undone) for each, undone in past])


def _made(review: Review, wanted: NewEdit) -> Edit:
    if wanted.action != "delete" and wanted.label is None:
        raise RefusedError(422, f"to {wanted.action} a beat, give its label, one of N S V F Q")
    if wanted.action == "add":
        if wanted.sample is None:
            raise RefusedError(422, "to add a beat, give its sample")
        return review.add(wanted.sample, wanted.label or "", snap=wanted.snap)
    if wanted.id is None and wanted.sample is None:
        raise RefusedError(422, f"to {wanted.action} a beat, give its id or its sample")
    sample = wanted.sample if wanted.id is None else review.sample_of(wanted.id)
    assert sample is not None
    if wanted.action == "delete":
        return review.delete(sample)
    return review.relabel(sample, wanted.label or "")


def _changed(job: Job, before: Table, done: Edit) -> Changed:
    """Say what an edit changed, by holding the beats against those before it."""
    review, after = _review(job), table(job)
    spans = [span for each in (before, after) for span in _around(each, done.sample)]
    old, new = (
        {int(each.id[row]): each.beat(row) for row in _rows(each, min(spans), max(spans))}
        for each in (before, after)
    )
    changed = [beat for name, beat in new.items() if old.get(name) != beat]
    return Changed(
        edits=len(review.edits),
        version=review.version,
        can_undo=bool(review.edits),
        can_redo=bool(review.undone),
        counts=after.counts(),
        done=EditDone(**_said(job, done)),
        changed=[Beat(**beat) for beat in changed],
        deleted=[name for name in old if name not in new],
    )


def _around(found: Table, sample: int) -> tuple[int, int]:
    """Give the samples between which an edit can change beats: those of its neighbours."""
    place = int(found.sample.searchsorted(sample))
    near = found.sample[max(0, place - 1) : place + 2]
    return (int(near[0]), int(near[-1])) if len(near) else (sample, sample)


def _rows(found: Table, first: int, last: int) -> range:
    """Give the rows of the beats from one sample to another, both included."""
    start, stop = found.sample.searchsorted([first, last + 1]).tolist()
    return range(start, stop)


def _said(job: Job, done: Edit) -> dict[str, Any]:
    assert job.recording is not None
    return {
        "number": done.number,
        "action": done.action,
        "sample": done.sample,
        "time_s": round(done.sample / job.recording.fs, 4),
        "label": done.label or None,
        "was": done.was or None,
        "at": done.at,
    }


def _review(job: Job) -> Review:
    assert job.review is not None
    return job.review
