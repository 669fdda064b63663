"""Signals in WAV files: PCM of 8, 16, 24 and 32 bits and floats, one channel for each lead.

A WAV file states a rate and no unit of amplitude, so the numbers are taken as steps of a converter
whose gain is not known, unless the user names their unit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._columns import MAX_LEADS
from ectopy.recording._facts import settle_rate
from ectopy.recording._units import ADU, scale_to_mv
from ectopy.recording.value import MAX_FS, MIN_FS, Inference, Recording, Source

FORMAT: Final = "WAV"
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_OPEN_ENDED: Final = (0, 0xFFFFFFFF)
"""Sizes that recorders leave which cannot go back and write the true one."""
_MAX_CHUNKS: Final = 10_000
_TYPES: Final = {
    (_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "u1", (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8",
}  # fmt: skip
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the samples are and how they are stored."""

    kind: int
    bits: int
    channels: int
    rate: int
    start: int
    length: int


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of a WAV file."""
    return head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a WAV file with one channel for each lead.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the file states its own.
    units
        What the samples are in; without it their gain is inferred.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If it is cut short or has no samples.
    RecordingError
        If its coding cannot be read, or its rate is that of sound.
    """
    layout = _layout(path)
    if not MIN_FS <= layout.rate <= MAX_FS:
        raise RecordingError(
            f"{path.name} is sampled at {layout.rate} Hz, an ECG at {MIN_FS:g} to {MAX_FS:g} Hz; "
            "resample it if it is one"
        )
    rate, inferred = settle_rate(fs, float(layout.rate), None, "")
    signal = _samples(path, layout)
    stated = [units or ADU] * layout.channels
    whole = [layout.kind == _PCM] * layout.channels
    resolution, about_units = scale_to_mv(signal, rate, stated, units, whole)
    if units is None:
        why = "a WAV file states no unit; scaled so that typical beats are about 1 mV"
        about_units = [replace(fact, why=why) for fact in about_units]
    names = [f"ECG {i + 1}" for i in range(layout.channels)] if layout.channels > 1 else ["ECG"]
    inferred += about_units
    if layout.channels > 1:
        why = "a WAV file names no channels; each is taken as a lead"
        inferred.append(Inference("leads", ", ".join(names), why))
    source = Source(str(path), FORMAT, tuple(inferred))
    return Recording(signal, rate, tuple(names), source=source, resolution=resolution)


def _layout(path: Path) -> _Layout:
    """Find the format and the samples among the chunks of a file."""
    size = path.stat().st_size
    form: tuple[int, int, int, int] | None = None
    with path.open("rb") as stream:
        at = 12
        for _ in range(_MAX_CHUNKS):
            stream.seek(at)
            head = stream.read(8)
            if len(head) < 8:
                break
            name, length = struct.unpack("<4sI", head)
            if name == b"fmt ":
                form = _format(stream.read(min(length, 40)), path.name)
            if name == b"data":
                if form is None:
                    break
                left = size - at - 8
                length = left if length in _OPEN_ENDED else length
                if length > left:
                    raise DamagedFileError(
                        f"{path.name} is cut short: it promises {length} bytes of samples and "
                        f"holds {left}; copy it again"
                    )
                return _Layout(*form, at + 8, length)
            at += 8 + length + length % 2
    raise DamagedFileError(f"{path.name} has no samples with a format; export it again")


def _format(chunk: bytes, name: str) -> tuple[int, int, int, int]:
    """Give coding, bits, channels and rate."""
    if len(chunk) < 16:
        raise DamagedFileError(f"the format of {name} is cut short; export it again")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        (kind,) = struct.unpack_from("<H", chunk, 24)
    if (kind, bits) not in _TYPES:
        raise RecordingError(
            f"{name} codes its samples in a way (format {kind}, {bits} bits) that cannot be read; "
            "save it as PCM of 16 bits"
        )
    if not 0 < channels <= MAX_LEADS:
        raise RecordingError(f"{name} has {channels} channels, an ECG at most {MAX_LEADS} leads")
    return kind, bits, channels, rate


def _samples(path: Path, layout: _Layout) -> NDArray[np.float32]:
    """Read the samples: float32, shape ``(n_samples, n_channels)``, in steps."""
    width = layout.bits // 8 * layout.channels
    count = layout.length // width
    if not count:
        raise DamagedFileError(f"{path.name} holds no samples; record it again")
    raw = np.memmap(path, np.uint8, "r", layout.start, (count, width))
    signal = np.empty((count, layout.channels), np.float32)
    for at in range(0, count, _PIECE):
        piece = np.ascontiguousarray(raw[at : at + _PIECE])
        signal[at : at + _PIECE] = _decoded(piece, layout)
    return signal


def _decoded(piece: NDArray[np.uint8], layout: _Layout) -> NDArray[np.float32]:
    if layout.bits == 24:
        three = piece.reshape(len(piece), layout.channels, 3).astype(np.int32)
        value = three[..., 0] | three[..., 1] << 8 | three[..., 2] << 16
        return np.where(value >= 1 << 23, value - (1 << 24), value).astype(np.float32)
    values = piece.view(_TYPES[layout.kind, layout.bits])
    if layout.bits == 8:
        return values.astype(np.float32) - np.float32(128)
    with np.errstate(invalid="ignore", over="ignore"):
        floats = values.astype(np.float64)
        return np.where(np.abs(floats) < 1e30, floats, np.nan).astype(np.float32)
