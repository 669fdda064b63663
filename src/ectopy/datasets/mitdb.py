"""The MIT-BIH Arrhythmia Database 1.0.0, as raw integers and annotations."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DatasetError

MITDB_RECORDS: Final = tuple(
    "100 101 102 103 104 105 106 107 108 109 111 112 113 114 115 116 117 118 119 121 "
    "122 123 124 200 201 202 203 205 207 208 209 210 212 213 214 215 217 219 220 221 "
    "222 223 228 230 231 232 233 234".split()
)
"""The 48 records, by name."""

PACED_RECORDS: Final = ("102", "104", "107", "217")
"""Records with pacemakers, left out of EC57 tables."""

ONE_PATIENT: Final = ("201", "202")
"""The two records that are of one man; each of the other 46 is of a patient of its own."""


def patient_of(record: str) -> str:
    """Give the patient of a record: its name, or ``"201+202"`` for these two.

    Source: the database's own directory of records.
    """
    return "+".join(ONE_PATIENT) if record in ONE_PATIENT else record


@dataclass(frozen=True, eq=False)
class RawRecord:
    """Channel 0 of a record as it was stored, and its reference annotations.

    Attributes
    ----------
    adc
        Raw ADC integers of channel 0 at 360 Hz, shape ``(n_samples,)``.
    position, symbol
        Sample and symbol of every annotation, beats and others, in time order.
    """

    adc: NDArray[np.int64]
    position: NDArray[np.int64]
    symbol: NDArray[np.str_]


def read_raw_record(folder: Path, record: str) -> RawRecord:
    """Read channel 0 of one record without converting it to millivolts.

    Raises
    ------
    DatasetError
        If one of the record's three files is missing from the folder, damaged, or not that of
        version 1.0.0.
    """
    import wfdb

    absent = [f"{record}.{end}" for end in ("hea", "dat", "atr") if not _has(folder, record, end)]
    if absent:
        raise DatasetError(
            f"{folder} has no {', '.join(absent)}; it must hold the 48 records of the MIT-BIH "
            "Arrhythmia Database 1.0.0 (.hea, .dat and .atr files)"
        )
    path = str(folder / record)
    try:
        header = wfdb.rdrecord(path, channels=[0], physical=False)
        notes = wfdb.rdann(path, "atr")
    except Exception as error:  # the library raises whatever the damage leads it to
        raise DatasetError(
            f"record {record} in {folder} cannot be read, a file of it is damaged or cut short; "
            "fetch it again from its publisher"
        ) from error
    raw = RawRecord(
        adc=np.asarray(header.d_signal[:, 0], np.int64),
        position=np.asarray(notes.sample, np.int64),
        symbol=np.asarray(notes.symbol),
    )
    if checksum(raw) != _checksums()[record]:
        raise DatasetError(
            f"record {record} in {folder} is not that of MIT-BIH 1.0.0: its samples or annotations "
            "differ; fetch it again from its publisher"
        )
    return raw


def checksum(raw: RawRecord) -> str:
    """Give the CRC-32 of samples, positions and symbols of a record, eight hexadecimal digits."""
    crc = zlib.crc32(raw.adc.astype("<i4").tobytes())
    crc = zlib.crc32(raw.position.astype("<i4").tobytes(), crc)
    return f"{zlib.crc32(''.join(raw.symbol.tolist()).encode(), crc):08x}"


@cache
def _checksums() -> dict[str, str]:
    stored = files("ectopy.datasets").joinpath("mitdb_crc32.json").read_text("utf-8")
    found: dict[str, str] = json.loads(stored)
    return found


def _has(folder: Path, record: str, end: str) -> bool:
    return (folder / f"{record}.{end}").is_file()
