"""A folder of recordings → the data set: what `ectopy archive` does."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ectopy.archive import tables
from ectopy.archive.crew import Crew
from ectopy.archive.job import (
    MEMORY_MB,
    OK,
    TIMEOUT_S,
    Answer,
    Job,
    Settings,
    StoppedError,
    context_of,
)
from ectopy.archive.plan import Item, Plan, find, stamp
from ectopy.archive.store import PARTS, Store
from ectopy.errors import EctopyError, RecordingError

BUCKET_BEATS: Final = 32_000_000
BUCKET_RECORDINGS: Final = 1000
"""A bucket of the data set holds about so many beats or recordings, whichever it has first."""
_PROBES: Final = 5


@dataclass(slots=True)
class Progress:
    """How far a run is; `tell` is called whenever something is done."""

    total: int = 0
    done: int = 0
    bytes_total: int = 0
    bytes_done: int = 0
    hours: float = 0.0
    kept: int = 0
    analysed: int = 0
    failed: int = 0
    stage: str = "recordings"
    begun: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of a run.

    Attributes
    ----------
    statuses
        Number of recordings of each status.
    failed
        Name, status and reason of each recording without a result.
    others
        Number of files that are no recordings.
    analysed, kept
        Recordings that were analysed now, and those whose result was there already.
    beats, hours
        Beats and hours of all recordings.
    page
        The page.
    """

    statuses: dict[str, int]
    failed: tuple[tuple[str, str, str], ...]
    others: int
    analysed: int
    kept: int
    beats: int
    hours: float
    page: Path


def archive(
    root: Path,
    out: Path,
    crew: Crew,
    settings: Settings | None = None,
    *,
    resume: bool = False,
    exclude: Sequence[str] = (),
    timeout_s: float = TIMEOUT_S,
    memory_mb: int = MEMORY_MB,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Analyse all recordings of a folder and make a data set of the results.

    Parameters
    ----------
    root
        The folder, looked through with all folders below it.
    out
        The folder for the results.
    crew
        Who does the work: `ectopy.archive.crew.LocalCrew` or `ectopy.archive.cluster.DaskCrew`.
    settings
        What the analysis depends on.
    resume
        Go on in a folder that holds results. Those of files that did not change are kept.
    exclude
        Patterns of paths to leave out.
    timeout_s, memory_mb
        Limits for one recording.
    tell
        Called as the run goes on.

    Returns
    -------
    Outcome

    Raises
    ------
    RecordingError
        If there is no such folder, or nothing in it.
    OutputError
        If the results cannot be in `out`.
    StoppedError
        If the run cannot go on.
    """
    from ectopy.labels import list_models

    need_pyarrow()
    settings = settings or Settings()
    if settings.model and settings.model not in list_models() and Path(settings.model).is_dir():
        settings = replace(settings, model=str(Path(settings.model).absolute()))
    context = context_of(settings)
    root, out = root.absolute(), out.absolute()
    if not root.is_dir():
        raise RecordingError(f"there is no folder {root}; name one with recordings")
    plan = find(root, skip=out, exclude=exclude)
    if not plan.items:
        raise RecordingError(f"{root} holds no recording; name a folder with recordings")
    store = Store(out, resume=resume)
    probes = tuple(item.files[0] for item in plan.items[:_PROBES])
    job = Job(str(root), str(out), settings, context, store.token, probes, timeout_s, memory_mb)
    try:
        return _Run(job, plan, store, crew, tell).whole()
    finally:
        store.close()


def need_pyarrow() -> None:
    """Say what is missing where pyarrow is.

    Raises
    ------
    EctopyError
        If it is not installed.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise EctopyError(
            "ectopy archive writes Parquet, which needs pyarrow; pip install 'ectopy[cluster]'"
        ) from error


_Asked = tuple[Item, dict[str, Any] | None]
"""A recording to be worked on, and the checksums of its files where they are known."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What became of one recording."""

    item: Item
    status: str
    reason: str | None = None
    key: str | None = None
    beats: int = 0
    hours: float = 0.0

    def row(self) -> dict[str, Any]:
        """Give what the table of recordings needs beside the result."""
        row = {"recording": self.item.name, "files": len(self.item.files), "bytes": self.item.size}
        told = {"status": self.status, "reason": self.reason} if self.key is None else {}
        return {**row, "key": self.key, **told}


class _Run:
    """One run: analyse, build, publish."""

    def __init__(
        self, job: Job, plan: Plan, store: Store, crew: Crew, tell: Callable[[Progress], None]
    ) -> None:
        self.job, self.plan, self.store, self.crew, self.tell = job, plan, store, crew, tell
        self.root = Path(job.root)
        self.others = plan.others
        self.entries: list[_Entry] = [
            _Entry(Item((name,), 0), "unreadable", reason) for name, reason in plan.closed
        ]
        self.progress = Progress()

    def whole(self) -> Outcome:
        """Do all of it."""
        from ectopy.archive.page import render

        self._analyse_all()
        self.entries.sort(key=lambda entry: entry.item.name)
        self._build_all()
        self.store.publish(render(self.store.work / "new", self.others, _model(self.job)))
        self.store.prune({entry.key for entry in self.entries if entry.key})
        return Outcome(
            statuses=dict(sorted(Counter(entry.status for entry in self.entries).items())),
            failed=tuple(
                (entry.item.name, entry.status, entry.reason or "")
                for entry in self.entries
                if entry.status != OK
            ),
            others=self.others,
            analysed=self.progress.analysed,
            kept=self.progress.kept,
            beats=sum(entry.beats for entry in self.entries),
            hours=sum(entry.hours for entry in self.entries),
            page=self.store.out / "index.html",
        )

    def _analyse_all(self) -> None:
        """Get a result for every recording, from before where its files did not change."""
        self.progress.total = len(self.plan.items)
        self.progress.bytes_total = sum(item.size for item in self.plan.items)
        left = self._take_known()
        while left:
            self.tell(self.progress)
            requests = (_request(item, known) for item, known in left)
            inside: list[_Asked] = []
            with closing(self.crew.each(self.job, requests)) as answers:
                for request, answer in answers:
                    item = Item(tuple(request["files"]), request["size"], request["member"])
                    _stop_if_told(answer)
                    if answer["outcome"] != "trouble":
                        self.store.note({**answer, "path": item.path})
                    inside += self._take(item, answer, kept=answer.get("kept", False))
                    self.tell(self.progress)
            left = inside

    def _take_known(self) -> list[_Asked]:
        """Take what is known from before, begin a journal with it, and give what is not."""
        remembered = self.store.remembered(self.job.context)
        keys = self.store.keys()
        held: list[dict[str, Any]] = []
        left: list[_Asked] = []
        queue: deque[_Asked] = deque((item, None) for item in self.plan.items)
        while queue:
            item, known = queue.popleft()
            entry = remembered.get(item.path)
            if entry is not None and self._still_holds(item, entry, keys):
                held.append(entry)
                queue += self._take(item, entry, kept=True)
            else:
                left.append((item, known))
        self.store.start_journal(self.job.context, held)
        return left

    def _still_holds(self, item: Item, entry: dict[str, Any], keys: set[str]) -> bool:
        """Whether what is known of an item is so still."""
        if entry["outcome"] == "result" and entry["key"] not in keys:
            return False
        try:
            return bool(stamp(self.root, item.files) == entry["stamp"])
        except OSError:
            return False

    def _take(self, item: Item, answer: Answer, *, kept: bool) -> list[_Asked]:
        """Take the answer about an item; give the recordings in it if it is a ZIP."""
        progress = self.progress
        progress.bytes_done += 0 if item.member else item.size
        outcome = answer["outcome"]
        if outcome == "members":
            progress.total += len(answer["members"]) - 1
            known = {"stamp": answer["stamp"], "sums": answer["sums"]}
            return [(replace(item, member=name), known) for name in answer["members"]]
        if outcome == "other":
            self.others += 1
            progress.total -= 1
            return []
        progress.done += 1
        names = ("key", "beats", "hours")
        facts = {name: answer[name] for name in names if name in answer}
        self.entries.append(_Entry(item, answer["status"], answer.get("reason"), **facts))
        progress.failed += answer["status"] != OK
        progress.kept += kept
        progress.analysed += not kept
        progress.hours += 0.0 if kept else answer.get("hours", 0.0)
        return []

    def _build_all(self) -> None:
        """Write the files of all buckets into ``work/new``, and drop others from there."""
        buckets = self._buckets()
        self.progress.stage = "data set"
        self.progress.total, self.progress.done = len(buckets), 0
        self.tell(self.progress)
        new = self.store.work / "new"
        requests: list[dict[str, Any]] = []
        wanted: set[Path] = set()
        for number, rows in sorted(buckets.items()):
            digest = _digest(self.job.context, rows)
            wanted |= {tables.bucket_path(new, name, number, digest) for name in PARTS}
            if not tables.reuse(self.store.out, number, digest):
                request = {"do": "build", "rows": rows, "bucket": number, "digest": digest}
                requests.append({**request, "model": _model(self.job)})
        self.progress.done = len(buckets) - len(requests)
        with closing(self.crew.each(self.job, requests)) as answers:
            for _, answer in answers:
                _stop_if_told(answer)
                self.progress.done += 1
                self.tell(self.progress)
        for path in [*new.rglob("*.parquet")]:
            if path not in wanted:
                path.unlink()
        for folder in [*new.glob("*/bucket=*")]:
            if not any(folder.iterdir()):
                folder.rmdir()

    def _buckets(self) -> dict[int, list[dict[str, Any]]]:
        """Share the recordings out: a recording stays in its bucket while their number does."""
        beats = sum(entry.beats for entry in self.entries)
        needed = max(beats / BUCKET_BEATS, len(self.entries) / BUCKET_RECORDINGS)
        number = 1
        while number < needed:
            number *= 2
        buckets: dict[int, list[dict[str, Any]]] = {}
        for entry in self.entries:
            place = hashlib.sha256(entry.item.name.encode()).digest()
            bucket = int.from_bytes(place[:4], "big") % number
            buckets.setdefault(bucket, []).append(entry.row())
        return buckets


def _request(item: Item, known: dict[str, Any] | None) -> dict[str, Any]:
    request = {"do": "analyse", "files": item.files, "size": item.size, "member": item.member}
    return {**request, "known": known}


def _stop_if_told(answer: Answer) -> None:
    if answer["outcome"] == "stop":
        raise StoppedError(answer["reason"])


def _digest(context: str, rows: list[dict[str, Any]]) -> str:
    """Give the name of the files of a bucket, which all that is in them decides."""
    return hashlib.sha256(json.dumps([context, rows], sort_keys=True).encode()).hexdigest()[:16]


def _model(job: Job) -> str:
    from ectopy.labels import DEFAULT_MODEL, load_card

    card = load_card(job.settings.model or DEFAULT_MODEL)
    return f"{card['name']} {card['sha256']}"
