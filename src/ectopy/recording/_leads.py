"""Names of leads: which signals are no ECG, and how names become unique."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_ECG: Final = re.compile(
    r"\b(ecg\w*|ekg\w*|electrocardio\w*|mli{1,3}|mlv\d|i{1,3}|av[rlf]|mcl\d|v[1-9]r?|lead)\b",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"\b(resp\w*|breath\w*|n?i?bp|abp\w*|art|pap|cvp|icp|pleth\w*|ppg\w*|spo2|sao2|"
    r"(et)?co2|o2|flow|temp\w*|eeg\w*|emg\w*|eog\w*|eda|gsr|acc\w*|gyro\w*|mag\w*|pos\w*|hr|"
    r"heart rate|pulse\w*|puls|rr|rri|ibi|bpm|events?|markers?|labels?|annot\w*|class\w*|beats?|"
    r"symbols?|quality|sqi|battery|flags?|status|trigger|buttons?|mic\d*|microphone\w*|stim\w*|steps?|"
    r"scg|bcg|pcg|spl|light|hum\w*)\b",
    re.IGNORECASE,
)


def _words(name: str) -> str:
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z]{2})(?=[A-Z])", " ", name)).strip()


def is_ecg_name(name: str) -> bool:
    """Whether a signal of this name is an ECG beyond doubt, such as MLII, V5 or ECG."""
    return bool(_ECG.search(_words(name)))


def is_other_name(name: str) -> bool:
    """Whether a signal of this name is something else, such as RESP, ABP or a beat label."""
    return bool(_OTHER.search(_words(name))) and not is_ecg_name(name)


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """Make names unique and non-empty: ``"ECG", "ECG"`` becomes ``"ECG", "ECG 2"``."""
    given: list[str] = []
    for name in names:
        base = " ".join(name.split()) or "ECG"
        unique, number = base, 1
        while unique in given:
            number += 1
            unique = f"{base} {number}"
        given.append(unique)
    return tuple(given)
