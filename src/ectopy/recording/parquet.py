"""Tables in Parquet, read through pyarrow where it is installed.

Columns have names, which tell times, counters and other signals from leads as in any text;
the rows are written as text and read as such.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ectopy.errors import RecordingError
from ectopy.recording import delimited
from ectopy.recording.value import Recording

FORMAT: Final = "Parquet"
_MAGIC: Final = b"PAR1"
_MAX_COLUMNS: Final = 256
_FREE_CELLS: Final = 5_000_000
_MAX_CELLS_PER_BYTE: Final = 50
_ROWS: Final = 1 << 18
_MAX_FACT: Final = 80
_TECHNICAL: Final = frozenset({b"pandas", b"ARROW:schema"})


def matches(head: bytes, path: Path) -> bool:
    """Whether the head of a file is that of a Parquet file."""
    return head.startswith(_MAGIC)


def read(path: Path, fs: float | None = None, units: str | None = None) -> Recording:
    """Read a table with one sample in each row and one lead in each column.

    Parameters
    ----------
    path
        The file.
    fs
        Sampling rate in Hz, where no column of times gives it.
    units
        mV, µV, nV, V or adu, where the names do not state them.

    Returns
    -------
    Recording

    Raises
    ------
    RecordingError
        If pyarrow is not installed, or no column can be an ECG.
    DamagedFileError
        If the file is damaged.
    MissingFactError
        If nothing gives the sampling rate.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise RecordingError(
            f"{path.name} is a Parquet file, which needs pyarrow; pip install ectopy[parquet], or "
            "save it as CSV"
        ) from None
    with TemporaryDirectory(prefix="ectopy-") as folder, path.open("rb") as stream:
        table = Path(folder) / f"{path.stem or 'table'}.csv"
        file = pq.ParquetFile(stream)
        columns = _columns(file, path)
        with table.open("wb") as sink:
            sink.write(_facts(file.schema_arrow.metadata or {}))
            _write_rows(file, columns, sink)
        recording = delimited.read(table, fs, units)
    source = replace(recording.source, path=str(path), format=FORMAT)
    return replace(recording, source=source)


def _columns(file: Any, path: Path) -> list[str]:
    """Give the columns of numbers, times and texts, if the file can be as long as it says."""
    import pyarrow.types as kinds

    schema = file.schema_arrow
    cells = file.metadata.num_rows * len(schema.names)
    if cells > max(_FREE_CELLS, _MAX_CELLS_PER_BYTE * path.stat().st_size):
        raise RecordingError(
            f"{path.name} promises {cells:,} values, which no recording of its size has; "
            "save it as CSV if it is one"
        )
    if len(schema.names) > _MAX_COLUMNS:
        raise RecordingError(
            f"{path.name} has {len(schema.names)} columns; put one lead into each column"
        )
    columns = [
        field.name
        for field in schema
        if not kinds.is_nested(field.type) and not kinds.is_binary(field.type)
    ]
    if not columns:
        raise RecordingError(
            f"{path.name} has no column of numbers, one sample in each row; write it again so"
        )
    return columns


def _facts(metadata: dict[bytes, bytes]) -> bytes:
    """Give short facts of the file, such as its rate, as lines of comment."""
    pairs = [
        (key, value)
        for key, value in metadata.items()
        if len(key) + len(value) < _MAX_FACT and key not in _TECHNICAL
    ]
    lines = [b"# " + key + b" = " + value for key, value in pairs]
    return b"".join(line.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n" for line in lines)


def _write_rows(file: Any, columns: list[str], sink: Any) -> None:
    """Write the rows as text, piece by piece."""
    from pyarrow import csv

    names = ["index" if name.startswith("__index_level") else name for name in columns]
    for number, batch in enumerate(file.iter_batches(batch_size=_ROWS, columns=columns)):
        renamed = batch.rename_columns([name.replace(",", " ") for name in names])
        csv.write_csv(renamed, sink, csv.WriteOptions(include_header=number == 0))
