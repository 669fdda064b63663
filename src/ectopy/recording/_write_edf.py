"""Recording → EDF+ (Kemp & Olivan 2003, doi:10.1016/S1388-2457(03)00123-8), through `edfio`.

EDF has integers of 16 bits, a header whose numbers have eight characters, data records that are
all of one length, and no missing samples. So values are quantised by the very numbers that stand in
the header, the length of a data record is chosen such that the rate is exact and as little as
possible is left to fill at the end, and missing samples are written as the lowest integer, which
nothing else is written as, with an annotation where they begin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ectopy._files import replacing
from ectopy.recording._quantise import HIGHEST_16, Extent, extents, integers, missing_runs, pieces
from ectopy.recording.value import Annotations, Recording

if TYPE_CHECKING:
    from edfio import EdfAnnotation, Patient

MOST_BYTES: Final = 60_000
"""Bytes of all leads in a data record; it may have 61,440 with its annotations."""
FIELD: Final = 8
"""Characters of a number in the header."""
MISSING: Final = -HIGHEST_16 - 1
MISSING_TEXT: Final = "Signal missing"
YEARS: Final = (1985, 2084)
"""Years that the date in a header can say."""
_UV: Final = 1000.0
_NO_BEATS: Final = frozenset('+~|"=[]!sT*Dp^t?u()')
"""Symbols that say nothing where their text says it all."""


def write(recording: Recording, targets: tuple[Path, ...]) -> list[str]:
    """Write one file with all leads and annotations; give what it could not hold."""
    from edfio import Edf, EdfSignal
    from edfio import Recording as EdfRecording

    notes: list[str] = []
    most = MOST_BYTES // (2 * len(recording.leads))
    per_record, seconds = _record_length(recording.fs, recording.n_samples, most)
    records = -(-recording.n_samples // per_record)
    wanted = [_physical_range(lead) for lead in extents(recording)]

    def signal(i: int, digital: NDArray[np.int16]) -> EdfSignal:
        return EdfSignal.from_digital(
            digital,
            per_record / seconds,
            label=_label(recording.leads[i]),
            physical_dimension="uV",
            physical_range=wanted[i],
        )

    # The library rounds the range once more, so what counts is what it makes of it.
    probes = [signal(i, np.zeros(1, np.int16)) for i in range(len(wanted))]
    ranges = [(probe.physical_min, probe.physical_max) for probe in probes]
    digital = _digital(recording, ranges, records * per_record)
    _note_coarse(recording, ranges, notes)
    signals = [signal(i, digital[i]) for i in range(len(wanted))]
    if abs(per_record / seconds - recording.fs) > 1e-9 * recording.fs:
        notes.append(f"the rate is {per_record / seconds:.9g} Hz, the nearest that EDF can say")
    extra = records * per_record - recording.n_samples
    if extra:
        notes.append(f"{extra} missing samples at the end fill the last data record")
    start = recording.start
    if start is not None and not YEARS[0] <= start.year <= YEARS[1]:
        notes.append(f"the start, {start.isoformat()}, is left out: EDF has the years 1985 to 2084")
        start = None
    file = Edf(
        signals,
        patient=_patient(recording),
        recording=EdfRecording(startdate=start.date() if start else None),
        starttime=start.time().replace(tzinfo=None) if start else None,
        data_record_duration=seconds,
        annotations=[*_annotations(recording.annotations, recording.fs), *_gaps(recording, notes)],
    )
    with replacing(targets[0]) as part:
        file.write(part)
    return notes


def _record_length(fs: float, n_samples: int, most: int) -> tuple[int, float]:
    """Choose the samples in a data record, and its seconds as the header says them.

    Among lengths of half a second to ten seconds, `most` samples at the most, that give the very
    rate, the one that leaves least to fill at the end of the recording; of several, that nearest
    to a second.
    """
    best: tuple[int, float] = (0, 0.0)
    least = (math.inf, math.inf)
    for count in range(math.ceil(min(fs, most) / 2), min(math.ceil(10 * fs), most) + 1):
        seconds = float(_field(count / fs))
        if count > n_samples or abs(count / seconds - fs) > 1e-12 * fs:
            continue
        cost = (-n_samples % count, abs(seconds - 1))
        if cost < least:
            best, least = (count, seconds), cost
    usual = min(round(fs), most)
    return best if best[0] else (usual, float(_field(usual / fs)))


def _field(value: float, turn: Callable[[float], float] = round) -> str:
    """Write a number in the eight characters of a header, turned to the last digit they have."""
    for digits in range(FIELD, 0, -1):
        text = f"{turn(value * 10**digits) / 10**digits:.{digits}f}".rstrip("0").rstrip(".")
        if len(text) <= FIELD:
            return text
    return f"{turn(value):.0f}"


def _physical_range(lead: Extent) -> tuple[float, float]:
    """Give the µV that the lowest and highest integer stand for, as the header says them.

    The lead's own steps if it fits into 16 bits of them, around 0 if that does, too; else the
    range of the lead and a little more.
    """
    low, high = lead.low * _UV, lead.high * _UV
    if lead.step and lead.steps <= 2 * HIGHEST_16 - 4:
        step = lead.step * _UV
        near = max(abs(low), abs(high)) <= step * (HIGHEST_16 - 2)
        middle = 0.0 if near else float(np.rint((low + high) / 2 / step)) * step
        bottom = float(_field(middle + MISSING * step))
        top = float(_field(middle + HIGHEST_16 * step))
        if bottom + 2 * step <= low and high <= top - step:
            return bottom, top
    margin = max((high - low) / HIGHEST_16, 1e-3)
    return float(_field(low - 2 * margin, math.floor)), float(_field(high + margin, math.ceil))


def _digital(
    recording: Recording, ranges: list[tuple[float, float]], length: int
) -> NDArray[np.int16]:
    """Quantise: int16, shape ``(n_leads, length)``, missing after the end of the recording."""
    bounds = np.array(ranges) / _UV
    step = (bounds[:, 1] - bounds[:, 0]) / (HIGHEST_16 - MISSING)
    zero = HIGHEST_16 - bounds[:, 1] / step
    digital = np.full((len(ranges), length), MISSING, np.int16)
    at = 0
    for piece in pieces(recording):
        gone = np.isnan(piece)
        whole = integers(piece, step, zero, MISSING)
        whole[~gone] = np.clip(whole[~gone], MISSING + 1, HIGHEST_16)
        digital[:, at : at + len(piece)] = whole.T
        at += len(piece)
    return digital


def _note_coarse(recording: Recording, ranges: list[tuple[float, float]], notes: list[str]) -> None:
    steps = recording.resolution or (None,) * len(recording.leads)
    for lead, own, (low, high) in zip(recording.leads, steps, ranges, strict=True):
        step = (high - low) / (HIGHEST_16 - MISSING)
        if own is not None and step > 1.001 * own * _UV:
            notes.append(
                f"{lead} is rounded to {step:.3g} µV: EDF has no finer steps so wide apart"
            )


def _label(lead: str) -> str:
    """Name a lead as EDF+ does, ``ECG V1``, in the 16 characters there are."""
    plain = lead.encode("ascii", "replace").decode()
    plain = "".join(c if c.isprintable() else "?" for c in plain)
    return (plain if plain[:3].upper() in ("ECG", "EKG") else f"ECG {plain}")[:16].strip()


def _annotations(annotations: Annotations | None, fs: float) -> list[EdfAnnotation]:
    """Give each annotation as its symbol, its text, or both."""
    from edfio import EdfAnnotation

    if annotations is None:
        return []
    found = []
    for sample, symbol, text in zip(
        annotations.sample.tolist(), annotations.symbol, annotations.aux, strict=True
    ):
        plain = "".join(c for c in str(text) if c.isprintable())
        shown = plain if plain and symbol in _NO_BEATS else f"{symbol} {plain}".strip()
        found.append(EdfAnnotation(round(sample / fs, 6), None, shown))
    return found


def _gaps(recording: Recording, notes: list[str]) -> list[EdfAnnotation]:
    """Annotate every stretch that is missing, and state that there are some."""
    from edfio import EdfAnnotation

    runs = [run for run in missing_runs(recording) if run[2] - run[1] > 1]
    gone = sum(int(np.isnan(piece).sum()) for piece in pieces(recording))
    if gone:
        notes.append(
            f"{gone} missing samples are written as the lowest integer, {MISSING}, each stretch "
            f"with the annotation {MISSING_TEXT!r}: EDF has no missing samples"
        )
    return [
        EdfAnnotation(
            round(start / recording.fs, 6),
            round((stop - start) / recording.fs, 6),
            f"{MISSING_TEXT}@@{_label(recording.leads[lead])}",
        )
        for lead, start, stop in runs
    ]


def _patient(recording: Recording) -> Patient:
    """Give whom the recording is about, as far as its 80 characters allow and if that was kept."""
    from edfio import Patient

    held = {what: _word(text) for what, text in reversed(recording.source.identity)}
    birth = None
    with suppress(ValueError):
        birth = date.fromisoformat(dict(recording.source.identity).get("birth_date", ""))
    code, name = held.get("patient_id", "X")[:20], held.get("name", "X")[:40]
    return Patient(code=code, birthdate=birth, name=name)


def _word(text: str) -> str:
    plain = text.encode("ascii", "replace").decode()
    return "_".join("".join(c if c.isprintable() else " " for c in plain).split()) or "X"
