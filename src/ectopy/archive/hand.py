"""A process that works on one recording at a time, and is stopped when it takes too long."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryFile, mkdtemp
from typing import IO, Any, Final

from ectopy.archive.job import Answer, Job, Request, stop, trouble, versions

START_S: Final = 300.0
"""Seconds within which a process must have loaded its libraries and the model."""
_LOOK_S: Final = 0.1
"""Seconds between two looks at the time and the memory that a recording takes."""
_REACH_S: Final = 10.0
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_CRASHES: Final = 2
"""Processes that a recording may end before it is given up."""
_ONE_THREAD: Final = dict.fromkeys(
    ("ECTOPY_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
"""Each core has a process of its own, which needs no threads."""


class Hand:
    """A process that does what it is asked, started when it is needed.

    The same on one machine and on a cluster: the limits for a recording are kept by ending this
    process, whatever it does, and starting another.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._answers: SimpleQueue[str | None] = SimpleQueue()
        self._errors: IO[bytes] | None = None
        self._job: Job | None = None
        self._temp = ""
        self.dismissed = False

    def ask(self, job: Job, request: Request) -> Answer:
        """Have something done, and give the answer, or what hindered it.

        Parameters
        ----------
        job
            The run.
        request
            What to do; the limits hold for ``analyse`` alone.

        Returns
        -------
        dict
            See `ectopy.archive.work.analyse`.
        """
        analysing = request["do"] == "analyse"
        for _ in range(_CRASHES):
            found = self._ready(job)
            if found["outcome"] != "ready":
                return found
            text, limit = self._exchange(request, job if analysing else None)
            if text is not None:
                if megabytes(self._pid) > job.memory_mb / 2:
                    self.end()  # what one recording leaves behind is not for the next to bear
                answer: Answer = json.loads(text)
                return answer
            if limit:
                self.end()
                return trouble(limit, _over(job, limit))
            reason = self._obituary()
            self.end()
        return trouble("crashed", reason) if analysing else stop(reason)

    def end(self) -> None:
        """End the process, whatever it does."""
        process, self._process, self._job = self._process, None, None
        if process is not None:
            with suppress(OSError):
                process.kill()
            with suppress(subprocess.TimeoutExpired):  # one that not even a kill reaches is left
                process.wait(_REACH_S)
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        if self._temp:
            shutil.rmtree(self._temp, ignore_errors=True)
            self._temp = ""

    def dismiss(self) -> None:
        """Have `ask`, in another thread, give up soon; then this hand does nothing more."""
        self.dismissed = True

    def _ready(self, job: Job) -> Answer:
        """Start the process unless it runs, and make the job known to it."""
        if self.dismissed:
            return stop("stopped")
        if self._process is not None and self._process.poll() is not None:
            self.end()
        if self._process is None:
            try:
                self._start()
            except OSError as error:
                self.end()
                return stop(f"a worker cannot start a process: {error.strerror or error}")
        if self._job == job:
            return {"outcome": "ready"}
        request = {"do": "open", "job": job.to_text(), "versions": versions()}
        text, _ = self._exchange(request, replace(job, timeout_s=START_S, memory_mb=1 << 40))
        if text is None:
            reason = self._obituary()
            self.end()
            return stop(f"a worker could not begin: {reason}")
        answer: Answer = json.loads(text)
        self._job = job if answer["outcome"] == "ready" else None
        return answer

    @property
    def _pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def _start(self) -> None:
        self._temp = mkdtemp(prefix="ectopy-archive-")
        self._errors = TemporaryFile(dir=self._temp)  # noqa: SIM115
        self._answers = SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ectopy.archive._child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="ascii",
            env={
                **os.environ,
                **_ONE_THREAD,
                "TMPDIR": self._temp,
                "ECTOPY_ARCHIVE_TEMP": self._temp,
            },
        )
        listener = threading.Thread(
            target=_listen, args=(self._process.stdout, self._answers), daemon=True
        )
        listener.start()

    def _exchange(self, request: Request, limits: Job | None) -> tuple[str | None, str]:
        """Send one line and wait for one; None if the process ended, or a limit was passed.

        With the status that passing this limit has, empty if none was passed.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        begun = time.monotonic()
        try:
            self._process.stdin.write(json.dumps(dict(request)) + "\n")
            self._process.stdin.flush()
        except OSError:
            return None, ""
        while True:
            try:
                text = self._answers.get(timeout=_LOOK_S)
            except Empty:
                if self.dismissed:
                    return None, ""
                if limits is None:
                    continue
                if time.monotonic() - begun > limits.timeout_s:
                    return None, "timeout"
                if megabytes(self._pid) > limits.memory_mb:
                    return None, "memory"
                continue
            if text is None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(10)
            return text, ""

    def _obituary(self) -> str:
        """Say how the process ended, with its last words."""
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return f"its process did not answer for {START_S:g} s"
        if code < 0:
            name = signal.Signals(-code).name
            hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
            return f"its process was ended by {name}{hint}"
        return f"its process ended with status {code}: {self._last_words()}"

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else "without a word"


def megabytes(pid: int) -> float:
    """Give the memory that a process has for itself; 0 where the system does not tell.

    Without what it shares with others, such as libraries and files that are mapped.
    """
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except (OSError, ValueError):  # not Linux, or it has just ended
        return 0.0
    return (int(resident) - int(shared)) * _PAGE / (1 << 20)


def _over(job: Job, limit: str) -> str:
    if limit == "memory":
        return f"needs more than the {job.memory_mb:,} MB of --memory"
    return f"took longer than the {job.timeout_s:g} s of --timeout"


def _listen(stream: Any, answers: SimpleQueue[str | None]) -> None:
    with suppress(OSError, ValueError):
        for line in stream:
            answers.put(line)
    answers.put(None)
