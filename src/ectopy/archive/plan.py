"""What is in a folder: the files that may be recordings, each with all that belongs to it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from ectopy.errors import EctopyError
from ectopy.recording._wfdb_header import NO_FILE, Header, decode, is_header, parse_header
from ectopy.recording.packed import _NO_RECORDING, MARK

_INDEXES: Final = ("RECORDS*", "ANNOTATORS", "SHA256SUMS*", "MD5SUMS*")
"""Files of PhysioNet that list others: columns of numbers, some of them, but no recordings."""
_ANNOTATIONS: Final = (".atr", ".qrs", ".ecg", ".ann", ".ari", ".ref", ".wqrs", ".tst")
_HEADER_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Item:
    """Files that may be one recording.

    Attributes
    ----------
    files
        Paths below the folder, with ``/``; the first names the recording, as `ectopy.read` takes
        it, the others belong to it.
    size
        Bytes of all of them.
    member
        The recording in a ZIP.
    """

    files: tuple[str, ...]
    size: int
    member: str = ""

    @property
    def path(self) -> str:
        """What `ectopy.read` takes, below the folder."""
        return f"{self.files[0]}{MARK}{self.member}" if self.member else self.files[0]

    @property
    def name(self) -> str:
        """The path as text that can be written: bytes that are no UTF-8 are escaped."""
        return printable(self.path)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is in a folder.

    Attributes
    ----------
    items
        What may be a recording, sorted by path.
    others
        Number of files that by name or kind are none.
    closed
        Folders that cannot be listed, each with the reason.
    """

    items: tuple[Item, ...]
    others: int
    closed: tuple[tuple[str, str], ...]


def printable(path: str) -> str:
    """Give a path as text that any file can hold."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def find(root: Path, *, skip: Path | None = None, exclude: Sequence[str] = ()) -> Plan:
    """Find what may be recordings in a folder and all folders below it.

    Names that begin with a dot are left out, links to folders are not followed. The header,
    samples, segments and annotations of one WFDB record are one item.

    Parameters
    ----------
    root
        The folder.
    skip
        A folder to leave out, such as that of the results.
    exclude
        Patterns such as ``old/*`` of paths below `root` to leave out.
    """
    items: list[Item] = []
    closed: list[tuple[str, str]] = []
    others = 0
    for folder, files, odd, reason in _walk(root, root, skip):
        if reason:
            closed.append((printable(_below(root, folder)) + "/", reason))
            continue
        prefix = _below(root, folder)
        prefix = f"{prefix}/" if prefix else ""
        kept = {
            name: size
            for name, size in files.items()
            if not any(fnmatchcase(prefix + name, pattern) for pattern in exclude)
        }
        groups = _grouped(folder, kept)
        others += odd + len(kept) - sum(map(len, groups))
        for group in groups:
            size = sum(kept[name] for name in group)
            items.append(Item(tuple(prefix + name for name in group), size))
    return Plan(tuple(sorted(items, key=lambda item: item.name)), others, tuple(closed))


def stamp(root: Path, files: Iterable[str]) -> str:
    """Give a text that changes when one of the files does: from names, sizes and times of change.

    Raises
    ------
    OSError
        If one is not there.
    """
    told = hashlib.sha256()
    for name in files:
        state = (root / name).stat()
        facts = (os.fsencode(name), state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        told.update(repr(facts).encode())
    return told.hexdigest()[:24]


def newest(root: Path, files: Iterable[str]) -> float:
    """Give the time, in seconds since 1970, at which one of the files changed last."""
    states = [(root / name).stat() for name in files]
    return max(max(state.st_mtime, state.st_ctime) for state in states)


def _walk(
    root: Path, folder: Path, skip: Path | None
) -> Iterator[tuple[Path, dict[str, int], int, str]]:
    """Yield each folder with its files and their sizes, the number of odd things, and an error."""
    if skip is not None and folder == skip:
        return
    files: dict[str, int] = {}
    folders: list[str] = []
    odd = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file():
                    files[entry.name] = entry.stat().st_size
                else:  # a pipe, a device, a link to nothing or to a folder
                    odd += 1
    except OSError as error:
        yield folder, {}, 0, f"the folder cannot be listed: {error.strerror}"
        return
    yield folder, dict(sorted(files.items())), odd, ""
    for name in sorted(folders):
        yield from _walk(root, folder / name, skip)


def _below(root: Path, folder: Path) -> str:
    return "" if folder == root else folder.relative_to(root).as_posix()


def _grouped(folder: Path, files: dict[str, int]) -> list[tuple[str, ...]]:
    """Put together what belongs to one WFDB header; leave out what is no recording by its name."""
    groups: dict[str, tuple[str, ...]] = {}
    segments: set[str] = set()
    for name in files:
        if name.lower().endswith(".hea") and name not in segments:
            owned, parts = _of_record(folder, name, files)
            groups[name] = owned
            segments.update(parts)
    groups = {name: owned for name, owned in groups.items() if name not in segments}
    taken = {name for owned in groups.values() for name in owned}
    alone = [(name,) for name in files if name not in taken and not _is_none_by_name(name)]
    return [*groups.values(), *alone]


def _of_record(folder: Path, name: str, files: dict[str, int]) -> tuple[tuple[str, ...], set[str]]:
    """Give all files of the record that a header describes, itself first, and its segments."""
    owned, segments = {name: None}, set()
    header = _header(folder / name)
    for part, _ in header.segments if header else ():
        if part != NO_FILE and f"{part}.hea" in files:
            segments.add(f"{part}.hea")
            owned[f"{part}.hea"] = None
            inner = _header(folder / f"{part}.hea")
            owned.update(dict.fromkeys(s.file for s in inner.signals) if inner else {})
    stem = PurePosixPath(name).stem
    if header is None:
        owned.update(dict.fromkeys((f"{stem}.dat", f"{stem}.mat")))
    else:
        owned.update(dict.fromkeys(signal.file for signal in header.signals))
    owned.update(dict.fromkeys(f"{stem}{ending}" for ending in _ANNOTATIONS))
    first, *rest = (each for each in owned if each in files)
    return (first, *sorted(rest)), segments - {name}


def _header(path: Path) -> Header | None:
    """Read a header; None if it makes no sense, which reading the record will say."""
    try:
        with path.open("rb") as stream:
            text = decode(stream.read(_HEADER_BYTES))
        return parse_header(text, path.name) if is_header(text) or "/" in text[:200] else None
    except (OSError, EctopyError):
        return None


def _is_none_by_name(name: str) -> bool:
    ending = PurePosixPath(name).suffix.lower()
    return ending in _NO_RECORDING or any(fnmatchcase(name, index) for index in _INDEXES)
