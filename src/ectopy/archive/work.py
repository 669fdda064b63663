"""One recording → one result: what a worker does."""

from __future__ import annotations

import errno
import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from ectopy.archive import tables
from ectopy.archive.job import (
    FAILED,
    Answer,
    Job,
    Request,
    StoppedError,
    chain,
    context_of,
    stop,
    trouble,
    versions,
)
from ectopy.archive.plan import Item, newest, stamp
from ectopy.errors import (
    DamagedFileError,
    EctopyError,
    ModelError,
    RecordingError,
    UnknownFormatError,
)

if TYPE_CHECKING:
    from ectopy.analysis import Analysis

_FRESH_S: Final = 10.0
"""A file that changed so shortly before it is read may change again without a new time."""
_OF_CONTENT: Final = {None, errno.EINVAL, errno.ENOTDIR, errno.EISDIR}
"""Errors of the system that damaged content leads to."""
_NO_ROOM: Final = ("bad_alloc", "Failed to allocate", "bad allocation", "Cannot allocate")


def open_job(job: Job, wanted: dict[str, str]) -> Answer:
    """Check that this process can work on a job, and load what it needs."""
    root, out = Path(job.root), Path(job.out)
    found = versions()
    if found != wanted:
        differing = ", ".join(
            f"{name} {found.get(name, 'missing')} instead of {version}"
            for name, version in wanted.items()
            if found.get(name) != version
        )
        return stop(f"a worker has {differing}; install the same versions on all machines")
    token = ""
    with suppress(OSError):
        token = (out / "work" / "token").read_text("ascii")
    if token != job.token:
        return stop(
            f"a worker does not see the folder of the results at {out}; all machines need the "
            "same file system under the same path"
        )
    if not any((root / probe).exists() for probe in job.probes):
        return stop(
            f"a worker does not see the recordings in {root}; all machines need the same file "
            "system under the same path"
        )
    try:
        if context_of(job.settings) != job.context:
            return stop("a worker has another model; install the same one on all machines")
        from ectopy.labels import DEFAULT_MODEL
        from ectopy.labels.models import load_network

        load_network(job.settings.model or DEFAULT_MODEL)
    except EctopyError as error:
        return stop(f"a worker cannot load the model: {error}")
    return {"outcome": "ready"}


def answer(job: Job, request: Request) -> Answer:
    """Do what is asked; see `analyse` and `ectopy.archive.tables.build`."""
    try:
        if request["do"] == "build":
            arguments = (request[key] for key in ("rows", "bucket", "digest", "model"))
            tables.build(Path(job.out), *arguments)
            return {"outcome": "built"}
        item = Item(tuple(request["files"]), request["size"], request["member"])
        return analyse(job, item, request.get("known"))
    except StoppedError as error:
        return stop(str(error))


def analyse(job: Job, item: Item, known: dict[str, Any] | None = None) -> Answer:
    """Analyse what may be a recording, and write its result under the key of its content.

    Parameters
    ----------
    job
        The run.
    item
        Its files.
    known
        ``stamp`` and ``sums``: stamp and checksums of the files, if they are known already.

    Returns
    -------
    dict
        ``outcome`` is ``"result"`` with ``key``, ``status``, ``reason``, ``beats``, ``hours`` and
        whether it was ``kept`` from before; ``"other"`` if this is no recording; ``"members"``
        for a ZIP, with what is in it; ``"trouble"`` with ``status`` and ``reason``. All but the
        last with the ``stamp`` of the files.

    Raises
    ------
    StoppedError
        If the result cannot be written.
    """
    root = Path(job.root)
    try:
        begun, before = time.time(), stamp(root, item.files)
        kind, failure = ("recording", None) if item.member else _kind(root / item.files[0])
        if kind == "other":
            return {"outcome": "other", "stamp": before}
        if kind == "packed" and (found := _members(root, item)) is not None:
            return {**found, "stamp": before}
        sums = list(known["sums"]) if known and known["stamp"] == before else None
        sums = sums or _checksums(root, item.files)
        key = content_key(job.context, item, sums)
        facts = tables.read_facts(Path(job.out), key)
        if kept := facts is not None:
            return _result(key, facts, before, kept)
        facts, analysis, told = _analysed(job, root / item.path, failure)
        if stamp(root, item.files) != before or (
            begun - newest(root, item.files) < _FRESH_S and _checksums(root, item.files) != sums
        ):
            return trouble("changed", "changed while it was read; --resume reads it again")
    except OSError as error:
        return trouble("unreadable", f"cannot be read: {error.strerror or error}")
    if told is not None:
        return {**told, "stamp": before} if told["outcome"] == "other" else told
    tables.write_result(Path(job.out), key, facts, analysis)
    return _result(key, facts, before, kept)


def _result(key: str, facts: dict[str, Any], stamped: str, kept: bool) -> Answer:
    return {
        "outcome": "result",
        "key": key,
        "status": facts["status"],
        "reason": facts.get("reason"),
        "beats": facts.get("beats", 0),
        "hours": facts.get("duration_s", 0.0) / 3600,
        "kept": kept,
        "stamp": stamped,
    }


def _analysed(
    job: Job, path: Path, failure: EctopyError | None
) -> tuple[dict[str, Any], Analysis | None, Answer | None]:
    """Give the row of a recording and its analysis, or else the answer that there is none."""
    from ectopy.analysis import analyze
    from ectopy.recording import read

    settings = job.settings
    try:
        if failure is not None:
            raise failure
        recording = read(path, fs=settings.fs, units=settings.units)
        analysis = analyze(recording, lead=settings.lead, model=settings.model)
        return tables.facts_of(analysis), analysis, None
    except UnknownFormatError:
        return {}, None, {"outcome": "other"}
    except ModelError as error:  # says nothing of the recording
        return {}, None, stop(f"a worker cannot use the model: {error}; run again with --resume")
    except Exception as error:
        if told := _by_circumstances(error):
            return {}, None, told
        if not isinstance(error, EctopyError):
            own = f"an error of ectopy itself ({type(error).__name__}: {error}); please report it"
            return {}, None, trouble("crashed", f"{own} with the format of the file")
        return {"status": FAILED, "reason": said(error, path)}, None, None


def content_key(context: str, item: Item, sums: list[str]) -> str:
    """Give the key of a result: the same for the same bytes, names, settings and software.

    The folder of the files makes no difference, so that one that was moved is not read again.
    """
    names = [PurePosixPath(name).name for name in item.files]
    facts = [context, item.member, list(zip(names, sums, strict=True))]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def said(error: EctopyError, path: Path) -> str:
    """Give an error as one line that names no folder of this machine."""
    text = " ".join(str(error).split()).removeprefix(f"{path.name} ")
    return text.replace(f"{path}: ", "").replace(f"{path.parent}/", "")


def _kind(path: Path) -> tuple[str, EctopyError | None]:
    """Tell by its content whether a file is a ``recording``, ``packed``, or something ``other``.

    With the error, where it is a recording that cannot be read.
    """
    from ectopy.recording._sniff import HEAD_BYTES
    from ectopy.recording.read import reader_of

    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        return "recording", DamagedFileError("is empty; copy or export it again")
    try:
        reader = reader_of(head, path)
    except RecordingError as error:
        return "recording", error
    if reader is None:
        return "other", None
    is_zip = reader.__name__.endswith(".packed") and head.startswith(b"PK")
    return "packed" if is_zip else "recording", None


def _members(root: Path, item: Item) -> Answer | None:
    """Name the recordings in a ZIP; None if reading it will say what is wrong with it."""
    from ectopy.recording.packed import members

    try:
        found = members(root / item.files[0])
    except EctopyError:
        return None
    if not found:
        return {"outcome": "other"}
    return {"outcome": "members", "members": found, "sums": _checksums(root, item.files)}


def _checksums(root: Path, files: tuple[str, ...]) -> list[str]:
    sums = []
    for name in files:
        with (root / name).open("rb") as stream:
            sums.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return sums


def _by_circumstances(error: Exception) -> Answer | None:
    """Answer for an error that another day or another machine would not bring; else None."""
    for each in chain(error):
        if isinstance(each, MemoryError) or any(words in str(each) for words in _NO_ROOM):
            return trouble("memory", "needs more memory than there is")
        if isinstance(each, OSError) and each.errno not in _OF_CONTENT:
            return trouble("unreadable", f"cannot be read: {each.strerror}")
    return None
