"""Which records a folder holds, of which data set and patient each is, and which lead is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ectopy.datasets import mitdb
from ectopy.datasets.published import PUBLISHED
from ectopy.errors import DatasetError

FIRST: Final = "first"
"""What names the first lead of a record, whatever that is."""

_LIMB: Final = re.compile(r"(ml|d)?(iii|ii|i)|(ml|d)([123])")
_CHEST: Final = re.compile(r"(mcl|v)([1-9]r?)")
_AUGMENTED: Final = re.compile(r"av[rlf]")
_NUMERALS: Final = {"1": "i", "2": "ii", "3": "iii"}
_HEAD_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A record of WFDB in a folder.

    Attributes
    ----------
    source
        The folder that was searched.
    header
        Its header.
    name
        Path of the record from `source` on, without an ending, with slashes.
    """

    source: Path
    header: Path
    name: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record comes from.

    Attributes
    ----------
    database
        Name of the data set: that on PhysioNet if name and rate of the record are of one of its,
        else that of the folder.
    record
        Name of the record in it.
    patient
        Whom it is of, under a name that no other data set has, such as ``"mitdb/201+202"``.
    patient_from
        How that is known: ``"publisher"``, ``"header"``, ``"folder"``, or ``"record"`` where
        nothing tells and each record is taken to be of a person of its own.
    """

    database: str
    record: str
    patient: str
    patient_from: str


def find_records(sources: Sequence[Path]) -> list[RecordFile]:
    """Find the records of WFDB in folders and their subfolders, each once.

    The segments of a longer record are no records of their own; hidden folders are passed over.

    Raises
    ------
    DatasetError
        If there is none.
    """
    found: dict[Path, RecordFile] = {}
    segments: set[Path] = set()
    for source in sources:
        for header in sorted(source.rglob("*.hea")):
            inside = header.relative_to(source)
            if any(part.startswith(".") for part in inside.parts) or not header.is_file():
                continue
            segments |= {header.with_name(f"{name}.hea").resolve() for name in _segments(header)}
            name = inside.with_suffix("").as_posix()
            found.setdefault(header.resolve(), RecordFile(source, header, name))
    records = [record for path, record in found.items() if path not in segments]
    if not records:
        folders = ", ".join(map(str, sources))
        raise DatasetError(
            f"{folders} holds no records of WFDB (.hea); name a folder that does, or get one with "
            "'ectopy data fetch'"
        )
    return records


def _segments(header: Path) -> list[str]:
    """Name the segments that a header puts together; most describe signals and have none."""
    with header.open("rb") as stream:
        text = stream.read(_HEAD_BYTES).decode("latin-1")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines or "/" not in lines[0].split()[0]:
        return []
    return [line.split()[0] for line in lines[1:]]


def origin_of(file: RecordFile, fs: float, comments: Iterable[str] = ()) -> Origin:
    """Tell of which data set and patient a record is.

    Parameters
    ----------
    file
        The record.
    fs
        Its sampling rate in Hz.
    comments
        The comments of its header, where incartdb states the patient.
    """
    name = file.header.stem
    database = _published_as(name, fs)
    folder = file.source.resolve().name or "records"
    patient, source = name, "publisher"
    record = name
    if database == "mitdb":
        patient = mitdb.patient_of(name.removeprefix("x_"))
    elif database == "nstdb":  # noise was added to records 118 and 119 of mitdb
        return Origin(database, name, f"mitdb/{name[:3]}", source)
    elif excerpt := re.fullmatch(r"sel(e?\d{3,5})", name):  # qtdb was cut from other data sets
        if cut_from := _published_as(excerpt[1]):
            return Origin(folder, file.name, f"{cut_from}/{excerpt[1]}", source)
        source = "record"
    elif stated := _stated_patient(comments, anywhere=database == "incartdb"):
        patient, source = stated, "header"
    elif re.fullmatch(r"patient\d+", file.header.parent.name):
        patient, source = file.header.parent.name, "folder"
        record = f"{patient}/{name}"
    else:
        source = "record"
    if not database:
        database, record = folder, file.name
        patient = file.name if source == "record" else patient
    return Origin(database, record, f"{database}/{patient}", source)


def _published_as(name: str, fs: float | None = None) -> str:
    """Name the published data set that has records of that name, at that rate if it is given."""
    alike = (each for each in PUBLISHED.values() if fs in (None, each.fs))
    return next((each.name for each in alike if re.fullmatch(each.record, name)), "")


def _stated_patient(comments: Iterable[str], *, anywhere: bool) -> str:
    """Give the patient that a comment states: alone on its line, or anywhere in it."""
    for comment in comments:
        match = re.search(r"\bpatient\s*[:#]?\s*(\d{1,6})\b", comment, re.IGNORECASE)
        if match and (anywhere or match[0] == comment.strip()):
            return f"patient{int(match[1]):02d}"
    return ""


def wanted_leads(text: str) -> tuple[str, ...]:
    """Split a choice of leads such as ``"II,first"``.

    Raises
    ------
    DatasetError
        If it names none.
    """
    wanted = tuple(part.strip() for part in text.split(",") if part.strip())
    if not wanted:
        raise DatasetError(
            "no lead is named; give a name such as II, a number from 0, or 'first', or several in "
            "order of preference"
        )
    return wanted


def find_lead(leads: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Choose a lead of a record.

    Parameters
    ----------
    leads
        The leads of the record.
    wanted
        Names, numbers from 0, or ``"first"``, in order of preference. A name in any case wins over
        the same lead under another name: II is also MLII, D2 or ECG II; MLII is only MLII.

    Returns
    -------
    int or None
        Its place; None if the record has none of them.
    """
    folded = [lead.casefold() for lead in leads]
    for want in wanted:
        if want.casefold() in folded:
            return folded.index(want.casefold())
        if want.casefold() == FIRST:
            return 0
        if want.isdecimal() and int(want) < len(leads):
            return int(want)
        same = [place for place, lead in enumerate(leads) if _is_same(lead, want)]
        if same:
            return same[0]
    return None


def _is_same(lead: str, wanted: str) -> bool:
    name, modified = _canonical(lead)
    wanted_name, wanted_modified = _canonical(wanted)
    return bool(name) and name == wanted_name and (modified or not wanted_modified)


def _canonical(lead: str) -> tuple[str, bool]:
    """Give the standard name of a lead, and whether its electrodes are on the trunk (MLII, MCL1).

    The name is empty for leads that are none of the standard ones.
    """
    words = re.split(r"[\s._\-]+", lead.casefold())
    text = "".join(word for word in words if word not in ("ecg", "ekg", "lead"))
    if match := _LIMB.fullmatch(text):
        prefix, numeral = match[1] or match[3], match[2] or _NUMERALS[match[4]]
        return numeral, prefix == "ml"
    if match := _CHEST.fullmatch(text):
        return f"v{match[2]}", match[1] == "mcl"
    return (text, False) if _AUGMENTED.fullmatch(text) else ("", False)
