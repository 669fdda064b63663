"""Data sets from their publisher: every file with its checksum, resumed where it broke off."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ectopy._files import replacing
from ectopy.datasets._transfer import (
    Patience,
    StoppedError,
    UnreachableError,
    Watch,
    download,
    get_text,
    is_reachable,
    new_session,
)
from ectopy.datasets.checksums import SUMS, parse_sums, sha256_of
from ectopy.datasets.published import PHYSIONET, PUBLISHED
from ectopy.errors import DatasetError

if TYPE_CHECKING:
    import requests

DATA_VARIABLE: Final = "ECTOPY_DATA"
"""Environment variable that names the folder with data sets."""
MIRROR_VARIABLE: Final = "ECTOPY_PHYSIONET"
"""Environment variable that names another address to fetch from, such as that of a mirror."""
WORKERS: Final = 4
"""Files that are fetched at a time: more would be no courtesy to a public server."""
MOST_FAILURES: Final = 20
"""Files that may fail before the rest is not even tried."""
_RATE_S: Final = 10.0
"""Seconds over which the rate is measured."""
_TELL_S: Final = 0.1


class UnknownRecordError(DatasetError):
    """The data set has no record of that name."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is.

    Attributes
    ----------
    files, files_done
        Files in all, and those that are there and right.
    bytes_done
        Bytes that are there.
    bytes_expected
        Bytes in all, estimated from the files of each kind that are known; None at the start.
    bytes_per_s
        Rate over the last seconds.
    """

    files: int
    files_done: int
    bytes_done: int
    bytes_expected: int | None
    bytes_per_s: float

    @property
    def left_s(self) -> float | None:
        """Seconds left at that rate, if that can be told."""
        if self.bytes_expected is None or self.bytes_per_s <= 0:
            return None
        return max(0.0, (self.bytes_expected - self.bytes_done) / self.bytes_per_s)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a fetch.

    Attributes
    ----------
    folder
        Where the files are.
    fetched, kept
        Files that were fetched, and that were there and right already.
    failed
        Path and reason of each file that could not be fetched.
    left
        Files that were not tried any more after these.
    """

    folder: Path
    fetched: int
    kept: int
    failed: tuple[tuple[str, str], ...]
    left: int


def default_folder(name: str) -> Path:
    """Give the folder for a data set: in that of ``ECTOPY_DATA``, else in the user's cache."""
    if stated := os.environ.get(DATA_VARIABLE):
        return Path(stated) / name
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ectopy" / name


def fetch(
    name: str,
    folder: Path | None = None,
    *,
    records: Sequence[str] = (),
    limit: int | None = None,
    base_url: str | None = None,
    workers: int = WORKERS,
    patience: Patience | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Fetched:
    """Fetch a data set, or what is missing or wrong of it.

    Parameters
    ----------
    name
        One of :data:`ectopy.datasets.published.PUBLISHED`.
    folder
        Where its files go; :func:`default_folder` if it is not given.
    records
        Names or patterns (``"1*"``, ``"records100/*"``) of the records to fetch; all if none
        is given. Files of the data set as a whole are always fetched.
    limit
        Fetch the first records only, so many.
    base_url
        Fetch from here instead of ``https://physionet.org/files``; the default is what the
        environment variable ``ECTOPY_PHYSIONET`` says.
    workers
        Files to fetch at a time.
    patience
        How long to try.
    progress
        Called now and then, from any thread.

    Returns
    -------
    Fetched
        Files that failed are named in it; all others are complete and have the checksums that
        the publisher lists.

    Raises
    ------
    DatasetError
        If there is no such data set or record, or the list of checksums cannot be had and
        none was fetched before, or it cannot be trusted.
    OutputError
        If a file cannot be written.
    """
    if name not in PUBLISHED:
        raise DatasetError(f"no data set named {name!r} to fetch; known: {', '.join(PUBLISHED)}")
    base = (base_url or os.environ.get(MIRROR_VARIABLE) or PHYSIONET).rstrip("/")
    if not base.startswith(("https://", "http://")):
        raise DatasetError(f"cannot fetch from {base!r}; give an address such as {PHYSIONET}")
    target = folder or default_folder(name)
    job = _Job(f"{base}/{name}/{PUBLISHED[name].version}", target, patience or Patience(), progress)
    sums = job.sums()
    paths = choose(name, list(sums), records, limit)
    return job.run({path: sums[path] for path in paths}, workers)


def choose(
    name: str, paths: Sequence[str], records: Sequence[str] = (), limit: int | None = None
) -> list[str]:
    """Choose the files of some records, and those that are of none.

    Raises
    ------
    UnknownRecordError
        If there is no such record.
    """
    stems = [path[:-4] for path in paths if path.endswith(".hea")]
    if not records and limit is None:
        return list(paths)
    wanted: list[str] = [] if records else stems
    for pattern in records:
        found = [
            stem
            for stem in stems
            if fnmatchcase(stem, pattern) or fnmatchcase(stem.rpartition("/")[2], pattern)
        ]
        if not found:
            some = ", ".join(stems[:3])
            raise UnknownRecordError(
                f"{name} has no record {pattern!r}; it has {len(stems):,}, such as {some}"
            )
        wanted += found
    chosen = set(list(dict.fromkeys(wanted))[:limit])
    known = set(stems)
    return [
        path
        for path in paths
        if _stem(path) in chosen or ("/" not in path and _stem(path) not in known)
    ]


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


class _Tally:
    """Counts files and bytes of all threads, and tells of them."""

    def __init__(self, paths: Iterable[str], report: Callable[[Progress], None] | None):
        self.lock = threading.Lock()
        self.report = report
        self.unknown = Counter(PurePosixPath(path).suffix for path in paths)
        self.files, self.files_done = self.unknown.total(), 0
        self.sizes: dict[str, int] = {}
        self.kinds: dict[str, tuple[int, int]] = {}
        self.bytes_done = 0
        self.recent: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self.told = 0.0

    def size(self, path: str, size: int) -> None:
        """Take down how large a file is."""
        with self.lock:
            if path in self.sizes:
                return
            kind = PurePosixPath(path).suffix
            self.sizes[path] = size
            self.unknown[kind] -= 1
            count, total = self.kinds.get(kind, (0, 0))
            self.kinds[kind] = (count + 1, total + size)

    def moved(self, size: int) -> None:
        """Take down bytes that came in."""
        with self.lock:
            self.bytes_done += size
            self.recent.append((time.monotonic(), size))
            self._tell()

    def held(self, size: int) -> None:
        """Take down bytes that were there before, or had to be thrown away."""
        with self.lock:
            self.bytes_done += size
            self._tell()

    def done(self) -> None:
        """Take down that a file is complete."""
        with self.lock:
            self.files_done += 1
            self._tell(at_once=self.files_done == self.files)

    def _tell(self, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if self.report is None or (now - self.told < _TELL_S and not at_once):
            return
        self.told = now
        while len(self.recent) > 1 and self.recent[0][0] < now - _RATE_S:
            self.recent.popleft()
        span = now - self.recent[0][0]
        rate = sum(size for _, size in self.recent) / span if span > 0.5 else 0.0
        self.report(Progress(self.files, self.files_done, self.bytes_done, self._expected(), rate))

    def _expected(self) -> int | None:
        if not self.kinds:
            return None
        known = sum(self.sizes.values())
        means = {kind: total / count for kind, (count, total) in self.kinds.items()}
        return round(known + sum(n * means.get(kind, 0) for kind, n in self.unknown.items()))


class _Job:
    """One fetch: its address, its folder, and what its threads share."""

    def __init__(
        self,
        url: str,
        folder: Path,
        patience: Patience,
        progress: Callable[[Progress], None] | None,
    ):
        self.url, self.folder, self.patience, self.progress = url, folder, patience, progress
        self.stop = threading.Event()
        self.sessions: dict[int, requests.Session] = {}
        self.failed: dict[str, str] = {}
        self.counts = Counter[str]()
        self.tally = _Tally((), None)

    @property
    def watch(self) -> Watch:
        return Watch(self.stop, self.tally.size, self.tally.moved, self.tally.held)

    def sums(self) -> dict[str, str]:
        """Fetch the list of checksums; one that was fetched before serves without a network."""
        stored, url = self.folder / SUMS, f"{self.url}/{SUMS}"
        with new_session() as session:
            try:
                text = get_text(session, url, self.patience, self.watch)
            except DatasetError:
                if not stored.is_file():
                    raise
                return parse_sums(stored.read_text("utf-8", "replace"), str(stored))
        sums = parse_sums(text, url)
        with replacing(stored) as part:
            part.write_text(text, encoding="utf-8", newline="")
        return sums

    def run(self, files: dict[str, str], workers: int) -> Fetched:
        """Fetch the files."""
        self.tally = _Tally(files, self.progress)
        pool = ThreadPoolExecutor(max(1, workers), "ectopy-fetch")
        try:
            for _ in pool.map(self._one, files, files.values()):
                pass
        finally:
            self.stop.set()
            pool.shutdown(cancel_futures=True)
            for session in self.sessions.values():
                session.close()
        return Fetched(
            self.folder,
            self.counts["fetched"],
            self.counts["kept"],
            tuple(sorted(self.failed.items())),
            self.counts["left"],
        )

    def _one(self, path: str, sha256: str) -> None:
        """Fetch one file, unless it is there; say what came of it."""
        if self.stop.is_set():
            self._count("left")
            return
        target = self.folder / path
        if target.is_file() and sha256_of(target) == sha256:
            size = target.stat().st_size
            self.tally.size(path, size)
            self.tally.held(size)
            with suppress(OSError):  # left by a run that another one overtook
                target.with_name(f".{target.name}.part").unlink()
            self._count("kept")
            self.tally.done()
            return
        try:
            url = f"{self.url}/{quote(path)}"
            download(self._session(), url, path, target, sha256, self.patience, self.watch)
        except StoppedError:
            self._count("left")
        except DatasetError as error:
            lost = isinstance(error, UnreachableError) and not self._is_reachable()
            with self.tally.lock:
                self.failed[path] = str(error)
                if lost or len(self.failed) >= MOST_FAILURES:
                    self.stop.set()
        else:
            self._count("fetched")
            self.tally.done()

    def _session(self) -> requests.Session:
        """Give the session of this thread."""
        with self.tally.lock:
            thread = threading.get_ident()
            if thread not in self.sessions:
                self.sessions[thread] = new_session()
            return self.sessions[thread]

    def _is_reachable(self) -> bool:
        """Whether the server answers at all: else no other file needs to be tried."""
        return is_reachable(self._session(), f"{self.url}/{SUMS}", self.patience)

    def _count(self, what: str) -> None:
        with self.tally.lock:
            self.counts[what] += 1
