"""Who may ask: this machine, under its own name, from our own pages or with the token.

A web page that someone visits can make their browser send requests to 127.0.0.1, and can give
its own name the address 127.0.0.1 (DNS rebinding). So the name that was asked for, the origin
that asks and a random token are checked for every request, before anything else is looked at.
"""

from __future__ import annotations

import json
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
"""What every answer carries unless it says otherwise itself."""
STREAMED: Final = frozenset({"/api/stream"})
"""Where what is sent is worked on as it comes and not kept: it may be of any length."""


class Guard:
    """Let through only what comes from this machine's user.

    Parameters
    ----------
    app
        What to guard.
    token
        What every request must know.
    port
        Where the server listens.
    upload_limit
        Bytes that a request may carry.
    once
        Opens the page like the token, but once only: other users of the machine can see what a
        browser is started with.
    """

    def __init__(
        self, app: ASGIApp, token: str, port: int, upload_limit: int, once: str | None = None
    ) -> None:
        self.app = app
        self.token = token
        self.once = once
        self.upload_limit = upload_limit
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        # cookies do not tell ports apart: another viewer's must not be taken for ours
        self.cookie = f"ectopy-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "websocket":
            await self._watch(scope, receive, send)
            return
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        once = self.once is not None and secrets.compare_digest(asked.encode(), self.once.encode())
        opens = scope["path"] == "/" and scope["method"] == "GET" and (once or self._fits(asked))

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
                if opens:
                    answer.append("set-cookie", self._new_cookie())
            await send(message)

        if refusal := self._refusal(scope, headers, opens):
            await _refuse(*refusal, scope["path"], hardened)
        else:
            self.once = None if opens and once else self.once
            await self.app(scope, receive, hardened)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket through under the same conditions, or close it before it opens."""
        refusal = self._refusal({**scope, "method": ""}, Headers(scope=scope), False)
        if refusal:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers, opens: bool) -> tuple[int, str] | None:
        """Status and reason for which a request is refused, None if it is not."""
        host = headers.get("host", "")
        if host not in self.hosts:
            return 403, "this server answers only under 127.0.0.1; open the address it printed"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        visits = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if (origin is not None and origin != f"http://{host}") or (
            site not in ("none", "same-origin") and not visits
        ):
            return 403, "another origin asks; only the viewer's own pages and your programs may"
        if not (opens or self._knows_token(headers)):
            return 401, "open the viewer by the address that 'ectopy view' printed, token included"
        if scope["method"] in ("POST", "PUT", "PATCH") and scope["path"] not in STREAMED:
            return self._too_large(headers)
        return None

    def _too_large(self, headers: Headers) -> tuple[int, str] | None:
        if "transfer-encoding" in headers or not headers.get("content-length", "0").isdecimal():
            return 411, "say the length of what you send (Content-Length)"
        if int(headers.get("content-length", "0")) > self.upload_limit:
            limit = self.upload_limit / 2**20
            return 413, f"more than {limit:,.0f} MB; open the folder with 'ectopy view DIR' instead"
        return None

    def _knows_token(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._fits(given.strip())
        try:
            held = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return False
        return held is not None and self._fits(held.value)

    def _fits(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _new_cookie(self) -> str:
        return f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"


async def _refuse(status: int, reason: str, path: str, send: Send) -> None:
    kind, body = "text/plain; charset=utf-8", f"{reason}\n"
    if path.startswith("/api"):
        kind, body = "application/json", json.dumps({"error": reason, "kind": "Request"})
    content = body.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
