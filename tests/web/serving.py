"""A server of the viewer in a thread, and a client that knows its token."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from ectopy.web import Settings, create_app

PATIENCE_S = 120


@dataclass
class Server:
    """A running server."""

    base: str
    port: int
    token: str
    folder: Path
    api: httpx.Client
    app: Any

    def analysed(self, name: str) -> dict[str, Any]:
        """Wait for an analysis to end."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            state = self.api.get(f"/api/analyses/{name}").raise_for_status().json()
            if state["status"] != "running":
                return state
            time.sleep(0.05)
        raise AssertionError(f"analysis {name} did not end")

    def analyse(self, path: str, **options: Any) -> str:
        """Analyse a recording of the folder and give the path of its routes."""
        started = self.api.post("/api/analyses", json={"path": path, **options})
        assert started.status_code == 202, started.text
        state = self.analysed(started.json()["id"])
        assert state["status"] == "done", state["error"]
        return f"/api/analyses/{state['id']}"


@contextmanager
def serving(path: Path | None, **options: Any) -> Iterator[Server]:
    """Serve a folder, a recording or nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        settings = Settings(path=path, port=port, token="right", **options)
        app = create_app(settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        base = f"http://127.0.0.1:{port}"
        headers = {"Authorization": "Bearer right"}
        try:
            while not server.started:
                assert thread.is_alive(), "the server ended before it began"
                time.sleep(0.01)
            with httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_S) as api:
                yield Server(base, port, "right", path or Path(), api, app)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)
