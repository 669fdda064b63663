"""Results, one Parquet file each, and their way into the files of the data set."""

from __future__ import annotations

import json
import os
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy import __version__
from ectopy.archive.job import OK, StoppedError
from ectopy.archive.schema import EPISODES, schema
from ectopy.archive.store import PARTS, result_path, writing
from ectopy.labels.aami import AAMI_CLASSES

if TYPE_CHECKING:
    import pyarrow as pa

    from ectopy.analysis import Analysis

ROWS: Final = 1 << 20
"""Rows of a row group of the data set."""
_DIGITS: Final = 4


def facts_of(analysis: Analysis) -> dict[str, Any]:
    """Give the row of a recording, but for what its files say."""
    recording, rhythm, bad = analysis.recording, analysis.rhythm, analysis.beats.bad
    told = [f"{fact.what}: {fact.value} ({fact.why})" for fact in recording.source.inferred]
    counts = analysis.labels.counts()
    lengths = {"missing": 0, "flat": 0, "saturated": 0, "noisy": 0}
    for stretch in bad:
        lengths[stretch.reason] += stretch.stop - stretch.start
    return {
        "status": OK,
        "format": recording.source.format,
        "start": recording.start.isoformat() if recording.start else None,
        "duration_s": recording.duration_s,
        "n_samples": recording.n_samples,
        "fs": recording.fs,
        "leads": list(recording.leads),
        "lead": analysis.beats.lead,
        "inferred": told,
        "annotations": len(recording.annotations) if recording.annotations is not None else 0,
        "beats": len(analysis.beats),
        **{f"beats_{name}": counts[name] for name in AAMI_CLASSES},
        "unsure": int(analysis.labels.abstained.sum()),
        "episodes": len(rhythm.episodes),
        "mean_bpm": rhythm.mean_bpm,
        "min_bpm": rhythm.min_bpm,
        "max_bpm": rhythm.max_bpm,
        "irregularity": rhythm.irregularity,
        "irregular": None if rhythm.irregularity is None else rhythm.irregular,
        **{f"{reason}_s": length / recording.fs for reason, length in lengths.items()},
    }


def write_result(
    out: Path, key: str, facts: dict[str, Any], analysis: Analysis | None = None
) -> None:
    """Write the result of a key: beats as a Parquet file, the rest as its metadata.

    Raises
    ------
    StoppedError
        If it cannot be written.
    """
    wanted = _bare("beats")
    beats = wanted.empty_table() if analysis is None else _beats(analysis)
    episodes = [each.to_dict() for each in analysis.rhythm.episodes] if analysis else []
    told = {"recording": json.dumps(facts), "episodes": _packed(json.dumps(episodes))}
    with writing(out, result_path(out, key)) as part:
        _write_parquet(part, wanted.with_metadata(told), iter([beats]))


def read_facts(out: Path, key: str) -> dict[str, Any] | None:
    """Give the row that a result holds; None if there is no such result, or it is damaged."""
    import pyarrow.parquet as pq

    try:
        with result_path(out, key).open("rb") as file:
            found: dict[str, Any] = json.loads(pq.read_schema(file).metadata[b"recording"])
    except (OSError, ValueError, KeyError):
        return None
    return found


def bucket_path(folder: Path, table: str, bucket: int, digest: str) -> Path:
    """Give where the rows of a bucket are in the folder of a data set."""
    return folder / table / f"bucket={bucket:05}" / f"{digest}.parquet"


def build(out: Path, rows: Sequence[dict[str, Any]], bucket: int, digest: str, model: str) -> None:
    """Write the three Parquet files of a bucket into ``work/new``.

    Parameters
    ----------
    out
        The folder of the results.
    rows
        ``recording``, ``files`` and ``bytes`` of each recording in the order of the table, with
        the ``key`` of its result, or else its ``status`` and ``reason``.
    bucket, digest
        Number of the bucket, and name of its files, which the rows decide.
    model
        Name and checksum of the model, for the metadata.

    Raises
    ------
    StoppedError
        If a result is damaged (it is then deleted), or a file cannot be written.
    """
    told = {"software": f"ectopy {__version__}", "model": model, "note": "not a medical device"}
    full: list[dict[str, Any]] = []
    episodes: list[dict[str, Any]] = []

    def beats() -> Iterator[tuple[str, pa.Table]]:
        for row in rows:
            facts: dict[str, Any] = {}
            if row.get("key"):
                facts, found, table = _intact(out, row["key"])
                episodes.extend({"recording": row["recording"], **each} for each in found)
                yield row["recording"], table
            full.append({**facts, **row})

    for name, tables in (
        ("beats", _grouped(beats())),
        ("episodes", _episode_tables(episodes)),
        ("recordings", _recording_tables(full)),
    ):
        path = bucket_path(out / "work" / "new", name, bucket, digest)
        with writing(out, path) as part:
            _write_parquet(part, schema(name).with_metadata(told), tables)


def reuse(out: Path, bucket: int, digest: str) -> bool:
    """Take over a bucket that nothing changed in; tell whether ``work/new`` has it then."""
    for name in PARTS:
        new = bucket_path(out / "work" / "new", name, bucket, digest)
        if new.exists():
            continue
        new.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):  # no such bucket, or a file system without links
            os.link(bucket_path(out, name, bucket, digest), new)
        if not new.exists():
            return False
    return True


def _beats(analysis: Analysis) -> pa.Table:
    """Give the beats of a recording as a table, but for its name."""
    import pyarrow as pa

    columns = analysis.columns()
    classes = [str(name) for name in AAMI_CLASSES]
    index = {name: number for number, name in enumerate(classes)}
    codes = np.array([index[label] for label in columns["label"].tolist()], np.int8)
    reason = columns["reason"].astype(object)
    reason[reason == ""] = None
    given = {
        "sample": columns["sample"],
        "fs": np.full(len(codes), analysis.beats.fs),
        "label": pa.DictionaryArray.from_arrays(pa.array(codes), classes),
        "probability": _rounded(columns["probability"]),
        "rr_s": pa.array(_rounded(columns["rr_s"]), from_pandas=True),
        "quality": _rounded(columns["quality"]),
        "abstained": columns["abstained"],
        "reason": pa.array(reason, pa.string()).dictionary_encode(),
    }
    wanted = _bare("beats")
    return pa.table({name: given[name] for name in wanted.names}).cast(wanted)


def _rounded(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.round(values.astype(np.float64), _DIGITS).astype(np.float32)


def _bare(table: str) -> pa.Schema:
    """Give a schema without the name of the recording."""
    return schema(table).remove(0)


def _packed(text: str) -> str:
    return b64encode(zlib.compress(text.encode())).decode()


def _read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], pa.Table]:
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        table = pq.read_table(file)
    held = table.schema.metadata
    episodes = zlib.decompress(b64decode(held[b"episodes"]))
    return json.loads(held[b"recording"]), json.loads(episodes), table


def _intact(out: Path, key: str) -> tuple[dict[str, Any], list[dict[str, Any]], pa.Table]:
    """Read a result; delete one that is damaged, so that it is made anew."""
    path = result_path(out, key)
    try:
        return _read(path)
    except (OSError, ValueError, KeyError, zlib.error) as error:
        with suppress(OSError):
            path.unlink()
        raise StoppedError(
            f"the result {path} is damaged and was deleted; run again with --resume"
        ) from error


def _grouped(tables: Iterator[tuple[str, pa.Table]]) -> Iterator[pa.Table]:
    """Put the beats of many recordings together, a row group at a time."""
    names: list[str] = []
    held: list[pa.Table] = []
    rows = 0
    for name, table in tables:
        names.append(name)
        held.append(table)
        rows += len(table)
        if rows >= ROWS:
            yield _joined(names, held)
            names, held, rows = [], [], 0
    if held:
        yield _joined(names, held)


def _joined(names: list[str], tables: list[pa.Table]) -> pa.Table:
    import pyarrow as pa

    index = np.repeat(np.arange(len(names), dtype=np.int32), [len(table) for table in tables])
    whole = pa.concat_tables([table.replace_schema_metadata() for table in tables])
    column = pa.DictionaryArray.from_arrays(pa.array(index), names)
    return whole.unify_dictionaries().add_column(0, schema("beats").field(0), column)


def _episode_tables(episodes: list[dict[str, Any]]) -> Iterator[pa.Table]:
    import pyarrow as pa

    names = [name for name, *_ in EPISODES]
    columns = {name: [each[name] for each in episodes] for name in names}
    columns["label"] = [label or None for label in columns["label"]]
    yield pa.table(columns, schema("episodes"))


def _recording_tables(rows: list[dict[str, Any]]) -> Iterator[pa.Table]:
    import pyarrow as pa

    wanted = schema("recordings")
    columns = {name: [row.get(name) for row in rows] for name in wanted.names}
    yield pa.table(columns, wanted)


def _write_parquet(path: Path, wanted: pa.Schema, tables: Iterator[pa.Table]) -> None:
    import pyarrow.parquet as pq

    encoded = {"sample": "DELTA_BINARY_PACKED"} if "sample" in wanted.names else {}
    with pq.ParquetWriter(
        path,
        wanted,
        compression="zstd",
        compression_level=3,
        use_dictionary=[column for column in wanted.names if column not in encoded],
        column_encoding=encoded or None,
    ) as writer:
        for table in tables:
            writer.write_table(table.cast(wanted), row_group_size=2 * ROWS)
