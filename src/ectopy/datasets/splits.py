"""Which records train a model and which test it, and whether patients are kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DatasetError

DS1: Final = tuple(
    "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 "
    "223 230".split()
)
"""Training records of de Chazal, O'Dwyer and Reilly 2004."""
DS2: Final = tuple(
    "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 "
    "233 234".split()
)
"""Test records of de Chazal, O'Dwyer and Reilly 2004."""


@dataclass(frozen=True)
class Split:
    """A division of the MIT-BIH Arrhythmia Database into training and test beats."""

    name: str
    patient_mixed: bool
    says: str
    train_records: tuple[str, ...] = ()
    test_records: tuple[str, ...] = ()

    def masks(
        self, record: NDArray[np.str_], is_test: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Give the training and test masks over beats.

        Parameters
        ----------
        record
            Record name of each beat, shape ``(n,)``.
        is_test
            Whether each beat is in the published Kaggle test file, shape ``(n,)``.
        """
        if self.train_records:
            return np.isin(record, self.train_records), np.isin(record, self.test_records)
        return ~is_test, is_test


SPLITS: Final = {
    split.name: split
    for split in (
        Split(
            "kaggle",
            patient_mixed=True,
            says="the published Kaggle files: every patient is in both halves, so a figure on "
            "it measures memory of patients",
        ),
        Split(
            "ds1-ds2",
            patient_mixed=False,
            says="de Chazal 2004: 22 records train, 22 other records test, paced ones left out",
            train_records=DS1,
            test_records=DS2,
        ),
    )
}


def find_split(name: str) -> Split:
    """Give the split of that name.

    Raises
    ------
    DatasetError
        If there is no such split.
    """
    if name not in SPLITS:
        raise DatasetError(f"no split named {name!r}; known splits: {', '.join(SPLITS)}")
    return SPLITS[name]
