"""No patient on both sides, no beat on both sides, and nothing hidden about it."""

import numpy as np
import pytest

from ectopy.datasets.mitdb import MITDB_RECORDS, PACED_RECORDS, patient_of
from ectopy.datasets.splits import check_patients, check_resampling, find_split, list_splits
from ectopy.errors import DatasetError

UNPACED = set(MITDB_RECORDS) - set(PACED_RECORDS)


def test_all_splits_are_listed_and_found():
    assert list_splits() == [
        "ds1-ds2",
        "kaggle",
        "mitdb-44",
        *(f"patients-5/{k}" for k in range(1, 6)),
    ]
    for name in list_splits():
        assert find_split(name).name == name
    with pytest.raises(DatasetError, match=r"no split named 'ds3'; known splits: ds1-ds2, kaggle"):
        find_split("ds3")


def test_ds1_ds2_is_de_chazals():
    split = find_split("ds1-ds2")
    assert len(split.train_records) == len(split.test_records) == 22
    assert set(split.train_records) | set(split.test_records) == UNPACED
    assert not set(split.train_records) & set(split.test_records)
    assert {"101", "208", "230"} <= set(split.train_records)
    assert {"100", "232", "234"} <= set(split.test_records)
    assert not split.patient_mixed
    assert "201" in split.warning
    assert "202" in split.warning


def test_folds_keep_patients_together_and_cover_everyone_once():
    folds = [find_split(f"patients-5/{k}") for k in range(1, 6)]
    tested = [record for fold in folds for record in fold.test_records]
    assert sorted(tested) == sorted(UNPACED)
    for fold in folds:
        assert set(fold.train_records) == UNPACED - set(fold.test_records)
        patients = [
            {patient_of(r) for r in side} for side in (fold.train_records, fold.test_records)
        ]
        assert not patients[0] & patients[1]
        assert fold.warning == ""


def test_kaggle_warns_wherever_it_goes():
    split = find_split("kaggle")
    assert split.patient_mixed
    assert "PATIENTS ARE MIXED" in split.warning
    masks = split.masks(np.array(["100", "100"]), np.array([True, False]))
    assert [mask.tolist() for mask in masks] == [[False, True], [True, False]]


def test_a_patient_on_both_sides_is_refused_unless_declared():
    with pytest.raises(DatasetError, match=r"on both sides, such as 201\+202"):
        check_patients(["100", "201"], ["101", "202"])
    check_patients(["100", "201"], ["101", "202"], patient_mixed=True)
    check_patients(["100", "201"], ["101", "202"], declared=["201+202"])
    with pytest.raises(DatasetError, match="such as 100"):
        check_patients(["100", "201"], ["100", "202"], declared=["201+202"])


def test_resampling_before_the_split_is_refused():
    beats = [("100", 77), ("100", 370), ("101", 83)]
    check_resampling([*beats[:2], beats[0], beats[0]], beats[2:])
    with pytest.raises(DatasetError, match=r"sample 370 of record 100.*split first"):
        check_resampling(beats[:2], beats[1:])
    with pytest.raises(DatasetError, match="1 test rows repeat a beat"):
        check_resampling(beats[:2], [beats[2], beats[2]])
