"""Text that Polar Sensor Logger and its relatives write of a Polar H10.

Columns, with semicolons between: the time of the phone when the packet came, the time of the
sensor in nanoseconds since 2000, the time since the start in milliseconds, and microvolts. The
sensor samples at 130 Hz by its own clock; the phone's time is that of whole packets.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from ectopy.errors import DamagedFileError
from ectopy.recording import delimited
from ectopy.recording._sniff import Layout, sniff_head
from ectopy.recording._timeline import start_time
from ectopy.recording.value import Recording

FORMAT: Final = "Polar sensor (text)"
_SENSOR_CLOCK: Final = re.compile(r"sensor timestamp|time ?stamp \[?\(?ns", re.IGNORECASE)
_PHONE_CLOCK: Final = re.compile(r"phone|host|received", re.IGNORECASE)
_ECG: Final = re.compile(r"\becg\b", re.IGNORECASE)


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file names the columns of such a log."""
    layout = sniff_head(head)
    return layout is not None and _is_log(layout)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the ECG, with the phone's time as its start.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz; the clock of the sensor gives about 130 Hz.
    units
        Unit to take instead of the one that the header names.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If the file is no such log, or its time goes back.
    RecordingError
        If it is shorter than 2 s or contradicts `fs`.
    """
    layout = delimited.find_layout(path)
    if layout is None or not _is_log(layout):
        raise DamagedFileError(f"{path.name} is no log of a Polar sensor; export it again")
    recording = delimited.read(path, fs, units)
    phone = next((i for i, name in enumerate(layout.names) if _PHONE_CLOCK.search(name)), None)
    start = None if phone is None else start_time(layout.sample[0][phone])
    kept = tuple(fact for fact in recording.source.inferred if fact.what != "columns left out")
    source = replace(recording.source, format=FORMAT, inferred=kept)
    return replace(recording, leads=("ECG",), start=start, source=source)


def _is_log(layout: Layout) -> bool:
    sensor = any(_SENSOR_CLOCK.search(name) for name in layout.names)
    return sensor and sum(bool(_ECG.search(name)) for name in layout.names) == 1
