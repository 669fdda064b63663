"""XLI, the compression of Philips: LZW of 10-bit codes over second differences, lead by lead.

ecgdatakit has the same decoder without a bound on what comes out: a few hundred kilobytes can
unfold to gigabytes there. Here each lead stops at the length that the file states for it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError

_HEADER: Final = 8
_BITS: Final = 10
_LAST_CODE: Final = (1 << _BITS) - 2
_BIAS: Final = 64


def unpack_xli(data: bytes, samples: int, leads: int) -> list[NDArray[np.int64]]:
    """Unpack the leads of an XLI stream.

    Parameters
    ----------
    data
        The stream: for each lead its compressed size, its start value and its LZW codes.
    samples
        How many samples each lead has, which bounds what is unpacked.
    leads
        How many leads there are.

    Raises
    ------
    DamagedFileError
        If the stream ends early or is no XLI.
    """
    unpacked: list[NDArray[np.int64]] = []
    at = 0
    while len(unpacked) < leads:
        size = int.from_bytes(data[at : at + 4], "little")
        start = int.from_bytes(data[at + 6 : at + 8], "little", signed=True)
        at += _HEADER
        if not 0 < size <= len(data) - at:
            raise DamagedFileError(
                f"the compressed samples end in lead {len(unpacked) + 1} of {leads}; the file is "
                "cut short, export it again"
            )
        raw = _unpack_lzw(data[at : at + size], 2 * samples)
        if len(raw) < 2 * samples:
            raise DamagedFileError(
                f"lead {len(unpacked) + 1} unpacks to {len(raw) // 2} of {samples} samples; the "
                "file is damaged, export it again"
            )
        unpacked.append(_undo_differences(raw, start)[:samples])
        at += size
    return unpacked


def _unpack_lzw(data: bytes, at_least: int) -> bytes:
    """Unpack all codes, or up to a bound not far above the length that is wanted."""
    strings = [bytes([i]) for i in range(256)]
    out, held, bits, before = bytearray(), 0, 0, b""
    for byte in data:
        held, bits = (held << 8) | byte, bits + 8
        if bits < _BITS:
            continue
        bits -= _BITS
        code, held = held >> bits, held & ((1 << bits) - 1)
        if code > _LAST_CODE:
            break
        if code < len(strings):
            string = strings[code]
        elif before:
            string = before + before[:1]
        else:
            raise DamagedFileError(
                "the compressed samples begin with an impossible code; the file is damaged, "
                "export it again"
            )
        if before and len(strings) <= _LAST_CODE:
            strings.append(before + string[:1])
        out += string
        before = string
        if len(out) > 4 * at_least + (1 << 16):
            break
    return bytes(out)


def _undo_differences(raw: bytes, last: int) -> NDArray[np.int64]:
    """Turn high bytes followed by low bytes into second differences, and sum these up."""
    half = (len(raw) + 1) // 2
    codes = np.frombuffer(raw.ljust(2 * half, b"\0"), np.uint8).astype(np.uint16)
    values = ((codes[:half] << 8) | codes[half:]).view(np.int16).astype(np.int64).tolist()
    for i in range(2, len(values)):
        values[i], last = 2 * values[i - 1] - values[i - 2] - last, values[i] - _BIAS
    return np.asarray(values, np.int64)
