"""Data sets: from their publishers, checked; beats cut from them; the splits to judge by.

`published` tells which there are, `fetch` gets them, `checksums` checks them; `kaggle` makes the
exact Kaggle rows, `beat_sets` labelled beats from any annotated records; `splits` are the
divisions into training and test.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

BUILDS: Final = MappingProxyType(
    {
        "kaggle-mitbih": "the MIT-BIH half of the Kaggle ECG Heartbeat Categorization Dataset "
        "(109,446 rows), made from the 48 raw records of the MIT-BIH Arrhythmia Database 1.0.0",
        "beats": "one set of labelled beats, each with its record and patient, made from any "
        "annotated WFDB records, such as those of mitdb, svdb, incartdb, ltdb and edb",
    }
)
"""Data sets that ``ectopy data build`` makes, and from what."""
