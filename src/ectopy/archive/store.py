"""The folder of the results: one file for each result, whole or absent, and what is remembered.

``work/results/ab/abcd….parquet`` holds one result under the key of its content, ``work/parts`` what
is being written, ``work/new`` the data set while it grows, ``work/journal.jsonl`` which file had
which result, so that it need not be read again to find out.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from ectopy.archive.job import StoppedError
from ectopy.errors import OutputError

PARTS: Final = ("beats", "recordings", "episodes")
"""The tables of the data set, each a folder."""
PAGE: Final = "index.html"
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
"""What a file system without locks says; then nothing keeps two runs apart."""
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def result_path(out: Path, key: str) -> Path:
    """Give where the result of a key is kept."""
    return out / "work" / "results" / key[:2] / f"{key}.parquet"


@contextmanager
def writing(out: Path, path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the name `path` when the block ends well.

    What is written reaches the disk before it takes the name. The name it has until then is one
    that no other process has, on no machine.

    Raises
    ------
    StoppedError
        If it cannot be written.
    """
    part = out / "work" / "parts" / f"{path.name[:12]}-{secrets.token_hex(8)}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()


def cannot_write(path: Path, error: OSError) -> StoppedError:
    """Say that a result cannot be written, and what to do."""
    advice = "make room" if error.errno in _FULL else "see to it"
    reason = error.strerror or str(error)
    return StoppedError(f"cannot write {path}: {reason}; {advice} and run again with --resume")


class Store:
    """The folder of the results while one run works in it.

    Raises
    ------
    OutputError
        If it has content and `resume` is not set, is no archive, another run works in it, or it
        cannot be written.
    """

    def __init__(self, out: Path, *, resume: bool) -> None:
        self.out, self.work = out, out / "work"
        self.token = secrets.token_hex(16)
        self._lock: IO[bytes] | None = None
        self._journal: IO[str] | None = None
        _check_content(out, resume)
        try:
            for name in ("results", "parts", "new"):
                (self.work / name).mkdir(parents=True, exist_ok=True)
            self._take()
            self._drop_parts()
            (self.work / "token").write_text(self.token, encoding="ascii")
        except OSError as error:
            self.close()
            reason = error.strerror or str(error)
            raise OutputError(
                f"cannot write to {out}: {reason}; choose another folder with -o"
            ) from error
        except OutputError:
            self.close()
            raise

    def close(self) -> None:
        """Let others work in the folder; what was being written when a run stopped goes."""
        if self._lock is not None:
            with suppress(OSError):
                self._drop_parts()
        for file in (self._journal, self._lock):
            if file is not None:
                with suppress(OSError):
                    file.close()

    def _drop_parts(self) -> None:
        for part in (self.work / "parts").iterdir():
            part.unlink()

    def keys(self) -> set[str]:
        """Give the keys of all results that are there."""
        folders = (each for each in os.scandir(self.work / "results") if each.is_dir())
        return {
            file.name.removesuffix(".parquet")
            for folder in folders
            for file in os.scandir(folder.path)
        }

    def remembered(self, context: str) -> dict[str, dict[str, Any]]:
        """Give what was written down for each path, if that was for the same settings."""
        known: dict[str, dict[str, Any]] = {}
        with suppress(OSError), (self.work / "journal.jsonl").open(encoding="ascii") as lines:
            for line in lines:
                entry = _entry(line)
                if entry.get("context", context) != context:
                    return {}
                if "path" in entry:
                    known[entry["path"]] = entry
        return known

    def start_journal(self, context: str, entries: Iterable[dict[str, Any]]) -> None:
        """Write down what is known so far, and begin to write down more."""
        path = self.work / "journal.jsonl"
        with writing(self.out, path) as part, part.open("w", encoding="ascii") as file:
            for entry in ({"context": context}, *entries):
                file.write(json.dumps(entry) + "\n")
        self._journal = path.open("a", encoding="ascii")

    def note(self, entry: dict[str, Any]) -> None:
        """Write down what became of a path."""
        assert self._journal is not None
        try:
            self._journal.write(json.dumps(entry) + "\n")
            self._journal.flush()
        except OSError as error:
            raise cannot_write(self.work / "journal.jsonl", error) from error

    def publish(self, page: str) -> None:
        """Put the data set that lies in ``work/new`` in the place of the one before, page last."""
        old = self.work / "old"
        try:
            shutil.rmtree(old, ignore_errors=True)
            old.mkdir()
            with suppress(FileNotFoundError):
                (self.out / PAGE).unlink()
            for part in PARTS:
                (self.work / "new" / part).mkdir(exist_ok=True)
                if (self.out / part).exists():
                    (self.out / part).rename(old / part)
                (self.work / "new" / part).rename(self.out / part)
            shutil.rmtree(old)
        except OSError as error:
            raise cannot_write(self.out, error) from error
        with writing(self.out, self.out / PAGE) as file:
            file.write_text(page, encoding="utf-8")

    def prune(self, keys: set[str]) -> None:
        """Delete every result but these: what is no longer in the archive leaves no trace."""
        for key in self.keys() - keys:
            with suppress(OSError):
                result_path(self.out, key).unlink()

    def _take(self) -> None:
        """Keep other runs out for as long as this process lives."""
        self._lock = (self.work / "lock").open("ab")
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"another ectopy archive works in {self.out}; wait for it, or choose another "
                "folder with -o"
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise


def _check_content(out: Path, resume: bool) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; name a folder with -o")
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / "work" / "results").is_dir():
        raise OutputError(
            f"{out} holds files that are no archive of ectopy; choose a new folder with -o"
        )
    if not resume:
        raise OutputError(
            f"{out} holds an archive already; go on in it with --resume, or choose another folder "
            "with -o"
        )


def _entry(line: str) -> dict[str, Any]:
    """Read a line of the journal; one that was cut short says nothing."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
