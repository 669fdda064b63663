"""The definitions that an MFER file is made of: a tag, a length, a value (ISO 22077-1, 5.1)."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Final

from ectopy.errors import DamagedFileError

BLE, TXC, BLK, CHN, SEQ, PNT, WFM, LDN = 0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09
DTP, IVL, SEN, OFF, CMP, NUL, WAV, ATT = 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x12, 0x1E, 0x3F
PRE, SET, END, PNM, PID, AGE, TIM = 0x40, 0x67, 0x80, 0x81, 0x82, 0x83, 0x85
Bytes = bytes | mmap.mmap
ADVICE: Final = "the file is cut short or damaged, copy it again"


def definitions(
    data: Bytes, at: int, end: int, *, complete: bool = True
) -> Iterator[tuple[int, int, int, int]]:
    """Give tag, channel, begin and end of each definition.

    Where the data are only the beginning of a file, the last value may be cut.
    """
    while at < end:
        tag, channel = data[at], 0
        at += 1
        if tag == 0:
            continue
        if tag == END:
            return
        if tag == ATT:
            while at < end:
                channel = min(channel << 7 | data[at] & 0x7F, 1 << 20)
                at += 1
                if data[at - 1] < 0x80:
                    break
        if at >= end:
            raise DamagedFileError(f"the last definition has no length; {ADVICE}")
        length = data[at]
        at += 1
        if length == 0x80:
            after = _past_contents(data, at, end) if complete else end
            yield tag, channel, at, max(at, after - 2)
            at = after
            continue
        if length > 0x80:
            count = length & 0x7F
            if count > 4 or at + count > end:
                raise DamagedFileError(f"a definition has a length of {count} bytes; {ADVICE}")
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        if complete and at + length > end:
            raise DamagedFileError(
                f"a definition promises {length} bytes, {end - at} are left; {ADVICE}"
            )
        yield tag, channel, at, min(at + length, end)
        at += length


def _past_contents(data: Bytes, at: int, end: int) -> int:
    """Give the place after the two zero bytes that end contents of indefinite length."""
    depth = 1
    while at + 1 < end:
        if data[at] == 0:
            if data[at + 1] == 0:
                depth -= 1
                at += 2
                if depth == 0:
                    return at
            else:
                at += 1
            continue
        tag = data[at]
        at += 1
        while tag == ATT and at < end and data[at] & 0x80:
            at += 1
        at += tag == ATT
        length = data[at] if at < end else 0
        at += 1
        if length == 0x80:
            depth += 1
        elif length > 0x80:
            count = length & 0x7F
            at += count + int.from_bytes(data[at : at + count], "big")
        else:
            at += length
    raise DamagedFileError(f"contents of open length do not end; {ADVICE}")
