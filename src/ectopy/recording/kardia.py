"""Recordings of AliveCor Kardia devices (``.atc``), by the ATC File Format Specification 1.7.

A signature and a version are followed by blocks of an identifier, a length, the data and a
checksum: ``info``, ``fmt ``, one block of 16-bit samples for each lead (``ecg ``, ``ecg2``, …),
average beats (``avg ``, ``med ``), which are no recording, and the beats that the app marked.
The specification calls the checksum a CRC32; the files hold the sum of all bytes. Either is taken.
"""

from __future__ import annotations

import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._calibration import INT16_LEAD_OFF, mark_lead_off, steps_to_mv
from ectopy.recording._facts import settle_rate
from ectopy.recording.value import Annotations, Inference, Recording, Source

FORMAT: Final = "AliveCor Kardia (ATC)"
SIGNATURE: Final = b"ALIVE\0\0\0"
_FIRST_BLOCK: Final = 12
_MAX_BYTES: Final = 1 << 28
_LEADS: Final = {
    b"ecg ": "I", b"ecg2": "II", b"ecg3": "III", b"ecg4": "aVR", b"ecg5": "aVL", b"ecg6": "aVF",
    b"ecg7": "V1", b"ecg8": "V2", b"ecg9": "V3", b"ecga": "V4", b"ecgb": "V5", b"ecgc": "V6",
}  # fmt: skip
_SYMBOLS: Final = {0: "?", 1: "N", 2: "V", 3: "A", 4: "F", 5: "J", 6: "/"}
"""MIT symbols of the beat types."""
_SIXTEEN_BIT: Final = 1
_MAINS_60_HZ: Final = 1 << 1
_FILTERS: Final = {
    1 << 2: "mains",
    1 << 4: "baseline",
    1 << 5: "mains notch",
    1 << 6: "enhanced",
}
"""Flags of what was applied to the stored samples; bit 3 is set by old apps without meaning."""


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file has the signature of an ATC file."""
    return head.startswith(SIGNATURE[:6])


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a recording of one to twelve leads, with the beats that the app marked.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the file states its own, mostly 300 Hz.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If a checksum does not fit, a block is cut short, or the format or all leads are missing.
    RecordingError
        If the file contradicts `fs`.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise RecordingError(f"{path.name} is too large for a Kardia recording; export it again")
    blocks = _blocks(path.read_bytes(), path.name)
    stated, resolution_nv, filters = _format(blocks, path.name)
    names = [identifier for identifier in _LEADS if identifier in blocks]
    if not names:
        raise DamagedFileError(f"{path.name} holds no ECG samples; export the recording again")
    if len({len(blocks[name]) // 2 for name in names}) > 1:
        raise DamagedFileError(f"the leads of {path.name} differ in length; export it again")
    rate, inferred = settle_rate(fs, stated, None, "")
    leads = [np.frombuffer(blocks[name], "<i2", len(blocks[name]) // 2) for name in names]
    signal = np.stack(leads, axis=1).astype(np.float32)
    inferred += mark_lead_off(signal, INT16_LEAD_OFF)
    resolution, about_units = steps_to_mv(signal, rate, [resolution_nv * 1e-6] * len(names), units)
    inferred += [*about_units, *filters]
    start, identity = _info(blocks.get(b"info", b""))
    return Recording(
        signal,
        rate,
        tuple(_LEADS[name] for name in names),
        start=start,
        source=Source(str(path), FORMAT, tuple(inferred), identity),
        annotations=_annotations(blocks.get(b"ann ", b""), rate, len(signal)),
        resolution=resolution,
    )


def _blocks(content: bytes, name: str) -> dict[bytes, bytes]:
    """Give the data of each block, every checksum verified."""
    blocks: dict[bytes, bytes] = {}
    at = _FIRST_BLOCK
    while content[at:].strip(b"\0") if len(content) - at < _FIRST_BLOCK else True:
        if len(content) - at < _FIRST_BLOCK:
            raise DamagedFileError(f"{name} breaks off inside a block; export it again")
        identifier, length = struct.unpack_from("<4sI", content, at)
        shown = repr(identifier.decode("latin-1").strip())
        end = at + 8 + length
        if end + 4 > len(content):
            raise DamagedFileError(
                f"the block {shown} of {name} promises {length} bytes and {len(content) - at - 12} "
                "are left; the file is cut short, export it again"
            )
        block, (checksum,) = content[at:end], struct.unpack_from("<I", content, end)
        if checksum not in (_byte_sum(block), zlib.crc32(block)):
            raise DamagedFileError(
                f"the checksum of the block {shown} of {name} does not fit its content; the file "
                "was altered or damaged, export it again"
            )
        if identifier in blocks:
            raise DamagedFileError(f"{name} has the block {shown} twice; export it again")
        blocks[identifier] = block[8:]
        at = end + 4
    return blocks


def _byte_sum(block: bytes) -> int:
    return int(np.frombuffer(block, np.uint8).sum(dtype=np.uint64)) & 0xFFFFFFFF


def _format(blocks: dict[bytes, bytes], name: str) -> tuple[float, int, list[Inference]]:
    """Give rate in Hz, nanovolts per step, and what the app filtered."""
    if len(blocks.get(b"fmt ", b"")) < 6:
        raise DamagedFileError(f"{name} does not state the format of its samples; export it again")
    form, rate, resolution, flags = struct.unpack_from("<BHHB", blocks[b"fmt "])
    if form != _SIXTEEN_BIT or not rate or not resolution:
        raise DamagedFileError(
            f"{name} states samples of format {form}, {rate} Hz and {resolution} nV; format 1 with "
            "a rate and a resolution can be read, export it again"
        )
    applied = [f"{what} filter" for flag, what in _FILTERS.items() if flags & flag]
    if not applied:
        return rate, resolution, []
    why = f"flags of the file, mains of {60 if flags & _MAINS_60_HZ else 50} Hz"
    return rate, resolution, [Inference("filters applied by the app", ", ".join(applied), why)]


def _info(block: bytes) -> tuple[datetime | None, tuple[tuple[str, str], ...]]:
    """Give when the recording began, and the identifiers of recording and phone."""
    texts = [
        block[a:b].split(b"\0")[0].decode("latin-1") for a, b in ((0, 32), (32, 72), (72, 116))
    ]
    date, recording, phone = (text.strip() for text in texts)
    pairs = (("recording_id", recording), ("device_id", phone))
    identity = tuple((what, text) for what, text in pairs if text)
    try:
        return datetime.fromisoformat(date), identity
    except ValueError:
        return None, identity


def _annotations(block: bytes, fs: float, n_samples: int) -> Annotations | None:
    """Give the beats that the app marked, in time order."""
    ticks = int.from_bytes(block[:4], "little")
    if not ticks or len(block) < 10:
        return None
    kind = np.dtype([("offset", "<u4"), ("type", "<u2")])
    marks = np.frombuffer(block, kind, (len(block) - 4) // kind.itemsize, 4)
    sample = np.rint(marks["offset"].astype(np.float64) * fs / ticks).astype(np.int64)
    order = np.argsort(sample, kind="stable")
    order = order[sample[order] < n_samples]
    symbol = np.array([_SYMBOLS.get(int(mark), "?") for mark in marks["type"][order]], np.str_)
    return Annotations(sample[order], symbol, np.full(len(order), "", np.str_))
