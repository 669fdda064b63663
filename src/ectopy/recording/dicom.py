"""Waveforms in DICOM: 12-lead, general and ambulatory ECG storage, through `pydicom`.

pydicom reads the data elements; what they mean for an ECG (PS3.3 C.10.9) is read here, where
several groups of channels that follow each other become one recording, which the parser of
ecgdatakit does not do. Groups that are median beats are passed over. Deflated files are refused,
since pydicom unpacks them without a bound.
"""

from __future__ import annotations

import re
import warnings
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording, standard_name
from ectopy.recording._foreign import foreign_errors_mapped
from ectopy.recording._leads import is_ecg_name, is_other_name
from ectopy.recording._scp_leads import LEAD_NAMES
from ectopy.recording._units import parse_unit
from ectopy.recording._xml import moment
from ectopy.recording.value import MIN_DURATION_S, Inference, Recording

FORMAT: Final = "DICOM waveform"
MAX_BYTES: Final = 256 << 20
_PREAMBLE: Final = 128
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
_TYPES: Final = {
    (8, "SB"): "i1", (8, "UB"): "u1", (16, "SS"): "i2", (16, "US"): "u2",
    (32, "SL"): "i4", (32, "UL"): "u4", (64, "SV"): "i8", (64, "UV"): "u8",
}  # fmt: skip
_ITEM: Final = b"\xfe\xff\x00\xe0"
_MAX_ITEMS: Final = 20_000
_MAX_READS: Final = 200_000
_BEAT: Final = re.compile(r"median|average|representative|template|beat", re.IGNORECASE)


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of DICOM."""
    return head[_PREAMBLE : _PREAMBLE + 4] == b"DICM"


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECG waveforms of a DICOM file.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where the file does not give its own.
    units
        Unit to take instead of the one that the file states.

    Returns
    -------
    Recording
        All groups of channels of one rate, in their places in time.

    Raises
    ------
    DamagedFileError
        If the samples are fewer than promised, or of an unknown kind.
    MissingFactError
        If the file gives no sampling rate and `fs` is not given.
    RecordingError
        If it holds no waveform that is an ECG, or contradicts `fs`.
    """
    with warnings.catch_warnings(), foreign_errors_mapped(path):
        warnings.simplefilter("ignore")  # pydicom warns of values that break the standard
        dataset = _dataset(path)
        return _read(dataset, path, fs, units)


class _Limited(BytesIO):
    """Bytes that end the patience with files of millions of elements."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > _MAX_READS:
            raise ValueError("too many elements")
        return super().read(size)


def _dataset(path: Path) -> Any:
    import pydicom

    if path.stat().st_size > MAX_BYTES:
        raise RecordingError(
            f"{path.name} is larger than {MAX_BYTES >> 20} MB; export the recording in parts"
        )
    data = path.read_bytes()
    if _DEFLATED.encode() in data[:2048]:
        raise RecordingError(
            f"{path.name} is deflated DICOM, which is not read; export it uncompressed"
        )
    if data.count(_ITEM) > _MAX_ITEMS:
        raise DamagedFileError(
            f"{path.name} has more than {_MAX_ITEMS} items, which no ECG has; export it again"
        )
    try:
        return pydicom.dcmread(_Limited(data), stop_before_pixels=True)
    except Exception as error:
        raise DamagedFileError(
            f"{path.name} begins as DICOM, but its elements are broken; export it again"
        ) from error


def _read(dataset: Any, path: Path, fs: float | None, units: str | None) -> Recording:
    groups = list(dataset.get("WaveformSequence") or [])
    if not groups:
        modality = str(dataset.get("Modality", "") or "unknown")
        held = (
            "an image" if "Rows" in dataset else "a document" if _is_pdf(dataset) else "no signal"
        )
        raise RecordingError(
            f"{path.name} is DICOM of modality {modality[:16]} and holds {held}, no waveform; "
            "export the ECG as a DICOM waveform"
        )
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
    order = ">" if syntax == _BIG_ENDIAN else "<"
    rhythm = [group for group in groups if not _is_beat(group)]
    channels: list[Channel] = []
    left_out: list[str] = []
    for group in rhythm:
        channels += _channels(group, order, fs, left_out)
    if not channels:
        held = "channels that are no ECG" if rhythm else "median beats"
        raise RecordingError(
            f"{path.name} (DICOM) holds {held}, but no rhythm; export it with its rhythm waveforms"
        )
    notes = []
    if left_out:
        why = "by source and unit they are no ECG"
        notes.append(Inference("signals left out", ", ".join(left_out), why))
    return make_recording(
        channels,
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=_start(dataset),
        inferred=notes,
        identity=_identity(dataset),
    )


def _is_pdf(dataset: Any) -> bool:
    return "EncapsulatedDocument" in dataset


def _is_beat(group: Any) -> bool:
    """Whether a group is one beat, by its label or by being derived and short."""
    if _BEAT.search(str(group.get("MultiplexGroupLabel", "") or "")):
        return True
    rate = _number(group, "SamplingFrequency") or 0.0
    length = _number(group, "NumberOfWaveformSamples") or 0.0
    derived = str(group.get("WaveformOriginality", "")).upper() == "DERIVED"
    return derived and length < MIN_DURATION_S * rate


def _channels(group: Any, order: str, fs: float | None, left_out: list[str]) -> list[Channel]:
    """Give the channels of a multiplex group that are ECGs."""
    count = int(group.get("NumberOfWaveformChannels") or 0)
    length = int(group.get("NumberOfWaveformSamples") or 0)
    bits = int(group.get("WaveformBitsAllocated") or 16)
    kind = str(group.get("WaveformSampleInterpretation", "") or "SS").upper()
    if (bits, kind) not in _TYPES:
        raise DamagedFileError(
            f"the samples are {bits} bits of kind {kind[:8]!r}, which is not read; allowed are "
            "linear integers; export the file again"
        )
    dtype = np.dtype(order + _TYPES[bits, kind])
    data = bytes(group.get("WaveformData") or b"")
    if not 0 < count * length * dtype.itemsize <= len(data):
        raise DamagedFileError(
            f"a group of channels holds {len(data)} of the {count * length * dtype.itemsize} bytes "
            "that it promises; the file is cut short, export it again"
        )
    samples = np.frombuffer(data, dtype, count * length).reshape(length, count)
    rate = _number(group, "SamplingFrequency") or fs
    if rate is None or rate <= 0:
        raise MissingFactError(
            "the DICOM file gives no sampling frequency; give it in Hz, such as --fs 500"
        )
    padding = group.get("WaveformPaddingValue")
    missing = _padding(padding, dtype)
    definitions = list(group.get("ChannelDefinitionSequence") or [])
    start = (_number(group, "MultiplexGroupTimeOffset") or 0.0) / 1000
    channels = []
    for i in range(count):
        definition = definitions[i] if i < len(definitions) else {}
        name = _name(definition) or f"channel {i + 1}"
        scale, offset, unit, is_voltage = _scale(definition)
        if not is_voltage or (is_other_name(name) and not is_ecg_name(name)):
            left_out.append(name)
            continue
        channels.append(
            Channel(
                name,
                rate,
                length,
                blocks_of(samples[:, i]),
                scale=scale,
                offset=offset,
                unit=unit,
                start_s=start,
                missing=missing,
            )
        )
    return channels


def _number(item: Any, name: str) -> float | None:
    try:
        value = float(item.get(name))
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _padding(value: Any, dtype: np.dtype[Any]) -> tuple[float, ...]:
    """Give the number that stands for missing samples, which pydicom gives as bytes or integer."""
    if isinstance(value, bytes) and len(value) >= dtype.itemsize:
        return (float(np.frombuffer(value, dtype, 1)[0]),)
    return (float(value),) if isinstance(value, int) else ()


def _code(item: Any, name: str) -> Any:
    sequence = item.get(name) if item else None
    return sequence[0] if sequence else {}


def _name(definition: Any) -> str:
    """Name a channel by the code of its source, its meaning or its label."""
    source = _code(definition, "ChannelSourceSequence")
    code = str(source.get("CodeValue", "") or "")
    by_number = re.fullmatch(r"(?:5\.6\.3-9-|(?:MDC_)?2:)(\d{1,3})", code)
    if by_number and int(by_number[1]) in LEAD_NAMES:
        return LEAD_NAMES[int(by_number[1])]
    by_code = re.fullmatch(r"MDC_ECG_LEAD_(\w+)", code, re.IGNORECASE)
    if by_code:
        return standard_name(by_code[1])
    meaning = re.split(r"[,(]", str(source.get("CodeMeaning", "") or ""))[0]
    label = str(definition.get("ChannelLabel", "") or "") if definition else ""
    return next((standard_name(text) for text in (meaning, label) if text.strip()), "")


def _scale(definition: Any) -> tuple[float, float, str | None, bool]:
    """Give scale, offset and unit of a channel, and whether it can be a voltage."""
    sensitivity = _number(definition, "ChannelSensitivity") if definition else None
    if sensitivity is None:
        return 1.0, 0.0, None, True
    unit_code = _code(definition, "ChannelSensitivityUnitsSequence")
    text = str(unit_code.get("CodeValue", "") or "")
    unit = parse_unit(text) or parse_unit(str(unit_code.get("CodeMeaning", "") or ""))
    correction = _number(definition, "ChannelSensitivityCorrectionFactor")
    scale = sensitivity * (1.0 if correction is None else correction)
    baseline = _number(definition, "ChannelBaseline") or 0.0
    return scale, baseline, unit, unit is not None or text in ("", "1")


def _start(dataset: Any) -> datetime | None:
    moments = [str(dataset.get("AcquisitionDateTime", "") or "")]
    for kind in ("Acquisition", "Content", "Study"):
        day = str(dataset.get(f"{kind}Date", "") or "")
        clock = str(dataset.get(f"{kind}Time", "") or "")
        moments.append(day + clock if clock else "")
    return next((at for at in map(moment, moments) if at), None)


def _identity(dataset: Any) -> tuple[tuple[str, str], ...]:
    facts = (
        ("name", str(dataset.get("PatientName", "") or "").replace("^", " ").strip()),
        ("patient_id", str(dataset.get("PatientID", "") or "")),
        ("birth_date", str(dataset.get("PatientBirthDate", "") or "")),
        ("address", str(dataset.get("PatientAddress", "") or "")),
        ("comment", str(dataset.get("PatientComments", "") or "")),
    )
    return tuple((fact, text) for fact, text in facts if text)
