"""The numbers of leads in EN 1064 (SCP-ECG), which ISO 11073, DICOM and MFER share."""

from __future__ import annotations

from typing import Final

LEAD_NAMES: Final[dict[int, str]] = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7",
    10: "V2R", 11: "V3R", 12: "V4R", 13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z",
    19: "CC5", 20: "CM5", 21: "LA", 22: "RA", 23: "LL", 24: "fI", 25: "fE", 26: "fC", 27: "fA",
    28: "fM", 29: "fF", 30: "fH", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR",
    66: "V8", 67: "V9", 68: "V8R", 69: "V9R", 70: "D", 71: "A", 72: "J", 73: "Defib",
    74: "ExtPace", 75: "A1", 76: "A2", 77: "A3", 78: "A4",
    86: "Chest", 87: "V", 88: "VR", 89: "VL", 90: "VF", 91: "MCL", 92: "MCL1", 93: "MCL2",
    94: "MCL3", 95: "MCL4", 96: "MCL5", 97: "MCL6", 98: "CC", 99: "CC1", 100: "CC2", 101: "CC3",
    102: "CC4", 103: "CC6", 104: "CC7", 105: "CM", 106: "CM1", 107: "CM2", 108: "CM3", 109: "CM4",
    110: "CM6",
}  # fmt: skip
"""Calibration leads (31 to 60 and 79 to 85) are left out on purpose: they are no ECG."""
