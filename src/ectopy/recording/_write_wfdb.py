"""Recording → a record of WFDB: header(5), signal(5) formats 16 and 32, annot(5)."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np

from ectopy._files import replacing
from ectopy.errors import OutputError
from ectopy.recording._mit_annotations import encode
from ectopy.recording._quantise import HIGHEST_16, Extent, extents, integers, pieces
from ectopy.recording.value import Recording

COARSEST_MV: Final = 0.0005
"""Largest step that values which were no integers are given 16 bits with, 0.5 µV; else 32."""
HIGHEST_32: Final = 2**31 - 1


def write(recording: Recording, targets: tuple[Path, ...]) -> list[str]:
    """Write header, samples and annotations; give what could not be held, which is nothing.

    Samples are integers of 16 bits, of 32 where these do not hold them; missing ones are the
    lowest integer, as the standard has it.
    """
    header, data = targets[:2]
    _check_name(header.stem)
    notes = header.with_suffix(".atr")
    if recording.annotations is None and notes.exists():
        raise OutputError(
            f"{notes} would pass for the annotations of the new record, which has none; "
            "remove it, or give another name with -o"
        )
    found = extents(recording)
    width = 16 if all(_fits_16(lead) for lead in found) else 32
    step = np.array([_step(lead, width) for lead in found])
    zero = np.array([_zero(lead, mv, width) for lead, mv in zip(found, step, strict=True)])
    missing = -HIGHEST_16 - 1 if width == 16 else -HIGHEST_32 - 1
    checksum, first = np.zeros(len(step), np.int64), None
    with ExitStack() as files:
        # Left last to first: the header, which makes a record of the rest, appears last.
        header_part = files.enter_context(replacing(header))
        data_part = files.enter_context(replacing(data))
        with data_part.open("wb") as stream:
            for piece in pieces(recording):
                whole = integers(piece, step, zero, missing).astype(f"<i{width // 8}")
                checksum += whole.sum(axis=0, dtype=np.int64)
                first = whole[0] if first is None else first
                whole.tofile(stream)
        lines = [_record_line(recording, header.stem)]
        for i, lead in enumerate(recording.leads):
            total = (int(checksum[i]) + 0x8000) % 0x10000 - 0x8000
            start = 0 if first is None else int(first[i])
            name = " ".join(lead.split()).lstrip("#")
            gain = f"{1 / step[i]:.12g}({int(zero[i])})/mV"
            lines.append(f"{data.name} {width} {gain} {width} 0 {start} {total} 0 {name}")
        about = (f"# {what}: {' '.join(text.split())}" for what, text in recording.source.identity)
        header_part.write_text("\n".join([*lines, *about, ""]), encoding="utf-8")
        if recording.annotations is not None:
            notes_part = files.enter_context(replacing(notes))
            notes_part.write_bytes(encode(recording.annotations, recording.fs))
    return []


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "recording"
        raise OutputError(
            f"{name!r} is no name of a WFDB record, which has letters, digits, - and _ only; "
            f"name it {plain!r} with -o"
        )


def _record_line(recording: Recording, name: str) -> str:
    line = f"{name} {len(recording.leads)} {recording.fs:.12g} {recording.n_samples}"
    if recording.start is None:
        return line
    return f"{line} {recording.start:%H:%M:%S.%f} {recording.start:%d/%m/%Y}"


def _fits_16(lead: Extent) -> bool:
    if lead.step is not None:
        return lead.steps <= 2 * HIGHEST_16 - 1
    return lead.high - lead.low <= COARSEST_MV * 2 * HIGHEST_16


def _step(lead: Extent, width: int) -> float:
    """Millivolts per integer: the lead's own, else the least that holds it in 16 bits."""
    most = 2 * (HIGHEST_16 if width == 16 else HIGHEST_32) - 2
    span = lead.high - lead.low
    if lead.step is not None and lead.steps <= most:
        return lead.step
    finest = COARSEST_MV / 100
    return max(span / most, finest if width == 32 or span == 0 else 0.0)


def _zero(lead: Extent, step: float, width: int) -> float:
    """Give the integer that stands for 0 mV: 0 unless the lead lies too far from it."""
    highest = HIGHEST_16 if width == 16 else HIGHEST_32
    if max(abs(lead.low), abs(lead.high)) / step <= highest - 1:
        return 0.0
    return float(-np.rint((lead.low + lead.high) / 2 / step))
