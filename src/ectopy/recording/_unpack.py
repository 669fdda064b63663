"""Limits for what is unpacked: sizes, ratios, names. Nothing is unpacked that breaks them."""

from __future__ import annotations

import re
import zipfile
from gzip import GzipFile
from pathlib import Path, PurePosixPath
from typing import IO, Final

from ectopy.errors import DamagedFileError, RecordingError

MAX_BYTES: Final = 2 << 30
_FREE_BYTES: Final = 256 << 20
"""Up to here the ratio does not matter: a flat line packs well."""
_MAX_RATIO: Final = 100
_PIECE: Final = 1 << 20
_ENCRYPTED: Final = 1


def allowed_bytes(packed: int) -> int:
    """Give how many bytes may come out of `packed` ones."""
    return min(MAX_BYTES, max(_FREE_BYTES, _MAX_RATIO * packed))


def check_member(member: zipfile.ZipInfo, path: Path) -> None:
    """Refuse a member of a ZIP that lies outside, is encrypted or unpacks to too much.

    Raises
    ------
    RecordingError
        If so.
    """
    if not is_safe_name(member.filename):
        raise RecordingError(
            f"{path.name} holds {member.filename[:60]!r}, whose name leads outside the archive; "
            "unpack it yourself and name the file"
        )
    if member.flag_bits & _ENCRYPTED:
        raise RecordingError(f"{path.name} is encrypted; unpack it and name the file")
    if member.file_size > allowed_bytes(member.compress_size):
        raise _too_large(path, member.file_size, member.compress_size)


def is_safe_name(name: str) -> bool:
    """Whether the name of a member stays inside the folder it is unpacked to."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and not name.startswith("/")
        and ".." not in parts
        and not re.search(r"[\\\0:]", name)
    )


def _too_large(path: Path, size: int, packed: int) -> RecordingError:
    return RecordingError(
        f"{path.name} unpacks from {packed:,} to {size:,} bytes or more, which no recording does; "
        "unpack it yourself if it is one"
    )


def copy_limited(source: IO[bytes] | GzipFile, target: IO[bytes], packed: int, path: Path) -> None:
    """Copy what unpacks from `packed` bytes, and stop where it becomes too much.

    Raises
    ------
    RecordingError
        If more comes out than any recording has.
    """
    allowed, total = allowed_bytes(packed), 0
    while piece := source.read(_PIECE):
        total += len(piece)
        if total > allowed:
            raise _too_large(path, total, packed)
        target.write(piece)


def unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> bytes:
    """Give the content of a member that :func:`check_member` allows.

    Raises
    ------
    DamagedFileError
        If it does not have the size that the archive states.
    """
    with archive.open(member) as stream:
        content = stream.read(member.file_size)
    if len(content) != member.file_size:
        raise DamagedFileError(f"{path.name} is cut short; copy it again")
    return content


def unpack_to(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, path: Path, limit: int = 0
) -> Path:
    """Unpack a member below a folder, all of it or its first `limit` bytes; give its path."""
    check_member(member, path)
    target = folder.joinpath(*PurePosixPath(member.filename).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("wb") as sink:
        if limit:
            sink.write(source.read(limit))
        else:
            copy_limited(source, sink, member.compress_size, path)
    return target
