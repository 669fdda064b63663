"""One labelled set of beats from any annotated records, each with its record and patient."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy._files import replacing
from ectopy.beats.quality import dead_stretches
from ectopy.beats.value import Beats
from ectopy.datasets._beat_files import (
    USED,
    Columns,
    total_counts,
    used,
    write_about,
    write_records,
)
from ectopy.datasets.records import (
    Origin,
    RecordFile,
    find_lead,
    find_records,
    origin_of,
    wanted_leads,
)
from ectopy.errors import DamagedFileError, DatasetError, EctopyError
from ectopy.labels.aami import AAMI_CLASSES, BEAT_SYMBOLS, aami_class
from ectopy.labels.classify import LAYOUTS
from ectopy.recording.read import read
from ectopy.recording.value import Recording

NPZ: Final = "beats.npz"
RECORDS: Final = "records.csv"
ABOUT: Final = "about.json"
"""The three files of a set."""


@dataclass(frozen=True, eq=False, slots=True)
class BeatSet:
    """A set of labelled beats.

    Attributes
    ----------
    X
        float32, shape ``(n, width)``: each beat as its layout cuts it, 187 values for Kaggle rows,
        200 numbers for context.
    y
        int8, shape ``(n,)``: class index in ``N S V F Q``.
    symbol
        MIT annotation symbol of each beat, shape ``(n,)``.
    record, patient, database
        Where each beat is from, shape ``(n,)``. A patient of one data set has a name that no
        other data set has; a split that is to tell how a method does on new people keeps
        all beats of a patient on one side.
    sample
        int64, shape ``(n,)``: its sample in the record, at the record's own rate.
    fs
        float64, shape ``(n,)``: that rate in Hz.
    lead
        The lead it was cut from, as the record names it, shape ``(n,)``.
    layout
        How the beats were cut, a key of :data:`ectopy.labels.classify.LAYOUTS`.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int8]
    symbol: NDArray[np.str_]
    record: NDArray[np.str_]
    patient: NDArray[np.str_]
    database: NDArray[np.str_]
    sample: NDArray[np.int64]
    fs: NDArray[np.float64]
    lead: NDArray[np.str_]
    layout: str

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What became of one record.

    Attributes
    ----------
    path
        Where it is.
    status
        ``"used"``, or why it was left out: ``"no annotations"``, ``"no lead"``, ``"no beats"``,
        ``"duplicate"``, ``"unusable"`` or ``"unreadable"``.
    reason
        That in words; empty for one that was used.
    database, record, patient, patient_from
        As in :class:`ectopy.datasets.records.Origin`; empty where it could not be read.
    lead, leads
        The lead that was cut, and all that there are.
    fs, duration_s
        Sampling rate in Hz, and length in seconds; 0 where it was not read.
    counts
        Beats of each class.
    dropped
        Annotated beats that are not in the set: outside the signal, a second one at one sample, or
        the last of a record where the layout shows a beat up to the next.
    """

    path: str
    status: str
    reason: str = ""
    database: str = ""
    record: str = ""
    patient: str = ""
    patient_from: str = ""
    lead: str = ""
    leads: tuple[str, ...] = ()
    fs: float = 0.0
    duration_s: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    dropped: int = 0

    @property
    def n_beats(self) -> int:
        """Beats of it that are in the set."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Built:
    """What was built: its files, beats of each class, and what became of each record."""

    paths: tuple[Path, ...]
    counts: dict[str, int]
    records: tuple[RecordOutcome, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a set is made, as :func:`build_beats` says."""

    lead: tuple[str, ...]
    layout: str
    annotator: str
    escape_beats: str


class _LeftOutError(Exception):
    def __init__(self, status: str, reason: str, **facts: Any):
        super().__init__(reason)
        self.status, self.facts = status, facts


def build_beats(
    sources: Sequence[Path],
    folder: Path,
    *,
    lead: str = "II",
    layout: str = "kaggle-rows",
    annotator: str = "atr",
    escape_beats: str = "S",
    progress: Callable[[float], None] | None = None,
) -> Built:
    """Cut every annotated beat of the records in some folders, and write the set.

    Parameters
    ----------
    sources
        Folders with records of WFDB; their subfolders are searched, too.
    folder
        Where ``beats.npz``, ``records.csv`` and ``about.json`` go.
    lead
        The lead to cut, see :func:`ectopy.datasets.records.find_lead`; several in order of
        preference, such as ``"II,first"``.
    layout
        ``"kaggle-rows"`` or ``"context"``.
    annotator
        Ending of the annotation files.
    escape_beats
        ``"S"`` counts escape beats as supraventricular (EC57), ``"N"`` as normal (de Chazal,
        Kaggle).
    progress
        Called with the share of the records that are done, 0 to 1.

    Returns
    -------
    Built
        With the reason for each record that was left out.

    Raises
    ------
    DatasetError
        If no beat is left.
    OutputError
        If the files cannot be written.

    Notes
    -----
    One record is in memory at a time; its beats wait in a temporary file in `folder`.
    """
    if layout not in LAYOUTS:
        raise DatasetError(f"no layout named {layout!r}; known: {', '.join(LAYOUTS)}")
    files = find_records(sources)
    settings = Settings(wanted_leads(lead), layout, annotator.removeprefix("."), escape_beats)
    columns = Columns()
    outcomes: list[RecordOutcome] = []
    seen: dict[tuple[str, str], str] = {}
    with replacing(folder / NPZ) as part, TemporaryFile(dir=folder) as spool:
        for done, file in enumerate(files):
            if progress:
                progress(done / len(files))
            outcomes.append(_add(file, settings, columns, spool, seen))
        if not used(outcomes):
            raise DatasetError(_why_none(outcomes))
        columns.write(part, spool, used(outcomes), layout)
    write_records(folder / RECORDS, outcomes)
    write_about(folder / ABOUT, sources, settings, outcomes)
    paths = tuple(folder / name for name in (NPZ, RECORDS, ABOUT))
    return Built(paths, total_counts(outcomes), tuple(outcomes))


def load_beats(path: Path) -> BeatSet:
    """Load a set that :func:`build_beats` wrote.

    Parameters
    ----------
    path
        Its folder, or its ``beats.npz``.

    Raises
    ------
    DatasetError
        If it is not there, or is no such set.
    """
    file = path / NPZ if path.is_dir() else path
    try:
        with np.load(file, allow_pickle=False) as stored:
            held = {name: stored[name] for name in BeatSet.__dataclass_fields__}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DatasetError(
            f"{file} is no set of beats ({error}); make one with 'ectopy data build beats'"
        ) from error
    return BeatSet(**held | {"layout": str(held["layout"])})


def _add(
    file: RecordFile,
    settings: Settings,
    columns: Columns,
    spool: IO[bytes],
    seen: dict[tuple[str, str], str],
) -> RecordOutcome:
    """Cut the beats of one record into the spool, or say why not."""
    path = str(file.header.with_suffix(""))
    try:
        recording = _read(file, settings.annotator)
        comments = [text for what, text in recording.source.identity if what == "comment"]
        origin = origin_of(file, recording.fs, comments)
        facts = _facts(recording, origin)
        same = seen.setdefault((origin.database, origin.record), path)
        if same != path:
            raise _LeftOutError("duplicate", f"the same record as {same}", **facts)
        place = find_lead(recording.leads, settings.lead)
        if place is None:
            raise _LeftOutError(
                "no lead",
                f"it has no lead {' or '.join(settings.lead)}, but {', '.join(recording.leads)}",
                **facts,
            )
        facts["lead"] = recording.leads[place]
        beats, symbol, dropped = _annotated(recording, place)
        layout = LAYOUTS[settings.layout]
        kept = max(0, len(beats) - 1) if layout.needs_next else len(beats)
        if not kept:
            facts["dropped"] = dropped + len(beats)
            raise _LeftOutError("no beats", _why_no_beat(dropped, len(beats)), **facts)
        left = kept
        for block in layout.cut(recording, beats):
            rows = block.reshape(len(block), -1)[:left]
            left -= len(rows)
            columns.width = rows.shape[1]
            spool.write(np.ascontiguousarray(rows, np.float32).data)
        names = [aami_class(one, settings.escape_beats) or "Q" for one in symbol[:kept].tolist()]
        columns.add(
            [AAMI_CLASSES.index(name) for name in names], symbol[:kept], beats.sample[:kept]
        )
        counts = Counter(names)
        return RecordOutcome(
            path,
            USED,
            counts={name: counts[name] for name in AAMI_CLASSES},
            dropped=dropped + len(beats) - kept,
            **facts,
        )
    except _LeftOutError as error:
        return RecordOutcome(path, error.status, str(error), **error.facts)


def _read(file: RecordFile, annotator: str) -> Recording:
    """Read a record with its annotations."""
    notes = file.header.with_suffix(f".{annotator}")
    if not notes.is_file():
        raise _LeftOutError("no annotations", f"there is no {notes.name}")
    try:
        recording = read(file.header if annotator == "atr" else notes, keep_identity=True)
    except DamagedFileError as error:
        raise _LeftOutError("unreadable", str(error)) from error
    except EctopyError as error:
        raise _LeftOutError("unusable", str(error)) from error
    if recording.annotations is None:
        why = [one.why for one in recording.source.inferred if one.what == "annotations"]
        raise _LeftOutError("unreadable", why[0] if why else f"{notes.name} cannot be read")
    return recording


def _facts(recording: Recording, origin: Origin) -> dict[str, Any]:
    return {
        "database": origin.database,
        "record": origin.record,
        "patient": origin.patient,
        "patient_from": origin.patient_from,
        "leads": recording.leads,
        "fs": recording.fs,
        "duration_s": recording.duration_s,
    }


def _annotated(recording: Recording, place: int) -> tuple[Beats, NDArray[np.str_], int]:
    """Give the annotated beats of a lead, their symbols, and how many cannot be taken."""
    notes = recording.annotations
    assert notes is not None
    marked = np.flatnonzero(np.isin(notes.symbol, list(BEAT_SYMBOLS)))
    inside = marked[(notes.sample[marked] >= 0) & (notes.sample[marked] < recording.n_samples)]
    sample, first = np.unique(notes.sample[inside], return_index=True)
    beats = Beats(
        sample,
        np.ones(len(sample), np.float32),  # an expert saw each of them
        recording.fs,
        recording.leads[place],
        dead_stretches(recording.signal[:, place], recording.fs),
    )
    return beats, notes.symbol[inside[first]], len(marked) - len(sample)


def _why_no_beat(dropped: int, alone: int) -> str:
    """Say why a record gives no beat: `dropped` cannot be taken, `alone` has none after it."""
    if alone:
        return "only one beat is annotated in it, and a row ends past the next"
    if dropped:
        return f"all {dropped} beats annotated lie outside of its signal: perhaps another record's"
    return "no beat is annotated in it"


def _why_none(outcomes: Sequence[RecordOutcome]) -> str:
    """Say of records that were all left out why, with an example of each reason."""
    kinds: dict[str, list[RecordOutcome]] = {}
    for each in outcomes:
        kinds.setdefault(each.status, []).append(each)
    told = "; ".join(
        f"{status}: {len(held):,}, such as {held[0].path} ({held[0].reason})"
        for status, held in kinds.items()
    )
    return f"no beat is left of {len(outcomes):,} records ({told}); name another --lead or --source"
