"""The PTB Diagnostic ECG Database, as its WFDB records and as the rows that Kaggle has of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.kaggle_rows import ROW_LENGTH
from ectopy.datasets.checksums import sha256_of
from ectopy.datasets.infarction import Cohort, MiRecording, counted, drawn_folds
from ectopy.datasets.published import KAGGLE
from ectopy.errors import DatasetError

NORMAL_CSV: Final = "ptbdb_normal.csv"
ABNORMAL_CSV: Final = "ptbdb_abnormal.csv"
KAGGLE_FILES: Final = {each.name: (each.size, each.sha256) for each in KAGGLE["kaggle-ptbdb"]}
"""Bytes and SHA-256 of the published files: 4,046 and 10,506 rows."""
MIXED: Final = (
    "PATIENTS ARE MIXED: these rows do not say whose they are, so the same people are in training "
    "and test, and these figures measure memory of patients, not what happens on new ones. Always "
    "answering 'infarction' is right for 72.2 % of them."
)
KAGGLE_ROWS: Final = "Kaggle rows of PTB"
"""What these rows are called as a source."""
FOLDS_SAY: Final = "ten folds, dealt by patient, each class evenly"
_REASON: Final = re.compile(r"^#\s*reason for admission\s*:\s*(.*?)\s*$", re.I | re.M)


def list_ptbdb(folder: Path) -> Cohort:
    """List the records of people admitted with a myocardial infarction, and of healthy ones.

    The header of each record says it in a comment, ``Reason for admission``; a patient is a folder
    (``patient001/s0010_re.hea``). A record that does not say it is taken as the other records of
    its patient are. A folder that holds both kinds is left out by name: it may be of two people.

    Parameters
    ----------
    folder
        With the folders of patients, at any depth.

    Raises
    ------
    DatasetError
        If no record of either kind is there, or only in folders that hold both.
    """
    said: dict[Path, bool | None] = {}
    reasons = list[str]()
    for header in sorted(folder.rglob("*.hea")):
        found, why = _admitted_with(header)
        if why:
            reasons.append(why)
        else:
            said[header] = found
    patients: dict[str, set[bool]] = {}
    for header, found in said.items():
        patients.setdefault(_patient(folder, header), set()).update({found} - {None})  # type: ignore[arg-type]
    mixed = {name for name, held in patients.items() if len(held) > 1}
    known = {name: held == {True} for name, held in patients.items() if len(held) == 1}
    if mixed and not known:
        raise DatasetError(
            f"the folder {min(mixed)} holds people with and without an infarction; the PTB "
            "database keeps the records of each patient in a folder of its own, patient001 to "
            "patient294"
        )
    folds = drawn_folds(known)
    listed = tuple(
        MiRecording(
            header.relative_to(folder).with_suffix("").as_posix(),
            header,
            patient,
            known[patient],
            folds[patient],
        )
        for header in said
        if (patient := _patient(folder, header)) in known
    )
    if not listed:
        raise DatasetError(
            f"{folder} holds no record whose header gives 'Reason for admission: Myocardial "
            "infarction' or 'Healthy control'; give the folder of the PTB Diagnostic ECG Database"
        )
    owners = [name for header in said if (name := _patient(folder, header)) not in known]
    reasons += [
        f"{name} holds records with and without an infarction, which may be of two people"
        if name in mixed
        else "its header gives no reason for admission"
        for name in owners
    ]
    return Cohort("PTB", listed, counted(reasons), FOLDS_SAY)


def read_kaggle_file(path: Path) -> NDArray[np.float32]:
    """Read the rows of ``ptbdb_normal.csv`` or ``ptbdb_abnormal.csv``, once it is known to be it.

    Raises
    ------
    DatasetError
        If the file is missing, or has not the size and the checksum of the published one.
    """
    size, sha256 = KAGGLE_FILES[path.name]
    try:
        found = path.stat().st_size
        digest = sha256_of(path) if found == size else ""
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}); it is needed") from error
    if found != size or digest != sha256:
        what = f"{found:,} bytes" if found != size else f"the checksum {digest[:12]}…"
        wanted = f"{size:,} bytes" if found != size else f"{sha256[:12]}…"
        raise DatasetError(
            f"{path} is not the published file: it has {what}, not {wanted}; download it again"
        )
    table = np.loadtxt(path, delimiter=",", dtype=np.float64, ndmin=2)
    if table.shape[1] != ROW_LENGTH + 1:
        raise DatasetError(f"{path} has {table.shape[1]} columns, not {ROW_LENGTH + 1}")
    return table[:, :-1].astype(np.float32)


def _admitted_with(header: Path) -> tuple[bool | None, str]:
    """Say whether a header tells of an infarction, None if of nothing; or why to leave it out."""
    try:
        text = header.read_text("latin-1")
    except OSError:
        return None, "its header cannot be read"
    told = _REASON.search(text)
    words = told[1].casefold() if told else ""
    if words in ("", "n/a", "na", "unknown", "none"):
        return None, ""
    if "infarction" in words:
        return True, ""
    if "healthy" in words:
        return False, ""
    return None, "admitted with something else"


def _patient(folder: Path, header: Path) -> str:
    """Give the folder of a record as the name of its patient."""
    inside = header.parent.relative_to(folder).as_posix()
    return header.parent.resolve().name if inside == "." else inside
