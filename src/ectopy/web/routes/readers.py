"""A second reader: an expert's annotations beside ours, and how far the two agree."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from ectopy import ec57
from ectopy.errors import AnnotationError
from ectopy.labels import AAMI_CLASSES, aami_class
from ectopy.recording import Annotations
from ectopy.web.answers import RefusedError, answer, encoded, listed
from ectopy.web.beat_columns import Table, table
from ectopy.web.common import PROBLEMS, DoneJob, TheDesk
from ectopy.web.files import safe_name
from ectopy.web.jobs import Desk, Job, Reader
from ectopy.web.schema import Agreement, ReaderBeats, ReaderName, ReaderSource

router = APIRouter(prefix="/analyses/{id}", tags=["second reader"], responses=PROBLEMS)

MOST_LISTED: Final = 10_000
"""Disagreements that are listed; more are counted."""
_RATES_ALIKE: Final = 1e-3
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ReaderSource.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


@router.post("/second-reader", openapi_extra=_BODY)
async def load(job: DoneJob, request: Request, desk: TheDesk) -> ReaderName:
    """Load a second reader's annotations: a file, one of the folder, or the recording's own."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=5) as form:
            sent = form.get("file")
            if not isinstance(sent, UploadFile):
                raise RefusedError(422, "no file was sent; send one as 'file'")
            job.second = await run_in_threadpool(_uploaded, job, sent)
    else:
        try:
            wanted = ReaderSource.model_validate(json.loads(await request.body()))
        except ValueError as error:
            raise RefusedError(422, "send a file, or JSON with path or recording") from error
        job.second = await run_in_threadpool(_named, job, desk, wanted)
    return ReaderName(name=job.second.name, beats=len(job.second.beats()[0]))


@router.delete("/second-reader", status_code=204)
def drop(job: DoneJob) -> Response:
    """Take the second reader away."""
    job.second = None
    return Response(status_code=204)


@router.get("/second-reader/beats", response_model=ReaderBeats)
def beats(job: DoneJob, request: Request) -> Response:
    """Give the second reader's beats."""
    second = _second(job)
    sample, symbol = second.beats()
    assert job.recording is not None
    content = {
        "name": second.name,
        "sample": sample.tolist(),
        "time_s": listed(sample / job.recording.fs),
        "symbol": symbol.tolist(),
        "label": "".join(aami_class(each) or "Q" for each in symbol.tolist()),
    }
    return answer(request, encoded(content))


@router.get("/agreement", response_model=Agreement)
def agreement(
    job: DoneJob,
    request: Request,
    learning_s: Annotated[float, Query(ge=0)] = 0.0,
    escape_beats: Literal["S", "N"] = "S",
) -> Response:
    """Compare by the rules of EC57; the second reader is the reference."""
    second = _second(job)
    name = ("agreement", second, learning_s, escape_beats)
    return answer(
        request,
        job.derived(name, lambda: encoded(_agreement(job, second, learning_s, escape_beats))),
    )


def _agreement(job: Job, second: Reader, learning_s: float, escape_beats: str) -> dict[str, Any]:
    assert job.recording is not None
    assert job.review is not None
    ours = table(job)
    symbol = np.where(ours.label == "S", "A", ours.label)
    found = ec57.compare(
        second.annotations,
        Annotations(ours.sample, symbol, np.full(len(symbol), "")),
        fs=job.recording.fs,
        escape_beats=escape_beats,
        learning_s=learning_s,
        n_samples=job.recording.n_samples,
        record=job.name,
    )
    facts = found.to_dict()
    kept = ("kappa", "matrix", "qrs", "veb", "sveb", "classes", "runs", "rr_error_ms")
    return {
        "version": job.review.version,
        "name": second.name,
        "rows": "".join(ec57.ROWS),
        "columns": "".join(ec57.COLUMNS),
        **{key: facts[key] for key in kept},
        **_disagreements(found, ours, second, job.recording.fs),
    }


def _disagreements(
    found: ec57.Comparison, ours: Table, second: Reader, fs: float
) -> dict[str, Any]:
    steps = found.matches
    counted = ~np.isin(steps.row, ["*", "X"]) & ~np.isin(steps.column, ["*", "x"])
    differ = np.flatnonzero(counted & (np.char.lower(steps.row) != steps.column))

    def named(label: str) -> str | None:
        return label.upper() if label.upper() in AAMI_CLASSES else None

    said = []
    for step in differ[:MOST_LISTED].tolist():
        mine, theirs = int(steps.test[step]), int(steps.reference[step])
        sample = int(ours.sample[mine] if mine >= 0 else second.annotations.sample[theirs])
        said.append(
            {
                "time_s": round(sample / fs, 4),
                "sample": sample,
                "ours": named(str(steps.column[step])),
                "theirs": named(str(steps.row[step])),
                "id": int(ours.id[mine]) if mine >= 0 else None,
            }
        )
    return {
        "agreed": int(counted.sum()) - len(differ),
        "compared": int(counted.sum()),
        "disagreements": said,
        "disagreements_left_out": len(differ) - len(said),
    }


def _named(job: Job, desk: Desk, wanted: ReaderSource) -> Reader:
    if wanted.recording:
        return _own(job)
    if not wanted.path:
        raise RefusedError(422, "send a file, or JSON with path or recording")
    return _read(job, desk.shelf.find(wanted.path), wanted.path)


def _uploaded(job: Job, sent: UploadFile) -> Reader:
    with TemporaryDirectory(dir=job.folder) as folder:
        file = Path(folder) / safe_name(sent.filename)
        with file.open("wb") as kept:
            shutil.copyfileobj(sent.file, kept, 1 << 20)
        return _read(job, file, file.name)


def _read(job: Job, file: Path, name: str) -> Reader:
    assert job.recording is not None
    try:
        annotations, fs = ec57.read_annotations(file)
    except AnnotationError as error:
        raise AnnotationError(str(error).replace(str(file), name)) from error
    own = job.recording.fs
    if fs is not None and abs(fs - own) > _RATES_ALIKE * own:
        raise AnnotationError(
            f"{name} counts samples at {fs:g} Hz, the recording has {own:g} Hz; "
            "load annotations of this recording"
        )
    return _checked(job, Reader(name, annotations))


def _own(job: Job) -> Reader:
    assert job.recording is not None
    if job.recording.annotations is None:
        raise AnnotationError("the recording holds no annotations; load a file of them")
    return _checked(job, Reader("annotations of the recording", job.recording.annotations))


def _checked(job: Job, reader: Reader) -> Reader:
    assert job.recording is not None
    sample, _ = reader.beats()
    n_samples = job.recording.n_samples
    if not len(sample):
        raise AnnotationError(f"{reader.name} holds no beats; load a file that has beats")
    if sample[-1] >= n_samples or sample[0] < 0:
        raise AnnotationError(
            f"{reader.name} has a beat at sample {sample[-1]}, the recording has {n_samples}; "
            "load annotations of this recording"
        )
    return reader


def _second(job: Job) -> Reader:
    if job.second is None:
        raise RefusedError(404, "there is no second reader yet; load annotations first")
    return job.second
