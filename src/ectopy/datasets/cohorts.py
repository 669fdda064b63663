"""Which data set of infarctions a folder holds."""

from __future__ import annotations

from pathlib import Path

from ectopy.datasets.infarction import Cohort
from ectopy.datasets.ptbdb import ABNORMAL_CSV, NORMAL_CSV, list_ptbdb
from ectopy.datasets.ptbxl import TABLE, list_ptbxl
from ectopy.errors import DatasetError


def holds_kaggle_rows(folder: Path) -> bool:
    """Whether a folder holds one of Kaggle's files of PTB."""
    return any((folder / name).is_file() for name in (NORMAL_CSV, ABNORMAL_CSV))


def open_cohort(folder: Path) -> Cohort:
    """List the recordings of a folder of PTB-XL or of the PTB Diagnostic ECG Database.

    Raises
    ------
    DatasetError
        If it is neither.
    """
    if (folder / TABLE).is_file():
        return list_ptbxl(folder)
    if holds_kaggle_rows(folder):
        raise DatasetError(
            f"{folder} holds Kaggle's rows of PTB, which do not say whose they are, so nothing can "
            "be measured by patient; give the folder of PTB-XL or of the PTB database itself"
        )
    if next(folder.rglob("*.hea"), None) is None:
        raise DatasetError(
            f"{folder} holds neither PTB-XL ({TABLE}) nor records of the PTB Diagnostic ECG "
            f"Database (patient001/s0010_re.hea, …) nor Kaggle's {NORMAL_CSV} and {ABNORMAL_CSV}"
        )
    return list_ptbdb(folder)
