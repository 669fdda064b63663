"""The one way in: whatever the file is, its content decides who reads it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Final

from ectopy.errors import DamagedFileError, RecordingError, UnknownFormatError
from ectopy.recording import (
    apple_watch,
    contec,
    delimited,
    dicom,
    edf,
    fhir,
    ge_muse,
    hl7_aecg,
    ishne,
    json_signals,
    kardia,
    matlab,
    mfer,
    mortara,
    movesense,
    numpy_array,
    opensignals,
    packed,
    parquet,
    pc80b,
    philips_sierra,
    polar,
    scp_ecg,
    wav,
    wfdb_record,
)
from ectopy.recording._foreign import foreign_errors_mapped
from ectopy.recording._magic import looks_like
from ectopy.recording._sniff import HEAD_BYTES
from ectopy.recording._units import check_units
from ectopy.recording.value import Recording, check_fs

READERS: Final[tuple[ModuleType, ...]] = (
    wfdb_record,
    edf,
    dicom,
    ishne,
    scp_ecg,
    hl7_aecg,
    ge_muse,
    philips_sierra,
    mortara,
    mfer,
    kardia,
    wav,
    matlab,
    numpy_array,
    parquet,
    packed,
    fhir,
    movesense,
    opensignals,
    json_signals,
    polar,
    pc80b,
    contec,
    apple_watch,
    delimited,
)
"""One module per format family, the most particular first.

Each has ``matches(head, path)``, which tells whether the first bytes of the file at `path` are of
its family, and ``read(path, fs, units)``, which gives the `Recording`.
"""
_READABLE: Final = ", ".join(
    (
        "WFDB records",
        "EDF and BDF",
        "DICOM waveforms",
        "ISHNE Holter",
        "SCP-ECG",
        "HL7 aECG, GE MUSE, Philips Sierra and Mortara (XML)",
        "MFER",
        "AliveCor Kardia (.atc)",
        "FHIR Observations (JSON)",
        "Movesense (JSON, CSV)",
        "JSON of Withings, Fitbit and Kardia",
        "OpenSignals and BITalino",
        "Polar",
        "PC-80B",
        "Contec (CSV)",
        "Apple Watch CSV and exports of Apple Health",
        "MATLAB, NumPy, Parquet, WAV",
        "any of these as .gz or in a .zip",
        "and text with columns of numbers",
    )
)


def read(
    path: str | os.PathLike[str],
    *,
    fs: float | None = None,
    units: str | None = None,
    keep_identity: bool = False,
) -> Recording:
    """Read an ECG from a file, whatever its format and name.

    Parameters
    ----------
    path
        The file. A WFDB record is named with or without an extension: ``mitdb/208``,
        ``mitdb/208.hea``, ``mitdb/208.dat``. A recording in a ZIP with several is named
        ``export.zip::electrocardiograms/ecg_2020-01-01.csv``.
    fs
        Sampling rate in Hz, for files that do not state theirs.
    units
        mV, µV (or uV), nV, V or adu, for files that do not state theirs; wins over a file that
        does.
    keep_identity
        Keep names, birth dates and identifiers that the file holds, in `source.identity`;
        without it they are dropped here.

    Returns
    -------
    Recording
        In mV; what was inferred is in its `source`.

    Raises
    ------
    UnknownFormatError
        If no reader knows the content.
    DamagedFileError
        If the format is known and the content is broken or incomplete.
    MissingFactError
        If the file leaves out its sampling rate and `fs` is not given, or `fs` is impossible.
    RecordingError
        If there is no such file, it cannot be opened, it holds less than 2 s of signal, or what
        it states contradicts `fs`.
    """
    where = Path(path)
    unit = None if units is None else check_units(units)
    if fs is not None:
        check_fs(fs)
    with foreign_errors_mapped(where):
        inside = packed.split(where)
        if inside is not None:
            recording = packed.read_member(*inside, fs, unit)
        else:
            recording = read_file(_locate(where), fs, unit)
    return recording if keep_identity else _without_identity(recording)


def read_file(
    file: Path, fs: float | None, unit: str | None, *, is_packed: bool = False
) -> Recording:
    """Read one file by its content; what was itself unpacked is not unpacked again."""
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise DamagedFileError(f"{file.name} is empty; copy or export it again")
    reader = reader_of(head, file)
    if reader is not None and not (is_packed and reader is packed):
        recording: Recording = reader.read(file, fs, unit)
        return recording
    kind = looks_like(head)
    found = f"{file.name} looks like {kind}" if kind else f"the format of {file.name} is not known"
    if file.suffix.lower() in (".dat", ".mat", ".atr"):
        found += f", and no header {file.with_suffix('.hea').name} that names it lies beside it"
    raise UnknownFormatError(f"{found}; what can be read: {_READABLE}")


def reader_of(head: bytes, file: Path) -> ModuleType | None:
    """Give the reader of a file, by its first bytes; None if there is none."""
    return next((reader for reader in READERS if reader.matches(head, file)), None)


def _without_identity(recording: Recording) -> Recording:
    if not recording.source.identity:
        return recording
    return replace(recording, source=replace(recording.source, identity=()))


def _locate(path: Path) -> Path:
    """Give the file that `path` names: itself, or the header of the record of that name.

    Raises
    ------
    RecordingError
        If there is neither.
    """
    if path.is_file():
        return path
    header = path.with_name(f"{path.name}.hea") if path.name else path
    if header.is_file():
        return header
    if path.is_dir():
        raise packed.folder_error(path)
    if path.exists():
        raise RecordingError(f"{path} is no regular file; name a file")
    data = path.with_name(f"{path.name}.dat") if path.name else path
    if data.is_file():
        raise DamagedFileError(f"{data.name} is there, but its header {header.name} is missing")
    raise RecordingError(f"there is no file {path}; check its path")
