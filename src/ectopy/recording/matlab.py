"""MATLAB files: versions 4 and 5 read here, 7.3 (HDF5) and other HDF5 through h5py if it is there.

A ``.mat`` of PhysioNet has its facts in the header beside it and is read as a WFDB record; without
the header it holds nothing but ``val``. Files of ecg-kit bring a header of their own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from ectopy.errors import RecordingError
from ectopy.recording._mat import Variables, is_version_4, read_version_4, read_version_5
from ectopy.recording._variables import make_recording
from ectopy.recording.value import Recording

FORMAT: Final = "MATLAB"
HDF5_FORMAT: Final = "HDF5"
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_VERSION_5: Final = re.compile(rb"MATLAB [56]\.\d MAT-file|MATLAB 5\.0")
_VERSION_7_3: Final = b"MATLAB 7.3"
_MAX_DATASETS: Final = 2000
_MAX_BYTES: Final = 2 << 30
_FREE_BYTES: Final = 128 << 20
_MAX_RATIO: Final = 200


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of a MATLAB file, or of HDF5."""
    if _VERSION_5.match(head) or head.startswith((_VERSION_7_3, _HDF5)):
        return True
    if head[126:128] in (b"IM", b"MI") and head[:6] == b"MATLAB":
        return True
    return is_version_4(head[:256], path.stat().st_size)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECG of a MATLAB file.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where no variable states it.
    units
        mV, µV, nV, V or adu, where no variable states them.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If its lengths contradict each other.
    RecordingError
        If it holds no ECG or several arrays that can be one, or h5py is not there for HDF5.
    MissingFactError
        If nothing gives the sampling rate.
    """
    with path.open("rb") as stream:
        head = stream.read(1024)
    if head.startswith((_VERSION_7_3, _HDF5)):
        form = f"{FORMAT} 7.3" if head.startswith(_VERSION_7_3) else HDF5_FORMAT
        return make_recording(_read_hdf5(path, form), path, form, fs, units)
    content = np.memmap(path, np.uint8, "r").data
    is_old = is_version_4(head, len(content))
    variables = (read_version_4 if is_old else read_version_5)(content, path.name)
    return make_recording(variables, path, FORMAT, fs, units)


def _read_hdf5(path: Path, form: str) -> Variables:
    """Give the data sets of an HDF5 file; MATLAB stores them turned and texts as numbers."""
    try:
        import h5py
    except ImportError:
        raise RecordingError(
            f"{path.name} is a {form} file, which needs h5py; pip install h5py, or save it again "
            "with save(…, '-v7')"
        ) from None
    variables: Variables = {}
    size = path.stat().st_size
    with h5py.File(path, "r") as file:

        def visit(name: str, item: Any) -> None:
            if len(variables) < _MAX_DATASETS and isinstance(item, h5py.Dataset):
                _take(variables, name, item, size, path)

        file.visititems(visit)
    return variables


def _take(variables: Variables, name: str, item: Any, size: int, path: Path) -> None:
    if name.startswith("#") or item.dtype.kind not in "iufSO" or not item.shape:
        if item.dtype.kind in "iuf" and item.shape == ():
            variables[name] = np.asarray(item[()])
        return
    if item.nbytes > min(_MAX_BYTES, max(_FREE_BYTES, _MAX_RATIO * size)):
        raise RecordingError(
            f"{path.name} promises {item.nbytes >> 20} MB in {name[:40]} and has {size >> 20} MB; "
            "export the recording alone"
        )
    kind = item.attrs.get("MATLAB_class", b"")
    if kind == b"char":
        codes = np.asarray(item[()]).T
        variables[name] = ["".join(map(chr, row.tolist())).rstrip("\0") for row in codes[:64]]
    elif item.dtype.kind in "SO":
        if item.size <= 64 and kind != b"cell":
            items = item[()].flat
            texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in items]
            if all(isinstance(text, str) for text in texts):
                variables[name] = texts
    else:
        variables[name] = np.asarray(item[()])
