"""A process that works on recordings: requests on stdin, answers on stdout, one line of JSON each.

``python -m ectopy.archive._child``, started by `ectopy.archive.hand`. It ends when its stdin does,
in the middle of a recording too, so that none is left behind when what started it is killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from queue import Empty, SimpleQueue
from typing import Any, Final

from ectopy.archive.job import Job

_IDLE_S: Final = 900.0


def main() -> None:
    """Work until there is no more to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what started it decides what is stopped
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # so that nothing but answers gets there
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    from ectopy.archive import work

    job: Job | None = None
    while True:
        try:
            request: dict[str, Any] = json.loads(lines.get(timeout=_IDLE_S))
        except Empty:
            _end()
        if request["do"] == "open":
            job = Job.from_text(request["job"])
            answer = work.open_job(job, request["versions"])
        else:
            assert job is not None
            answer = work.answer(job, request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _listen(lines: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        lines.put(line)
    _end()


def _end() -> None:
    """End at once, whatever runs, and leave no temporary files behind."""
    shutil.rmtree(os.environ.get("ECTOPY_ARCHIVE_TEMP", ""), ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
