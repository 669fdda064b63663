"""Beats while the signal comes in: over a WebSocket, or as the answer to a request that goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from ectopy.errors import EctopyError, RecordingError
from ectopy.labels import DEFAULT_MODEL, load_card
from ectopy.recording.value import check_fs
from ectopy.stream import Stream, Teller, read_samples
from ectopy.web.answers import RefusedError
from ectopy.web.common import PROBLEMS

router = APIRouter(tags=["stream"], responses=PROBLEMS)

MOST_STREAMS: Final = 8
"""Streams that run at a time."""
LARGEST_MESSAGE: Final = 1 << 20
"""Bytes that a message of a WebSocket may have."""
MOST_LEADS: Final = 64
_PIECE: Final = 1 << 16
"""Bytes that are worked on at a time, so that beats come back soon and nobody waits long."""
_LONGEST_GAP_S: Final = 3600
_LINES: Final = "application/x-ndjson"
_SUCH_AS: Final = '{"fs": 250, "leads": ["II"], "format": "float32"}'


class StreamSettings(BaseModel):
    """What the samples are that will come."""

    model_config = ConfigDict(extra="forbid")

    fs: float
    leads: list[str] | None = Field(default=None, min_length=1, max_length=MOST_LEADS)
    lead: str | int | None = None
    model: str | None = None
    format: str = "float32"
    missing: float | None = None


class Live:
    """A stream that is fed with bytes and answers with lines of JSON."""

    def __init__(self, wanted: StreamSettings, model: str | None) -> None:
        check_fs(wanted.fs)
        load_card(wanted.model or model or DEFAULT_MODEL)
        self._wanted, self._model = wanted, wanted.model or model
        self._stream: Stream | None = None
        self._teller: Teller | None = None
        self.samples = read_samples(wanted.format, wanted.leads, wanted.missing)

    def begin(self) -> list[str]:
        """Begin if it is known which leads there are; what the stream is."""
        if self._stream is not None or not self.samples.leads:
            return []
        if len(self.samples.leads) > MOST_LEADS:
            raise RecordingError(f"{len(self.samples.leads)} leads; at most {MOST_LEADS} are taken")
        wanted = self._wanted
        self._stream = Stream(wanted.fs, self.samples.leads, lead=wanted.lead, model=self._model)
        self._teller = Teller(self._stream)
        return [self._teller.begin()]

    def feed(self, data: bytes, *, end: bool = False) -> Iterator[list[str]]:
        """Take bytes, and give what is known then, piece by piece."""
        pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)] or [b""]
        for number, piece in enumerate(pieces, 1):
            rows = self.samples.feed(piece, end=end and number == len(pieces))
            lines = self.begin() if len(rows) else []
            if self._stream is not None and self._teller is not None and len(rows):
                lines += self._teller.found(self._stream.push(rows))
            yield lines
            if self.samples.error:
                raise RecordingError(self.samples.error)

    def order(self, wanted: dict[str, Any]) -> list[str]:
        """Do what a message in JSON says: ``{"gap": seconds}`` or ``{"fs": hertz}``."""
        if self._stream is None or self._teller is None:
            raise RecordingError("send samples first: it is not known yet which leads there are")
        ((name, value),) = wanted.items() if len(wanted) == 1 else [("", None)]
        if (
            name not in ("gap", "fs")
            or isinstance(value, bool)
            or not isinstance(value, int | float)
        ):
            raise RecordingError(
                'a message in JSON is {"gap": seconds}, {"fs": hertz} or {"end": true}'
            )
        if name == "fs":
            return self._teller.found(self._stream.change_rate(value))
        if not 0 <= value <= _LONGEST_GAP_S:
            raise RecordingError(f"a gap has 0 to {_LONGEST_GAP_S:,} s; end the stream instead")
        return self._teller.found(self._stream.gap(seconds=value))

    def end(self, reason: str) -> list[str]:
        """Finish."""
        if self._stream is None or self._teller is None:
            return []
        return [*self._teller.found(self._stream.finish()), self._teller.end(reason)]


@contextmanager
def _place(app: Any) -> Iterator[None]:
    """Take one of the places for streams."""
    places: threading.BoundedSemaphore = app.state.streams
    if not places.acquire(blocking=False):
        raise RefusedError(409, f"{MOST_STREAMS} streams run already; end one of them first")
    try:
        yield
    finally:
        places.release()


@router.post(
    "/stream",
    response_class=Response,
    responses={200: {"content": {_LINES: {}}}},
    openapi_extra={"requestBody": {"content": {"application/octet-stream": {}, "text/plain": {}}}},
)
async def post(
    request: Request,
    fs: float,
    leads: Annotated[str | None, Query(description="names by comma")] = None,
    lead: str | None = None,
    model: str | None = None,
    format: str = "text",  # noqa: A002
    missing: float | None = None,
) -> Response:
    """Name the beats of the samples that are sent while they are sent: a line of JSON each."""
    names = [name.strip() for name in leads.split(",")] if leads else None
    wanted = StreamSettings(
        fs=fs, leads=names, lead=lead, model=model, format=format, missing=missing
    )
    live = await run_in_threadpool(Live, wanted, request.app.state.settings.model)
    first = await run_in_threadpool(live.begin)
    return _Answer(request, live, first)


class _Answer(Response):
    """An answer that begins while the request still goes on.

    Starlette's own waits for the end of the connection meanwhile and would take the samples.
    """

    def __init__(self, request: Request, live: Live, first: list[str]) -> None:
        super().__init__(media_type=_LINES)
        del self.headers["content-length"]
        self._request, self._live, self._first = request, live, first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with _place(scope["app"]):
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [*self.raw_headers, (b"connection", b"close")],
                }
            )
            try:
                async for lines in self._lines():
                    if lines:
                        body = ("\n".join(lines) + "\n").encode()
                        await send({"type": "http.response.body", "body": body, "more_body": True})
            except ClientDisconnect:
                return
            await send({"type": "http.response.body", "body": b""})

    async def _lines(self) -> AsyncIterator[list[str]]:
        live = self._live
        yield self._first
        try:
            async for data in self._request.stream():
                async for lines in _fed(live, data, end=not data):
                    yield lines
        except EctopyError as error:
            yield [*await run_in_threadpool(live.end, "bad input"), _problem(error)]
            return
        yield await run_in_threadpool(live.end, "end of input")


@router.websocket("/stream")
async def talk(socket: WebSocket) -> None:
    """Take settings, then samples; answer with beats."""
    await socket.accept()
    try:
        with _place(socket.app):
            live = await _settled(socket)
            try:
                await _converse(socket, live)
            except EctopyError as error:
                lines = await run_in_threadpool(live.end, "bad input")
                await _tell(socket, [*lines, _problem(error)])
                await socket.close(1007)
    except (EctopyError, RefusedError) as error:
        await _tell(socket, [_problem(error)])
        await socket.close(1013 if isinstance(error, RefusedError) else 1007)
    except WebSocketDisconnect:
        return


async def _settled(socket: WebSocket) -> Live:
    """Take the first message."""
    _, data = await _received(socket)
    try:
        wanted = StreamSettings.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the first message"
        raise RecordingError(f"{where}: {first['msg']}; send settings such as {_SUCH_AS}") from None
    live = await run_in_threadpool(Live, wanted, socket.app.state.settings.model)
    await _tell(socket, await run_in_threadpool(live.begin))
    return live


async def _converse(socket: WebSocket, live: Live) -> None:
    while True:
        kind, data = await _received(socket)
        if kind == "text" and data.lstrip()[:1] == b"{":
            try:
                wanted = json.loads(data)
            except ValueError as error:
                raise RecordingError(f"this is no JSON: {error}") from None
            if wanted == {"end": True}:
                async for lines in _fed(live, b"", end=True):
                    await _tell(socket, lines)
                await _tell(socket, await run_in_threadpool(live.end, "end of input"))
                await socket.close()
                return
            await _tell(socket, await run_in_threadpool(live.order, wanted))
            continue
        if (kind == "text") != (live.samples.format == "text"):
            raise RecordingError(
                f"samples of format {live.samples.format} come in "
                f"{'text' if live.samples.format == 'text' else 'binary'} messages"
            )
        if kind == "text" and not data.endswith(b"\n"):
            data += b"\n"
        async for lines in _fed(live, data):
            await _tell(socket, lines)


async def _received(socket: WebSocket) -> tuple[str, bytes]:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    kind, data = ("text", text.encode()) if text is not None else ("binary", message["bytes"])
    if len(data) > LARGEST_MESSAGE:
        raise RecordingError(
            f"a message of {len(data):,} bytes; send at most {LARGEST_MESSAGE:,} at a time"
        )
    return kind, data


async def _fed(live: Live, data: bytes, *, end: bool = False) -> AsyncIterator[list[str]]:
    """Feed in another thread: beats take some milliseconds of work each."""
    steps = live.feed(data, end=end)
    while (lines := await run_in_threadpool(next, steps, None)) is not None:
        yield lines


async def _tell(socket: WebSocket, lines: list[str]) -> None:
    for line in lines:
        await socket.send_text(line)


def _problem(error: Exception) -> str:
    kind = "Request" if isinstance(error, RefusedError) else type(error).__name__
    return json.dumps({"type": "error", "error": " ".join(str(error).split()), "kind": kind})
