"""Run the server on this machine until Ctrl-C."""

from __future__ import annotations

import secrets
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import uvicorn

from ectopy.errors import OutputError
from ectopy.web.app import Settings, create_app
from ectopy.web.routes.stream import LARGEST_MESSAGE

HOST: Final = "127.0.0.1"


def serve(settings: Settings, started: Callable[[str, str], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    settings
        What to serve; port 0 takes a free one.
    started
        Called when the server listens, with its address, token included, and with another that
        opens the page once only, for a browser to be started with.

    Raises
    ------
    OutputError
        If the port is taken.
    RecordingError
        If there is no such file or folder.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, settings.port))
        except OSError as error:
            raise OutputError(
                f"port {settings.port} cannot be used ({error.strerror}); choose another with "
                "--port, or none for a free one"
            ) from error
        port = int(listener.getsockname()[1])
        once = secrets.token_urlsafe(24)
        settings = replace(settings, port=port, once=once)
        app = create_app(settings)
        server = _Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
                ws="websockets-sansio",
                ws_max_size=LARGEST_MESSAGE,
            )
        )
        page = f"http://{HOST}:{port}/?token="
        server.started_with = lambda: started(page + settings.token, page + once)
        _end_with_the_terminal(server)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            pass
        finally:
            app.state.desk.close()


def _end_with_the_terminal(server: uvicorn.Server) -> None:
    """Let a closed terminal end the server as Ctrl-C does, so that no upload is left behind."""

    def end(*_: object) -> None:
        server.should_exit = True

    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, end)


class _Server(uvicorn.Server):
    """A server that says when it has started."""

    started_with: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.started_with()
