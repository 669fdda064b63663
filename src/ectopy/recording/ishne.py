"""Holter recordings in the ISHNE standard (Badilini 1998).

Read by ectopy itself, piece by piece: the parser of ecgdatakit loads the whole recording as
8-byte numbers, several times the memory that a week of three leads may take.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._channels import Blocks, Channel, make_recording
from ectopy.recording.value import Inference, Recording

FORMAT: Final = "ISHNE Holter"
_MAGIC: Final = b"ISHNE1.0"
_MAGIC_ANNOTATIONS: Final = b"ANN  1.0"
_FIXED: Final = 522
_CHECKED_FROM: Final = 10
_PIECE: Final = 1 << 18
_MAX_LEADS: Final = 12
_MAX_VARIABLE: Final = 1 << 24
_LEADS: Final = (
    "unknown", "bipolar", "X", "Y", "Z", "I", "II", "III", "aVR", "aVL", "aVF",
    "V1", "V2", "V3", "V4", "V5", "V6", "ES", "AS", "AI",
)  # fmt: skip


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of ISHNE."""
    return head.startswith((_MAGIC, _MAGIC_ANNOTATIONS))


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a Holter recording.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where the file does not give its own.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If the header is cut short or makes no sense.
    MissingFactError
        If the file gives no sampling rate and `fs` is not given.
    RecordingError
        If the file holds annotations only, or contradicts `fs`.
    """
    with path.open("rb") as stream:
        header = stream.read(_FIXED)
        if header.startswith(_MAGIC_ANNOTATIONS):
            raise RecordingError(
                f"{path.name} holds ISHNE annotations, no signal; name the .ecg file beside it"
            )
        if len(header) < _FIXED:
            raise DamagedFileError(f"the header of {path.name} is cut short; copy the file again")
        checksum, variable, promised = struct.unpack_from("<Hii", header, 8)
        if not 0 <= variable <= _MAX_VARIABLE:
            raise DamagedFileError(
                f"the header of {path.name} gives a block of {variable} bytes; copy the file again"
            )
        checked = header[_CHECKED_FROM:] + stream.read(variable)
    count, rate = struct.unpack_from("<h", header, 156)[0], struct.unpack_from("<h", header, 272)[0]
    if not 0 < count <= _MAX_LEADS:
        raise DamagedFileError(
            f"the header of {path.name} gives {count} leads, 1 to {_MAX_LEADS} are allowed; copy "
            "the file again"
        )
    if rate <= 0 and fs is None:
        raise MissingFactError(
            f"{path.name} gives a sampling rate of {rate} Hz; give the right one, such as --fs 200"
        )
    notes = _doubts(checksum, checked)
    length = (path.stat().st_size - _FIXED - variable) // (2 * count)
    if length <= 0:
        raise DamagedFileError(f"{path.name} holds a header and no samples; copy the file again")
    if promised > length and promised != length * count:
        value = f"{length} samples of each lead"
        why = f"what the file holds, though its header says {promised}; it may be cut short"
        notes.append(Inference("length", value, why))
    codes = struct.unpack_from("<12h", header, 158)
    steps = struct.unpack_from("<12h", header, 206)
    return make_recording(
        [
            Channel(
                _LEADS[code] if 1 < code < len(_LEADS) else f"ECG{i + 1}",
                float(rate) if rate > 0 else float(fs or 0),
                length,
                _blocks(path, _FIXED + variable, length, count, i),
                scale=float(step) if step > 0 else 1.0,
                unit="nV" if step > 0 else None,
            )
            for i, (code, step) in enumerate(zip(codes[:count], steps[:count], strict=True))
        ],
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=_start(header),
        inferred=notes,
        identity=_identity(header),
    )


def _blocks(path: Path, begin: int, length: int, count: int, lead: int) -> Callable[[], Blocks]:
    """Give the samples of a lead piece by piece; those of all leads alternate."""

    def blocks() -> Blocks:
        for at in range(0, length, _PIECE):
            n = min(_PIECE, length - at)
            rows = np.fromfile(path, "<i2", n * count, offset=begin + 2 * at * count)
            yield at, rows.reshape(n, count)[:, lead]

    return blocks


def _doubts(checksum: int, checked: bytes) -> list[Inference]:
    """Compare the checksum, in either order of its bytes; 0 means that there is none."""
    right = binascii.crc_hqx(checked, 0xFFFF)
    if checksum in (0, right, (right & 0xFF) << 8 | right >> 8):
        return []
    return [Inference("checksum", "wrong", "the header does not match it and may be altered")]


def _start(header: bytes) -> datetime | None:
    day, month, year = struct.unpack_from("<3h", header, 138)
    hour, minute, second = struct.unpack_from("<3h", header, 150)
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _identity(header: bytes) -> tuple[tuple[str, str], ...]:
    first, last, number = (
        header[at : at + size].split(b"\0")[0].decode("latin-1").strip()
        for at, size in ((28, 40), (68, 40), (108, 20))
    )
    day, month, year = struct.unpack_from("<3h", header, 132)
    born = f"{year:04}-{month:02}-{day:02}" if year > 0 and month > 0 and day > 0 else ""
    facts = (("name", f"{first} {last}".strip()), ("patient_id", number), ("birth_date", born))
    return tuple((fact, text) for fact, text in facts if text)
