"""Packed recordings and folders: ``.gz`` with one file, ``.zip`` and folders with any number.

A recording in a ZIP is named ``export.zip::electrocardiograms/ecg_2020-01-01.csv``; a ZIP with one
recording needs no name. Of an export of Apple Health only the folder of electrocardiograms counts.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from ectopy.errors import DamagedFileError, EctopyError, RecordingError
from ectopy.recording._sniff import HEAD_BYTES
from ectopy.recording._unpack import check_member, copy_limited, is_safe_name, unpack_to
from ectopy.recording.value import Recording

MARK: Final = "::"
"""Stands between a ZIP and the recording in it."""
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_MAX_MEMBERS: Final = 100_000
_MAX_LOOKED_AT: Final = 400
"""Files beyond which none is opened to see whether it is a recording."""
_LOOK_BYTES: Final = 1 << 15
_MAX_LISTED: Final = 12
_APPLE_FOLDER: Final = "electrocardiograms"
_NO_RECORDING: Final = frozenset(
    ".pdf .png .jpg .jpeg .gif .svg .heic .html .htm .md .rst .gpx .doc .docx .xls .xlsx .ppt "
    ".pptx .rtf .py .ipynb .m .exe .dll .so .mp3 .mp4 .mov".split()
)
_OFFICE: Final = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF")


def matches(head: bytes, path: Path) -> bool:
    """Whether a file is packed with gzip, or is a ZIP that is no document of an office program."""
    if head.startswith(_GZIP):
        return True
    if not head.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return not set(archive.namelist()) & set(_OFFICE)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the one recording in a packed file.

    Parameters
    ----------
    path
        The file.
    fs, units
        As for the recording itself.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        If there are several recordings in it or none, or it unpacks to more than any has.
    DamagedFileError
        If it cannot be unpacked.
    """
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == _GZIP
    if is_gzip:
        return _read_gzip(path, fs, units)
    return _read_zip(path, _only(members(path), path), fs, units)


def split(path: Path) -> tuple[Path, str] | None:
    """Cut ``export.zip::ecg.csv`` into the file and the name in it; None for any other path."""
    text = str(path)
    if MARK not in text or path.exists():
        return None
    container, member = text.split(MARK, 1)
    return Path(container), member


def read_member(
    container: Path, member: str, fs: float | None = None, units: str | None = None
) -> Recording:
    """Read one recording of a ZIP, by its name or the end of it.

    Raises
    ------
    RecordingError
        If there is no such file or member, or several end like this.
    """
    if not container.is_file() or not zipfile.is_zipfile(container):
        raise RecordingError(f"{container} is no ZIP archive; name a recording with a path")
    if not is_safe_name(member):
        raise RecordingError(f"{member[:60]!r} leads outside of {container.name}; name a recording")
    with _opened(container) as archive:
        names = archive.namelist()
    found = [name for name in (member, f"{member}.hea") if name in names]
    found = found or [name for name in names if name.endswith(f"/{member}")]
    if len(found) != 1:
        known = _named(members(container), container) if not found else ", ".join(found[:2])
        what = "several recordings end in" if found else "there is no"
        raise RecordingError(f"{what} {member[:60]!r} in {container.name}; there are {known}")
    return _read_zip(container, found[0], fs, units)


def recordings_in(path: str | Path) -> tuple[str, ...]:
    """List the recordings of a folder or a ZIP, by the names that `read` takes.

    Parameters
    ----------
    path
        A folder, a ZIP, or anything else, which is then given back as it is.

    Returns
    -------
    tuple of str
        Such as ``export.zip::electrocardiograms/ecg_2020-01-01.csv``.
    """
    where = Path(path)
    if where.is_dir():
        return tuple(str(file) for file in files(where))
    if where.is_file() and zipfile.is_zipfile(where):
        with where.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        from ectopy.recording.read import reader_of

        if getattr(reader_of(head, where), "__name__", "") == __name__:
            return tuple(f"{path}{MARK}{name}" for name in members(where))
    return (str(path),)


def files(folder: Path) -> list[Path]:
    """List the recordings in a folder, or in the electrocardiograms below it."""
    inner = next(
        (f for f in (folder / _APPLE_FOLDER, folder / "apple_health_export" / _APPLE_FOLDER)
         if f.is_dir()),
        folder,
    )  # fmt: skip
    found = sorted(file for file in inner.iterdir() if file.is_file())
    names = _candidates([file.name for file in found])
    if len(names) > _MAX_LOOKED_AT:
        return [inner / name for name in names]
    return [inner / name for name in names if _is_recording(inner / name)]


def folder_error(folder: Path) -> RecordingError:
    """Say which recordings a folder holds, and how to name one."""
    found = files(folder)
    if not found:
        below = any(inner.is_dir() for inner in folder.iterdir())
        advice = "name a recording, or one of the folders in it" if below else "name a recording"
        return RecordingError(f"{folder} is a folder without recordings; {advice}")
    named = _shortened([str(file) for file in found])
    return RecordingError(f"{folder} is a folder; name one recording in it, there are {named}")


def members(path: Path) -> list[str]:
    """List the recordings in a ZIP; those of a WFDB record are named by the header.

    Raises
    ------
    RecordingError
        If a name leads outside, or a member unpacks to too much.
    """
    with _opened(path) as archive, TemporaryDirectory(prefix="ectopy-") as folder:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > _MAX_MEMBERS:
            raise RecordingError(f"{path.name} holds {len(infos):,} files; unpack it")
        for info in infos:
            if not is_safe_name(info.filename):
                check_member(info, path)
        names = _candidates([info.filename for info in infos])
        known = {info.filename: info for info in infos}
        if len(names) > _MAX_LOOKED_AT:
            return names
        headers = [name for name in known if name.endswith(".hea")]
        for name in headers[:_MAX_LOOKED_AT]:
            unpack_to(archive, known[name], Path(folder), path, HEAD_BYTES)
        found = []
        for name in names:
            file = unpack_to(archive, known[name], Path(folder), path, _LOOK_BYTES)
            if name in headers or _is_recording(file):
                found.append(name)
            if name not in headers:
                file.unlink()
        return found


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP; say it where it or a member of it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DamagedFileError(f"{path.name} is no complete ZIP archive; copy it again") from error
    except NotImplementedError as error:
        raise RecordingError(
            f"{path.name} is a ZIP archive packed in a way that is not known; unpack it yourself"
        ) from error


def _candidates(names: Iterable[str]) -> list[str]:
    """Leave out what is hidden, no recording by its ending, or belongs to a WFDB header."""
    kept = [
        name
        for name in names
        if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
        and PurePosixPath(name).suffix.lower() not in _NO_RECORDING
    ]
    apple = [name for name in kept if PurePosixPath(name).parent.name == _APPLE_FOLDER]
    kept = apple or kept
    records = {name.removesuffix(".hea") for name in kept if name.endswith(".hea")}
    return sorted(
        name
        for name in kept
        if name.endswith(".hea") or str(PurePosixPath(name).with_suffix("")) not in records
    )


def _is_recording(file: Path) -> bool:
    from ectopy.recording.read import reader_of

    with file.open("rb") as stream:
        head = stream.read(_LOOK_BYTES)
    try:
        reader = reader_of(head, file)
    except EctopyError:
        return False
    return bool(head) and reader is not None and reader.__name__ != __name__


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more


def _named(names: Sequence[str], path: Path) -> str:
    return _shortened([f"{path.name}{MARK}{name}" for name in names]) or "none"


def _only(names: Sequence[str], path: Path) -> str:
    if len(names) == 1:
        return names[0]
    if not names:
        raise RecordingError(f"{path.name} holds no recording; name a file with an ECG")
    raise RecordingError(
        f"{path.name} holds {len(names)} recordings; name one, there are {_named(names, path)}"
    )


def _read_gzip(path: Path, fs: float | None, units: str | None) -> Recording:
    name = path.name.removesuffix(".gz") if path.suffix == ".gz" else f"{path.name}.unpacked"
    with TemporaryDirectory(prefix="ectopy-") as folder:
        file = Path(folder) / (name or "recording")
        try:
            with gzip.open(path) as source, file.open("wb") as sink:
                copy_limited(source, sink, path.stat().st_size, path)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DamagedFileError(f"{path.name} cannot be unpacked; copy it again") from error
        return _read_unpacked(file, str(path), fs, units)


def _read_zip(path: Path, name: str, fs: float | None, units: str | None) -> Recording:
    """Unpack a recording, with what lies beside a WFDB header, and read it."""
    with TemporaryDirectory(prefix="ectopy-") as folder:
        with _opened(path) as archive:
            wanted = [archive.getinfo(name)]
            beside = PurePosixPath(name).parent
            stem = str(PurePosixPath(name).with_suffix(""))
            if name.endswith(".hea") or f"{stem}.hea" in archive.namelist():
                wanted = [
                    info
                    for info in archive.infolist()
                    if PurePosixPath(info.filename).parent == beside and not info.is_dir()
                ]
            for info in wanted:
                file = unpack_to(archive, info, Path(folder), path)
        file = Path(folder).joinpath(*PurePosixPath(name).parts)
        return _read_unpacked(file, f"{path}{MARK}{name}", fs, units)


def _read_unpacked(file: Path, named: str, fs: float | None, units: str | None) -> Recording:
    from ectopy.recording.read import read_file

    recording = read_file(file, fs, units, is_packed=True)
    return replace(recording, source=replace(recording.source, path=named))
