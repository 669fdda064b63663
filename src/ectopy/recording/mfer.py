"""MFER (ISO 22077), the format of Japanese electrocardiographs and monitors.

A file is a sequence of definitions, each a tag, a length and a value, that hold until they are
made anew; every MWF_WAV adds a frame of samples. Read by ectopy itself: the parser of ecgdatakit
makes a structure for each of as many channels as a header may promise, rounds rates to whole
hertz and turns every sample into 8 bytes. Dominant beats are passed over.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording
from ectopy.recording._leads import is_other_name
from ectopy.recording._mfer_definitions import (
    ADVICE,
    AGE,
    ATT,
    BLE,
    BLK,
    CHN,
    CMP,
    DTP,
    IVL,
    LDN,
    NUL,
    OFF,
    PID,
    PNM,
    PNT,
    PRE,
    SEN,
    SEQ,
    SET,
    TIM,
    WAV,
    WFM,
    Bytes,
    definitions,
)
from ectopy.recording._scp_leads import LEAD_NAMES
from ectopy.recording.value import Inference, Recording

FORMAT: Final = "MFER"
MAX_BYTES: Final = 2 << 30
_PREAMBLE: Final = b"MFR "
_KNOWN: Final = frozenset(
    {*range(0x01, 0x10), 0x11, NUL, 0x15, 0x16, 0x17, WAV, ATT, *range(0x40, 0x47), SET}
    | {*range(0x80, 0x89)}
)
_LAYOUT: Final = frozenset({BLK, CHN, SEQ, LDN, SEN, DTP, WFM, BLE})
_TYPES: Final = {0: "i2", 1: "u2", 2: "i4", 3: "u1", 4: "u2", 5: "i1", 6: "u4", 7: "f4", 8: "f8"}
_STATUS_TYPE: Final = 4
_DOMINANT_BEAT: Final = 9
_ECG_FORMS: Final = frozenset({0, 1, 2, 3, 4, 6, 20, 21})
_MONITOR_LEADS: Final = {
    31: "NASA", 32: "CB4", 33: "CB5", 34: "CB6",
    4166: "ECG1", 4167: "ECG2", 4168: "ECG3", 4169: "ECG4",
}  # fmt: skip
_OTHER_LEADS: Final = frozenset({*range(128, 256), *range(4160, 4166)})
_MAX_CHANNELS: Final = 256
_MAX_DEFINITIONS: Final = 100_000
_MAX_DEPTH: Final = 8
_DEFAULT_RATE: Final = 1000.0


@dataclass(frozen=True, slots=True)
class _Attributes:
    """What holds of a channel; None where the standard's default does."""

    block: int = 1
    sequences: int | None = None
    form: int = 0
    lead: int | None = None
    lead_name: str = ""
    dtype: int = 0
    rate: float | None = None
    scale: float | None = None
    is_voltage: bool = True
    offset: bytes = b""
    null: bytes = b""


@dataclass(slots=True)
class _State:
    """Definitions in force, and what has been read so far."""

    order: str = ">"
    channels: int = 1
    common: _Attributes = field(default_factory=_Attributes)
    own: dict[int, dict[int, tuple[bytes, str]]] = field(default_factory=dict)
    frames: list[tuple[list[_Attributes], list[NDArray[Any]]]] = field(default_factory=list)
    start: datetime | None = None
    identity: list[tuple[str, str]] = field(default_factory=list)
    definitions: int = 0


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is a sequence of MFER definitions."""
    if head[:1] == bytes([PRE]) and head[2:6] == _PREAMBLE:
        return True
    tags: list[int] = []
    try:
        for tag, _, begin, end in definitions(head, 0, len(head), complete=False):
            if tag not in _KNOWN or not _fits(tag, end - begin):
                return False
            tags.append(tag)
            if tag in (WAV, ATT) or len(tags) > 64:
                break
    except DamagedFileError:
        return False
    return len(tags) >= 3 and IVL in tags and bool(_LAYOUT & {*tags})


def _fits(tag: int, length: int) -> bool:
    if tag in (BLE, DTP):
        return length <= 1
    if tag in (BLK, CHN, SEQ, PNT):
        return length <= 4
    return not (tag in (IVL, SEN) and not (length == 0 or 3 <= length <= 6))


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECG channels of an MFER file.

    Parameters
    ----------
    path
        The file.
    fs
        Of several rates in the file, the one to take, in Hz.
    units
        Unit to take instead of V, in which the file gives its steps.

    Returns
    -------
    Recording
        The frames put together in their order.

    Raises
    ------
    DamagedFileError
        If definitions are cut short or impossible.
    RecordingError
        If there is no ECG, its samples are compressed, or the file contradicts `fs`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise RecordingError(f"{path.name} is larger than {MAX_BYTES >> 30} GB; split it")
    state = _State()
    with path.open("rb") as stream:
        data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    _walk(data, 0, len(data), state, None, 0)
    if not state.frames:
        raise DamagedFileError(f"{path.name} (MFER) holds no samples; {ADVICE}")
    notes: list[Inference] = []
    channels = _channels(state, notes)
    if not channels:
        raise RecordingError(
            f"{path.name} (MFER) holds no rhythm of an ECG, only other signals or dominant beats; "
            "export it with its ECG"
        )
    return make_recording(
        channels,
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=state.start,
        inferred=notes,
        identity=state.identity,
    )


def _walk(data: Bytes, at: int, end: int, state: _State, channel: int | None, depth: int) -> None:
    """Take definitions in, those within others too."""
    if depth > _MAX_DEPTH:
        raise DamagedFileError(f"definitions lie within each other {depth} times; {ADVICE}")
    for tag, own, begin, stop in definitions(data, at, end):
        state.definitions += 1
        if state.definitions > _MAX_DEFINITIONS:
            raise DamagedFileError(f"there are more than {_MAX_DEFINITIONS} definitions; {ADVICE}")
        if tag == ATT and own < state.channels:
            _walk(data, begin, stop, state, own, depth + 1)
        elif tag == SET:
            _walk(data, begin, stop, state, channel, depth + 1)
        elif tag == WAV:
            _add_frame(memoryview(data)[begin:stop], state)
        elif channel is not None:
            state.own.setdefault(channel, {})[tag] = data[begin:stop], state.order
        else:
            _define(tag, data[begin:stop], state)


def _define(tag: int, value: bytes, state: _State) -> None:
    """Take in a definition that holds of the file or of all channels."""
    if tag == BLE:
        state.order = "<" if value[:1] == b"\x01" else ">"
    elif tag == CHN:
        state.channels = _integer(value, state.order) if value else 1
        state.own.clear()
        if not 0 < state.channels <= _MAX_CHANNELS:
            raise DamagedFileError(f"the file promises {state.channels} channels; {ADVICE}")
    elif tag == CMP and value and _integer(value[:2], state.order):
        raise RecordingError(
            "the samples of the MFER file are compressed, which is not read; export it without "
            "compression"
        )
    elif tag == TIM and len(value) >= 7:
        try:
            state.start = datetime(_integer(value[:2], state.order), *value[2:7])
        except ValueError:
            state.start = None
    elif tag in (PNM, PID):
        text = value.decode("utf-8", errors="replace").replace("^", " ").strip("\0 ")
        state.identity += [("name" if tag == PNM else "patient_id", text)] if text else []
    elif tag == AGE and len(value) >= 7:
        year = _integer(value[3:5], state.order)
        state.identity += [("birth_date", f"{year:04}-{value[5]:02}-{value[6]:02}")] if year else []
    else:
        state.common = _with(state.common, tag, value, state.order)


def _with(attributes: _Attributes, tag: int, value: bytes, order: str) -> _Attributes:
    """Give the attributes with one of them made anew; an empty value brings its default back."""
    empty = not value
    number = _integer(value[:4], order)
    if tag == BLK:
        return replace(attributes, block=1 if empty else number)
    if tag == SEQ:
        return replace(attributes, sequences=None if empty else number)
    if tag == WFM:
        return replace(attributes, form=0 if empty else _integer(value[:2], order))
    if tag == LDN:
        name = value[2:].decode("utf-8", errors="replace").strip("\0 ")
        lead = None if empty else _integer(value[:2], order)
        return replace(attributes, lead=lead, lead_name=name)
    if tag == DTP:
        return replace(attributes, dtype=0 if empty else value[0])
    if tag == IVL:
        return replace(attributes, rate=None if empty else _rate(value, order))
    if tag == SEN:
        if empty:
            return replace(attributes, scale=None, is_voltage=True)
        return replace(attributes, scale=_decimal(value, order), is_voltage=value[0] == 0)
    if tag == OFF:
        return replace(attributes, offset=value if order == "<" else value[::-1])
    if tag == NUL:
        return replace(attributes, null=value if order == "<" else value[::-1])
    return attributes


def _integer(value: bytes, order: str, *, signed: bool = False) -> int:
    return int.from_bytes(value, "big" if order == ">" else "little", signed=signed)


def _decimal(value: bytes, order: str) -> float:
    """Read a unit, an exponent of ten and a mantissa; give the number."""
    if len(value) < 3:
        raise DamagedFileError(f"a scale of the file has {len(value)} bytes; {ADVICE}")
    exponent = int.from_bytes(value[1:2], "big", signed=True)
    return float(_integer(value[2:], order, signed=True) * 10.0**exponent)


def _rate(value: bytes, order: str) -> float:
    """Read a sampling rate, given as such or as an interval."""
    number = _decimal(value, order)
    if value[0] > 1 or number <= 0:
        raise DamagedFileError(f"the sampling interval of the file is impossible; {ADVICE}")
    return number if value[0] == 0 else round(1.0 / number, 9)


def _add_frame(wave: memoryview, state: _State) -> None:
    """Part a frame into its channels: for each sequence, a block of each channel."""
    layout = []
    state.definitions += state.channels
    for i in range(state.channels):
        attributes = replace(state.common, lead=None, lead_name="") if i else state.common
        for tag, (value, order) in state.own.get(i, {}).items():
            attributes = _with(attributes, tag, value, order)
        if attributes.dtype not in _TYPES or attributes.block < 1:
            raise DamagedFileError(
                f"samples of kind {attributes.dtype} in blocks of {attributes.block} cannot be "
                "read; export the file with linear samples"
            )
        layout.append(attributes)
    dtypes = [np.dtype(state.order + _TYPES[a.dtype]) for a in layout]
    widths = [d.itemsize * a.block for d, a in zip(dtypes, layout, strict=True)]
    held = len(wave) // sum(widths)
    stated = layout[0].sequences
    sequences = held if stated is None else stated
    if sequences > held or not sequences:
        raise DamagedFileError(
            f"a frame holds {held} of the {sequences} sequences that the file promises; {ADVICE}"
        )
    table = np.frombuffer(wave, np.uint8, sequences * sum(widths)).reshape(sequences, sum(widths))
    channels, at = [], 0
    for width, dtype in zip(widths, dtypes, strict=True):
        channels.append(np.ascontiguousarray(table[:, at : at + width]).view(dtype).ravel())
        at += width
    state.frames.append((layout, channels))


def _channels(state: _State, notes: list[Inference]) -> list[Channel]:
    """Give the channels that are ECGs, frame after frame."""
    elapsed = 0.0
    channels: list[Channel] = []
    left_out: list[str] = []
    for layout, frame in state.frames:
        if layout[0].form == _DOMINANT_BEAT:
            continue
        longest = 0.0
        for i, (attributes, values) in enumerate(zip(layout, frame, strict=True)):
            name = _name(attributes, i)
            rate = _DEFAULT_RATE if attributes.rate is None else attributes.rate
            longest = max(longest, len(values) / rate)
            if not _is_ecg(attributes, name):
                left_out.append(name)
                continue
            if attributes.rate is None:
                why = "the file leaves it out, so the default of the MFER standard holds"
                note = Inference("sampling rate", f"{rate:g} Hz", why, "--fs")
                notes += [] if note in notes else [note]
            scale = attributes.scale
            offset = _value(attributes.offset, values.dtype)
            null = _value(attributes.null, values.dtype)
            channels.append(
                Channel(
                    name,
                    rate,
                    len(values),
                    blocks_of(values),
                    scale=1.0 if scale is None else scale,
                    offset=(offset or 0.0) * (1.0 if scale is None else scale),
                    unit=None if scale is None else "V",
                    whole=values.dtype.kind in "iu",
                    start_s=elapsed,
                    missing=() if null is None else (null,),
                )
            )
        elapsed += longest
    if left_out and channels:
        why = "by kind, unit and lead they are no ECG"
        names = ", ".join(dict.fromkeys(left_out))
        notes.append(Inference("signals left out", names, why))
    return channels


def _is_ecg(attributes: _Attributes, name: str) -> bool:
    return (
        attributes.dtype != _STATUS_TYPE
        and attributes.is_voltage
        and attributes.form in _ECG_FORMS
        and attributes.lead not in _OTHER_LEADS
        and not is_other_name(name)
    )


def _name(attributes: _Attributes, place: int) -> str:
    code = attributes.lead
    known = LEAD_NAMES.get(code or 0) or _MONITOR_LEADS.get(code or 0)
    return known or attributes.lead_name or f"channel {place + 1}"


def _value(value: bytes, dtype: np.dtype[Any]) -> float | None:
    """Read one sample, kept little-endian; None if it is not given."""
    if len(value) < dtype.itemsize:
        return None
    return float(np.frombuffer(value, dtype.newbyteorder("<"), 1)[0])
