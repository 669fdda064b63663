"""The MIT-BIH half of the Kaggle "ECG Heartbeat Categorization Dataset", made from its source.

109,446 rows of 187 values, in the published files' classes and split. Which beats form the test
file, and in which order, is a fact found by matching the published rows to the database; it
ships here as ``kaggle_test_beats.npz``.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy._files import replacing
from ectopy.beats.kaggle_rows import ROW_LENGTH, cut_rows, row_bounds
from ectopy.datasets.mitdb import MITDB_RECORDS, read_raw_record
from ectopy.errors import DatasetError
from ectopy.labels.aami import AAMI_CLASSES, BEAT_SYMBOLS, aami_class

N_ROWS: Final = 109_446
N_TEST: Final = 21_892
TRAIN_CSV: Final = "mitbih_train.csv"
TEST_CSV: Final = "mitbih_test.csv"
NPZ: Final = "mitbih.npz"
COUNTS: Final = {
    TRAIN_CSV: (72_471, 2_223, 5_788, 641, 6_431),
    TEST_CSV: (18_118, 556, 1_448, 162, 1_608),
}
"""Rows of each class in the published files."""


@dataclass(frozen=True, eq=False)
class KaggleRows:
    """Every row of the data set, in database order (record, then time).

    Attributes
    ----------
    X
        Rows, float32, shape ``(n, 187)``.
    y
        Class index in ``N S V F Q``, int8. Escape beats (``e j``) are N, as published.
    record, sample
        Where each beat is: record name and annotation sample at 360 Hz. The published files do
        not say it: of rows read from them, `record` is empty and `sample` -1.
    is_test
        Whether the row is in ``mitbih_test.csv``.
    test_order
        Line of the row in ``mitbih_test.csv``, -1 for rows of the training file.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int8]
    record: NDArray[np.str_]
    sample: NDArray[np.int64]
    is_test: NDArray[np.bool_]
    test_order: NDArray[np.int32]

    @property
    def knows_records(self) -> bool:
        """Whether it is known which record each row is of."""
        return bool(len(self.record) and self.record[0])

    def test_lines(self) -> NDArray[np.int64]:
        """Give the rows of ``mitbih_test.csv`` in the order of the published file."""
        lines = np.flatnonzero(self.is_test)
        return lines[np.argsort(self.test_order[lines])]

    def beats(self, mask: NDArray[np.bool_]) -> list[tuple[str, int]]:
        """Give record and sample of each row that the mask takes."""
        return list(zip(self.record[mask].tolist(), self.sample[mask].tolist(), strict=True))

    def train_lines(self) -> NDArray[np.int64]:
        """Give the rows of ``mitbih_train.csv``: by class, then in database order."""
        lines = np.flatnonzero(~self.is_test)
        return lines[np.argsort(self.y[lines], kind="stable")]


def make_rows(source: Path, progress: Callable[[float], None] | None = None) -> KaggleRows:
    """Make the published rows from the raw MIT-BIH Arrhythmia Database.

    Parameters
    ----------
    source
        Folder with the 48 records (``100.hea``, ``100.dat``, ``100.atr``, …).
    progress
        Called with the share of the records that are done, 0 to 1.

    Returns
    -------
    KaggleRows
        109,446 rows: 90,589 N, 2,779 S, 7,236 V, 803 F, 8,039 Q.

    Raises
    ------
    DatasetError
        If a record is missing or its annotations are not those of version 1.0.0.
    """
    X, y, names, samples = [], [], [], []
    for done, record in enumerate(MITDB_RECORDS):
        if progress:
            progress(done / len(MITDB_RECORDS))
        raw = read_raw_record(source, record)
        start, stop = row_bounds(raw.position, len(raw.adc))
        beat = np.isin(raw.symbol[:-1], list(BEAT_SYMBOLS))
        X.append(cut_rows(raw.adc, start[beat], stop[beat]))
        y += [aami_class(s, escape_beats="N") or "" for s in raw.symbol[:-1][beat]]
        names += [record] * int(beat.sum())
        samples.append(start[beat])
    if len(y) != N_ROWS:
        raise DatasetError(
            f"{source} gives {len(y):,} beats where MIT-BIH 1.0.0 gives {N_ROWS:,}; "
            "fetch version 1.0.0 unchanged from its publisher"
        )
    order = np.full(N_ROWS, -1, np.int32)
    order[_test_beats()] = np.arange(N_TEST, dtype=np.int32)
    return KaggleRows(
        X=np.concatenate(X),
        y=np.array([AAMI_CLASSES.index(name) for name in y], np.int8),
        record=np.array(names),
        sample=np.concatenate(samples),
        is_test=order >= 0,
        test_order=order,
    )


def _test_beats() -> NDArray[np.int64]:
    """Database index of each line of ``mitbih_test.csv``."""
    with files("ectopy.datasets").joinpath("kaggle_test_beats.npz").open("rb") as stored:
        row: NDArray[np.uint32] = np.load(stored)["row"]
    return row.astype(np.int64)


def write_rows(rows: KaggleRows, folder: Path) -> list[Path]:
    """Write ``mitbih_train.csv``, ``mitbih_test.csv`` and ``mitbih.npz``.

    The CSV files have the published layout: 188 columns in ``%.18e``, no header, the class last.

    Returns
    -------
    list of pathlib.Path
        The three files, each put in place only when it is complete.
    """
    written = []
    for name, lines in ((TRAIN_CSV, rows.train_lines()), (TEST_CSV, rows.test_lines())):
        table = np.empty((len(lines), ROW_LENGTH + 1))
        table[:, :-1], table[:, -1] = rows.X[lines], rows.y[lines]
        with replacing(folder / name) as part:
            np.savetxt(part, table, fmt="%.18e", delimiter=",")
        written.append(folder / name)
    with replacing(folder / NPZ) as part, part.open("wb") as stream:
        np.savez_compressed(stream, **vars(rows))
    return [*written, folder / NPZ]


def load_rows(folder: Path) -> KaggleRows:
    """Load the rows of the data set from whatever a folder holds of it.

    That is ``mitbih.npz``, made by :func:`write_rows`; else the raw records of MIT-BIH, of which
    rows are made; else the two published files.

    Raises
    ------
    DatasetError
        If the folder holds none of these, or its files are not the published ones.
    """
    if (folder / NPZ).is_file():
        return read_npz(folder / NPZ)
    if (folder / f"{MITDB_RECORDS[0]}.hea").is_file():
        return make_rows(folder)
    there = [name for name in COUNTS if (folder / name).is_file()]
    if not there:
        raise DatasetError(
            f"{folder} holds neither {NPZ} of 'ectopy data build kaggle-mitbih', nor the published "
            f"{TRAIN_CSV} and {TEST_CSV}, nor the records of MIT-BIH (100.hea, 100.dat, 100.atr, …)"
        )
    if absent := COUNTS.keys() - there:
        raise DatasetError(f"{folder} holds {there[0]} but no {absent.pop()}; both are needed")
    return read_published(folder)


def read_npz(path: Path) -> KaggleRows:
    """Read the file of rows that :func:`write_rows` wrote.

    Raises
    ------
    DatasetError
        If it is damaged, or holds anything but such rows.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            rows = KaggleRows(**{name: stored[name] for name in KaggleRows.__dataclass_fields__})
        odd = _odd(rows)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        odd = " ".join(str(error).split()) or type(error).__name__
    if odd:
        raise DatasetError(
            f"{path} is not what 'ectopy data build kaggle-mitbih' makes: {odd}; build it again"
        )
    return rows


def _odd(rows: KaggleRows) -> str:
    """Say what keeps arrays from being rows; empty if nothing does."""
    n = len(rows.y)
    if rows.X.shape != (n, ROW_LENGTH) or any(len(each) != n for each in vars(rows).values()):
        shapes = ", ".join(f"{name} {each.shape}" for name, each in vars(rows).items())
        return f"rows of {ROW_LENGTH} values with a class each are needed, and it has {shapes}"
    if bad := int((~np.isfinite(rows.X).all(axis=1)).sum()):
        return f"{bad:,} of its {n:,} rows hold values that are no numbers"
    return _odd_classes(rows.y, len(AAMI_CLASSES))


def _odd_classes(y: NDArray[np.generic], known: int) -> str:
    """Say what keeps numbers from being classes 0 to `known` - 1; empty if nothing does."""
    values = y.astype(float)
    wrong = (values != np.floor(values)) | (values < 0) | (values >= known)
    if not wrong.any():
        return ""
    return (
        f"{int(wrong.sum()):,} of {len(y):,} rows have a class other than 0 to {known - 1}, "
        f"such as {values[wrong][0]:g}"
    )


def read_published(folder: Path) -> KaggleRows:
    """Read the two published files, which do not say what record a row is of.

    Returns
    -------
    KaggleRows
        The rows of the training file, then those of the test file, each in the file's order.

    Raises
    ------
    DatasetError
        If a file is none of 188 columns, or has not the rows of each class that were published.
    """
    tables = [read_table(folder / name) for name in COUNTS]
    for table, (name, published) in zip(tables, COUNTS.items(), strict=True):
        if odd := differs(table[:, -1], published):
            raise DatasetError(f"{folder / name} is not the published file: {odd}; get it again")
    table = np.concatenate(tables)
    n, is_test = len(table), np.repeat([False, True], [len(each) for each in tables])
    order = np.full(n, -1, np.int32)
    order[is_test] = np.arange(is_test.sum(), dtype=np.int32)
    return KaggleRows(
        X=np.ascontiguousarray(table[:, :-1]),
        y=table[:, -1].astype(np.int8),
        record=np.full(n, ""),
        sample=np.full(n, -1, np.int64),
        is_test=is_test,
        test_order=order,
    )


def differs(y: NDArray[np.floating], published: tuple[int, ...]) -> str:
    """Say how the classes of a file differ from those published; empty if they do not."""
    if len(y) != sum(published):
        return f"it has {len(y):,} rows, not {sum(published):,}"
    counts = tuple(int((y == k).sum()) for k in range(len(AAMI_CLASSES)))
    if counts == published:
        return ""
    told, wanted = (
        " ".join(f"{name} {n:,}" for name, n in zip(AAMI_CLASSES, each, strict=True))
        for each in (counts, published)
    )
    return f"its classes are {told}, not {wanted}"


def read_table(path: Path) -> NDArray[np.float32]:
    """Read a file of the published layout: 188 columns without a header, the class last.

    Raises
    ------
    DatasetError
        If it cannot be read as such.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no data")
            table = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(
            f"{path} cannot be read as a table of numbers without a header: {reason}"
        ) from error
    if not table.size:
        raise DatasetError(f"{path} is empty; get it again")
    if table.shape[1] != ROW_LENGTH + 1:
        raise DatasetError(
            f"{path} has {table.shape[1]} columns; the published files have {ROW_LENGTH + 1}: "
            f"{ROW_LENGTH} values and the class"
        )
    if np.array_equal(table[0], np.arange(ROW_LENGTH + 1)):
        raise DatasetError(
            f"{path} begins with the numbers of its columns, which are no row; take that line out"
        )
    return table
