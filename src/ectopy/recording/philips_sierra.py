"""Resting ECGs of Philips as XML: Sierra ECG 1.03, 1.04 and their later relatives.

Read by ectopy itself: the parser of ecgdatakit refuses every version that it does not list, and
its decoder of compressed samples has no bound. Representative beats (``repbeats``) are passed over.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording, standard_name
from ectopy.recording._xli import unpack_xli
from ectopy.recording._xml import (
    bytes_from_base64,
    moment,
    number,
    numbers_from_text,
    parse,
    root_name,
    text_of,
)
from ectopy.recording.value import Inference, Recording

FORMAT: Final = "Philips Sierra (XML)"
_TWELVE: Final = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_MAX_LEADS: Final = 64
_MAX_SAMPLES: Final = 20_000 * 3600 * 24
_WHERE: Final = "parsedwaveforms"
_MAX_PACKED: Final = 2_000_000
_PULSE_S: Final = 0.2


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of an export of Philips."""
    return root_name(head).lower() == "restingecgdata"


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the rhythm of an export of Philips.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where the file does not give its own.
    units
        Unit to take instead of µV, in which the resolution is given.

    Returns
    -------
    Recording

    Raises
    ------
    DamagedFileError
        If the XML is broken or unsafe, or the samples are.
    MissingFactError
        If the file gives no sampling rate and `fs` is not given.
    RecordingError
        If there is no rhythm, or the file contradicts `fs`.
    """
    root = parse(path)
    waveforms = root.find(".//parsedwaveforms")
    if waveforms is None or not text_of(waveforms):
        held = "representative beats" if root.find(".//repbeats") is not None else "no samples"
        raise RecordingError(
            f"{path.name} (Philips) holds {held}, but no rhythm; export it with its waveforms"
        )
    facts = _Facts(waveforms, root.find(".//signalcharacteristics"))
    rate = facts.number("samplespersecond", "samplingrate") or fs
    if rate is None or rate <= 0:
        raise MissingFactError(
            "the Philips file gives no sampling rate; give it in Hz, such as --fs 500"
        )
    names, notes = _names(facts)
    leads = _samples(waveforms, facts, names, rate)
    step = facts.number("resolution", "signalresolution")
    end = _end_of_signal(leads, rate, step)
    if end < len(leads[0]):
        value = f"missing from {end / rate:.2f} s on"
        notes.append(Inference("calibration pulse", value, "all leads rise together by 1 mV"))
    zero = facts.number("signaloffset") or 0.0
    return make_recording(
        [
            Channel(
                name,
                rate,
                len(values),
                blocks_of(values[:end]),
                scale=1.0 if step is None else step,
                offset=-zero * (1.0 if step is None else step),
                unit=None if step is None else "µV",
            )
            for name, values in zip(names, leads, strict=True)
        ],
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=_start(root),
        inferred=notes,
        identity=_identity(root),
    )


class _Facts:
    """What attributes of the waveforms state, or else elements of the signal characteristics."""

    def __init__(self, waveforms: ET.Element, characteristics: ET.Element | None):
        self._waveforms, self._characteristics = waveforms, characteristics

    def text(self, *names: str) -> str:
        stated = (self._waveforms.get(name, "").strip() for name in names)
        below = (text_of(self._characteristics, name) for name in names)
        return next((text for text in (*stated, *below) if text), "")

    def number(self, *names: str) -> float | None:
        return number(self.text(*names))


def _names(facts: _Facts) -> tuple[list[str], list[Inference]]:
    """Give the names of the leads, the standard ones where the file only counts them."""
    count = facts.number("numberofleads", "numberchannelsallocated", "numberchannelsvalid")
    stated = [standard_name(name) for name in facts.text("leadlabels").split()]
    n = int(count) if count is not None and 0 < count <= _MAX_LEADS else len(stated)
    if stated and len(stated) >= n:
        return stated[:n], []
    if not n:
        raise DamagedFileError("the Philips file does not say how many leads it holds")
    names = [*_TWELVE[:n], *(f"channel {i + 1}" for i in range(12, n))]
    why = f"the file holds {n} leads in the order of Philips and does not name them"
    return names, [Inference("leads", ", ".join(names), why)]


def _samples(
    waveforms: ET.Element, facts: _Facts, names: list[str], rate: float
) -> list[NDArray[Any]]:
    """Give the samples of each lead."""
    duration = facts.number("durationperchannel")
    promised = 0 if duration is None else round(duration * rate / 1000)
    if duration is not None and not 0 < promised < _MAX_SAMPLES:
        raise DamagedFileError(
            f"the Philips file promises {duration:g} ms of each lead, which is impossible; export "
            "it again"
        )
    method = facts.text("compression", "compressmethod").upper()
    packed = method not in ("", "NONE", "UNCOMPRESSED") and (
        facts.text("compressflag").lower() not in ("false", "no", "0")
    )
    text = waveforms.text or ""
    if packed:
        if method != "XLI":
            raise RecordingError(
                f"the samples are compressed with {method[:20]!r}, only XLI can be read; export "
                "the file without compression"
            )
        if not 0 < promised * len(names) <= _MAX_PACKED:
            raise DamagedFileError(
                f"the Philips file promises {promised} compressed samples of each lead; up to "
                f"{_MAX_PACKED} of all leads are unpacked, export it without compression"
            )
        leads = unpack_xli(bytes_from_base64(text, _WHERE), promised, len(names))
        return _rebuild_limb_leads(leads) if tuple(names[:6]) == _TWELVE[:6] else list(leads)
    values: NDArray[Any]
    if facts.text("dataencoding").lower() in ("plain", "text"):
        values = numbers_from_text(text, _WHERE)
    else:
        signed = facts.text("signalsigned").lower() not in ("false", "no", "0")
        values = np.frombuffer(bytes_from_base64(text, _WHERE, 2), "<i2" if signed else "<u2")
    each = promised or values.size // len(names)
    if not each or values.size < each * len(names):
        raise DamagedFileError(
            f"the Philips file holds {values.size} of the {each * len(names)} samples that it "
            "promises; it is cut short, export it again"
        )
    return list(values[: each * len(names)].reshape(len(names), each))


def _end_of_signal(leads: list[NDArray[Any]], rate: float, step: float | None) -> int:
    """Give where the signal ends and the calibration pulse begins that Philips puts behind it.

    There, all leads are the same: 0, then 1 mV for a while, then 0.
    """
    table = np.stack(leads)
    length = int(table.shape[1])
    if len(leads) < 3 or not step:
        return length
    apart = np.flatnonzero(np.ptp(table, axis=0))
    end = int(apart[-1]) + 1 if apart.size else length
    tail = table[0, end:]
    if len(tail) < _PULSE_S * rate or tail.max() <= 0 or tail[-1] != 0:
        return length
    is_pulse = np.isin(tail, (0, tail.max())).all() and (np.diff(tail) != 0).sum() <= 2
    return end if is_pulse and abs(tail.max() * step - 1000) < 50 else length


def _rebuild_limb_leads(leads: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Undo what XLI stores of III, aVR, aVL and aVF: their differences from I and II."""
    one, two, three, avr, avl, avf = leads[:6]
    three = two - one - three
    return [
        one,
        two,
        three,
        -avr - (one + two) // 2,
        (one - three) // 2 - avl,
        (two + three) // 2 - avf,
        *leads[6:],
    ]


def _start(root: ET.Element) -> datetime | None:
    acquired = root.find(".//dataacquisition")
    if acquired is None:
        return None
    return moment(f"{acquired.get('date', '')}T{acquired.get('time', '')}")


def _identity(root: ET.Element) -> tuple[tuple[str, str], ...]:
    patient = root.find(".//generalpatientdata")
    name = f"{text_of(patient, 'name/firstname')} {text_of(patient, 'name/lastname')}".strip()
    facts = (
        ("name", name),
        ("patient_id", text_of(patient, "patientid")),
        ("birth_date", text_of(patient, ".//dateofbirth")),
    )
    return tuple((fact, text) for fact, text in facts if text)
