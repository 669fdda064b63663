"""Which files may be read: those under the folder that the user named, and uploads."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import gettempdir, mkdtemp
from typing import Final

from ectopy.errors import EctopyError, RecordingError
from ectopy.recording import packed
from ectopy.recording._sniff import HEAD_BYTES
from ectopy.recording.read import reader_of

MOST_LISTED: Final = 2000
"""Recordings that are listed; more are counted."""
_MOST_SEEN: Final = 20_000
"""Files beyond which a folder is not searched further."""
_SIDECAR: Final = ".ectopy-review.jsonl"
_PREFIX: Final = "ectopy-view-"
_ANNOTATIONS: Final = frozenset({".atr", ".qrs", ".ecg", ".ari", ".man", ".test", ".tst"})
_NO_RECORDING: Final = _ANNOTATIONS | set(
    ".dat .xws .pdf .png .jpg .jpeg .gif .svg .heic .html .htm .md .css .js .py .ipynb".split()
)
"""Endings of files that are no recording, or none without a header beside them."""
_FAMILIES: Final = {
    "wfdb_record": "WFDB",
    "edf": "EDF",
    "dicom": "DICOM",
    "ishne": "ISHNE",
    "scp_ecg": "SCP-ECG",
    "hl7_aecg": "HL7 aECG",
    "ge_muse": "GE MUSE",
    "philips_sierra": "Philips Sierra",
    "mortara": "Mortara",
    "mfer": "MFER",
    "kardia": "Kardia",
    "wav": "WAV",
    "matlab": "MATLAB",
    "numpy_array": "NumPy",
    "parquet": "Parquet",
    "packed": "packed",
    "fhir": "FHIR",
    "movesense": "Movesense",
    "opensignals": "OpenSignals",
    "json_signals": "JSON",
    "polar": "Polar",
    "pc80b": "PC-80B",
    "contec": "Contec",
    "apple_watch": "Apple Watch",
    "delimited": "text",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording of the folder: its path from the root, its kind and its size."""

    path: str
    name: str
    format: str | None
    bytes: int


class Shelf:
    """The files that the user pointed at.

    Parameters
    ----------
    named
        A folder, of which everything below may be read; a recording, of which only what belongs
        to it may; or None.
    """

    def __init__(self, named: Path | None) -> None:
        self.root: Path | None = None
        self.open: str | None = None
        if named is None:
            return
        container, _, member = str(named).partition(packed.MARK)
        if member and not named.exists():
            named = Path(container)
        where = named.resolve()
        if where.is_dir():
            self.root = where
            return
        if not where.is_file():
            header = where.with_name(f"{where.name}.hea")
            if not header.is_file():
                raise RecordingError(f"there is no file or folder {named}; check its path")
            where = header
        self.root = where.parent
        self.open = f"{where.name}{packed.MARK}{member}" if member else where.name
        self._stem = where.stem

    @property
    def name(self) -> str | None:
        """Name of the folder."""
        return None if self.root is None else self.root.name or str(self.root)

    def find(self, relative: str) -> Path:
        """Give the file of a path from the root; a recording in a ZIP keeps its ``::name``.

        Raises
        ------
        RecordingError
            If there is none, or it lies outside of what the user pointed at.
        """
        said, mark, member = relative.partition(packed.MARK)
        pure = PurePosixPath(said.replace(os.sep, "/"))
        outside = pure.is_absolute() or ".." in pure.parts or "\0" in said
        if self.root is None or not said or outside:
            raise RecordingError(f"no file {relative[:80]!r} here; name one of the folder's files")
        path = self.root.joinpath(*pure.parts).resolve()
        if not path.is_file() and path.with_name(f"{path.name}.hea").is_file():
            path = path.with_name(f"{path.name}.hea").resolve()
        if not self._may(path) or not path.is_file():
            raise RecordingError(f"no file {relative[:80]!r} here; name one of the folder's files")
        return Path(f"{path}{mark}{member}") if mark else path

    def _may(self, path: Path, links: dict[Path, list[Path]] | None = None) -> bool:
        """Whether a file may be read; `links` keeps what was seen of folders, for the next file."""
        if self.root is None or not path.is_relative_to(self.root):
            return False
        if self.open is not None and (path.parent != self.root or path.stem != self._stem):
            return False
        return path.suffix.lower() != ".hea" or not self._leads_outside(path, links)

    def _leads_outside(self, header: Path, links: dict[Path, list[Path]] | None) -> bool:
        """Whether a file that a header of WFDB names is a link to outside of the folder."""
        assert self.root is not None
        links = {} if links is None else links
        try:
            if (folder := header.parent) not in links:
                outside = [each for each in folder.iterdir() if each.is_symlink()]
                links[folder] = [
                    each for each in outside if not each.resolve().is_relative_to(self.root)
                ]
            if not links[folder]:
                return False
            words = set(header.read_text("latin-1").split())
            return any(not words.isdisjoint((each.name, each.stem)) for each in links[folder])
        except OSError:
            return True

    def recordings(self) -> tuple[list[Entry], int]:
        """List what looks readable, and count what was left out."""
        if self.root is None:
            return [], 0
        found: list[Entry] = []
        left_out = 0
        for path in self._files():
            if len(found) >= MOST_LISTED:
                left_out += 1
            elif (entry := self._entry(path)) is not None:
                found += _unpacked(entry, path)
        return found, left_out

    def annotations(self) -> list[str]:
        """List files that a second reader may be in."""
        return [self._relative(p) for p in self._files() if p.suffix.lower() in _ANNOTATIONS]

    def _files(self) -> Iterator[Path]:
        assert self.root is not None
        if self.open is not None:
            siblings = sorted(self.root.glob("*"))
            yield from (path for path in siblings if path.is_file() and self._may(path.resolve()))
            return
        seen, links = 0, dict[Path, list[Path]]()
        for folder, inner, names in os.walk(self.root):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                seen += 1
                path = Path(folder) / name
                if not name.startswith(".") and self._may(path.resolve(), links) and path.is_file():
                    yield path
            if seen > _MOST_SEEN:
                return

    def _entry(self, path: Path) -> Entry | None:
        ending = path.suffix.lower()
        if path.name.endswith(_SIDECAR) or ending in _NO_RECORDING:
            return None
        if ending != ".hea" and path.with_suffix(".hea").is_file():
            return None
        try:
            with path.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
            reader = reader_of(head, path) if head else None
            size = path.stat().st_size
        except (OSError, EctopyError):
            return None
        if reader is None:
            return None
        if ending == ".hea":
            size += sum(each.stat().st_size for each in path.parent.glob(f"{path.stem}.dat"))
        kind = reader.__name__.rpartition(".")[2]
        name = path.stem if ending == ".hea" else path.name
        return Entry(self._relative(path), name, _FAMILIES.get(kind, kind), size)

    def _relative(self, path: Path) -> str:
        assert self.root is not None
        return path.relative_to(self.root).as_posix()


class Workroom:
    """A temporary folder for uploads and large arrays, gone when the server ends.

    What a server that was killed left behind goes when the next one starts: a running one holds a
    lock in its folder.
    """

    def __init__(self) -> None:
        for left in Path(gettempdir()).glob(f"{_PREFIX}*"):
            if (lock := _locked(left, older_than_s=60)) is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)
        self.folder = Path(mkdtemp(prefix=_PREFIX))
        self._lock = _locked(self.folder)

    def new(self) -> Path:
        """Make an empty folder."""
        return Path(mkdtemp(dir=self.folder))

    def close(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(folder: Path, older_than_s: float = 0) -> int | None:
    """Lock a folder of ours; None where it is held, younger, not ours, or locks are not known."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return None
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        found = os.fstat(held)
        if found.st_uid == os.getuid() and found.st_mtime <= time.time() - older_than_s:
            flock(held, LOCK_EX | LOCK_NB)
            return held
    except OSError:
        pass
    os.close(held)
    return None


def parts_of(folder: Path) -> list[Path]:
    """Give the recordings among uploaded files: each header, each other file, each in a ZIP.

    What belongs to a header, or can be no recording without one, is none by itself; where nothing
    else was sent it is given all the same, for the library to say what is missing.
    """
    files = sorted(folder.iterdir())
    headers = {file.stem for file in files if file.suffix.lower() == ".hea"}
    alone = [
        file
        for file in files
        if file.suffix.lower() == ".hea"
        or (file.stem not in headers and file.suffix.lower() not in _NO_RECORDING)
    ]
    return [Path(name) for file in alone or files[:1] for name in _members(file)]


def _unpacked(entry: Entry, path: Path) -> list[Entry]:
    """Give an entry for each recording in a ZIP; any other entry stays what it is."""
    members = _members(path)
    if len(members) == 1:
        return [entry]
    names = [member.partition(packed.MARK)[2] for member in members]
    return [
        Entry(f"{entry.path}{packed.MARK}{name}", f"{entry.name}{packed.MARK}{name}", None, 0)
        for name in names
    ]


def _members(path: Path) -> tuple[str, ...]:
    """Name the recordings in a ZIP of several; of all else the path itself."""
    if path.suffix.lower() != ".zip":
        return (str(path),)
    state = path.stat()
    found = _listed(str(path), state.st_size, state.st_mtime_ns)
    return found if len(found) > 1 else (str(path),)


@lru_cache(maxsize=64)
def _listed(path: str, size: int, changed_ns: int) -> tuple[str, ...]:
    """List a ZIP once for each state of the file: looking into it takes a while."""
    try:
        return packed.recordings_in(path)
    except (EctopyError, OSError):  # reading it says what is wrong with it
        return (path,)


def safe_name(name: str | None) -> str:
    """Give the last part of an uploaded file's name, or a plain one if that is unfit."""
    last = PurePosixPath((name or "").replace("\\", "/")).name.replace("\0", "")
    fit = "".join(c for c in last if c.isprintable()).strip().lstrip(".")[-120:]
    return fit or "recording"
