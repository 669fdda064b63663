"""The samples of WFDB records in the formats that are mere integers, signal(5), read in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError
from ectopy.recording._units import LARGEST
from ectopy.recording._wfdb_header import BYTES_PER_SAMPLE, Signal

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Format:
    """Bits of a sample, and the way from bytes to integers; the lowest stands for a missing one."""

    bits: int
    decode: Callable[[Bytes], NDArray[Any]]


def _decode_212(data: Bytes) -> NDArray[np.int16]:
    """Two samples of 12 bits in three bytes: low byte, high halves of both, low byte."""
    first, middle, second = (data[k::3].astype(np.uint16) for k in range(3))
    pairs = np.empty((len(first), 2), np.uint16)
    np.bitwise_or(first << 4, middle << 12, out=pairs[:, 0])
    np.bitwise_or(second << 4, (middle & 0xF0) << 8, out=pairs[:, 1])
    samples: NDArray[np.int16] = pairs.view(np.int16).ravel()
    samples >>= 4
    return samples


def _decode_24(data: Bytes) -> NDArray[np.int32]:
    wide = np.zeros((len(data) // 3, 4), np.uint8)
    wide[:, 1:] = data.reshape(-1, 3)
    return wide.view("<i4").ravel() >> 8


_FORMATS: Final = {
    "16": _Format(16, lambda data: data.view("<i2")),
    "24": _Format(24, _decode_24),
    "32": _Format(32, lambda data: data.view("<i4")),
    "61": _Format(16, lambda data: data.view(">i2")),
    "80": _Format(8, lambda data: data.astype(np.int16) - 128),
    "160": _Format(16, lambda data: data.view("<u2").astype(np.int32) - (1 << 15)),
    "212": _Format(12, _decode_212),
}


def can_decode(signals: Sequence[Signal]) -> bool:
    """Whether all signals are in formats that are read here."""
    return all(signal.fmt in _FORMATS and not signal.skew for signal in signals)


def read_frames(
    files: Mapping[str, Path],
    signals: Sequence[Signal],
    wanted: Sequence[int],
    start: int,
    out: NDArray[np.float32],
    per_frame: int,
) -> None:
    """Read some frames of some signals, in mV.

    Parameters
    ----------
    files
        Where each file that the signals name is.
    signals
        All signals of the header.
    wanted
        Which of them to read.
    start
        Frame to begin with; an even one.
    out
        float32, shape ``(frames * per_frame, len(wanted))``, to be filled; NaN where missing.
    per_frame
        Samples of a frame; a signal that has another number is averaged over each frame.

    Raises
    ------
    DamagedFileError
        If a file holds less.
    """
    frames = len(out) // per_frame
    for file in dict.fromkeys(signals[i].file for i in wanted):
        together = [i for i, signal in enumerate(signals) if signal.file == file]
        width = sum(signals[i].spf for i in together)
        first = signals[together[0]]
        whole = _integers(files[file], first, start * width, frames * width).reshape(frames, width)
        at = 0
        for i in together:
            if i in wanted:
                column = out[:, wanted.index(i)]
                column[:] = _in_mv(whole[:, at : at + signals[i].spf], signals[i], per_frame)
            at += signals[i].spf


def _integers(path: Path, signal: Signal, start: int, count: int) -> NDArray[Any]:
    """Read so many samples of a file, whatever signals they belong to."""
    per_sample = BYTES_PER_SAMPLE[signal.fmt]
    size = int(np.ceil(count * per_sample))
    data = np.fromfile(path, np.uint8, size, offset=signal.offset + int(start * per_sample))
    if len(data) < size:
        raise DamagedFileError(f"{path.name} became shorter while it was read; read it again")
    if signal.fmt == "212" and size % 3:  # half a pair
        data = np.append(data, np.zeros(3 - size % 3, np.uint8))
    return _FORMATS[signal.fmt].decode(data)[:count]


def _in_mv(whole: NDArray[Any], signal: Signal, per_frame: int) -> NDArray[np.float32]:
    """Turn the integers of one signal, one row a frame, into millivolts."""
    bits, gain = _FORMATS[signal.fmt].bits, signal.adu_per_mv
    missing = whole == -(1 << (bits - 1))
    with np.errstate(all="ignore"):  # what overflows is no signal and becomes NaN
        values = whole.astype(np.float32)
        values -= np.float32(signal.baseline)
        values /= np.float32(gain)
        if missing.any():
            values[missing] = np.nan
        lead = values.ravel() if signal.spf == per_frame else values.mean(axis=1)
        if (1 << bits) + abs(signal.baseline) >= LARGEST * abs(gain):
            lead[~(np.abs(lead) < LARGEST)] = np.nan
    return lead
