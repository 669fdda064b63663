"""Recordings of the folder, uploads, and the analyses made of them."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from ectopy import __version__
from ectopy.errors import ModelError
from ectopy.labels import DEFAULT_MODEL, list_models, load_card
from ectopy.labels.aami import AAMI_NAMES
from ectopy.recording import packed
from ectopy.report import FORMATS
from ectopy.report.language import LANGUAGES
from ectopy.report.write import PAPERS
from ectopy.web.answers import RefusedError
from ectopy.web.common import PROBLEMS, AnyJob, TheDesk
from ectopy.web.files import parts_of, safe_name
from ectopy.web.jobs import Desk, Job, Options
from ectopy.web.schema import (
    About,
    Analyses,
    AnalysisState,
    ClassName,
    NewAnalysis,
    RecordingEntry,
    Recordings,
    Started,
)

router = APIRouter(tags=["analyses"], responses=PROBLEMS)

MOST_FILES: Final = 100
"""Files that one upload may have."""
MOST_SENT: Final = 200
"""Recordings that one upload may have, those in ZIPs included."""
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NewAnalysis.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        **{n: {"type": "string"} for n in ("lead", "model", "fs", "units")},
                    },
                    "required": ["files"],
                }
            },
        },
    }
}


@router.get("/about")
def about(request: Request, desk: TheDesk) -> About:
    """Say what this server can do, and what the user named on the command line."""
    settings = request.app.state.settings
    return About(
        software=f"ectopy {__version__}",
        models=list_models(),
        default_model=settings.model or DEFAULT_MODEL,
        report_formats=list(FORMATS),
        languages=list(LANGUAGES),
        papers=list(PAPERS),
        classes=[
            ClassName.model_validate({"label": label, "name": name})
            for label, name in AAMI_NAMES.items()
        ],
        root=desk.shelf.name,
        open=desk.shelf.open,
        lead=settings.lead,
        model=settings.model,
        upload_limit_bytes=settings.upload_limit,
    )


@router.get("/recordings")
def recordings(desk: TheDesk) -> Recordings:
    """List the recordings of the folder that the user named."""
    found, more = desk.shelf.recordings()
    known = desk.of_path()
    return Recordings(
        root=desk.shelf.name,
        recordings=[
            RecordingEntry(**asdict(each), analysis=known.get(each.path)) for each in found
        ],
        more=more,
        annotations=desk.shelf.annotations() if found else [],
    )


@router.post("/analyses", status_code=202, openapi_extra=_BODY)
async def start(request: Request, desk: TheDesk) -> Started:
    """Analyse a recording of the folder, or one that is sent along."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=MOST_FILES, max_fields=20) as form:
            jobs = await run_in_threadpool(_uploaded, form, desk, request.app.state.settings)
    else:
        wanted = await _json(request)
        jobs = [await run_in_threadpool(_of_folder, wanted, desk, request.app.state.settings)]
    return Started(id=jobs[0].id, status=jobs[0].status, ids=[job.id for job in jobs])


@router.get("/analyses")
def analyses(desk: TheDesk) -> Analyses:
    """List all analyses, newest first."""
    return Analyses(analyses=[state(job) for job in desk.jobs()])


@router.get("/analyses/{id}")
def analysis(job: AnyJob) -> AnalysisState:
    """Say how far an analysis is, and what was found."""
    job.take_over()
    return state(job)


@router.delete("/analyses/{id}", status_code=204)
def close(job: AnyJob, desk: TheDesk) -> Response:
    """Close an analysis; edits stay on disk."""
    desk.close_job(job)
    return Response(status_code=204)


def state(job: Job) -> AnalysisState:
    """Give the state of an analysis as the API says it."""
    review, analysed = job.review, job.status == "done"
    facts: dict[str, Any] = dict.fromkeys(("counts", "beats", "abstained", "rhythm"))
    if analysed:
        facts = job.derived("facts", lambda: _facts(job))
    base = job.analysis if analysed else None
    said: dict[str, Any] = {
        "id": job.id,
        "status": job.status,
        "progress": round(job.progress, 4),
        "error": job.error,
        "kind": job.kind,
        "path": job.path,
        "recording": _recording(job),
        **facts,
        "model": base and {"name": base.labels.model, "sha256": base.labels.sha256},
        "lead": base and base.beats.lead,
        "edits": len(review.edits) if review else 0,
        "can_undo": bool(review and review.edits),
        "can_redo": bool(review and review.undone),
        "version": review.version if review else 0,
        "review": review
        and {
            "file": str(review.journal.path),
            "beside": review.journal.beside,
            "notes": review.notes,
        },
        "second_reader": job.second
        and {"name": job.second.name, "beats": len(job.second.beats()[0])},
    }
    return AnalysisState.model_validate(said)


def _facts(job: Job) -> dict[str, Any]:
    found = job.reviewed()
    rhythm = found.rhythm.to_dict()
    rhythm.pop("episodes")
    return {
        "counts": found.labels.counts(),
        "beats": len(found.beats),
        "abstained": int(found.labels.abstained.sum()),
        "rhythm": rhythm,
    }


def _recording(job: Job) -> dict[str, Any] | None:
    held = job.recording
    if held is None:
        return None
    return {
        "name": job.name,
        "format": held.source.format,
        "fs": held.fs,
        "leads": list(held.leads),
        "n_samples": held.n_samples,
        "duration_s": held.duration_s,
        "start": held.start.isoformat() if held.start else None,
        "inferred": [asdict(fact) for fact in held.source.inferred],
        "annotations": len(held.annotations) if held.annotations else 0,
    }


async def _json(request: Request) -> NewAnalysis:
    try:
        return NewAnalysis.model_validate(json.loads(await request.body()))
    except ValueError as error:
        raise RefusedError(422, f"send JSON with a path, or files ({_first(error)})") from error


def _of_folder(wanted: NewAnalysis, desk: Desk, settings: Any) -> Job:
    file = desk.shelf.find(wanted.path)
    lead = None if wanted.lead is None else str(wanted.lead)
    options = _options(lead, wanted.model, wanted.fs, wanted.units, settings)
    return desk.start(file, wanted.path, options, _name(file))


def _uploaded(form: FormData, desk: Desk, settings: Any) -> list[Job]:
    files = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
    if not files:
        raise RefusedError(422, "no files were sent; send at least one as 'files'")

    def said(name: str) -> str | None:
        value = form.get(name)
        return value.strip() or None if isinstance(value, str) else None

    try:
        fs = float(said("fs") or 0) or None
    except ValueError as error:
        raise RefusedError(422, f"fs is a number of hertz, not {said('fs')!r:.40}") from error
    options = _options(said("lead"), said("model"), fs, said("units"), settings)
    folder = desk.workroom.new()
    for each in files:
        with (folder / safe_name(each.filename)).open("wb") as kept:
            shutil.copyfileobj(each.file, kept, 1 << 20)
    found = parts_of(folder)
    if len(found) > MOST_SENT:
        raise RefusedError(
            422,
            f"{len(found)} recordings are too many at once, {MOST_SENT} are taken; put them into "
            "a folder and open that with 'ectopy view DIR'",
        )
    return [desk.start(each, None, options, _name(each)) for each in found]


def _options(
    lead: str | None, model: str | None, fs: float | None, units: str | None, settings: Any
) -> Options:
    model = model or settings.model
    # a path of a model comes from the command line only, never from a page
    if model is not None and model != settings.model and model not in list_models():
        raise ModelError(f"no model named {model[:60]!r}; known models: {', '.join(list_models())}")
    load_card(model or DEFAULT_MODEL)
    return Options(lead=lead or settings.lead, model=model, fs=fs, units=units)


def _name(file: Path) -> str:
    container, _, member = str(file).partition(packed.MARK)
    path = Path(container)
    if member:
        return f"{path.name}{packed.MARK}{member}"
    return path.stem if path.suffix == ".hea" else path.name


def _first(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        said = error.errors()[0]
        return f"{'.'.join(map(str, said['loc']))}: {said['msg']}"
    return str(error).splitlines()[0][:100]
