"""Data sets: the exact Kaggle rows, made from the raw database, and the splits to judge by."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

BUILDS: Final = MappingProxyType(
    {
        "kaggle-mitbih": "the MIT-BIH half of the Kaggle ECG Heartbeat Categorization Dataset "
        "(109,446 rows), made from the 48 raw records of the MIT-BIH Arrhythmia Database 1.0.0",
    }
)
"""Data sets that ``ectopy data build`` makes, and from what."""
