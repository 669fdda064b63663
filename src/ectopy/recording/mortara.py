"""Resting ECGs of Mortara (ELI, now Baxter) as XML.

There is no published specification. Samples are 16-bit integers in Base64, `UNITS_PER_MV` of
them to a millivolt. Read by ectopy itself: the parser of ecgdatakit refuses whatever is not
stored in that very way, and rounds rates to whole hertz. The TYPICAL_CYCLE, one average beat,
is passed over.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording._channels import Channel, blocks_of, make_recording, standard_name
from ectopy.recording._xml import (
    integers_from_base64,
    moment,
    number,
    numbers_from_text,
    parse,
    root_name,
    text_of,
)
from ectopy.recording.value import Recording

FORMAT: Final = "Mortara ELI (XML)"
_MARKS: Final = re.compile(rb"<CHANNEL|<TYPICAL_CYCLE|ACQUISITION_TIME|MORTARA", re.IGNORECASE)
_INTEGERS: Final = re.compile(r"\s*[+-]?\d+([\s,;]+[+-]?\d+)+[\s,;]*[+-]?")


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of an export of Mortara."""
    return root_name(head) == "ECG" and bool(_MARKS.search(head.replace(b"\0", b"")))


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read the channels of an export of Mortara.

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

    Raises
    ------
    DamagedFileError
        If the XML is broken or unsafe, or the samples of a channel are.
    MissingFactError
        If the file gives no sampling rate and `fs` is not given.
    RecordingError
        If there is no channel, or the file contradicts `fs`.
    """
    root = parse(path)
    elements = root.findall("CHANNEL") or root.findall(".//CHANNEL")
    if not elements:
        held = "one average beat" if root.find(".//TYPICAL_CYCLE") is not None else "no samples"
        raise RecordingError(
            f"{path.name} (Mortara) holds {held}, but no CHANNEL with a rhythm; export it again "
            "with its channels"
        )
    begun = root.get("ACQUISITION_TIME_XML") or root.get("ACQUISITION_TIME") or ""
    return make_recording(
        [_channel(element, i, fs) for i, element in enumerate(elements)],
        path=path,
        form=FORMAT,
        fs=fs,
        units=units,
        start=moment(begun),
        identity=_identity(root),
    )


def _channel(element: ET.Element, place: int, fs: float | None) -> Channel:
    name = standard_name(element.get("NAME", "")) or f"channel {place + 1}"
    values = _samples(element, f"channel {name}")
    rate = number(element.get("SAMPLE_FREQ")) or fs
    if rate is None or rate <= 0:
        raise MissingFactError(
            f"channel {name} of the Mortara file gives no SAMPLE_FREQ, and so no sampling rate; "
            "give it in Hz, such as --fs 500"
        )
    promised = number(element.get("DURATION"))
    in_ms = promised is not None and abs(promised * rate / 1000 - values.size) <= 1
    if promised is not None and promised > values.size and not in_ms:
        raise DamagedFileError(
            f"channel {name} holds {values.size} of the {promised:g} samples that the file "
            "promises; it is cut short, export it again"
        )
    per_mv = number(element.get("UNITS_PER_MV"))
    known = per_mv is not None and per_mv > 0
    return Channel(
        name,
        rate,
        values.size,
        blocks_of(values),
        scale=1.0 / per_mv if per_mv is not None and known else 1.0,
        unit="mV" if known else None,
        whole=values.dtype.kind in "iu",
    )


def _samples(element: ET.Element, where: str) -> NDArray[Any]:
    text = element.get("DATA") or text_of(element) or text_of(element, "DATA")
    bits = int(number(element.get("BITS")) or 16)
    if bits not in (8, 16, 32):
        raise DamagedFileError(
            f"{where} has samples of {bits} bits, Mortara writes 16; export the file again"
        )
    plain = element.get("ENCODING", "").upper() in ("PLAIN", "TEXT", "DECIMAL")
    if plain or _INTEGERS.fullmatch(text[:200]):
        numbers = numbers_from_text(text, where)
        whole = bool((numbers == np.rint(numbers)).all()) and numbers.size > 0
        values: NDArray[Any] = numbers.astype(np.int64) if whole else numbers
    else:
        values = integers_from_base64(text, bits // 8, where)
        if element.get("FORMAT", "SIGNED").upper() == "UNSIGNED":
            values = values.view(values.dtype.str.replace("i", "u"))
    if not values.size:
        raise DamagedFileError(f"{where} has no samples; export the file again")
    return values


def _identity(root: ET.Element) -> tuple[tuple[str, str], ...]:
    subject = root.find("SUBJECT")
    if subject is None:
        return ()
    name = f"{subject.get('FIRST_NAME', '')} {subject.get('LAST_NAME', '')}".strip()
    facts = (
        ("name", name),
        ("patient_id", subject.get("ID", "")),
        ("birth_date", subject.get("DOB", "") or subject.get("DOB_XML", "")),
    )
    return tuple((fact, text) for fact, text in facts if text)
