"""SCP-ECG (EN 1064, ISO 11073-91064): resting ECGs, compressed or not.

Read by ectopy itself: the parser of ecgdatakit refuses bimodal compression and leads of more than
65,535 bytes, whose lengths the standard's 16-bit fields give only in part, and a file whose lead
lengths disagree. Reference beats (section 5) are only used to undo their subtraction.
"""

from __future__ import annotations

import binascii
import math
import struct
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording
from ectopy.recording._scp_huffman import MAX_SAMPLES, Table, parse_tables, undo_differences, unpack
from ectopy.recording._scp_leads import LEAD_NAMES
from ectopy.recording.value import Inference, Recording

FORMAT: Final = "SCP-ECG"
MAX_BYTES: Final = 256 << 20
_HEADER: Final = 16
_POINTER: Final = 10
_WRAP: Final = 65536
_MAX_LEADS: Final = 255
_ADVICE: Final = "the file is cut short or damaged, copy it again"
_MAX_BEATS: Final = 10_000
_LONG_TERM: Final = 12


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of SCP-ECG."""
    if len(head) < 6 + _HEADER or head[8:10] != b"\0\0":
        return False
    if head[16:22] == b"SCPECG":
        return True
    length = int.from_bytes(head[10:14], "little")
    number, size, index = struct.unpack_from("<HII", head.ljust(32, b"\xff"), 22)
    return bool(number == 0 and index == 7 and size == length and length % _POINTER == 6)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the rhythm of an SCP-ECG file.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, which must agree with that of the file.
    units
        Unit to take instead of nV, in which the file gives its steps.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If a section is missing or its content is cut short or impossible.
    RecordingError
        If there is no rhythm in section 6, or the file contradicts `fs`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise RecordingError(f"{path.name} is larger than {MAX_BYTES >> 20} MB, no SCP-ECG is")
    data = path.read_bytes()
    notes = _doubts(data)
    try:
        sections = _sections(data)
        if 6 not in sections:
            held = "long-term rhythm (section 12)" if _LONG_TERM in sections else "no rhythm"
            raise RecordingError(
                f"{path.name} (SCP-ECG) holds {held}, which is not read; export it with its rhythm "
                "in section 6"
            )
        rhythm = _Rhythm(sections, notes)
        channels = rhythm.channels()
        start, identity = _who_and_when(sections.get(1, b""))
    except struct.error as error:
        raise DamagedFileError(f"a section of {path.name} ends early; {_ADVICE}") from error
    return make_recording(
        channels,
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=start,
        inferred=notes,
        identity=identity,
    )


def _doubts(data: bytes) -> list[Inference]:
    stored, size = struct.unpack_from("<HI", data)
    if stored == binascii.crc_hqx(data[2:size], 0xFFFF):
        return []
    return [Inference("checksum", "wrong", "the file does not match it and may be altered")]


def _sections(data: bytes) -> dict[int, bytes]:
    """Give the content of each section, without its header."""
    sections: dict[int, bytes] = {}
    length = struct.unpack_from("<I", data, 10)[0]
    if not _HEADER < length <= len(data) - 6:
        raise DamagedFileError(f"the pointers of the file are {length} bytes long; {_ADVICE}")
    for at in range(6 + _HEADER, 6 + length - _POINTER + 1, _POINTER):
        number, size, index = struct.unpack_from("<HII", data, at)
        if number == 0 or size <= _HEADER or index == 0:
            continue
        if index - 1 + size > len(data):
            if number in (2, 3, 6):
                raise DamagedFileError(
                    f"section {number} should end at byte {index - 1 + size}, the file has "
                    f"{len(data)}; {_ADVICE}"
                )
            continue
        sections.setdefault(number, data[index - 1 + _HEADER : index - 1 + size])
    return sections


@dataclass(frozen=True, slots=True)
class _Lead:
    """A lead of section 3: its first and last sample, counted from 1, and its number."""

    first: int
    last: int
    code: int


@dataclass(slots=True)
class _Beats:
    """Sections 4 and 5: where reference beats were subtracted, and what they look like."""

    fiducial: int = 0
    complexes: list[tuple[int, int, int, int]] = field(default_factory=list)
    protected: list[tuple[int, int]] = field(default_factory=list)
    step: int = 0
    interval: int = 0
    shapes: list[NDArray[np.int64]] = field(default_factory=list)


class _Rhythm:
    """The rhythm of section 6, with what is needed to unpack it."""

    def __init__(self, sections: dict[int, bytes], notes: list[Inference]):
        if 3 not in sections:
            raise DamagedFileError(f"the file does not say which leads it holds; {_ADVICE}")
        self.notes = notes
        self.leads, self.flags = _leads(sections[3])
        self.tables = parse_tables(sections[2]) if 2 in sections else None
        self.body = sections[6]
        self.step, self.interval, self.order, self.bimodal = struct.unpack_from("<HHBB", self.body)
        if not self.interval or self.order > 2:
            raise DamagedFileError(
                f"the rhythm has an interval of {self.interval} µs and differences of order "
                f"{self.order}; {_ADVICE}"
            )
        subtracted = bool(self.flags & 1)
        needed = subtracted or self.bimodal
        self.beats = self._beats(sections, with_shapes=subtracted) if needed else _Beats()
        self.factor = self._factor()
        if subtracted and not (self.beats.shapes and self.beats.complexes):
            if self.beats.complexes:
                raise DamagedFileError(
                    f"reference beats were subtracted and are missing in section 5; {_ADVICE}"
                )
            subtracted = False
        self.subtracted = subtracted

    def channels(self) -> list[Channel]:
        """Give the leads, all of them unpacked."""
        counts = [self._stored(lead) for lead in self.leads]
        packed = _unpack_leads(self.body, counts, self.tables, self.order)
        rate = 1e6 / (self.interval / self.factor)
        rate = float(round(rate)) if abs(rate - round(rate)) < 0.002 * rate else rate
        channels = []
        for i, (lead, stored) in enumerate(zip(self.leads, packed, strict=True)):
            values = self._expand(lead, stored) if self.factor > 1 else stored
            scale = self.step
            if self.subtracted and self.step and self.beats.step:
                values, scale = self._add_beats(lead, values, self.beats.shapes[i])
            if 31 <= lead.code <= 60 or 79 <= lead.code <= 85:
                continue  # calibration pulses
            channels.append(
                Channel(
                    LEAD_NAMES.get(lead.code, f"lead {lead.code}"),
                    rate,
                    len(values),
                    blocks_of(values),
                    scale=float(scale) if scale else 1.0,
                    unit="nV" if scale else None,
                    start_s=(lead.first - 1) / rate,
                )
            )
        return channels

    def _beats(self, sections: dict[int, bytes], *, with_shapes: bool) -> _Beats:
        """Read sections 4 and 5."""
        beats = _Beats()
        body = sections.get(4, b"")
        if len(body) < 6:
            return beats
        length_ms, beats.fiducial, count = struct.unpack_from("<HHH", body)
        if 6 + 14 * count > len(body) or count > _MAX_BEATS:
            raise DamagedFileError(f"section 4 promises {count} beats, more than it can; {_ADVICE}")
        beats.complexes = [struct.unpack_from("<HIII", body, 6 + 14 * i) for i in range(count)]
        after = 6 + 14 * count
        if after + 8 * count <= len(body):
            zones = [struct.unpack_from("<II", body, after + 8 * i) for i in range(count)]
            beats.protected = sorted((a, b) for a, b in zones if 0 < a <= b)
        reference = sections.get(5, b"")
        if len(reference) >= 6:
            beats.step, beats.interval, order, _ = struct.unpack_from("<HHBB", reference)
            if with_shapes and beats.interval and order <= 2:
                n = round(length_ms * 1000 / beats.interval)
                counts = [n] * len(self.leads)
                beats.shapes = _unpack_leads(reference, counts, self.tables, order)
        return beats

    def _factor(self) -> int:
        """Give how many times fewer samples lie outside the protected zones."""
        fine = self.beats.interval
        if not (self.bimodal and self.beats.protected and fine) or self.interval % fine:
            return 1
        factor = self.interval // fine
        if factor > 1:
            why = f"stored {factor} times sparser outside the QRS complexes, drawn straight between"
            self.notes.append(Inference("samples", "interpolated", why))
        return int(factor)

    def _stretches(self, lead: _Lead) -> list[tuple[int, bool]]:
        """Give the lengths of the stretches of a lead, and whether each is protected."""
        stretches: list[tuple[int, bool]] = []
        at = lead.first
        for begin, end in self.beats.protected:
            begin, end = max(begin, at), min(end, lead.last)
            if end < begin:
                continue
            stretches += [(begin - at, False), (end - begin + 1, True)]
            at = end + 1
        return [*stretches, (lead.last + 1 - at, False)]

    def _stored(self, lead: _Lead) -> int:
        """Give how many samples are stored of a lead."""
        if self.factor == 1:
            return lead.last - lead.first + 1
        lengths = [n if safe else -(-n // self.factor) for n, safe in self._stretches(lead)]
        return int(sum(lengths))

    def _expand(self, lead: _Lead, stored: NDArray[np.int64]) -> NDArray[np.int64]:
        """Draw straight lines between the sparse samples outside the protected zones."""
        places: list[NDArray[np.float64]] = []
        at = 0
        for n, safe in self._stretches(lead):
            if safe:
                places.append(np.arange(at, at + n, dtype=np.float64))
            else:
                sparse = np.arange(-(-n // self.factor)) * self.factor
                ends = np.minimum(sparse + self.factor, n) - 1
                places.append(at + (sparse + ends) / 2)
            at += n
        return np.rint(np.interp(np.arange(at), np.concatenate(places), stored)).astype(np.int64)

    def _add_beats(
        self, lead: _Lead, values: NDArray[np.int64], shape: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], int]:
        """Add the reference beat where it was subtracted; give the samples and their step in nV."""
        if self.beats.interval * self.factor != self.interval:
            raise DamagedFileError(
                f"reference beats at {self.beats.interval} µs were subtracted from a rhythm at "
                f"{self.interval} µs; {_ADVICE}"
            )
        step = math.gcd(self.step, self.beats.step)
        total = values * (self.step // step)
        shape = shape * (self.beats.step // step)
        for kind, begin, fiducial, end in self.beats.complexes:
            shift = fiducial - self.beats.fiducial
            first = max(begin, lead.first, shift + 1)
            last = min(end, lead.last, shift + len(shape))
            if kind == 0 and first <= last:
                piece = shape[first - shift - 1 : last - shift]
                total[first - lead.first : last - lead.first + 1] += piece
        return total, step


def _leads(body: bytes) -> tuple[list[_Lead], int]:
    count, flags = struct.unpack_from("<BB", body)
    leads = [_Lead(*struct.unpack_from("<IIB", body, 2 + 9 * i)) for i in range(count)]
    if not leads:
        raise DamagedFileError(f"the file names no leads; {_ADVICE}")
    for lead in leads:
        if not 1 <= lead.first <= lead.last:
            raise DamagedFileError(
                f"a lead runs from sample {lead.first} to {lead.last}, which is impossible; "
                f"{_ADVICE}"
            )
    return leads, flags


def _unpack_leads(
    body: bytes, counts: list[int], tables: list[Table] | None, order: int
) -> list[NDArray[np.int64]]:
    """Unpack the leads of section 5 or 6.

    Their lengths in bytes are kept in 16 bits: longer ones have lost multiples of 65,536, which
    come back from what each lead is seen to need.
    """
    if tables is not None and sum(counts) > MAX_SAMPLES:
        raise DamagedFileError(
            f"the file promises {sum(counts)} compressed samples, at most {MAX_SAMPLES} are "
            "unpacked; export it without compression or in parts"
        )
    sizes = struct.unpack_from(f"<{len(counts)}H", body, 6)
    at = 6 + 2 * len(counts)
    spare = (len(body) - at - sum(sizes)) // _WRAP
    leads = []
    for i, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        rest = body[at : at + size + spare * _WRAP]
        if count > 8 * len(rest):
            raise DamagedFileError(
                f"lead {i + 1} holds {len(rest)} bytes, {count} samples are promised; {_ADVICE}"
            )
        if tables is None:
            values, used = np.frombuffer(rest[: 2 * count], "<i2", len(rest[: 2 * count]) // 2), 0
            used = 2 * count
            if len(values) < count:
                raise DamagedFileError(
                    f"lead {i + 1} holds {len(values)} of {count} samples; {_ADVICE}"
                )
            unpacked = values.astype(np.int64)
        else:
            unpacked, used = unpack(rest, count, tables)
        wraps = max(0, -(-(used - size) // _WRAP))
        spare -= wraps
        at += size + wraps * _WRAP
        leads.append(undo_differences(unpacked, order))
    return leads


def _who_and_when(body: bytes) -> tuple[datetime | None, tuple[tuple[str, str], ...]]:
    """Read start and identity from the tags of section 1."""
    tags: dict[int, bytes] = {}
    at = 0
    while at + 3 <= len(body) and body[at] != 255:
        tag, size = struct.unpack_from("<BH", body, at)
        tags.setdefault(tag, body[at + 3 : at + 3 + size])
        at += 3 + size
    start = None
    if len(tags.get(25, b"")) >= 4 and len(tags.get(26, b"")) >= 3:
        year, month, day = struct.unpack_from("<HBB", tags[25])
        try:
            start = datetime(year, month, day, *tags[26][:3])
        except ValueError:
            start = None
    born = tags.get(5, b"")
    birth = "{:04}-{:02}-{:02}".format(*struct.unpack_from("<HBB", born)) if len(born) >= 4 else ""
    facts = (
        ("name", " ".join(filter(None, (_text(tags.get(tag, b"")) for tag in (1, 0, 3))))),
        ("patient_id", _text(tags.get(2, b""))),
        ("birth_date", "" if birth == "0000-00-00" else birth),
    )
    return start, tuple((fact, text) for fact, text in facts if text)


def _text(value: bytes) -> str:
    value = value.split(b"\0")[0]
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()
