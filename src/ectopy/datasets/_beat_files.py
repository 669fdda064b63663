"""The files of a set of beats: the beats, a row for each record, and how it was made."""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy import __version__
from ectopy._files import replacing
from ectopy.datasets.published import GOLDBERGER, PUBLISHED
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.classify import LAYOUTS

if TYPE_CHECKING:
    from ectopy.datasets.beat_sets import RecordOutcome, Settings

USED: Final = "used"
"""Status of a record whose beats are in a set."""
_PIECE: Final = 1 << 22


def used(outcomes: Iterable[RecordOutcome]) -> list[RecordOutcome]:
    """Give the records whose beats are in the set."""
    return [each for each in outcomes if each.status == USED]


def total_counts(outcomes: Iterable[RecordOutcome]) -> dict[str, int]:
    """Give the beats of each class."""
    return {name: sum(o.counts.get(name, 0) for o in outcomes) for name in AAMI_CLASSES}


class Columns:
    """The columns that are small enough for memory, and the writing of them all."""

    def __init__(self) -> None:
        self.width = 0
        self.y: list[NDArray[np.int8]] = []
        self.symbol: list[NDArray[np.str_]] = []
        self.sample: list[NDArray[np.int64]] = []

    def add(self, y: list[int], symbol: NDArray[np.str_], sample: NDArray[np.int64]) -> None:
        """Take the beats of one record."""
        self.y.append(np.array(y, np.int8))
        self.symbol.append(symbol)
        self.sample.append(sample)

    def write(
        self, path: Path, spool: IO[bytes], used: Sequence[RecordOutcome], layout: str
    ) -> None:
        """Write the archive, column by column, without ever holding one that is large."""
        n = sum(each.n_beats for each in used)

        def repeated(name: str, kind: type) -> tuple[np.dtype[Any], Iterable[NDArray[Any]]]:
            values = [getattr(each, name) for each in used]
            dtype: np.dtype[Any] = np.array(values, kind).dtype
            return dtype, (
                np.full(each.n_beats, value, dtype)
                for each, value in zip(used, values, strict=True)
            )

        texts = {name: repeated(name, str) for name in ("record", "patient", "database", "lead")}
        columns: dict[str, tuple[np.dtype[Any], Iterable[NDArray[Any]]]] = {
            "y": (np.dtype(np.int8), self.y),
            "symbol": (np.result_type(*self.symbol), self.symbol),
            "sample": (np.dtype(np.int64), self.sample),
            "fs": repeated("fs", float),
            **texts,
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, (dtype, blocks) in columns.items():
                with _column(archive, name, dtype, (n,)) as out:
                    for block in blocks:
                        out.write(block.astype(dtype).tobytes())
            with _column(archive, "X", np.dtype(np.float32), (n, self.width)) as out:
                spool.seek(0)
                while piece := spool.read(_PIECE):
                    out.write(piece)
            stated = np.array(layout)
            with _column(archive, "layout", stated.dtype, ()) as out:
                out.write(stated.tobytes())


def _column(
    archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> IO[bytes]:
    """Open one array of an ``.npz`` archive, its header written."""
    entry = zipfile.ZipInfo(f"{name}.npy")  # without the time of day: same beats, same bytes
    entry.compress_type = zipfile.ZIP_DEFLATED
    out = archive.open(entry, "w", force_zip64=True)
    descr = np.lib.format.dtype_to_descr(dtype)
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, header)
    return out


def write_records(path: Path, outcomes: Sequence[RecordOutcome]) -> None:
    """Write one row a record: what it is, which lead was cut, its beats, or why it is left out."""
    columns = ("path", "status", "database", "record", "patient", "patient_from", "lead")
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(
            [*columns, "leads", "fs", "duration_s", "n_beats", *AAMI_CLASSES, "dropped", "reason"]
        )
        for each in outcomes:
            out.writerow(
                [
                    *(getattr(each, name) for name in columns),
                    ";".join(each.leads),
                    f"{each.fs:g}" if each.fs else "",
                    f"{each.duration_s:.3f}" if each.fs else "",
                    each.n_beats,
                    *(each.counts.get(name, 0) for name in AAMI_CLASSES),
                    each.dropped,
                    each.reason,
                ]
            )


def write_about(
    path: Path, sources: Sequence[Path], settings: Settings, outcomes: Sequence[RecordOutcome]
) -> None:
    """Write how a set was made, of what, and whom to cite."""
    about = _about(sources, settings, outcomes)
    with replacing(path) as part:
        part.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _about(
    sources: Sequence[Path], settings: Settings, outcomes: Sequence[RecordOutcome]
) -> dict[str, Any]:
    taken = used(outcomes)
    layout = LAYOUTS[settings.layout]
    databases = sorted({each.database for each in taken})
    notes = ["the beats are where the annotations are, not where a detector would find them"]
    if layout.needs_next:
        notes.append("the last beat of each record has no row: it would end with the record")
    if any(each.patient_from == "record" for each in taken):
        notes.append(
            "where patient_from is 'record', nothing tells the patient, and each record is taken "
            "to be of a person of its own; of edb it is known that 90 records are of 79 people"
        )
    return {
        "software": f"ectopy {__version__}",
        "sources": [str(source) for source in sources],
        "layout": {"name": settings.layout, **layout.facts},
        "lead": ",".join(settings.lead),
        "leads": dict(Counter(each.lead for each in taken).most_common()),
        "annotator": settings.annotator,
        "escape_beats": settings.escape_beats,
        "classes": list(AAMI_CLASSES),
        "counts": total_counts(outcomes),
        "records": dict(Counter(each.status for each in outcomes).most_common()),
        "patients": len({each.patient for each in taken}),
        "databases": {name: _terms(name) for name in databases},
        "notes": notes,
    }


def _terms(database: str) -> dict[str, str]:
    if database not in PUBLISHED:
        return {}
    each = PUBLISHED[database]
    cite = f"{each.cite}, doi:{each.doi}; {GOLDBERGER}"
    return {"title": f"{each.title} {each.version}", "licence": each.licence, "cite": cite}
