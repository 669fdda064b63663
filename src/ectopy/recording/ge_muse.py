"""Resting ECGs of GE MUSE as XML (``restecg.dtd``).

Read by ectopy itself: the parser of ecgdatakit refuses a file whose byte counts do not match, and
rounds rates to whole hertz. The Median waveform, one average beat, is passed over. MUSE stores
I, II and V1 to V6; III, aVR, aVL and aVF are computed, and it is said so.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zlib
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording, standard_name
from ectopy.recording._units import parse_unit
from ectopy.recording._xml import bytes_from_base64, number, parse, root_name, text_of
from ectopy.recording.value import Inference, Recording

FORMAT: Final = "GE MUSE (XML)"
_DATES: Final = ("%m-%d-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
_SIZES: Final = (1, 2, 4)
_AVERAGES: Final = ("median", "average")


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of an export of MUSE."""
    return root_name(head) == "RestingECG"


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the rhythm waveform of an export of MUSE.

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
        All leads, those that follow from I and II among them.

    Raises
    ------
    DamagedFileError
        If the XML is broken or unsafe, or samples are missing or no Base64.
    MissingFactError
        If the file gives no sampling rate and `fs` is not given.
    RecordingError
        If there is no rhythm waveform, or the file contradicts `fs`.
    """
    root = parse(path)
    waveforms = root.findall(".//Waveform")
    rhythm = [w for w in waveforms if text_of(w, "WaveformType").lower() not in _AVERAGES]
    channels: list[Channel] = []
    notes: list[Inference] = []
    for waveform in rhythm:
        channels += [_channel(lead, waveform, fs, notes) for lead in waveform.findall("LeadData")]
    if not channels:
        held = "the Median waveform, one average beat" if waveforms else "no waveform"
        raise RecordingError(
            f"{path.name} (GE MUSE) holds {held}, but no rhythm; export it with its Rhythm waveform"
        )
    off = [
        text_of(lead, "LeadID")
        for waveform in rhythm
        for lead in waveform.findall("LeadData")
        if text_of(lead, "LeadOff").upper() == "TRUE"
    ]
    if off:
        notes.append(Inference("lead off", ", ".join(off), "the device flagged these leads"))
    return make_recording(
        channels,
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=_start(root),
        inferred=notes,
        identity=_identity(root),
        complete_limb_leads=True,
    )


def _channel(
    lead: ET.Element, waveform: ET.Element, fs: float | None, notes: list[Inference]
) -> Channel:
    name = standard_name(text_of(lead, "LeadID")) or "ECG"
    where = f"lead {name}"
    size = int(number(text_of(lead, "LeadSampleSize")) or 2)
    if size not in _SIZES:
        raise DamagedFileError(
            f"{where} has samples of {size} bytes, MUSE writes 2; export the file again"
        )
    data = bytes_from_base64(text_of(lead, "WaveFormData"), where)
    promised = number(text_of(lead, "LeadSampleCountTotal"))
    count = len(data) // size
    if promised is not None and 0 < promised != count:
        if promised > count:
            raise DamagedFileError(
                f"{where} holds {count} of the {promised:g} samples that the file promises; it is "
                "cut short, export it again"
            )
        count = int(promised)
    if not count:
        raise DamagedFileError(f"{where} has no samples; export the file again")
    checksum = number(text_of(lead, "LeadDataCRC32"))
    if checksum is not None and checksum != zlib.crc32(data):
        why = "it does not match the samples, which may have been altered"
        notes.append(Inference(f"checksum of {name}", "wrong", why))
    values = np.frombuffer(data, np.dtype(f"<i{size}"), count)
    return Channel(
        name,
        _rate(waveform, fs),
        count,
        blocks_of(values),
        scale=number(text_of(lead, "LeadAmplitudeUnitsPerBit")) or 1.0,
        unit=parse_unit(text_of(lead, "LeadAmplitudeUnits")),
        start_s=(number(text_of(lead, "LeadTimeOffset")) or 0.0) / 1000,
    )


def _rate(waveform: ET.Element, fs: float | None) -> float:
    base = number(text_of(waveform, "SampleBase"))
    exponent = number(text_of(waveform, "SampleExponent")) or 0.0
    if base is not None and base > 0 and abs(exponent) < 10:
        return float(base * 10.0**exponent)
    if fs is None:
        raise MissingFactError(
            "the MUSE file gives no SampleBase, and so no sampling rate; give it in Hz, such as "
            "--fs 500"
        )
    return fs


def _start(root: ET.Element) -> datetime | None:
    test = root.find("TestDemographics")
    text = f"{text_of(test, 'AcquisitionDate')} {text_of(test, 'AcquisitionTime')}"
    for date_format in _DATES:
        try:
            return datetime.strptime(text, date_format)
        except ValueError:
            continue
    return None


def _identity(root: ET.Element) -> tuple[tuple[str, str], ...]:
    patient = root.find("PatientDemographics")
    name = f"{text_of(patient, 'PatientFirstName')} {text_of(patient, 'PatientLastName')}".strip()
    facts = (
        ("name", name),
        ("patient_id", text_of(patient, "PatientID")),
        ("birth_date", text_of(patient, "DateofBirth")),
    )
    return tuple((fact, text) for fact, text in facts if text)
