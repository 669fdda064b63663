"""Whether the files of a data set are those that were published."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ectopy.datasets.mitdb import MITDB_RECORDS, read_raw_record
from ectopy.datasets.published import KAGGLE, PUBLISHED
from ectopy.errors import DatasetError

SUMS: Final = "SHA256SUMS.txt"
"""The list of checksums that PhysioNet keeps beside its files."""
CORE: Final = (".hea", ".dat", ".atr")
"""Endings of the files without which a record is not complete."""
_BLOCK: Final = 1 << 20
_LINE: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](\S.*)|([0-9a-fA-F]{64})\s+(\S.*)")
_BAD_NAME: Final = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]|[. ]$')
"""What no name of a file or folder may hold: some system takes it for something else."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a folder found.

    Attributes
    ----------
    right
        Files, or records where these are checked as a whole, that are as published.
    wrong
        Those that are not, each with what is wrong.
    missing
        Those that are not there.
    incomplete
        Records that some of the files ``.hea``, ``.dat`` and ``.atr`` are missing of.
    notes
        What else must be known.
    """

    right: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether something is there, and all that is there is complete and as published."""
        return bool(self.right) and not self.wrong and not self.incomplete


def parse_sums(text: str, name: str) -> dict[str, str]:
    """Read a list of SHA-256 checksums.

    Parameters
    ----------
    text
        One file a line: its checksum, and its path.
    name
        What the list is called in errors.

    Returns
    -------
    dict
        Checksum of each path but that of the list. Every path is relative and stays inside its
        folder.

    Raises
    ------
    DatasetError
        If a line is no such pair, or a path leads out of the folder or names no plain file: then
        nothing of the list can be trusted.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip("\r\n"))
        if match is None:
            raise DatasetError(
                f"{name} has a line that is no checksum with a path: {line[:60]!r}; it is not a "
                "list of SHA-256 checksums, check the address"
            )
        path = match[2] or match[4]
        if not is_safe(path):
            raise DatasetError(
                f"{name} names the file {path[:80]!r}, which may lead out of its folder; nothing "
                "of it was fetched, report this to its publisher"
            )
        found[path] = (match[1] or match[3]).lower()
    found.pop(SUMS, None)  # no list can hold its own checksum
    if not found:
        raise DatasetError(f"{name} lists no files; check the address")
    return found


def is_safe(path: str) -> bool:
    """Whether a path with slashes names something inside the folder it is relative to."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") and not _BAD_NAME.search(part) for part in parts)


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def known_names() -> tuple[str, ...]:
    """Name the data sets that can be checked."""
    return (*PUBLISHED, *KAGGLE)


def check(name: str, folder: Path, progress: Callable[[float], None] | None = None) -> Checked:
    """Check the files of a data set that are in a folder.

    Parameters
    ----------
    name
        Name of a data set, see :func:`known_names`.
    folder
        Where its files are. Those of PhysioNet are held against the ``SHA256SUMS.txt`` beside
        them; without it, records of ``mitdb`` against the checksums that ectopy knows.
    progress
        Called with the share of the files that are done, 0 to 1.

    Raises
    ------
    DatasetError
        If there is no such data set, or nothing to check the folder against.
    """
    tell = progress or (lambda _: None)
    if name in KAGGLE:
        return _check_kaggle(name, folder, tell)
    if name not in PUBLISHED:
        raise DatasetError(f"no data set named {name!r}; known: {', '.join(known_names())}")
    if (folder / SUMS).is_file():
        return _check_sums(folder, tell)
    if name == "mitdb":
        return _check_mitdb(folder, tell)
    raise DatasetError(
        f"{folder} has no {SUMS} to check against; 'ectopy data fetch {name} -o {folder}' "
        "fetches it, keeps the files that are right and replaces the others"
    )


def _check_sums(folder: Path, tell: Callable[[float], None]) -> Checked:
    sums = parse_sums((folder / SUMS).read_text("utf-8", "replace"), str(folder / SUMS))
    right, wrong, missing = [], [], []
    for done, (path, sha256) in enumerate(sums.items()):
        tell(done / len(sums))
        if not (folder / path).is_file():
            missing.append(path)
        elif (found := sha256_of(folder / path)) == sha256:
            right.append(path)
        else:
            wrong.append((path, f"its SHA-256 is {found}, published is {sha256}"))
    there = {*right, *(path for path, _ in wrong)}
    return Checked(tuple(right), tuple(wrong), tuple(missing), _incomplete(there, missing))


def _incomplete(there: Iterable[str], missing: Iterable[str]) -> tuple[str, ...]:
    """Name the records of which some of the core files are there and some are not."""

    def records(paths: Iterable[str]) -> set[str]:
        return {path[:-4] for path in paths if path.endswith(CORE)}

    return tuple(sorted(records(there) & records(missing)))


def _check_mitdb(folder: Path, tell: Callable[[float], None]) -> Checked:
    right, wrong, missing = [], [], []
    for done, record in enumerate(MITDB_RECORDS):
        tell(done / len(MITDB_RECORDS))
        if not any((folder / f"{record}{end}").exists() for end in CORE):
            missing.append(record)
            continue
        try:
            read_raw_record(folder, record)
        except DatasetError as error:
            wrong.append((record, str(error)))
        else:
            right.append(record)
    note = (
        f"there is no {SUMS}: the first lead and the annotations of each record were held against "
        "checksums that ectopy knows, the second lead was not"
    )
    return Checked(tuple(right), tuple(wrong), tuple(missing), notes=(note,))


def _check_kaggle(name: str, folder: Path, tell: Callable[[float], None]) -> Checked:
    right, wrong, missing, notes = [], [], [], []
    for done, known in enumerate(KAGGLE[name]):
        tell(done / len(KAGGLE[name]))
        path = folder / known.name
        if not path.is_file():
            missing.append(known.name)
        elif (size := path.stat().st_size) != known.size:
            wrong.append((known.name, f"it has {size:,} bytes, published are {known.size:,}"))
        elif (found := sha256_of(path)) == known.sha256:
            right.append(known.name)
        elif found == known.rebuilt:
            right.append(known.name)
            notes.append(
                f"{known.name} was built by ectopy: the published rows, not the published bytes"
            )
        else:
            wrong.append((known.name, f"its SHA-256 is {found}, published is {known.sha256}"))
    return Checked(tuple(right), tuple(wrong), tuple(missing), notes=tuple(notes))
