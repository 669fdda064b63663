"""EDF, EDF+ and BDF, the formats of sleep laboratories and many Holter recorders.

Read by ectopy itself, as laid out in the specifications of EDF (1992), EDF+ (2003) and BDF, a few
records at a time: edfio loads BDF files whole, turns samples into 8 bytes each, joins the parts of
discontinuous files as if there were no gaps, and refuses decimal commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._channels import Blocks, Channel, make_recording
from ectopy.recording._edf_header import (
    MAIN,
    PER_SIGNAL,
    EdfHeader,
    EdfSignal,
    is_edf,
    parse_header,
)
from ectopy.recording._edf_signals import ECG, EEG, UNKNOWN, kind_of
from ectopy.recording._edf_texts import Texts, annotations_of, read_texts
from ectopy.recording._leads import STANDARD_LEADS
from ectopy.recording._units import MV_PER, parse_unit
from ectopy.recording._xml import number
from ectopy.recording.contec import MV_PER_STEP, obeys_exporter
from ectopy.recording.value import Inference, Recording

_NOMINAL: Final = 2000 / 65535
"""Millivolts of a step where a header spreads 16 bits over ±1000 mV, whatever was measured."""
_BYTES_AT_ONCE: Final = 1 << 20
"""Bytes of data records that are turned into voltages at once."""
_MAX_GAP: Final = 10.0
_STEEP: Final = 6.0
"""How far the steepest slopes of an ECG outdo its usual ones; those of noise do so by 4."""
_LOOK_S: Final = 600.0
_LOW_MV, _HIGH_MV = 0.1, 20.0
_DIGITS: Final = 8
"""Width of the field that holds the length of a record."""


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of EDF or BDF."""
    return is_edf(head)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECGs of an EDF, EDF+ or BDF file.

    Parameters
    ----------
    path
        The file.
    fs
        Of several rates in the file, the one to take, in Hz.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording
        The ECGs, all of one rate; gaps of discontinuous files are missing samples. Annotations
        of EDF+ that are single symbols of beats count as beats, all others as notes.

    Raises
    ------
    DamagedFileError
        If the header makes no sense or promises more than the file holds.
    RecordingError
        If no signal is an ECG, or the file contradicts `fs`.
    """
    header, data = _open(path)
    rates, notes = _rates(header, path)
    kinds = [kind_of(s, rate) for s, rate in zip(header.signals, rates, strict=True)]
    texts = read_texts(header, data.count, data.pieces)
    begins, gapped = _begins(header, texts, data.count, path)
    channels = {
        i: _channel(signal, rates[i], header, data, begins)
        for i, signal in enumerate(header.signals)
        if kinds[i] in (ECG, UNKNOWN) and signal.samples
    }
    taken = [i for i in channels if kinds[i] == ECG]
    if not taken and EEG not in kinds:
        taken = [i for i in channels if _looks_like_ecg(channels[i])]
        if taken:
            names = ", ".join(header.signals[i].label or "unnamed" for i in taken)
            why = "their names do not tell, but their waves are steep and high as those of an ECG"
            notes.append(Inference("signals taken as ECG", names, why))
    if not taken:
        labels = ", ".join(s.label or "unnamed" for s in header.signals if not s.is_annotations)
        raise RecordingError(
            f"{path.name} holds no signal that is an ECG ({labels[:300]}); if one of them is, put "
            "ECG into its label, or export it as CSV"
        )
    left_out = [
        s.label or "unnamed"
        for i, s in enumerate(header.signals)
        if i not in taken and not s.is_annotations
    ]
    if left_out:
        why = "by label, transducer, unit and rate they are no ECG"
        notes.append(Inference("signals left out", ", ".join(left_out), why))
    if gapped:
        why = "the file says that it is interrupted; what lies between its parts is missing"
        notes.append(Inference("gaps", str(gapped), why))
    kind = "BDF" if header.is_bdf else "EDF"
    chosen = [channels[i] for i in taken]
    if _is_contec(chosen):
        chosen = [replace(one, scale=MV_PER_STEP, offset=0.0) for one in chosen]
        why = (
            "the full scale in the header is a mere ±1000 mV, and the leads are computed as for "
            "the Contec ECG90A, which has such steps"
        )
        notes.append(Inference("units", "5 µV steps", why, "--units"))
    recording = make_recording(
        chosen,
        path=path,
        form=f"{kind}+" if header.is_plus else kind,
        fs=fs,
        units=units,
        start=_start(header, texts),
        inferred=notes,
        identity=_identity(header),
    )
    marks = annotations_of(texts, recording.fs, recording.n_samples, float(begins[0]))
    if marks is None:
        return recording
    return replace(recording, annotations=marks)


@dataclass(frozen=True, slots=True)
class _Records:
    """The data records of a file, read as they are asked for."""

    path: Path
    begin: int
    width: int
    count: int

    def rows(self, first: int, last: int) -> NDArray[np.uint8]:
        """Give some records, one row each."""
        at, size = self.begin + first * self.width, (last - first) * self.width
        return np.fromfile(self.path, np.uint8, size, offset=at).reshape(-1, self.width)

    def pieces(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Give all records, a few at a time, each with the number of the first."""
        edges = [*range(0, self.count, self.at_once), self.count]
        for first, last in pairwise(edges):
            yield first, self.rows(first, last)

    @property
    def at_once(self) -> int:
        """How many records are read at once."""
        return max(1, _BYTES_AT_ONCE // self.width)


def _open(path: Path) -> tuple[EdfHeader, _Records]:
    """Give the header and the data records."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(MAIN)
        signals = head[252:256].strip()
        wanted = PER_SIGNAL * int(signals) if signals.isdigit() else 0
        header = parse_header(head + stream.read(wanted), path.name)
    if not header.record_bytes:
        raise DamagedFileError(f"the header of {path.name} gives no signal any samples")
    held = (size - header.size) // header.record_bytes
    records = held if header.records < 0 else header.records
    if records > held:
        raise DamagedFileError(
            f"{path.name} holds {held} of the {records} records that its header promises; it is "
            "cut short, copy it again"
        )
    if not records:
        raise DamagedFileError(f"{path.name} holds a header and no records; copy the file again")
    return header, _Records(path, header.size, header.record_bytes, records)


def _rates(header: EdfHeader, path: Path) -> tuple[list[float], list[Inference]]:
    """Give the rate of each signal, whole where the field was too narrow to say so."""
    duration = number(header.duration)
    if duration is None or duration <= 0:
        if any(not s.is_annotations for s in header.signals):
            raise DamagedFileError(
                f"the header of {path.name} gives {header.duration!r} as the length of a record; "
                "copy the file again"
            )
        return [0.0] * len(header.signals), []
    step = 0.0
    if len(header.duration) >= _DIGITS and "." in header.duration:
        step = 10.0 ** -len(header.duration.partition(".")[2])
    rates, notes = [], []
    for signal in header.signals:
        rate = signal.samples / duration
        near = round(rate)
        if rate != near and abs(signal.samples / near - duration) < step if near else False:
            why = f"records of {header.duration} s are given with as many digits as there is room"
            note = Inference("sampling rate", f"{near} Hz", why, "")
            notes += [] if note in notes else [note]
            rate = float(near)
        rates.append(rate)
    return rates, notes


def _begins(
    header: EdfHeader, texts: Texts, records: int, path: Path
) -> tuple[NDArray[np.float64], int]:
    """Give when each record begins, in seconds, and how many gaps there are."""
    duration = number(header.duration) or 0.0
    even = np.arange(records, dtype=np.float64) * duration
    if not header.is_discontinuous or texts.begins is None:
        return even, 0
    steps = np.diff(texts.begins)
    if not np.isfinite(texts.begins).all() or (steps < 0.5 * duration).any():
        raise DamagedFileError(
            f"the times of the records of {path.name} are missing or go back; copy the file again"
        )
    begins = texts.begins - texts.begins[0]
    if begins[-1] > _MAX_GAP * records * duration + 86400:
        raise DamagedFileError(
            f"{path.name} holds {records * duration:.4g} s of signal spread over "
            f"{begins[-1]:.4g} s; split it at its gaps"
        )
    return begins, int((steps > 1.5 * duration).sum())


def _channel(
    signal: EdfSignal,
    fs: float,
    header: EdfHeader,
    data: _Records,
    begins: NDArray[np.float64],
) -> Channel:
    at = np.rint(begins * fs).astype(np.int64)
    breaks = np.flatnonzero(np.diff(at) != signal.samples) + 1
    edges = sorted({0, *breaks.tolist(), *range(0, data.count, data.at_once), data.count})

    def blocks() -> Blocks:
        for begin, end in pairwise(edges):
            rows = data.rows(begin, end)[:, signal.first : signal.first + signal.width]
            yield int(at[begin]), _integers(np.ascontiguousarray(rows), header.is_bdf)

    scale, offset, is_known = _scale(signal)
    return Channel(
        signal.label or "ECG",
        fs,
        int(at[-1]) + signal.samples,
        blocks,
        scale=scale,
        offset=offset,
        unit=parse_unit(signal.unit) if signal.unit and is_known else None,
    )


def _is_contec(channels: list[Channel]) -> bool:
    """Whether the exporter of the Contec ECG90A wrote this, whose full scale means nothing."""
    if tuple(one.name for one in channels) != STANDARD_LEADS:
        return False
    if any(one.unit != "mV" or not np.isclose(one.scale, _NOMINAL) for one in channels):
        return False
    first = [next(iter(one.blocks()))[1].astype(np.float64) for one in channels[:6]]
    return obeys_exporter(np.stack(first, axis=1))


def _integers(rows: NDArray[np.uint8], is_bdf: bool) -> NDArray[Any]:
    if not is_bdf:
        return rows.view("<i2").ravel()
    three = rows.reshape(-1, 3)
    wide = np.zeros((len(three), 4), np.uint8)
    wide[:, 1:] = three
    return wide.view("<i4").ravel() >> 8


def _scale(signal: EdfSignal) -> tuple[float, float, bool]:
    """Give gain and offset, and whether the ranges of the header make sense."""
    low, high = signal.physical
    first, last = signal.digital
    if low is None or high is None or first is None or last is None:
        return 1.0, 0.0, False
    if low == high or first == last:
        return 1.0, 0.0, False
    gain = (high - low) / (last - first)
    return gain, low - gain * first, True


def _looks_like_ecg(channel: Channel) -> bool:
    """Whether the steepest slopes outdo the usual ones, at a height that beats have."""
    begun = takewhile(lambda block: block[0] < _LOOK_S * channel.fs, channel.blocks())
    mv = np.concatenate([numbers for _, numbers in begun]) * abs(channel.scale)
    unit = MV_PER.get(channel.unit or "", 1.0)
    if len(mv) < 2 * channel.fs:
        return False
    slopes = np.abs(mv[2:] - mv[:-2])
    usual = float(np.median(slopes[slopes > 0])) if (slopes > 0).any() else 0.0
    steep = float(np.percentile(slopes, 99))
    height = float(np.percentile(mv, 99.8) - np.percentile(mv, 0.2)) * unit
    fits = channel.unit is None or _LOW_MV <= height <= _HIGH_MV
    return bool(usual > 0 and steep >= _STEEP * usual and fits)


def _start(header: EdfHeader, texts: Texts) -> datetime | None:
    """Give the start with its fraction of a second, which EDF+ keeps in its first text."""
    first = 0.0 if texts.begins is None else float(texts.begins[0])
    inside = header.start is not None and 0 < first < 1
    return header.start + timedelta(seconds=first) if header.start and inside else header.start


def _identity(header: EdfHeader) -> tuple[tuple[str, str], ...]:
    """Give whom the file is about, by the subfields of EDF+ where it has them."""
    facts: list[tuple[str, str]] = []
    fields = header.patient.split()
    if header.is_plus and len(fields) >= 4:
        facts = [("patient_id", fields[0]), ("birth_date", fields[2]), ("name", fields[3])]
    elif header.patient:
        facts = [("name", header.patient)]
    if re.sub(r"Startdate|X|\d{1,2}-[A-Za-z]{3}-\d{4}|\s", "", header.recording):
        facts.append(("comment", header.recording))
    return tuple((fact, text.replace("_", " ")) for fact, text in facts if text not in ("X", ""))
