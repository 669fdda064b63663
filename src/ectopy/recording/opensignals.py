"""Text of OpenSignals, from BITalino and biosignalsplux: a header in JSON, then columns.

The header tells for each device its columns, channels, sensors, resolutions and rate. A converter
of n bits with a sensor that amplifies ``gain`` times between 0 V and its supply gives
``(ADC / 2^n - 1/2) · supply / gain``, by the data sheets of the ECG sensors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._facts import settle_rate
from ectopy.recording._json import as_number, as_text
from ectopy.recording._leads import is_ecg_name, unique_names
from ectopy.recording._sniff import HEAD_BYTES, Layout, sniff
from ectopy.recording._table import read_table
from ectopy.recording._units import parse_unit, scale_to_mv
from ectopy.recording.delimited import find_layout
from ectopy.recording.value import Inference, Recording, Source

FORMAT: Final = "OpenSignals (text)"
_TITLE: Final = re.compile(r"#\s*OpenSignals\s+Text\s+File\s+Format", re.IGNORECASE)
_MAX_BITS: Final = 24


@dataclass(frozen=True, slots=True)
class _Sensor:
    """The supply in volts and the gain of an ECG sensor."""

    name: str
    supply_v: float
    gain: float


_BITALINO: Final = _Sensor("BITalino", 3.3, 1100.0)
_PLUX: Final = _Sensor("biosignalsplux", 3.0, 1000.0)


@dataclass(frozen=True, slots=True)
class _Channel:
    """A column of the file that is an ECG."""

    column: int
    name: str
    bits: int
    sensor: _Sensor
    in_mv: bool


def matches(head: bytes, path: Path) -> bool:
    """Whether a file begins with the title of OpenSignals text files."""
    start = head[:400].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").decode("latin-1")
    return bool(_TITLE.match(start))


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the channels with an ECG sensor.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the header states it.
    units
        Unit to take instead of the transfer function of the sensor.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If the header makes no sense, or does not fit the columns.
    RecordingError
        If no channel has an ECG sensor, or the header contradicts `fs`.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    layout = sniff(head, complete=len(head) < HEAD_BYTES) or find_layout(path)
    if layout is None:
        raise DamagedFileError(f"{path.name} has no columns of numbers; export it again")
    devices = _devices(layout, path.name)
    channels, left_out, fallback = _channels(devices, len(layout.kinds), path.name)
    stated = {as_number(device.get("sampling rate")) for device in devices.values()} - {None}
    if len(stated) > 1:
        raise RecordingError(f"the devices of {path.name} have several rates; save each by itself")
    rate, inferred = settle_rate(fs, next(iter(stated), None), None, "")
    table = read_table(path, layout, [channel.column for channel in channels], None)
    signal = np.ascontiguousarray(table.values)
    inferred += fallback
    if left_out:
        why = "their sensors are no ECG"
        inferred.append(Inference("columns left out", ", ".join(left_out), why))
    resolution: list[float | None] = [None] * len(channels)
    if units is not None:
        every, about = scale_to_mv(signal, rate, [None] * len(channels), units, table.whole)
        resolution, inferred = list(every), inferred + about
    else:
        for i, channel in enumerate(channels):
            if not channel.in_mv:
                resolution[i] = _to_mv(signal[:, i : i + 1], channel)
        inferred += _about(channels)
    return Recording(
        signal,
        rate,
        unique_names(channel.name for channel in channels),
        start=_start(next(iter(devices.values()))),
        source=Source(str(path), FORMAT, tuple(inferred), _identity(devices)),
        resolution=tuple(resolution),
    )


def _devices(layout: Layout, name: str) -> dict[str, dict[str, Any]]:
    """Give the header of each device, which is one line of JSON."""
    for line in layout.preamble:
        text = line.lstrip("# \t")
        if not text.startswith("{"):
            continue
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DamagedFileError(
                f"the header of {name} is no JSON; export the recording again"
            ) from error
        devices = {str(k): v for k, v in found.items() if isinstance(v, dict)}
        if "column" in found:
            devices = {"": found}
        if devices:
            return devices
    raise DamagedFileError(f"{name} has no header that describes its columns; export it again")


def _strings(value: Any) -> list[str]:
    return [as_text(item) for item in value] if isinstance(value, list) else []


def _channels(
    devices: dict[str, dict[str, Any]], width: int, name: str
) -> tuple[list[_Channel], list[str], list[Inference]]:
    """Give the columns with an ECG sensor, the names of the others, and what was inferred.

    The columns of several devices follow each other.
    """
    ecg, raw, other, at = [], [], [], 0
    for device in devices.values():
        columns, sensors = _strings(device.get("column")), _strings(device.get("sensor"))
        labels = _strings(device.get("label"))
        if not columns or at + len(columns) > width:
            raise DamagedFileError(
                f"the header of {name} names {at + len(columns)} columns, the lines hold {width}; "
                "export it again"
            )
        analogue = len(columns) - len(sensors)
        for i, column in enumerate(columns):
            k = i - analogue
            sensor = sensors[k] if 0 <= k < len(sensors) else ""
            label = labels[k] if 0 <= k < len(labels) else ""
            channel = _Channel(
                at + i,
                "ECG",
                _bits(device, i, k, len(columns)),
                _BITALINO if "bitalino" in as_text(device.get("device")).casefold() else _PLUX,
                _is_converted(device, column, k),
            )
            if k >= 0 and any(is_ecg_name(text) for text in (sensor, label, column)):
                ecg.append(channel)
            elif k >= 0 and sensor.upper() in ("", "RAW", "CUSTOM", "OTHER"):
                raw.append(channel)
            elif k >= 0:
                other.append(f"{column} ({sensor})" if sensor else column)
        at += len(columns)
    if ecg:
        return ecg, other, []
    if len(raw) == 1 and not other:
        why = "the header names no sensor, and it is the only channel"
        return raw, other, [Inference("lead", "the only analogue channel", why)]
    names = ", ".join(other) or f"{len(raw)} without a sensor"
    raise RecordingError(
        f"none of the channels of {name} ({names}) is named as an ECG; set the sensor of the "
        "channel to ECG in OpenSignals, or keep only its column"
    )


def _bits(device: dict[str, Any], column: int, channel: int, width: int) -> int:
    """Give the bits of a column; the list has one entry for each column or each channel."""
    value = device.get("resolution")
    given = value if isinstance(value, list) else [value]
    index = column if len(given) == width else channel
    bits = as_number(given[index]) if 0 <= index < len(given) else as_number(given[0])
    default = 10 if "bitalino" in as_text(device.get("device")).casefold() else 16
    return int(bits) if bits and 1 < bits <= _MAX_BITS else default


def _is_converted(device: dict[str, Any], column: str, channel: int) -> bool:
    """Whether OpenSignals has turned a column into its unit before it wrote it."""
    units = device.get("units") or device.get("convertedValues")
    said = _strings(units)[channel : channel + 1] if channel >= 0 else []
    inside = re.findall(r"[(\[]([^)\]]*)[)\]]", column)
    return any(parse_unit(text) == "mV" for text in (*said, *inside)) or (
        as_number(device.get("convertedValues")) == 1
    )


def _to_mv(signal: NDArray[np.float32], channel: _Channel) -> float:
    """Apply the transfer function of the sensor, in place; give millivolts per step."""
    step = 1000 * channel.sensor.supply_v / channel.sensor.gain / float(1 << channel.bits)
    signal -= np.float32(2 ** (channel.bits - 1))
    signal *= np.float32(step)
    return step


def _about(channels: list[_Channel]) -> list[Inference]:
    """State the transfer functions that were taken."""
    said = []
    for channel in channels:
        sensor = channel.sensor
        value = f"(ADC / 2^{channel.bits} - 1/2) · {sensor.supply_v:g} V / {sensor.gain:g}"
        why = f"by the data sheet of the ECG sensor of {sensor.name}"
        fact = Inference("units", value, why, "--units")
        if not channel.in_mv and fact not in said:
            said.append(fact)
    return said


def _start(device: dict[str, Any]) -> datetime | None:
    """Read a date such as ``2016-6-11`` and a time such as ``7:3:47.29``."""
    date = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", as_text(device.get("date")))
    clock = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?\d*"
    time = re.fullmatch(clock, as_text(device.get("time")))
    if not date or not time:
        return None
    year, month, day, hour, minute, second = map(int, (*date.groups(), *time.groups()[:3]))
    micro = int((time[4] or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        return None


def _identity(devices: dict[str, dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    said = [("device_id", name) for name in devices if name]
    comments = [as_text(device.get("comments")) for device in devices.values()]
    return (*said, *(("comment", text) for text in comments if text))
