"""Which records train a model and which test it, and the guards against leaks between them.

The splits are committed manifests, ``manifests/<name>.json``; nothing here draws one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ectopy.datasets.mitdb import patient_of
from ectopy.errors import DatasetError


@dataclass(frozen=True)
class Split:
    """A division of the MIT-BIH Arrhythmia Database into training and test beats.

    Attributes
    ----------
    name
        Such as ``"ds1-ds2"``, or ``"patients-5/1"`` for the first of five folds.
    says
        What it is, in a sentence.
    patient_mixed
        Whether patients are on both sides; any figure on such a split must say so.
    train_records, test_records
        Records of each side; both empty where rows rather than records are divided.
    note
        What else must be known to read a figure on it; may be empty.
    shared_patients
        Patients that are on both sides of a published split that is not meant to be mixed.
    """

    name: str
    says: str
    patient_mixed: bool
    train_records: tuple[str, ...] = ()
    test_records: tuple[str, ...] = ()
    note: str = ""
    shared_patients: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.train_records:
            check_patients(
                self.train_records,
                self.test_records,
                patient_mixed=self.patient_mixed,
                declared=self.shared_patients,
            )

    @property
    def warning(self) -> str:
        """What must stand beside every figure on this split; empty if nothing must."""
        if self.patient_mixed:
            return (
                f"PATIENTS ARE MIXED in the split {self.name}: the same people are in training and "
                "test, so these figures measure memory of patients, not what happens on new ones."
            )
        return f"In the split {self.name}, {self.note}." if self.note else ""

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


def list_splits() -> list[str]:
    """Give the names of all splits."""
    names = []
    for name, manifest in sorted(_manifests().items()):
        folds = len(manifest.get("folds", ()))
        names += [f"{name}/{k + 1}" for k in range(folds)] if folds else [name]
    return names


def find_split(name: str) -> Split:
    """Give the split of that name.

    Raises
    ------
    DatasetError
        If there is no such split.
    """
    if name not in list_splits():
        raise DatasetError(f"no split named {name!r}; known splits: {', '.join(list_splits())}")
    manifest = _manifests()[name.split("/")[0]]
    train, test = manifest.get("train", ()), manifest.get("test", ())
    says = manifest["says"]
    if "folds" in manifest:
        k = int(name.split("/")[1]) - 1
        test = manifest["folds"][k]
        train = [r for fold in manifest["folds"] for r in fold if fold is not test]
        says += f"; fold {k + 1} tests"
    return Split(
        name,
        says,
        manifest["patient_mixed"],
        tuple(train),
        tuple(test),
        manifest.get("note", ""),
        tuple(manifest.get("shared_patients", ())),
    )


def check_patients(
    train: Iterable[str],
    test: Iterable[str],
    *,
    patient_mixed: bool = False,
    declared: Iterable[str] = (),
) -> None:
    """Refuse a split that has a patient on both sides, unless it is declared.

    Parameters
    ----------
    train, test
        Records of each side.
    patient_mixed
        The split says of itself that it mixes patients.
    declared
        Patients that a published split is known to have on both sides.

    Raises
    ------
    DatasetError
        If a patient is on both sides undeclared.
    """
    both = {patient_of(record) for record in train} & {patient_of(record) for record in test}
    if leaked := sorted(both - set(declared)):
        if patient_mixed:
            return
        raise DatasetError(
            f"the split has {len(leaked)} patient(s) on both sides, such as {leaked[0]}; move all "
            "records of a patient to one side, or declare the split patient-mixed"
        )


def check_resampling(train: Sequence[tuple[str, int]], test: Sequence[tuple[str, int]]) -> None:
    """Refuse rows that were resampled before they were split.

    Parameters
    ----------
    train, test
        Record and sample of each row's beat. The training side may hold a beat many times
        (resampled after the split); the test side may not, nor may a beat be on both sides.

    Raises
    ------
    DatasetError
        If a beat is on both sides, or more than once in the test.
    """
    held = set(test)
    if len(held) < len(test):
        raise DatasetError(
            f"{len(test) - len(held):,} test rows repeat a beat: the rows were resampled before "
            "the split; split first, then resample the training side only"
        )
    if leaked := held.intersection(train):
        record, sample = min(leaked)
        raise DatasetError(
            f"{len(leaked):,} beats are in training and test, such as sample {sample} of record "
            f"{record}: the rows were resampled before the split; split first, then resample the "
            "training side only"
        )


def _manifests() -> dict[str, dict[str, Any]]:
    folder = files("ectopy.datasets").joinpath("manifests")
    held = [json.loads(path.read_text("utf-8")) for path in folder.iterdir()]
    return {manifest["name"]: manifest for manifest in held}
