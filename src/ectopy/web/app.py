"""The application: the guarded API, the pages that use it, and a page that lists its routes."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from ectopy import __version__
from ectopy.web.answers import install_errors
from ectopy.web.files import Shelf
from ectopy.web.guard import Guard
from ectopy.web.jobs import Desk
from ectopy.web.routes import analyses, overview, readers, reports, review, stream, strip, why

UPLOAD_LIMIT: Final = 1 << 30
"""Bytes that may be sent at once: a fortnight of one lead has 600 MB. Larger files are opened by
their path."""
_HERE: Final = Path(__file__).parent
_SAYS: Final = (
    "Find every heartbeat of an ECG, say what kind it is, look at it and correct it. "
    "Not a medical device."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user wants of a server.

    Attributes
    ----------
    path
        Folder or recording that may be read; None for uploads only.
    port
        Where the server listens.
    token
        What every request must know.
    once
        Opens the page like the token, but once only.
    lead, model
        As for :func:`ectopy.analyze`, for recordings of which a request does not say.
    upload_limit
        Bytes that may be sent at once.
    """

    path: Path | None = None
    port: int = 8000
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    once: str | None = None
    lead: str | None = None
    model: str | None = None
    upload_limit: int = UPLOAD_LIMIT


def create_app(settings: Settings) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings
        What may be read, and who may ask.

    Raises
    ------
    RecordingError
        If there is no such file or folder.
    """
    desk = Desk(Shelf(settings.path))

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="ectopy",
        version=__version__,
        description=_SAYS,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    app.state.desk, app.state.settings = desk, settings
    app.state.streams = BoundedSemaphore(stream.MOST_STREAMS)
    app.add_middleware(
        Guard,
        token=settings.token,
        port=settings.port,
        upload_limit=settings.upload_limit,
        once=settings.once,
    )
    install_errors(app)
    for routes in (analyses, strip, overview, review, readers, why, reports, stream):
        app.include_router(routes.router, prefix="/api")
    app.mount("/static", StaticFiles(directory=_HERE / "static", check_dir=False))

    @app.get("/docs", include_in_schema=False)
    def docs() -> Response:
        return FileResponse(_HERE / "api_docs" / "page.html", media_type="text/html")

    app.mount("/docs/", StaticFiles(directory=_HERE / "api_docs"))

    @app.get("/", include_in_schema=False)
    def page() -> Response:
        index = _HERE / "static" / "index.html"
        if not index.is_file():
            return PlainTextResponse("The pages are missing from this install; see /docs.\n")
        return FileResponse(index, media_type="text/html")

    return app
