"""Cohorts of infarctions: who is in them, on which side, and how their beats are cut."""

import numpy as np
import pytest

from cohort_files import write_ptb, write_ptbxl, write_record
from ectopy.beats.kaggle_rows import beat_rows
from ectopy.datasets.cohorts import open_cohort
from ectopy.datasets.infarction import (
    Cohort,
    MiBeats,
    MiRecording,
    cut_cohort,
    cut_recording,
    drawn_folds,
)
from ectopy.errors import DatasetError
from ectopy.recording import read


def beats_of(patients, folds, y=None):
    n = len(patients)
    return MiBeats(
        np.zeros((n, 187), np.float32),
        np.array(y if y is not None else [k % 2 for k in range(n)], np.int8),
        np.array(patients),
        np.array(patients),
        np.array(folds),
        "PTB",
    )


def test_ptbxl_takes_infarctions_and_what_is_only_normal(tmp_path):
    write_ptbxl(
        tmp_path,
        [
            ("1", "{'NORM': 100.0, 'SR': 0.0}", 1),
            ("2", "{'IMI': 50.0, 'NDT': 100.0}", 2),
            ("3", "{'NDT': 100.0}", 3),
            ("4", "{'NORM': 80.0, 'NDT': 20.0}", 4),
            ("5", "{'ASMI': 0.0, 'SR': 0.0}", 5),
            ("5", "{'NORM': 100.0}", 5),
        ],
    )
    cohort = open_cohort(tmp_path)
    assert [(r.patient, r.infarction, r.fold) for r in cohort.recordings] == [
        ("1", False, 1),
        ("2", True, 2),
        ("5", True, 5),
    ]
    assert cohort.left_out["another diagnosis, or none"] == 2
    assert sum(cohort.left_out.values()) == 3


def test_a_missing_recording_of_ptbxl_is_counted_and_a_broken_one_is_named(tmp_path):
    write_ptbxl(tmp_path, [("1", "{'NORM': 100.0}", 1), ("2", "{'IMI': 50.0}", 2)] * 2)
    folder = tmp_path / "records100" / "00000"
    (folder / "00002_lr.hea").unlink()
    (folder / "00003_lr.dat").write_bytes(b"short")
    cohort = open_cohort(tmp_path)
    assert cohort.left_out == {"its files are not in the folder": 1}
    beats = cut_cohort(cohort)
    assert sorted(set(beats.recording)) == ["0", "1"]
    assert [name for name, _ in beats.skipped] == ["3"]


def test_ptb_goes_by_the_reason_for_admission_and_by_folder(tmp_path):
    write_ptb(
        tmp_path,
        {
            "patient001": ("Myocardial infarction", "n/a", None),
            "patient002": ("Healthy control",),
            "patient003": ("Cardiomyopathy",),
            "patient004": ("n/a",),
            "deep/patient005": ("MYOCARDIAL INFARCTION",),
        },
        fs=250,
    )
    cohort = open_cohort(tmp_path)
    assert {(r.patient, r.infarction) for r in cohort.recordings} == {
        ("patient001", True),
        ("patient002", False),
        ("deep/patient005", True),
    }
    assert len(cohort.recordings) == 5
    assert cohort.left_out == {
        "admitted with something else": 1,
        "its header gives no reason for admission": 1,
    }


def test_a_patient_of_both_kinds_is_left_out_by_name(tmp_path):
    write_ptb(
        tmp_path,
        {
            "patient001": ("Myocardial infarction",),
            "patient002": ("Healthy control", "Myocardial infarction", None),
            "patient003": ("Healthy control",),
        },
        fs=250,
    )
    cohort = open_cohort(tmp_path)
    assert {(r.patient, r.infarction) for r in cohort.recordings} == {
        ("patient001", True),
        ("patient003", False),
    }
    ((why, count),) = cohort.left_out.items()
    assert "patient002" in why
    assert count == 3


def test_a_record_without_its_frank_leads_is_read_by_those_it_has(tmp_path):
    write_ptb(tmp_path, {"p1": ("Healthy control",)}, seconds=20)
    cohort = open_cohort(tmp_path)
    (each,) = cohort.recordings
    whole = cut_cohort(cohort)
    frank = each.path.with_suffix(".xyz").read_bytes()
    each.path.with_suffix(".xyz").unlink()
    np.testing.assert_array_equal(cut_cohort(cohort).X, whole.X)
    # without its leads it is skipped, and the reason names the file, whether the others are there
    each.path.with_suffix(".dat").unlink()
    with pytest.raises(DatasetError, match="is missing"):
        cut_cohort(cohort)
    each.path.with_suffix(".xyz").write_bytes(frank)
    with pytest.raises(
        DatasetError, match=r"no lead 'II' \(their file s0000_re.dat is missing\); this .* has vx"
    ):
        cut_cohort(cohort)


def test_a_flat_folder_of_both_kinds_is_refused(tmp_path):
    for k, reason in enumerate(("Myocardial infarction", "Healthy control")):
        comments = [f"Reason for admission: {reason}"]
        write_record(tmp_path, f"s{k}", ill=not k, seed=k, comments=comments)
    with pytest.raises(DatasetError, match="folder of its own"):
        open_cohort(tmp_path)


def test_lower_case_leads_at_1000_hz_give_the_rows_of_the_lead(tmp_path):
    write_ptb(tmp_path, {"p1": ("Healthy control",)}, seconds=20)
    (each,) = open_cohort(tmp_path).recordings
    recording = read(each.path)
    rows = cut_recording(recording, "kaggle-rows", "II")
    windows = cut_recording(recording, "beat-window", "ii")
    assert 18 < len(rows) < 30
    assert rows.shape[1:] == (187,)
    assert windows.shape[1:] == (80,)
    # every row but the last begins at an R peak and holds the next one
    assert (rows[:, :4].max(axis=1) > 0.7).all()
    assert np.median(windows[:, 28:33].max(axis=1)) > 0.6


def test_rows_are_those_of_the_beats_found_but_the_last(tmp_path):
    write_record(tmp_path, "r", ill=False, seed=3, fs=360, seconds=20)
    recording = read(tmp_path / "r.hea")
    from ectopy.beats import find_beats

    beats = find_beats(recording, "II")
    assert (beats.quality >= 0.5).all()
    rows = beat_rows(recording.lead("II"), 360, beats.sample, recording.resolution[1])
    np.testing.assert_array_equal(cut_recording(recording, "kaggle-rows", "II"), rows[:-1])


def test_folds_are_dealt_by_patient_evenly_and_always_alike():
    people = {f"p{k}": k % 4 == 0 for k in range(200)}
    folds = drawn_folds(people)
    assert folds == drawn_folds(dict(reversed(people.items())))
    for fold in range(1, 11):
        held = [people[name] for name, at in folds.items() if at == fold]
        assert (len(held), sum(held)) == (20, 5)


def test_the_published_division_is_fold_nine_and_ten():
    beats = beats_of([f"p{k}" for k in range(40)], [k // 2 % 10 + 1 for k in range(40)])
    train, check, test = beats.parts(10)
    assert set(train.fold) == set(range(1, 9))
    assert set(check.fold) == {9}
    assert set(test.fold) == {10}
    assert set(beats.parts(1)[1].fold) == {10}


def test_no_patient_is_on_two_sides():
    names = [f"p{k}" for k in range(40)]
    names[19], names[17] = "twice", "twice"  # folds 10 and 9
    beats = beats_of(names, [k // 2 % 10 + 1 for k in range(40)])
    with pytest.raises(DatasetError, match="twice"):
        beats.parts(10)
    moved = MiRecording("a", None, "p", True, 1), MiRecording("b", None, "p", True, 2)
    with pytest.raises(DatasetError, match="two folds"):
        Cohort("PTB", moved, {}, "")


def test_a_folder_of_something_else_says_what_is_wanted(tmp_path):
    with pytest.raises(DatasetError, match="PTB-XL"):
        open_cohort(tmp_path)


@pytest.mark.data
def test_the_part_of_ptbxl_at_hand_has_the_counts_of_its_readme(data):
    cohort = open_cohort(data / "ptbxl")
    ill = [r for r in cohort.recordings if r.infarction]
    assert (len(ill), len(cohort.recordings) - len(ill)) == (183, 370)
