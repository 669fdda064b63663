"""Kaggle's rows of the PTB Diagnostic ECG Database, divided as the tutorials divide them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ectopy.datasets.infarction import MiBeats
from ectopy.datasets.ptbdb import ABNORMAL_CSV, KAGGLE_ROWS, MIXED, NORMAL_CSV, read_kaggle_file


def load_kaggle_ptbdb(folder: Path, *, seed: int = 1337) -> MiBeats:
    """Load ``ptbdb_normal.csv`` and ``ptbdb_abnormal.csv``, divided as the tutorials divide them.

    Fold 10 holds the test rows of ``train_test_split(test_size=0.2, random_state=1337,
    stratify=y)``, normal rows first; fold 9 a tenth of the others, to choose by; fold 1 the rest.

    Raises
    ------
    DatasetError
        If a file is missing or is not the published one.
    """
    from sklearn.model_selection import train_test_split

    parts = [read_kaggle_file(folder / name) for name in (NORMAL_CSV, ABNORMAL_CSV)]
    X = np.concatenate(parts)
    y = np.repeat(np.array([0, 1], np.int8), [len(part) for part in parts])
    lines = np.arange(len(y))
    learn, test = train_test_split(lines, test_size=0.2, random_state=seed, stratify=y)
    learn, check = train_test_split(learn, test_size=0.1, random_state=seed, stratify=y[learn])
    fold = np.empty(len(y), np.int64)
    for side, number in ((learn, 1), (check, 9), (test, 10)):
        fold[side] = number
    return MiBeats(
        X=X,
        y=y,
        recording=lines.astype(str),
        patient=np.full(len(y), ""),
        fold=fold,
        source=KAGGLE_ROWS,
        warning=MIXED,
    )
