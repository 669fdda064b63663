"""Kaggle's rows of PTB: only the published files, divided as in the tutorial, with the warning."""

import hashlib

import numpy as np
import pytest

from cohort_files import write_ptb
from ectopy.datasets import ptbdb
from ectopy.errors import DatasetError, TrainingError
from ectopy.training.kaggle_ptbdb import load_kaggle_ptbdb

selection = pytest.importorskip("sklearn.model_selection")


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for name, n, label in ((ptbdb.NORMAL_CSV, 40, 0), (ptbdb.ABNORMAL_CSV, 100, 1)):
        table = np.c_[random.random((n, 187)), np.full(n, label)]
        np.savetxt(tmp_path / name, table, fmt="%.18e", delimiter=",")
    known = {
        path.name: (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in tmp_path.iterdir()
    }
    monkeypatch.setattr(ptbdb, "KAGGLE_FILES", known)
    return tmp_path


def test_kaggle_rows_are_split_as_in_the_tutorial_and_say_that_patients_mix(kaggle):
    beats = load_kaggle_ptbdb(kaggle)
    y = np.repeat([0, 1], [40, 100])
    _, test = selection.train_test_split(
        np.arange(140), test_size=0.2, random_state=1337, stratify=y
    )
    assert set(np.flatnonzero(beats.fold == 10)) == set(test)
    assert "PATIENTS ARE MIXED" in beats.warning
    assert not beats.knows_patients
    train, check, held = beats.parts(10)
    assert (len(train.y), len(check.y), len(held.y)) == (100, 12, 28)


def test_a_kaggle_file_that_is_not_the_published_one_is_refused(kaggle):
    path = kaggle / ptbdb.NORMAL_CSV
    text = path.read_bytes()
    path.write_bytes(text.replace(b"1", b"2", 1))
    with pytest.raises(DatasetError, match="checksum"):
        load_kaggle_ptbdb(kaggle)
    path.write_bytes(text[:-1])
    with pytest.raises(DatasetError, match="bytes"):
        load_kaggle_ptbdb(kaggle)


def test_nothing_is_claimed_of_them_that_is_not_known(kaggle, tmp_path):
    pytest.importorskip("torch")
    from ectopy.evaluation.infarction import evaluate_infarction
    from ectopy.labels import load_card
    from ectopy.training.transfer import transfer

    with pytest.raises(TrainingError, match="leave --lead V5 away"):
        transfer("cvxtz-kaggle-v1", kaggle, tmp_path / "run", lead="V5")
    transfer("cvxtz-kaggle-v1", kaggle, tmp_path / "run", modes=["frozen"], seeds=1, epochs=1)
    model = str(tmp_path / "run" / "frozen-seed0" / "model")
    training = load_card(model)["training"]
    assert training["data"] == "Kaggle rows of PTB, cut in a way that is not known"
    assert training["split_says"].startswith("train_test_split")
    assert "1 to 8" not in training["split_says"]
    with pytest.raises(DatasetError, match="holds Kaggle's rows of PTB, which do not say whose"):
        evaluate_infarction(kaggle, model)
    (tmp_path / "ptb").mkdir()
    write_ptb(tmp_path / "ptb", {"patient001": ("Myocardial infarction",)}, fs=250, seconds=8)
    with pytest.raises(DatasetError, match="any of these people may be among them"):
        evaluate_infarction(tmp_path / "ptb", model)


def test_folds_and_numbers_of_patients_cannot_be_made_of_them(kaggle, tmp_path):
    pytest.importorskip("torch")
    from ectopy.training.transfer import transfer

    with pytest.raises(TrainingError, match="do not say whose"):
        transfer("cvxtz-kaggle-v1", kaggle, tmp_path / "run", cross_validate=True)
