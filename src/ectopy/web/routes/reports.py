"""The report, and the reviewed beats as files."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from ectopy.errors import OutputError
from ectopy.report import FORMATS, write_report
from ectopy.web.common import PROBLEMS, DoneJob
from ectopy.web.jobs import Job

router = APIRouter(prefix="/analyses/{id}", tags=["report"], responses=PROBLEMS)

TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "atr": "application/octet-stream",
}
SHOWN: Final = frozenset({"html", "pdf"})
"""Formats that a browser shows."""
EXPORTED: Final = ("atr", "csv", "json")
REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups"
)
"""A report is one file with its styles inside, and no script."""
PDF_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src data: blob:; "
    "frame-ancestors 'self'"
)
"""Browsers show a PDF by a viewer of their own, which needs this much."""
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {kind.partition(";")[0]: {} for kind in TYPES.values()}}
}


@router.get("/report", response_class=Response, responses=_FILES)
def report(
    job: DoneJob,
    format: Annotated[str, Query(description=", ".join(FORMATS))] = "html",  # noqa: A002
    language: str = "en",
    paper: str = "a4",
    download: bool = False,
) -> Response:
    """Give the report after edits."""
    content = _written(job, format, {"language": language, "paper": paper})
    inline = format in SHOWN and not download
    return _file(content, format, f"{_stem(job)}.{format}", inline=inline)


@router.get("/export", response_class=Response, responses=_FILES)
def export(
    job: DoneJob,
    format: Annotated[str, Query(description=", ".join(EXPORTED))] = "atr",  # noqa: A002
) -> Response:
    """Download the reviewed beats: WFDB annotations, CSV or JSON."""
    if format not in EXPORTED:
        raise OutputError(f"no export {format[:20]!r}; choose one of {', '.join(EXPORTED)}")
    reviewed = "-reviewed" if job.review and job.review.edits else ""
    return _file(_written(job, format, {}), format, f"{_stem(job)}{reviewed}.{format}")


def _written(job: Job, format: str, options: dict[str, str]) -> bytes:  # noqa: A002
    found = job.reviewed()
    if format not in FORMATS:
        raise OutputError(f"no format {format[:20]!r}; choose one of {', '.join(FORMATS)}")
    with TemporaryDirectory(dir=job.folder) as folder:
        path = Path(folder) / f"{_stem(job)}.{format}"
        return write_report(found, path, format=format, **options).read_bytes()


def _stem(job: Job) -> str:
    """Name results after the recording, in letters that every system takes."""
    name = Path(job.name.rpartition("/")[2] or job.name).stem
    return re.sub(r"[^\w.-]+", "-", name).strip(".-")[:80] or "recording"


def _file(content: bytes, format: str, name: str, *, inline: bool = False) -> Response:  # noqa: A002
    plain = name.encode("ascii", "replace").decode().replace("?", "-")
    how = "inline" if inline else "attachment"
    headers = {
        "content-disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    }
    if format in SHOWN:
        policy = REPORT_POLICY if format == "html" else PDF_POLICY
        headers |= {"content-security-policy": policy, "x-frame-options": "SAMEORIGIN"}
    return Response(content, media_type=TYPES.get(format, TYPES["atr"]), headers=headers)
