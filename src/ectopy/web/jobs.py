"""Analyses that run, wait and are held: each a job with its recording, tiles, edits and caches."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis, analyze
from ectopy.ec57 import FileAnnotations
from ectopy.errors import AnnotationError, EctopyError
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import Annotations, Recording, packed, read
from ectopy.review import Review
from ectopy.web.files import Shelf, Workroom
from ectopy.web.tiles import IN_MEMORY, Pyramid, let_go

Made = TypeVar("Made")

AT_ONCE: Final = 2
"""Analyses that run at a time; more wait."""
_READ_SHARE: Final = 0.1
_FOUND_SHARE: Final = 0.6
"""Shares of the progress at which the recording is read, and its beats are found."""
_BLOCK: Final = 1 << 20
_log = logging.getLogger("ectopy.web")


class StoppedError(Exception):
    """The job was closed while it ran."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a recording is to be read and analysed; None where the user does not say."""

    lead: str | None = None
    model: str | None = None
    fs: float | None = None
    units: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Reader:
    """A second reader's annotations."""

    name: str
    annotations: Annotations | FileAnnotations

    def beats(self) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
        """Give the sample and the symbol of each beat, without annotations of other kinds."""
        held = self.annotations
        mine = np.isin(held.symbol, list(BEAT_SYMBOLS))
        return held.sample[mine], held.symbol[mine]


@dataclass(eq=False)
class Job:
    """One recording on its way to an analysis, and after."""

    id: str
    file: Path
    path: str | None
    name: str
    options: Options
    folder: Path
    stamp: object
    status: Literal["running", "done", "failed"] = "running"
    progress: float = 0.0
    error: str | None = None
    kind: str | None = None
    recording: Recording | None = None
    pyramid: Pyramid | None = None
    analysis: Analysis | None = None
    review: Review | None = None
    second: Reader | None = None
    stopped: bool = False
    known_whys: dict[int, dict[str, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _derived: dict[object, tuple[object, Any]] = field(default_factory=dict)

    def derived(self, name: object, make: Callable[[], Made], *, edits: bool = True) -> Made:
        """Give what `make` makes, made anew only when edits have changed the beats.

        With ``edits=False`` edits make no difference to it.
        """
        with self.lock:
            version = self.review.version if edits and self.review else None
            held = self._derived.get(name)
            if held is not None and held[0] == version:
                kept: Made = held[1]
                return kept
            made = make()
            self._derived[name] = (version, made)
            if self.recording is not None:
                let_go(self.recording.signal)
            return made

    def reviewed(self) -> Analysis:
        """Give the analysis after edits."""
        assert self.review is not None
        return self.derived("analysis", self.review.apply)

    def take_over(self) -> None:
        """Take over edits that another analysis of the recording, or another program, has saved."""
        if self.review is None or not self.review.stale:
            return
        with self.lock, suppress(AnnotationError):  # an edit will say what is wrong with the file
            self.review.refresh()

    def run(self) -> None:
        """Read and analyse; whatever goes wrong is kept as the job's error."""
        try:
            self._work()
        except EctopyError as error:
            said = str(error).removeprefix(f"{self.file.name} ")
            self._fail(said.replace(f"{self.file.parent}/", ""), type(error).__name__)
        except StoppedError:
            self._fail("closed", "Request")
        except MemoryError:
            self._fail("the recording needs more memory than there is", "MemoryError")
        except Exception as error:
            _log.exception("analysis of %s failed", self.name)
            self._fail(
                f"an error of ectopy itself ({type(error).__name__}); please report it with the "
                "format of the file",
                "Bug",
            )

    def _fail(self, said: str, kind: str) -> None:
        self.error, self.kind, self.status = " ".join(said.split()), kind, "failed"

    def _work(self) -> None:
        options = self.options
        recording = self._read()
        self.pyramid = Pyramid(recording.signal, self.folder)
        self.recording = recording

        def tell(share: float) -> None:
            self._tell(_READ_SHARE + (_FOUND_SHARE - _READ_SHARE) * share)
            let_go(recording.signal)

        tell(0.0)
        analysis = analyze(
            recording,
            lead=options.lead,
            model=options.model,
            progress=tell,
        )
        self.review = Review.open(analysis, file=self.file, uploaded=self.path is None)
        let_go(recording.signal)
        self.analysis = analysis
        self.progress, self.status = 1.0, "done"

    def _read(self) -> Recording:
        """Read the file; a long signal goes into a file of its own and out of memory."""
        recording = read(self.file, fs=self.options.fs, units=self.options.units)
        # results say the name that the user gave, not where the file lies
        source = replace(recording.source, path=self.path or self.name)
        if recording.signal.nbytes <= IN_MEMORY:
            return replace(recording, source=source)
        file, shape = self.folder / "signal.f32", recording.signal.shape
        with file.open("wb") as stream:
            for start in range(0, shape[0], _BLOCK):
                stream.write(np.ascontiguousarray(recording.signal[start : start + _BLOCK]).data)
        bare = {each.name: getattr(recording, each.name) for each in fields(recording)}
        del recording, bare["signal"]
        signal = np.memmap(file, np.float32, "r", shape=shape)
        return Recording(signal, **(bare | {"source": source}))

    def _tell(self, progress: float) -> None:
        if self.stopped:
            raise StoppedError
        self.progress = progress


class Desk:
    """All jobs of a server, a few of which run at a time.

    Parameters
    ----------
    shelf
        What may be read.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.workroom = Workroom()
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        # daemons, so that the end of the server need not wait for a long analysis
        for number in range(AT_ONCE):
            threading.Thread(target=self._serve, name=f"analysis-{number}", daemon=True).start()

    def start(
        self, file: Path, path: str | None, options: Options, name: str, stamp: object = None
    ) -> Job:
        """Analyse a file soon, or give the job that has it already."""
        key = (str(file), options, stamp or _stamp(file))
        with self._lock:
            for job in self._jobs.values():
                if job.stamp == key and job.status != "failed":
                    return job
            job = Job(
                id=secrets.token_hex(6),
                file=file,
                path=path,
                name=name,
                options=options,
                folder=self.workroom.new(),
                stamp=key,
            )
            self._jobs[job.id] = job
        self._waiting.put(job)
        return job

    def jobs(self) -> list[Job]:
        """Give all jobs, newest first."""
        with self._lock:
            return [*self._jobs.values()][::-1]

    def find(self, name: str) -> Job | None:
        """Give the job of this id."""
        with self._lock:
            return self._jobs.get(name)

    def of_path(self) -> dict[str, str]:
        """Give the newest job that did not fail for each path in the folder."""
        with self._lock:
            return {j.path: j.id for j in self._jobs.values() if j.path and j.status != "failed"}

    def close_job(self, job: Job) -> None:
        """Forget a job and delete what it kept in files; edits stay where they are."""
        import shutil

        job.stopped = True
        with self._lock:
            self._jobs.pop(job.id, None)
        if job.status != "running":
            shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Stop what runs and delete all temporary files."""
        for job in self.jobs():
            job.stopped = True
        for _ in range(AT_ONCE):
            self._waiting.put(None)
        self.workroom.close()

    def _serve(self) -> None:
        while (job := self._waiting.get()) is not None:
            if not job.stopped:
                job.run()


def _stamp(file: Path) -> tuple[int, ...]:
    """Give what changes when a file does, with its siblings of a WFDB record."""
    container = Path(str(file).partition(packed.MARK)[0])
    files = container.parent.glob(f"{container.stem}.???") if container.suffix == ".hea" else ()
    try:
        states = [each.stat() for each in sorted({container, *files})]
    except OSError:
        return ()
    return tuple(n for each in states for n in (each.st_size, each.st_mtime_ns))
