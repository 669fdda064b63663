"""NumPy files: ``.npy`` with one array, ``.npz`` with several; nothing in them is ever executed."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from tokenize import TokenError
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._mat import Variables
from ectopy.recording._unpack import allowed_bytes, check_member, unpack_member
from ectopy.recording._variables import make_recording
from ectopy.recording.value import Recording

FORMAT: Final = "NumPy"
_MAGIC: Final = b"\x93NUMPY"
_MAX_ARRAYS: Final = 500
_MAX_TEXTS: Final = 64
_MAX_HEADER: Final = 1 << 16
_HEADER_ERRORS: Final = (ValueError, KeyError, TypeError, SyntaxError, TokenError, RecursionError)


def matches(head: bytes, path: Path) -> bool:
    """Whether a file is an array of NumPy, or a ZIP of nothing else."""
    if head.startswith(_MAGIC):
        return True
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECG of a file of NumPy.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where no array of the file states it, such as ``fs``.
    units
        mV, µV, nV, V or adu, where the file does not state them.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If an array is shorter than it promises.
    RecordingError
        If no array can be an ECG, several can, or they hold Python objects.
    MissingFactError
        If nothing gives the sampling rate.
    """
    variables: Variables = {}
    with path.open("rb") as stream:
        is_single = stream.read(len(_MAGIC)) == _MAGIC
    if is_single:
        _add(variables, "ecg", _array(np.memmap(path, np.uint8, "r").data, path))
        return make_recording(variables, path, FORMAT, fs, units)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MAX_ARRAYS:
            raise RecordingError(f"{path.name} holds {len(members)} arrays; keep those of one ECG")
        for member in members:
            check_member(member, path)
        if sum(member.file_size for member in members) > allowed_bytes(path.stat().st_size):
            raise RecordingError(f"{path.name} unpacks to more than any recording has")
        for member in members:
            content = memoryview(unpack_member(archive, member, path))
            _add(variables, member.filename.removesuffix(".npy"), _array(content, path))
    return make_recording(variables, path, FORMAT, fs, units)


def _array(content: memoryview, path: Path) -> NDArray[Any]:
    """Give the array in the bytes of a ``.npy`` file, as a view of them."""
    form = np.lib.format
    stream = io.BytesIO(content[:_MAX_HEADER])
    try:
        version = form.read_magic(stream)
        read_header = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
        shape, is_fortran, dtype = read_header[version](stream)
    except _HEADER_ERRORS as error:
        raise DamagedFileError(
            f"the header of an array in {path.name} makes no sense; save it again"
        ) from error
    if dtype.hasobject:
        raise RecordingError(
            f"{path.name} holds Python objects, which are not read; save arrays of numbers"
        )
    count, left = math.prod(shape), len(content) - stream.tell()
    if min(shape, default=0) < 0 or count * dtype.itemsize > left:
        raise DamagedFileError(
            f"{path.name} promises {count} values of {dtype.itemsize} bytes and holds {left} "
            "bytes; it is cut short, save it again"
        )
    flat = np.frombuffer(content, dtype, count, stream.tell()) if count else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C")


def _add(variables: Variables, name: str, array: NDArray[Any]) -> None:
    """File an array under its name; one of texts as such, one of records by its fields."""
    if array.dtype.names:
        for field in array.dtype.names:
            variables[field] = array[field]
    elif array.dtype.kind in "US":
        if array.size <= _MAX_TEXTS:
            texts = array.reshape(-1).tolist()
            variables[name] = [
                text.decode("utf-8", "replace") if isinstance(text, bytes) else text
                for text in texts
            ]
    else:
        variables[name] = array
