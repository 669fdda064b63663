"""What all routes share: the analysis that is asked for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from ectopy.web.answers import RefusedError
from ectopy.web.jobs import Desk, Job
from ectopy.web.schema import Problem

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": says}
    for status, says in (
        (404, "There is no such thing"),
        (409, "Not ready yet, or nothing to undo"),
        (422, "It cannot be taken; the reason is one line"),
    )
}


def the_desk(request: Request) -> Desk:
    """Give the server's analyses."""
    desk: Desk = request.app.state.desk
    return desk


def any_job(id: str, request: Request) -> Job:  # noqa: A002
    """Give the analysis of this id, whatever its state."""
    job = the_desk(request).find(id)
    if job is None:
        raise RefusedError(404, f"no analysis {id[:20]!r}; it was closed, or the server began anew")
    return job


def read_job(job: Annotated[Job, Depends(any_job)]) -> Job:
    """Give an analysis of which the recording has been read."""
    if job.pyramid is None or job.recording is None:
        raise RefusedError(409, job.error or "the recording is still being read")
    return job


def done_job(job: Annotated[Job, Depends(any_job)]) -> Job:
    """Give an analysis that is done."""
    if job.status != "done":
        raise RefusedError(409, job.error or "the analysis is still running")
    job.take_over()
    return job


AnyJob = Annotated[Job, Depends(any_job)]
ReadJob = Annotated[Job, Depends(read_job)]
DoneJob = Annotated[Job, Depends(done_job)]
TheDesk = Annotated[Desk, Depends(the_desk)]
