"""Answers: compact JSON made quickly from arrays, and errors as one line."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray
from starlette.exceptions import HTTPException

from ectopy.errors import EctopyError


class RefusedError(Exception):
    """A request that cannot be answered: its status, and why in one line."""

    def __init__(self, status: int, reason: str, kind: str = "Request") -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind


def encoded(value: Any) -> bytes:
    """Give a value as compact JSON."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def answer(request: Request, content: bytes) -> Response:
    """Answer with JSON, packed where that is worth it and understood."""
    headers = {"vary": "accept-encoding"}
    if len(content) > 4096 and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        content = gzip.compress(content, compresslevel=1, mtime=0)
    return Response(content, media_type="application/json", headers=headers)


def listed(values: NDArray[Any], digits: int = 4) -> list[Any]:
    """Give numbers as a list with so many digits behind the point, NaN as None."""
    numbers = np.asarray(values, np.float64)
    rounded = np.round(numbers, digits)
    missing = np.isnan(numbers)
    if not missing.any():
        return list(rounded.tolist())
    objects = rounded.astype(object)
    objects[missing] = None
    return list(objects.tolist())


def install_errors(app: FastAPI) -> None:
    """Give every error as one line of JSON."""

    def said(status: int, reason: str, kind: str) -> JSONResponse:
        line = " ".join(reason.split())
        return JSONResponse({"error": line, "kind": kind}, status_code=status)

    @app.exception_handler(RefusedError)
    def refused(_: Request, error: RefusedError) -> JSONResponse:
        return said(error.status, str(error), error.kind)

    @app.exception_handler(EctopyError)
    def own(_: Request, error: EctopyError) -> JSONResponse:
        return said(422, str(error), type(error).__name__)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query"))
        return said(422, f"{where or 'the request'}: {first['msg']}", "Request")

    @app.exception_handler(HTTPException)
    def plain(_: Request, error: HTTPException) -> JSONResponse:
        return said(error.status_code, str(error.detail), "Request")

    @app.exception_handler(Exception)
    def unexpected(_: Request, error: Exception) -> JSONResponse:
        return said(500, f"an error of ectopy itself ({type(error).__name__})", "Bug")
