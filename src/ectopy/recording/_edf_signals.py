"""Which signals of an EDF file are ECGs, by label, transducer, unit and rate."""

from __future__ import annotations

import re
from typing import Final

from ectopy.recording._edf_header import EdfSignal
from ectopy.recording._leads import is_ecg_name, is_other_name
from ectopy.recording._units import ADU, parse_unit
from ectopy.recording.value import MIN_FS

ECG: Final = "an ECG"
EEG: Final = "an EEG"
OTHER: Final = "no ECG"
UNKNOWN: Final = "a voltage without a telling name"

_HEART: Final = re.compile(r"e[ck]g|electrocardio|elektrokardio", re.IGNORECASE)
_DERIVED: Final = re.compile(
    r"\b(hr|h r|rate|bpm|puls\w*|rr|ibi|resp\w*|derived|quality|sqi|status|marker|event|beat)s?\b",
    re.IGNORECASE,
)
_NO_VOLTAGE: Final = re.compile(r"bpm|min|%|hg|deg|ohm|hz|^m?s$|^[gcl]$|/s|bool", re.IGNORECASE)
_LEADS: Final = re.compile(r"[XYZ]|E[SA]|A[SI]|C[BCM]\d|NASA", re.IGNORECASE)
_BRAIN: Final = re.compile(
    r"\b(eeg|meg|seeg|ecog|ieeg|vns|dc\d+|exg\d*|pol|photic|calib\w*|ref|gnd)\b", re.IGNORECASE
)
_ELSEWHERE: Final = re.compile(
    r"\b(eog|emg|erg|mcg|ep|egg|loc|roc|[lr]eog|chin\d*|submental|leg\w*|lat|rat|[lr]leg|tib\w*|"
    r"snor\w*|nasal|nasion|nas|oral|air ?flow|thor\w*|abdo?\w*|chest|effort|cannula|ther\w*|"
    r"cpap|press\w*|sao2|spo2|ox|stat|sum|rip|ptt|epap|ipap|leak|marker|event\w*|sound|sono|"
    r"body|tilt|vib\w*|dhr|h r|pr|osat|ekgrate|rate|hrate|artefact|sync|digital|counter)\b",
    re.IGNORECASE,
)
_SITE: Final = (
    r"(?:n?fp[12z]|nz|iz|(?:af|fc|ft|cp|tp|po|f|c|t|p|o)(?:\d{1,2}|z)h?|a[12]|m[12]|e[12]|cb[12]|"
    r"pg[12]|sp[12]|[lr]m|[ab]\d{1,2})"
)
_MONTAGE: Final = re.compile(
    rf"(?:eeg|pol)?\s*{_SITE}(?:\s*(?:ref|le|re|av|avg|ar|cz|{_SITE}))*", re.IGNORECASE
)


def kind_of(signal: EdfSignal, fs: float) -> str:
    """Tell what a signal is: one of ECG, EEG, OTHER and UNKNOWN.

    The word ECG in its label settles it, even after "EEG" (``EEG EKG1-REF``). Next come labels
    of electrodes on the head and of other organs, then units that are no voltage, then the names
    of ECG leads.
    """
    if signal.is_annotations or fs < MIN_FS:
        return OTHER
    label = re.sub(r"[_\W]+", " ", signal.label).strip()
    voltage = not signal.unit or parse_unit(signal.unit) is not None
    if _HEART.search(label):
        measured = _DERIVED.search(label) or _NO_VOLTAGE.search(signal.unit)
        return OTHER if measured else ECG
    if _MONTAGE.fullmatch(label) or _BRAIN.search(label) or "EEG" in signal.transducer.upper():
        return EEG
    if _ELSEWHERE.search(label) or is_other_name(label) or _is_digital(signal):
        return OTHER
    if not voltage:
        return OTHER
    if is_ecg_name(label) or (signal.unit and _LEADS.fullmatch(label)):
        return ECG
    return ECG if _HEART.search(signal.transducer) else UNKNOWN


def _is_digital(signal: EdfSignal) -> bool:
    """Whether a signal counts or switches: the Status of BDF, a unit such as Boolean."""
    unit = parse_unit(signal.unit)
    return signal.unit.lower() in ("boolean", "bool", "bit", "bits") or (
        unit in (None, ADU) and not signal.label
    )
