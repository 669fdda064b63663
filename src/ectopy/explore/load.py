"""A folder or file → the beats in it, whichever of the known layouts it has."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.context import CONTEXT_FS, N_FEATURES, REACH, WAVE, feature_names
from ectopy.beats.kaggle_rows import ROW_FS
from ectopy.datasets.kaggle import (
    COUNTS,
    NPZ,
    TEST_CSV,
    TRAIN_CSV,
    KaggleRows,
    differs,
    make_rows,
    read_table,
)
from ectopy.datasets.mitdb import MITDB_RECORDS, patient_of
from ectopy.errors import DatasetError
from ectopy.explore.value import BeatSet
from ectopy.labels.aami import AAMI_CLASSES

PTB_CSV: Final = ("ptbdb_normal.csv", "ptbdb_abnormal.csv")
"""The other half of the Kaggle data set: healthy, and with a heart disease."""
PTB_CLASSES: Final = ("normal", "abnormal")

_GIVE: Final = (
    "give a folder of 'ectopy data build', the published mitbih_*.csv or ptbdb_*.csv, the raw "
    "MIT-BIH records, or an .npz with X and y"
)

Progress = Callable[[float], None]


def load_beats(path: Path, progress: Progress | None = None) -> BeatSet:
    """Load the beats of a folder or a file.

    Parameters
    ----------
    path
        A folder of ``ectopy data build``, a folder with the published Kaggle files, the raw
        records of MIT-BIH, or one ``.npz`` or ``.csv`` file.
    progress
        Called with the share that is done where rows have to be cut first.

    Raises
    ------
    DatasetError
        If it holds none of these, or what it holds is damaged.
    """
    if path.is_file():
        if path.suffix.lower() == ".npz":
            return _from_npz(path)
        if path.suffix.lower() == ".csv":
            return _from_tables(path.stem, [path])
        raise DatasetError(f"{path} is neither .npz nor .csv; {_GIVE}")
    if not path.is_dir():
        raise DatasetError(f"there is no {path}; {_GIVE}")
    if (path / NPZ).is_file():
        return _from_npz(path / NPZ)
    tables = [path / name for name in (TRAIN_CSV, TEST_CSV) if (path / name).is_file()]
    if tables:
        return _from_tables("kaggle-mitbih", tables)
    halves = [path / name for name in PTB_CSV if (path / name).is_file()]
    if halves:
        return _from_tables("kaggle-ptb", halves, PTB_CLASSES)
    archives = sorted(path.glob("*.npz"))
    if len(archives) == 1:
        return _from_npz(archives[0], path.name)
    if archives:
        names = ", ".join(each.name for each in archives)
        raise DatasetError(f"{path} holds {len(archives)} .npz files ({names}); name one of them")
    if any((path / f"{record}.hea").is_file() for record in MITDB_RECORDS):
        rows = make_rows(path, progress)
        return _from_rows(rows, "rows cut from the raw records as the Kaggle files were")
    if any(path.glob("*.hea")):
        raise DatasetError(
            f"{path} holds WFDB records, but not those of MIT-BIH; make rows of them first with "
            f"'ectopy data build beats --source {path} -o beats', then explore that"
        )
    raise DatasetError(f"nothing to explore in {path}; {_GIVE}")


def _from_rows(rows: KaggleRows, says: str) -> BeatSet:
    known, place = np.unique(rows.record, return_inverse=True)
    patient = np.array([patient_of(record) for record in known.tolist()])[place]
    return BeatSet(
        "kaggle-mitbih",
        says,
        rows.X,
        rows.y.astype(np.int64),
        AAMI_CLASSES,
        fs=ROW_FS,
        is_test=rows.is_test,
        record=rows.record,
        patient=patient,
        sample=rows.sample,
    )


def _from_npz(path: Path, name: str = "") -> BeatSet:
    """Load any set of rows and classes, with whatever else it says of them."""
    held = _arrays(path)
    absent = [name for name in ("X", "y") if name not in held]
    if absent:
        raise DatasetError(
            f"{path} has no {' and no '.join(absent)}, only {', '.join(held) or 'nothing'}; a set "
            "of beats holds rows as X and their classes as y"
        )
    if set(vars(KaggleRows)["__dataclass_fields__"]) == set(held):
        return _from_rows(KaggleRows(**held), f"rows of {path.name}")
    y, classes = _classes(held["y"], held.get("classes"))
    X, fs, start_s, says = _shapes(held)
    return BeatSet(
        name or path.stem,
        f"{says} of {path.name}",
        X,
        y,
        classes,
        fs=fs,
        is_test=_is_test(held),
        record=_records(held),
        patient=_text(held.get("patient")),
        sample=held["sample"].astype(np.int64) if "sample" in held else None,
        start_s=start_s,
    )


def _shapes(
    held: Mapping[str, NDArray[Any]],
) -> tuple[NDArray[np.float32], float | None, float, str]:
    """Give what can be drawn of rows: values, rate in Hz, time of the first, and what they are.

    Of beats described beside their patient, only the columns that hold the shape are a curve.
    """
    X = _as_rows(held["X"])
    layout = str(held["layout"]) if "layout" in held else ""
    if layout == "context" and X.shape[1] == N_FEATURES:
        shape = [name.startswith("wave ") for name in feature_names()]
        step = float(WAVE[1] - WAVE[0])
        start_s = float(WAVE[0] - REACH) / CONTEXT_FS
        return X[:, shape], CONTEXT_FS / step, start_s, "shapes, in units of their patient's,"
    if layout == "kaggle-rows":
        return X, ROW_FS, 0.0, "rows"
    rate = held.get("fs")
    known = rate is not None and rate.ndim == 0
    return X, float(rate) if rate is not None and known else None, 0.0, "rows"


def _records(held: Mapping[str, NDArray[Any]]) -> NDArray[np.str_] | None:
    """Name the records, with their database where there are several."""
    record, database = _text(held.get("record")), _text(held.get("database"))
    if record is None or database is None or len(np.unique(database)) < 2:
        return record
    return np.char.add(np.char.add(database, "/"), record)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DatasetError(f"{path} cannot be read as .npz: {reason}; build it again") from error


def _as_rows(X: NDArray[Any]) -> NDArray[np.float32]:
    """Take the first of several leads: every picture here is of one."""
    if X.ndim == 3:
        X = X[:, 0] if X.shape[1] < X.shape[2] else X[:, :, 0]
    if not np.issubdtype(X.dtype, np.number):
        raise DatasetError(f"X holds {X.dtype} where numbers are needed; build the set again")
    return np.asarray(X, np.float32)


def _classes(
    y: NDArray[Any], names: NDArray[Any] | None
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Give classes as indices, and their names in the order of the AAMI where they are its."""
    if y.ndim != 1:
        raise DatasetError(
            f"y has the shape {y.shape}; one class a row is needed, such as y.ravel() or, of "
            "one-hot classes, y.argmax(axis=1)"
        )
    if np.issubdtype(y.dtype, np.number):
        _check_whole(y)
        known = AAMI_CLASSES if names is None else tuple(names.astype(str).tolist())
        return y.astype(np.int64), known
    found = tuple(np.unique(y.astype(str)).tolist())
    known = AAMI_CLASSES if set(found) <= set(AAMI_CLASSES) else found
    place = {name: k for k, name in enumerate(known)}
    return np.array([place[name] for name in y.astype(str).tolist()], np.int64), known


def _check_whole(y: NDArray[Any]) -> None:
    if (broken := y[y != np.floor(y)]).size:
        raise DatasetError(
            f"{len(broken):,} of {len(y):,} rows have a class that is no whole number, such as "
            f"{broken[0]:g}; build the set again"
        )


def _is_test(held: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_] | None:
    if "is_test" in held:
        return held["is_test"].astype(bool)
    if "split" in held:
        split = held["split"].astype(str)
        return np.char.lower(split) == "test" if (np.char.lower(split) == "test").any() else None
    return None


def _text(values: NDArray[Any] | None) -> NDArray[np.str_] | None:
    return None if values is None else values.astype(str)


def _from_tables(
    name: str, paths: Sequence[Path], classes: tuple[str, ...] = AAMI_CLASSES
) -> BeatSet:
    """Load files of 188 columns, the class last; two files of MIT-BIH are its two parts."""
    tables = [read_table(path) for path in paths]
    table = np.concatenate(tables)
    _check_whole(table[:, -1])
    parts = [path.name == TEST_CSV for path in paths]
    is_test = np.repeat(parts, [len(each) for each in tables]) if len(set(parts)) > 1 else None
    return BeatSet(
        name,
        f"rows of {' and '.join(path.name for path in paths)}, {_origin(paths, tables)}",
        np.ascontiguousarray(table[:, :-1]),
        table[:, -1].astype(np.int64),
        classes,
        fs=ROW_FS if classes == AAMI_CLASSES else None,
        is_test=is_test,
    )


def _origin(paths: Sequence[Path], tables: Sequence[NDArray[np.float32]]) -> str:
    """Say what tables do not tell, and whether those of a published name are the published ones."""
    odd = [
        f"{path.name} is not the published one: {why}"
        for path, table in zip(paths, tables, strict=True)
        if path.name in COUNTS and (why := differs(table[:, -1], COUNTS[path.name]))
    ]
    return "; ".join(["which do not tell the record or the patient of a beat", *odd])
