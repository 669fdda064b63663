"""Recordings of Movesense sensors: JSON of the logbook or the apps, and CSV.

Samples come in packets of 16 whose stamp, in milliseconds, is that of the packet; the CSV counts
it up by one from sample to sample. ``MeasECGmV`` holds millivolts, cut off at ±32.767 by the
sensor, ``MeasECG`` steps of its converter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import MissingFactError, RecordingError
from ectopy.recording import delimited
from ectopy.recording._calibration import mark_lead_off, steps_to_mv
from ectopy.recording._facts import settle_rate
from ectopy.recording._json import (
    as_number,
    as_text,
    is_number_list,
    load_json,
    looks_like_json,
    numbers,
    walk,
)
from ectopy.recording._sniff import HEAD_BYTES, Layout, sniff_head
from ectopy.recording._timeline import insert_missing, measure
from ectopy.recording._units import finite_float32
from ectopy.recording.value import Inference, Recording, Source

FORMAT: Final = "Movesense (JSON)"
CSV_FORMAT: Final = "Movesense (CSV)"
_CLIPPED_MV: Final = (-32.767, 32.767)
_MV_PER_STEP: Final = 1000 / (20 * (1 << 17))
"""Of the MAX30003 in the sensor: 1000 mV of reference, gain 20, 17 bits and a sign."""
_STEP_WHY: Final = "MeasECG holds steps of the sensor's converter, 1 V / (20 · 2^17) each"
_JSON_HEAD: Final = re.compile(rb'"[^"]{0,60}ecg[^"]{0,30}"', re.IGNORECASE)
_STAMP: Final = re.compile(rb'"timestamp"', re.IGNORECASE)
_SAMPLES: Final = re.compile(rb'"samples"', re.IGNORECASE)
_RATES_HZ: Final = (100.0, 600.0)
"""The sensor records at 125 to 512 Hz."""
_CSV_NAMES: Final = re.compile(
    r"(timestamp|time)( \(?ms\)?)?,(value|sample|samples|ecg|mv|ecg ?mv)"
)


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of a Movesense log, in JSON or CSV."""
    if looks_like_json(head):
        text = head.replace(b"\0", b"")
        return all(pattern.search(text) for pattern in (_JSON_HEAD, _STAMP, _SAMPLES))
    layout = sniff_head(head)
    return layout is not None and _is_csv(layout)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECG of a log; other streams in it are left out.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the stamps of the packets give it.
    units
        Unit to take instead of the one that the stream has.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If it is no JSON or table, or its time goes back.
    RecordingError
        If it holds no ECG, or its stamps contradict `fs`.
    MissingFactError
        If there are too few packets to give a rate, and `fs` is not given.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return _read_json(path, fs, units) if looks_like_json(head) else _read_csv(path, fs, units)


def _read_csv(path: Path, fs: float | None, units: str | None) -> Recording:
    recording = delimited.read(path, fs, units or "mV")
    signal = recording.signal
    inferred = [fact for fact in recording.source.inferred if fact.what != "units" or units]
    if units is None:
        why = "values of MeasECGmV, which has steps of 1 µV"
        inferred.append(Inference("units", "mV", why, "--units"))
        inferred += mark_lead_off(signal, _CLIPPED_MV)
    source = replace(recording.source, format=CSV_FORMAT, inferred=tuple(inferred))
    return replace(recording, signal=signal, leads=("ECG",), source=source)


def _is_csv(layout: Layout) -> bool:
    """Two columns of the right names, whose stamps go up by one in packets and then jump."""
    header = ",".join(" ".join(name.casefold().split()) for name in layout.names)
    if layout.kinds != ("number", "number") or not _CSV_NAMES.fullmatch(header):
        return False
    rows = np.array(
        [[layout.style.number(c) for c in row] for row in layout.sample if len(row) == 2]
    )
    if not (np.abs(rows[np.isfinite(rows[:, 1]), 1]) <= _CLIPPED_MV[1]).all():
        return False
    steps = np.diff(rows[:, 0])
    return len(steps) > 32 and float(np.mean(steps == 1)) > 0.8 and bool((steps > 1).any())


def _read_json(path: Path, fs: float | None, units: str | None) -> Recording:
    root = load_json(path)
    name, packets = _stream(root, path.name)
    counts = np.array([len(values) for _, values in packets], np.int64)
    signal = finite_float32(np.concatenate([numbers(v, path.name) for _, v in packets]))[:, None]
    stamps = np.array([np.nan if stamp is None else stamp for stamp, _ in packets])
    missing = None
    rate, inferred = settle_rate(fs, None, None, "") if fs else (0.0, [])
    if len(packets) > 3 and np.isfinite(stamps).all():
        where = "the stamps of the packets"
        step = float(np.median(np.diff(stamps) / counts[:-1]))
        seconds = next((s for s in (1e-3, 1e-6, 1e-9, 1.0) if _plausible(step * s)), 1e-3)
        timeline = measure(np.repeat(stamps * seconds, counts), seconds, where)
        rate, inferred = settle_rate(fs, None, timeline.fs, where)
        missing = timeline.missing if rate == timeline.fs else None
    if not rate:
        raise MissingFactError(
            f"{path.name} holds too few packets with a stamp to tell the rate; give it in Hz, "
            "such as --fs 200"
        )
    resolution, about_units = _to_mv(signal, rate, name, units)
    if missing is not None and missing.any():
        length = float(missing.sum()) / rate
        why = "jumps of the stamps; the samples in them are missing"
        found = f"{np.count_nonzero(missing)}, {length:.3g} s in all"
        inferred.append(Inference("gaps", found, why))
        signal = insert_missing(signal, missing)
    source = Source(str(path), FORMAT, (*inferred, *about_units), _identity(root))
    return Recording(signal, rate, ("ECG",), _start(root), source, resolution=resolution)


def _plausible(step_s: float) -> bool:
    return step_s > 0 and _RATES_HZ[0] <= 1 / step_s <= _RATES_HZ[1]


def _to_mv(
    signal: NDArray[np.float32], rate: float, name: str, units: str | None
) -> tuple[tuple[float | None, ...], list[Inference]]:
    """Bring the values of a stream to mV, in place, by its name."""
    if units is not None:
        return steps_to_mv(signal, rate, [1.0], units)
    if re.search(r"mv", name, re.IGNORECASE) or (signal != np.rint(signal)).any():
        return (1e-3,), mark_lead_off(signal, _CLIPPED_MV)
    signal *= np.float32(_MV_PER_STEP)
    value = f"{1e3 * _MV_PER_STEP:.4g} µV steps"
    return (_MV_PER_STEP,), [Inference("units", value, _STEP_WHY, "--units")]


def _stream(root: Any, name: str) -> tuple[str, list[tuple[float | None, list[Any]]]]:
    """Give the name and the packets, stamp and values, of the one stream that is an ECG."""
    streams: dict[str, list[tuple[float | None, list[Any]]]] = {}
    for keys, packet in walk(root):
        values = _get(packet, "samples")
        if not is_number_list(values):
            continue
        uri = " ".join(as_text(_get(packet, key)) for key in ("uri", "path"))
        stream = next((k for k in reversed(keys) if re.search("ecg", k, re.I)), "")
        stream = stream or (uri if re.search("ecg", uri, re.I) else "")
        if stream:
            streams.setdefault(stream, []).append((as_number(_get(packet, "timestamp")), values))
    for keys, packet in walk(root):  # {"Uri": ".../Meas/ECG/128", "Body": {"Samples": …}}
        body, uri = _get(packet, "body"), as_text(_get(packet, "uri"))
        if isinstance(body, dict) and re.search("ecg", uri, re.I):
            values = _get(body, "samples")
            if is_number_list(values) and not any(re.search("ecg", k, re.I) for k in keys):
                streams.setdefault(uri, []).append((as_number(_get(body, "timestamp")), values))
    if not streams:
        raise RecordingError(f"{name} holds no packets of ECG samples; export the ECG of the log")
    best = sorted(streams, key=lambda stream: (not re.search("mv", stream, re.I), stream))
    if len(streams) > 1 and not re.search("mv", best[0], re.I):
        listed = ", ".join(stream[:40] for stream in best)
        raise RecordingError(f"{name} holds several streams of ECG ({listed}); export one of them")
    return best[0], streams[best[0]]


def _get(packet: dict[str, Any], key: str) -> Any:
    return next((value for name, value in packet.items() if name.casefold() == key), None)


def _times(root: Any) -> Iterator[float]:
    for _, value in walk(root):
        utc = as_number(_get(value, "utctime"))
        if utc is not None:
            yield utc


def _start(root: Any) -> datetime | None:
    """Give the UTC time, in microseconds, that a log states at its beginning."""
    utc = next(_times(root), None)
    if utc is None or not 946e12 < utc < 4103e12:
        return None
    return datetime.fromtimestamp(utc * 1e-6, UTC)


def _identity(root: Any) -> tuple[tuple[str, str], ...]:
    for _, value in walk(root):
        serial = as_text(_get(value, "serial")) or as_text(_get(value, "serialnumber"))
        if serial:
            return (("device_id", serial),)
    return ()
