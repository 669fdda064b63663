"""A publisher on this machine that does whatever the real one might do on a bad day."""

import hashlib
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Publisher:
    """Serves files under ``/<set>/<version>/``; `faults` holds what goes wrong with which path.

    A fault is used up by one request for that path, unless it is the last and `lasting` names
    the path. Faults: ``drop`` (the connection breaks after half of what is left), ``close`` (it
    breaks before an answer), ``wrong`` (other bytes of the same length), ``ignore-range``,
    ``odd-range`` (another range than asked for), ``slow`` (silence in the middle), ``trickle``
    (a little at a time), ``loop`` (it sends to the same address again), or a status
    such as ``503``.
    """

    def __init__(self, name="mitdb", version="1.0.0"):
        self.root = f"/{name}/{version}/"
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = {}
        self.lasting: set[str] = set()
        self.asked: list[tuple[str, int]] = []
        self.ranges = True
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                publisher.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def publish(self, files, sums=None):
        """Put files up with the list of their checksums, or with the list given."""
        self.files = dict(files)
        listed = sums or "".join(
            f"{hashlib.sha256(content).hexdigest()} {path}\n" for path, content in files.items()
        )
        self.files["SHA256SUMS.txt"] = listed.encode()

    def requests(self, path=None):
        """How often each file was asked for, or this one."""
        counts = Counter(asked for asked, _ in self.asked)
        return counts if path is None else counts[path]

    def first_bytes(self, path):
        """From which byte on each request for a file asked."""
        return [first for asked, first in self.asked if asked == path]

    def _fault(self, path):
        waiting = self.faults.get(path, [])
        if not waiting:
            return ""
        return waiting[0] if len(waiting) == 1 and path in self.lasting else waiting.pop(0)

    def answer(self, handler):
        path = handler.path.removeprefix(self.root)
        content, fault = self.files.get(path), self._fault(path)
        asked = handler.headers.get("Range", "")
        first = int(asked[6:].rstrip("-")) if asked else 0
        self.asked.append((path, first))
        handler.close_connection = fault != ""
        if fault == "close":
            return
        if fault == "loop":
            handler.close_connection = False
            handler.send_response(302)
            handler.send_header("Location", handler.path)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if fault.isdecimal() or content is None:
            handler.send_response(int(fault) if fault else 404)
            handler.send_header("Content-Length", "0")
            if fault:
                handler.send_header("Retry-After", "0")
            handler.end_headers()
            return
        if fault == "wrong":
            content = bytes(byte ^ 1 for byte in content)
        status = 206 if asked and self.ranges and fault != "ignore-range" else 200
        if status == 200:
            first = 0
        elif first >= len(content):
            handler.send_response(416)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if fault == "odd-range":
            status, first = 206, 1
        body = content[first:]
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if status == 206:
            last = len(content) - 1
            handler.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        handler.end_headers()
        try:
            self._send(handler.wfile, body, fault)
        except OSError:  # the other side has gone
            handler.close_connection = True

    @staticmethod
    def _send(out, body, fault):
        if fault == "drop":
            out.write(body[: len(body) // 2])
        elif fault == "slow":
            out.write(body[: len(body) // 2])
            out.flush()
            time.sleep(2.5)
        elif fault == "trickle":
            for at in range(0, len(body), 8192):
                out.write(body[at : at + 8192])
                out.flush()
                time.sleep(0.05)
        else:
            out.write(body)
