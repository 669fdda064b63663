"""ECGs in HL7 FHIR: an Observation with SampledData, of its own or in a Bundle.

A sample is ``origin + factor · data``, in the unit of the origin; ``period`` (R4, milliseconds) or
``interval`` with ``intervalUnit`` (R5) gives the rate; ``E``, ``U`` and ``L`` stand for an error
and for values beyond the limits of detection. Each component is a lead; components of one lead
follow each other in time, as apps write it that cut a recording into pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._facts import settle_rate
from ectopy.recording._json import as_number, as_text, load_json, looks_like_json, walk
from ectopy.recording._leads import is_ecg_name, is_other_name, unique_names
from ectopy.recording._units import finite_float32, parse_unit, scale_to_mv
from ectopy.recording.value import MAX_FS, MIN_FS, Inference, Recording, Source

FORMAT: Final = "FHIR Observation"
_MAX_DIMENSIONS: Final = 64
_MAX_PIECES: Final = 5000
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_MDC_ECG: Final = 131328
_MDC_LEADS: Final = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6",
    61: "III", 62: "aVR", 63: "aVL", 64: "aVF",
}  # fmt: skip
"""Leads by their distance from the code of the electrocardiogram itself (ISO/IEEE 11073-10101)."""
_LEAD: Final = re.compile(r"(?:^|[\s_.-])(I{1,3}|aV[RLF]|V[1-9])(?:$|[\s_.,-])", re.IGNORECASE)
_MIXED: Final = {"AVR": "aVR", "AVL": "aVL", "AVF": "aVF"}


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
    """Samples of one lead, in the unit of the file, with what the file says of them."""

    name: str
    values: NDArray[np.float64]
    fs: float
    unit: str
    step: float
    errors: int
    beyond: int


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of a FHIR resource in JSON."""
    return looks_like_json(head) and b'"resourceType"' in head.replace(b"\0", b"")


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the one ECG of a FHIR resource.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where the file does not state it.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If it is no JSON, or its samples are no numbers.
    RecordingError
        If it holds no ECG or several, or its leads differ in rate.
    """
    observation = _ecg_observation(load_json(path), path.name)
    pieces = [
        piece
        for part in (observation, *_objects(observation.get("component")))
        if isinstance(part.get("valueSampledData"), dict)
        for piece in _pieces(part, observation, fs, path.name)
    ]
    if len(pieces) > _MAX_PIECES:
        raise RecordingError(f"{path.name} cuts its ECG into {len(pieces):,} pieces; join them")
    pieces, left_out = _ecg_only(pieces, path.name)
    rates = sorted({round(piece.fs, 3) for piece in pieces})
    if rates[-1] - rates[0] > 0.001 * rates[-1]:
        listed = ", ".join(f"{rate:g} Hz" for rate in rates)
        raise RecordingError(
            f"the leads of {path.name} have the rates {listed}; save each by itself"
        )
    rate, inferred = settle_rate(fs, pieces[0].fs, None, "")
    leads, joined = _joined(pieces)
    names = list(leads)
    length = max(len(values) for values in leads.values())
    signal = np.full((length, len(leads)), np.nan, np.float32)
    for i, values in enumerate(leads.values()):
        signal[: len(values), i] = finite_float32(values)
    stated = [next(parse_unit(p.unit) for p in pieces if p.name == name) for name in names]
    steps = [next(p.step for p in pieces if p.name == name) for name in names]
    factors, about_units = scale_to_mv(signal, rate, stated, units, [True] * len(names))
    inferred += [*joined, *left_out, *_marks(pieces), *about_units]
    return Recording(
        signal,
        rate,
        unique_names(names),
        start=_start(observation),
        source=Source(str(path), FORMAT, tuple(inferred), _identity(observation)),
        resolution=tuple(abs((f or 1.0) * s) for f, s in zip(factors, steps, strict=True)),
    )


def _ecg_observation(root: Any, name: str) -> dict[str, Any]:
    """Give the one Observation that holds an ECG."""
    sampled = [
        value
        for _, value in walk(root)
        if value.get("resourceType") == "Observation" and _has_samples(value)
    ]
    if not sampled:
        kind = as_text(root.get("resourceType")) if isinstance(root, dict) else ""
        raise RecordingError(
            f"{name} holds the FHIR resource {kind[:40] or 'list'!r} and no Observation with "
            "SampledData; export the ECG with its waveform"
        )
    ecg: list[dict[str, Any]] = [
        value for value in sampled if _is_ecg_code(value.get("code"))
    ] or sampled
    if len(ecg) > 1:
        raise RecordingError(
            f"{name} holds {len(ecg)} observations with samples; save the one to read as a file "
            "of its own"
        )
    return ecg[0]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _has_samples(observation: dict[str, Any]) -> bool:
    parts = (observation, *_objects(observation.get("component")))
    return any(isinstance(part.get("valueSampledData"), dict) for part in parts)


def _texts(code: Any) -> list[str]:
    """Give what a CodeableConcept says: its codes, their displays, its text."""
    if not isinstance(code, dict):
        return []
    codings = _objects(code.get("coding"))
    said = [as_text(coding.get(key)) for coding in codings for key in ("code", "display")]
    return [text for text in (*said, as_text(code.get("text"))) if text]


def _is_ecg_code(code: Any) -> bool:
    texts = _texts(code)
    return any(
        re.search(r"ecg|ekg|electrocardiogra|11524-6|34534-8", text, re.I) for text in texts
    ) or any(_mdc_lead(text) is not None for text in texts)


def _mdc_lead(text: str) -> str | None:
    """Give the lead of an MDC code as a number, such as III for 131389; ECG for any lead."""
    if not re.fullmatch(r"\d{6}", text):
        return None
    distance = int(text) - _MDC_ECG
    return "ECG" if distance == 0 else _MDC_LEADS.get(distance)


def _name(part: dict[str, Any], observation: dict[str, Any]) -> str:
    """Name a lead by its code, as a lead where it is one, else in the words of the file."""
    texts = _texts(part.get("code"))
    for text in texts:
        lead = _mdc_lead(text)
        match = _LEAD.search(text)
        if lead and lead != "ECG":
            return lead
        if match:
            return _MIXED.get(match[1].upper(), match[1].upper())
    said = next((text for text in reversed(texts) if not re.fullmatch(r"[\d-]+", text)), "")
    return said if part is not observation and not _is_ecg_code(part.get("code")) else "ECG"


def _pieces(
    part: dict[str, Any], observation: dict[str, Any], fs: float | None, name: str
) -> list[_Piece]:
    """Read the SampledData of one component: one lead, or as many as it has dimensions."""
    data = part["valueSampledData"]
    lead = _name(part, observation)
    text = as_text(data.get("data"))
    if not text:
        raise DamagedFileError(f"{name} has no samples in {lead[:40]!r}; export it again")
    origin = data.get("origin") if isinstance(data.get("origin"), dict) else {}
    factor = as_number(data.get("factor", 1))
    zero = as_number(origin.get("value", 0))
    width = as_number(data.get("dimensions", 1))
    if not factor or zero is None or width is None or width not in range(1, _MAX_DIMENSIONS + 1):
        raise DamagedFileError(
            f"{name} has a factor, an origin or dimensions in {lead[:40]!r} that are no numbers"
        )
    values, errors, beyond = _samples(text, data, zero, factor, name)
    wide = int(width)
    table = values[: len(values) // wide * wide].reshape(-1, wide)
    unit = as_text(origin.get("unit")) or as_text(origin.get("code"))
    rate = _rate(data, name) or fs
    if rate is None:
        raise MissingFactError(
            f"{name} states no period between samples; give the rate in Hz, such as --fs 250"
        )
    return [
        _Piece(
            lead if wide == 1 else f"{lead} {i + 1}",
            table[:, i],
            rate,
            unit,
            abs(factor),
            errors,
            beyond,
        )
        for i in range(wide)
    ]


def _samples(
    text: str, data: dict[str, Any], zero: float, factor: float, name: str
) -> tuple[NDArray[np.float64], int, int]:
    """Give the samples in the unit of the origin, how many are errors, how many beyond limits."""
    tokens = text.split()
    special = {"E": np.nan}
    for letter, key in (("L", "lowerLimit"), ("U", "upperLimit")):
        limit = as_number(data.get(key))
        # With an origin, files disagree on whether it counts in the limits.
        special[letter] = np.nan if limit is None or zero else limit / factor
    try:
        raw = np.array(
            [special[token] if token in special else float(token) for token in tokens], np.float64
        )
    except ValueError as error:
        raise DamagedFileError(
            f"{name} has samples that are neither numbers nor E, U or L; export it again"
        ) from error
    beyond = sum(token in "LU" for token in tokens)
    return zero + factor * raw, tokens.count("E"), beyond


def _rate(data: dict[str, Any], name: str) -> float | None:
    """Give the sampling rate in Hz by the period (ms) or the interval and its unit."""
    period, interval = as_number(data.get("period")), as_number(data.get("interval"))
    unit = as_text(data.get("intervalUnit")).casefold() or "ms"
    if interval and unit in ("hz", "/s", "s-1"):
        return _possible(interval, name)
    if interval and unit not in _SECONDS:
        raise RecordingError(
            f"{name} gives its interval in {unit[:20]!r}; an ECG has one of "
            f"{', '.join(_SECONDS)} or Hz"
        )
    if interval:
        return _possible(1 / (interval * _SECONDS[unit]), name)
    if data.get("offsets") is not None:
        raise RecordingError(
            f"{name} gives each sample a time of its own (offsets); only even periods can be read"
        )
    return _possible(1e3 / period, name) if period else None


def _possible(fs: float, name: str) -> float:
    if MIN_FS <= fs <= MAX_FS:
        return round(fs, 6)
    raise RecordingError(
        f"{name} states a period that makes {fs:.6g} Hz; "
        f"an ECG has from {MIN_FS:g} to {MAX_FS:g} Hz"
    )


def _ecg_only(pieces: list[_Piece], name: str) -> tuple[list[_Piece], list[Inference]]:
    """Keep the leads, by their unit and name."""
    ecg: list[_Piece] = []
    other: list[_Piece] = []
    for piece in pieces:
        voltage = not piece.unit or parse_unit(piece.unit) is not None
        is_lead = voltage and (is_ecg_name(piece.name) or not is_other_name(piece.name))
        (ecg if is_lead else other).append(piece)
    if not ecg:
        names = ", ".join(dict.fromkeys(f"{p.name[:40]} in {p.unit[:20]}" for p in other))
        raise RecordingError(f"none of the signals of {name} ({names}) is an ECG")
    names = ", ".join(dict.fromkeys(p.name for p in other))
    why = "their names or units are not those of an ECG"
    return ecg, [Inference("signals left out", names, why)] if other else []


def _joined(pieces: list[_Piece]) -> tuple[dict[str, NDArray[np.float64]], list[Inference]]:
    """Put the pieces of each lead one after the other."""
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for piece in pieces:
        parts.setdefault(piece.name, []).append(piece.values)
    most = max(len(part) for part in parts.values())
    inferred = []
    if most > 1:
        why = "components of one lead follow each other without a gap"
        inferred.append(Inference("order of the pieces", f"{most} for each lead", why))
    return {name: np.concatenate(part) for name, part in parts.items()}, inferred


def _marks(pieces: list[_Piece]) -> list[Inference]:
    """State samples that are errors, and those beyond the limits of detection."""
    marks = []
    errors, beyond = sum(p.errors for p in pieces), sum(p.beyond for p in pieces)
    if errors:
        marks.append(Inference("missing samples", f"{errors} values", "the file marks them E"))
    if beyond:
        why = "the file marks them U or L; they are at the limit, or missing if it states none"
        marks.append(Inference("saturation", f"{beyond} values", why))
    return marks


def _start(observation: dict[str, Any]) -> datetime | None:
    period = observation.get("effectivePeriod")
    said = (
        observation.get("effectiveDateTime"),
        observation.get("effectiveInstant"),
        period.get("start") if isinstance(period, dict) else None,
    )
    for text in filter(None, map(as_text, said)):
        if "T" in text:
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                continue
    return None


def _identity(observation: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    subject = observation.get("subject")
    if not isinstance(subject, dict):
        return ()
    said = (
        ("name", as_text(subject.get("display"))),
        ("patient_id", as_text(subject.get("reference"))),
    )
    return tuple(pair for pair in said if pair[1])
