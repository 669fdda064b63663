"""The header of EDF, EDF+ and BDF files: fixed fields of ASCII, checked against the file's size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from ectopy.errors import DamagedFileError
from ectopy.recording._xml import number

BDF_MARK: Final = b"\xffBIOSEMI"
MAIN: Final = 256
PER_SIGNAL: Final = 256
_FIELDS: Final = (
    ("label", 16),
    ("transducer", 80),
    ("unit", 8),
    ("physical_min", 8),
    ("physical_max", 8),
    ("digital_min", 8),
    ("digital_max", 8),
    ("prefilter", 80),
    ("per_record", 8),
    ("reserved", 32),
)
_MAX_SIGNALS: Final = 4096
_MONTHS: Final = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_CLIP_YEAR: Final = 85
"""Two-digit years from this one on belong to the last century."""


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """One signal of the header; numbers that cannot be read are None.

    `first` and `per_record` are bytes: where it lies in a data record, and how many it has there.
    """

    label: str
    transducer: str
    unit: str
    physical: tuple[float | None, float | None]
    digital: tuple[float | None, float | None]
    samples: int
    first: int
    width: int

    @property
    def is_annotations(self) -> bool:
        """Whether it holds texts instead of samples."""
        return self.label.upper() in ("EDF ANNOTATIONS", "BDF ANNOTATIONS")


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """What the header states; `records` is -1 where it leaves their number open."""

    is_bdf: bool
    patient: str
    recording: str
    start: datetime | None
    size: int
    is_plus: bool
    is_discontinuous: bool
    records: int
    duration: str
    signals: tuple[EdfSignal, ...]

    @property
    def bytes_per_sample(self) -> int:
        """2 in EDF, 3 in BDF."""
        return 3 if self.is_bdf else 2

    @property
    def record_bytes(self) -> int:
        """Size of a data record."""
        return sum(signal.samples for signal in self.signals) * self.bytes_per_sample


def is_edf(head: bytes) -> bool:
    """Whether the head of a file is that of EDF or BDF."""
    if head[:8] != BDF_MARK and head[:8].strip() != b"0":
        return False
    size, signals = _whole(head[184:192]), _whole(head[252:256])
    return size is not None and signals is not None and len(head) >= MAIN and signals > 0 and (
        size == MAIN + PER_SIGNAL * signals
    )  # fmt: skip


def parse_header(data: bytes, name: str) -> EdfHeader:
    """Read a header.

    Parameters
    ----------
    data
        The first bytes of the file, the whole header among them.
    name
        Of the file, for messages.

    Raises
    ------
    DamagedFileError
        If a number is none, or the header is cut short.
    """
    count = _whole(data[252:256]) or 0
    size = MAIN + PER_SIGNAL * count
    if not 0 < count <= _MAX_SIGNALS or len(data) < size:
        raise DamagedFileError(
            f"the header of {name} is cut short or promises {count} signals; copy the file again"
        )
    columns: dict[str, list[str]] = {}
    at = MAIN
    for field, width in _FIELDS:
        columns[field] = [
            _text(data[at + i * width : at + (i + 1) * width]) for i in range(count)
        ]  # fmt: skip
        at += count * width
    is_bdf = data[:8] == BDF_MARK
    per_sample = 3 if is_bdf else 2
    signals: list[EdfSignal] = []
    first = 0
    for i in range(count):
        samples = _whole(columns["per_record"][i].encode())
        if samples is None or samples < 0:
            raise DamagedFileError(
                f"the header of {name} gives {columns['per_record'][i]!r} as the number of samples "
                f"of {columns['label'][i]!r} in a record; copy the file again"
            )
        signals.append(
            EdfSignal(
                columns["label"][i],
                columns["transducer"][i],
                columns["unit"][i],
                (number(columns["physical_min"][i]), number(columns["physical_max"][i])),
                (number(columns["digital_min"][i]), number(columns["digital_max"][i])),
                samples,
                first,
                samples * per_sample,
            )
        )
        first += samples * per_sample
    records = _whole(data[236:244])
    if records is None:
        raise DamagedFileError(
            f"the header of {name} gives {_text(data[236:244])!r} as its number of records; copy "
            "the file again"
        )
    kind = _text(data[192:236]).upper()
    recording = _text(data[88:168])
    return EdfHeader(
        is_bdf,
        _text(data[8:88]),
        recording,
        _start(_text(data[168:176]), _text(data[176:184]), recording),
        size,
        kind.startswith(("EDF+", "BDF+")),
        kind.startswith(("EDF+D", "BDF+D")),
        records,
        _text(data[244:252]),
        tuple(signals),
    )


def _text(field: bytes) -> str:
    try:
        text = field.decode("utf-8")
    except UnicodeDecodeError:
        text = field.decode("latin-1")
    return text.replace("\0", " ").strip()


def _whole(field: bytes) -> int | None:
    text = field.replace(b"\0", b" ").strip()
    return int(text) if re.fullmatch(rb"[+-]?\d{1,12}", text) else None


def _start(day: str, clock: str, recording: str) -> datetime | None:
    """Give the start, by the date of EDF+ where there is one; None if it was taken out."""
    at = re.fullmatch(r"(\d{1,2})\D(\d{1,2})\D(\d{1,2})", clock)
    plain = re.fullmatch(r"(\d{1,2})\D(\d{1,2})\D(\d{1,2})", day)
    plus = re.match(r"Startdate (\d{1,2})-([A-Za-z]{3})-(\d{4})\b", recording)
    try:
        if plus and plus[2].upper() in _MONTHS:
            begun = date(int(plus[3]), _MONTHS.index(plus[2].upper()) + 1, int(plus[1]))
        elif plain:
            year = int(plain[3]) + (1900 if int(plain[3]) >= _CLIP_YEAR else 2000)
            begun = date(year, int(plain[2]), int(plain[1]))
            if begun == date(1985, 1, 1):
                return None
        else:
            return None
        return datetime.combine(begun, time(int(at[1]), int(at[2]), int(at[3])) if at else time())
    except ValueError:
        return None
