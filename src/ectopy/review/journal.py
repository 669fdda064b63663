"""The file that edits are kept in: one JSON object a line, only ever appended to.

The first line says what the edits are of, the others are edits, undos and redos in the order they
were made. A line is on disk before :meth:`Journal.append` returns. A last line that a crash cut
short is left out when the file is read, and taken away before the next one is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from ectopy.analysis import Analysis
from ectopy.errors import AnnotationError, OutputError
from ectopy.recording import Recording, packed

ENDING: Final = ".ectopy-review.jsonl"
VERSION: Final = 1
_BLOCK: Final = 1 << 20


class Journal:
    """A file of JSON lines that grows.

    Parameters
    ----------
    path
        Where it is or will be.
    beside
        Whether that is beside the recording.
    """

    def __init__(self, path: Path, beside: bool) -> None:
        self.path = path
        self.beside = beside
        self._size = 0

    def changed(self) -> bool:
        """Whether something else wrote to the file, or moved it, since it was last read."""
        return self._now() != self._size

    def read(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Give all lines, and what is to be said of those that cannot be read.

        Raises
        ------
        AnnotationError
            If the file cannot be opened, or its first line says that it is something else.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            self._size = 0
            return [], []
        except OSError as error:
            raise AnnotationError(
                f"the edits in {self.path.name} cannot be read ({error.strerror}); "
                "check who may read it"
            ) from error
        self._size = len(content)
        lines, notes, unread = [], [], 0
        whole, _, torn = content.rpartition(b"\n")
        for line in whole.split(b"\n") if whole else ():
            try:
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise ValueError("no object")
                lines.append(found)
            except ValueError:
                unread += 1
        if unread:
            left_out = "1 line" if unread == 1 else f"{unread:,} lines"
            notes.append(f"{left_out} of {self.path.name} cannot be read: left out")
        if torn.strip():
            notes.append(
                f"the last line of {self.path.name} was cut short and is left out; "
                "what is before it is there"
            )
        if lines and lines[0].get("ectopy_review") != VERSION:
            raise AnnotationError(
                f"{self.path.name} is no file of edits of this version of ectopy; move it away"
            )
        return lines, notes

    def append(self, *lines: dict[str, Any]) -> None:
        """Add lines at the end; they are on disk when this returns.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            with self.path.open("ab") as stream:
                torn = self._cut_torn()
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            if is_new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise OutputError(
                f"the edit cannot be saved in {self.path} ({error.strerror or error}); "
                "make room there or let it be written to"
            ) from error
        # not what the file has now: what another program added meanwhile must be noticed
        self._size += len(text) - torn

    def set_aside(self) -> Path:
        """Give the file another name, so that a new one can begin; nothing is lost."""
        stem = self.path.name.removesuffix(ENDING)
        number = 1
        while (other := self.path.with_name(f"{stem}-{number}{ENDING}")).exists():
            number += 1
        self.path.rename(other)
        self._size = 0
        return other

    def _now(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def _cut_torn(self) -> int:
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            os.truncate(self.path, end)
        return len(content) - end


def find_journal(path: str | None, digest: str) -> Journal:
    """Find where the edits of a recording are kept.

    Parameters
    ----------
    path
        Where the recording lies; None if nowhere for long.
    digest
        What :func:`signal_digest` gives.

    Returns
    -------
    Journal
        Beside the recording if that can be written: ``208.ectopy-review.jsonl`` of a WFDB
        record, ``watch.csv.ectopy-review.jsonl`` of any other file. Else in the user's state
        folder under the digest, as where a link stands in its place; edits that lie beside a
        recording in a folder that can only be read are taken over to it.
    """
    away = Journal(state_folder() / "reviews" / f"{digest[:24]}{ENDING}", False)
    if not path:
        return away
    where = Path(path.partition(packed.MARK)[0])
    beside = Journal(where.parent / f"{_name(path)}{ENDING}", True)
    if beside.path.is_symlink():  # it may lead anywhere; nothing is written there
        return away
    may_write = os.access(beside.path if beside.path.exists() else where.parent, os.W_OK)
    if may_write:
        return beside
    if beside.path.exists() and not away.path.exists():
        with suppress(OSError):
            away.path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(beside.path, away.path)
    return away


def signal_digest(recording: Recording) -> str:
    """Give the SHA-256 of a recording's signal, rate and leads, as hexadecimal text."""
    found = hashlib.sha256(json.dumps([recording.fs, *recording.leads]).encode())
    signal = recording.signal
    for start in range(0, len(signal), _BLOCK):
        found.update(np.ascontiguousarray(signal[start : start + _BLOCK], "<f4").data)
    return found.hexdigest()


def state_folder() -> Path:
    """Give the folder where programs of this user keep what they must remember.

    ``ECTOPY_STATE`` names another.
    """
    if named := os.environ.get("ECTOPY_STATE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ectopy"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "ectopy"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ectopy"


def described(analysis: Analysis, digest: str) -> dict[str, Any]:
    """Say what edits are of: the first line of their file."""
    recording, labels = analysis.recording, analysis.labels
    places = np.ascontiguousarray(analysis.beats.sample, "<i8").tobytes()
    return {
        "ectopy_review": VERSION,
        "recording": {
            "fs": recording.fs,
            "n_samples": recording.n_samples,
            "leads": list(recording.leads),
            "sha256": digest,
        },
        "model": {"name": labels.model, "sha256": labels.sha256},
        "lead": analysis.beats.lead,
        "beats": hashlib.sha256(places).hexdigest(),
        "software": analysis.software,
    }


def _name(path: str) -> str:
    """Name the edits of a recording: of a WFDB record the record, else the whole file name."""
    container, _, member = path.partition(packed.MARK)
    name = Path(container).name
    if member:
        return f"{name}--{member.replace('/', '--')}"
    return name.removesuffix(".hea") if name.endswith(".hea") else name


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last, too, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
