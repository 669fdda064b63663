"""Names of leads: which signals are no ECG, and how names become unique."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

STANDARD_LEADS: Final = (
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
)  # fmt: skip
_MIN_ROWS: Final = 100
_ROUNDING: Final = 0.02
"""Of the height of a lead: by how much computed leads may differ from the equations."""
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


def obeys_einthoven(signal: NDArray[np.float32]) -> bool:
    """Whether leads 3 to 6 are III, aVR, aVL and aVF of leads 1 and 2, but for rounding."""
    part = signal[: 1 << 16].astype(np.float64)
    part = part[np.isfinite(part[:, :6]).all(axis=1)]
    if len(part) < _MIN_ROWS:
        return False
    i, ii = part[:, 0], part[:, 1]
    expected = np.stack([ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2], axis=1)
    error = np.abs(part[:, 2:6] - expected)
    return bool(
        np.quantile(error, 0.99) <= _ROUNDING * max(float(np.ptp(i)), float(np.ptp(ii)), 1e-12)
    )
