"""PTB-XL (Wagner et al. 2020): 10 s of 12 leads, diagnoses by statements, folds by patient."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ectopy.datasets.infarction import Cohort, MiRecording, counted
from ectopy.errors import DatasetError

TABLE: Final = "ptbxl_database.csv"
STATEMENTS: Final = "scp_statements.csv"
FOLDS_SAY: Final = "the publisher's ten folds (`strat_fold`), by patient"


def list_ptbxl(folder: Path) -> Cohort:
    """List the recordings with a statement of myocardial infarction, and those that are normal.

    Infarction: any statement whose ``diagnostic_class`` is MI. Normal: NORM is the only
    diagnostic class. Everything else is left out. Recordings at 100 Hz are taken where the folder
    has them, else those at 500 Hz.

    Parameters
    ----------
    folder
        With ``ptbxl_database.csv``, ``scp_statements.csv`` and ``records100`` or ``records500``.

    Raises
    ------
    DatasetError
        If a table is missing or has not the publisher's columns, or no recording is there.
    """
    classes = _classes(folder)
    found, reasons = list[MiRecording](), list[str]()
    for row in _rows(folder / TABLE):
        try:
            codes = ast.literal_eval(row["scp_codes"])
            patient, fold = str(int(float(row["patient_id"]))), int(float(row["strat_fold"]))
            name, files = row["ecg_id"], (row.get("filename_lr"), row.get("filename_hr"))
        except (KeyError, TypeError, ValueError, SyntaxError) as error:
            raise DatasetError(
                f"{folder / TABLE} has a line that is not as published ({error}); "
                "fetch it again from its publisher"
            ) from error
        named = {classes[code] for code in codes if code in classes}
        if "MI" not in named and named != {"NORM"}:
            reasons.append("another diagnosis, or none")
            continue
        path = next((folder / f"{f}.hea" for f in files if f and _has(folder / f)), None)
        if path is None:
            reasons.append("its files are not in the folder")
            continue
        found.append(MiRecording(name, path, patient, "MI" in named, fold))
    ill = {r.patient for r in found if r.infarction}
    kept = tuple(r for r in found if r.infarction or r.patient not in ill)
    reasons += ["normal, but the patient has an infarction in another recording"] * (
        len(found) - len(kept)
    )
    if not kept:
        raise DatasetError(
            f"{folder} has {TABLE} but none of its recordings; they belong in records100 or "
            "records500 beside it"
        )
    return Cohort("PTB-XL", kept, counted(reasons), FOLDS_SAY)


def _classes(folder: Path) -> dict[str, str]:
    """Diagnostic class of each diagnostic statement."""
    classes = {}
    for row in _rows(folder / STATEMENTS):
        code = row.get("") or row.get("scp_code") or ""
        if row.get("diagnostic") in ("1", "1.0") and row.get("diagnostic_class"):
            classes[code] = row["diagnostic_class"]
    if "MI" not in classes.values() or "NORM" not in classes.values():
        raise DatasetError(f"{folder / STATEMENTS} names no MI and NORM; fetch it again")
    return classes


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            yield from csv.DictReader(stream)
    except (OSError, UnicodeError, csv.Error) as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); a folder of PTB-XL has {TABLE} and {STATEMENTS}"
        ) from error


def _has(stem: Path) -> bool:
    return stem.with_name(f"{stem.name}.hea").is_file()
