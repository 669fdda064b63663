"""What the strip draws: tiles of the signal, beats, and stretches that cannot be trusted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from ectopy.beats import Stretch
from ectopy.beats.quality import dead_stretches
from ectopy.recording import Recording
from ectopy.web.answers import RefusedError, answer, encoded
from ectopy.web.beat_columns import COLUMNS, table
from ectopy.web.common import PROBLEMS, DoneJob, ReadJob
from ectopy.web.jobs import Job
from ectopy.web.schema import BeatColumns, Stretches, TileLevel, Tiles
from ectopy.web.tiles import TILE_BINS, let_go

router = APIRouter(prefix="/analyses/{id}", tags=["strip"], responses=PROBLEMS)

_PIECE_S: Final = 3600.0
_OVERLAP_S: Final = 30.0
"""How leads that were not analysed are looked at for dead stretches."""


@router.get("/tiles")
def tiles(job: ReadJob) -> Tiles:
    """Say which tiles there are."""
    assert job.pyramid is not None
    assert job.recording is not None
    return Tiles(
        tile_bins=TILE_BINS,
        leads=list(job.recording.leads),
        fs=job.recording.fs,
        n_samples=job.recording.n_samples,
        levels=[TileLevel(**asdict(each)) for each in job.pyramid.levels],
    )


@router.get(
    "/tiles/{lead}/{level}/{index}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def tile(job: ReadJob, lead: str, level: int, index: int) -> Response:
    """Give a tile: little-endian float32, least and greatest value of each bin in mV."""
    assert job.pyramid is not None
    n_leads = job.pyramid.signal.shape[1]
    leads = slice(None)
    if lead != "all":
        if not lead.isdecimal() or int(lead) >= n_leads:
            raise RefusedError(404, f"no lead {lead[:20]!r}; leads are 0 to {n_leads - 1}, or all")
        leads = slice(int(lead), int(lead) + 1)
    try:
        made = job.pyramid.tile(level, index, leads)
    except IndexError as error:
        raise RefusedError(404, f"{error}; see /tiles for those there are") from error
    if sys.byteorder != "little":
        made = made.astype("<f4")
    return Response(
        made.tobytes(),
        media_type="application/octet-stream",
        headers={"x-bins": str(made.shape[1]), "x-leads": str(made.shape[0])},
    )


@router.get("/quality", response_model=Stretches)
def quality(job: DoneJob, request: Request) -> Response:
    """Give the stretches that are missing, flat, saturated or noisy."""
    content = job.derived("quality", lambda: encoded({"stretches": _stretches(job)}), edits=False)
    return answer(request, content)


@router.get("/beats", response_model=BeatColumns)
def beats(
    job: DoneJob,
    request: Request,
    start_s: Annotated[float | None, Query()] = None,
    stop_s: Annotated[float | None, Query()] = None,
    fields: Annotated[str | None, Query(description="some of the columns, by comma")] = None,
) -> Response:
    """Give the beats after edits as columns."""
    wanted = COLUMNS if fields is None else tuple(fields.split(","))
    if unknown := [name for name in wanted if name not in COLUMNS]:
        raise RefusedError(422, f"no column {unknown[0][:20]!r}; columns are {', '.join(COLUMNS)}")
    if start_s is None and stop_s is None:
        content = job.derived(("beats", wanted), lambda: _columns(job, wanted, slice(None)))
    else:
        time_s = table(job).time_s
        ends = [-np.inf if start_s is None else start_s, np.inf if stop_s is None else stop_s]
        content = _columns(job, wanted, slice(*np.searchsorted(time_s, ends).tolist()))
    return answer(request, content)


def _columns(job: Job, wanted: tuple[str, ...], rows: slice) -> bytes:
    assert job.review is not None
    with job.lock:
        found, version = table(job), job.review.version
    facts: dict[str, Any] = {"version": version, "n": len(found.id[rows])}
    return encoded(facts | {name: found.column(name, rows) for name in wanted})


def _dead(recording: Recording, column: int) -> Iterator[Stretch]:
    """Find the dead stretches of a lead piece by piece; only what is looked at takes memory."""
    size, overlap = round(_PIECE_S * recording.fs), round(_OVERLAP_S * recording.fs)
    open_: dict[str, Stretch] = {}
    for start in range(0, recording.n_samples, size):
        x = np.array(recording.signal[max(0, start - overlap) : start + size, column])
        let_go(recording.signal)
        first = max(0, start - overlap)
        for found in dead_stretches(x, recording.fs):
            here = Stretch(found.start + first, found.stop + first, found.reason)
            last = open_.get(here.reason)
            if last is not None and here.start <= last.stop:
                open_[here.reason] = Stretch(last.start, max(last.stop, here.stop), here.reason)
                continue
            if last is not None:
                yield last
            open_[here.reason] = here
    yield from open_.values()


def _stretches(job: Job) -> list[dict[str, Any]]:
    assert job.analysis is not None
    recording, beats = job.analysis.recording, job.analysis.beats
    bad = {beats.lead: beats.bad}
    for column, lead in enumerate(recording.leads):
        if lead != beats.lead:
            bad[lead] = tuple(_dead(recording, column))
    return [
        {
            "lead": lead,
            "start_s": round(each.start / recording.fs, 4),
            "stop_s": round(each.stop / recording.fs, 4),
            "kind": each.reason,
        }
        for lead in recording.leads
        for each in sorted(bad[lead], key=lambda stretch: stretch.start)
    ]
