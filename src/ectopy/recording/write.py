"""Recording → files that other programs read: WFDB, EDF+ and CSV."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ectopy.errors import OutputError
from ectopy.recording.value import Recording

ENDINGS: Final = MappingProxyType(
    {"": "wfdb", ".hea": "wfdb", ".dat": "wfdb", ".edf": "edf", ".csv": "csv"}
)
"""The format that each ending of a file stands for; a record of WFDB needs none."""
_RECORD_FILES: Final = (".hea", ".dat", ".atr")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a recording.

    Attributes
    ----------
    paths
        The files that were written, the one to read them by first.
    notes
        What the format could not hold, and what stands there instead; one line each.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def write(recording: Recording, path: str | Path) -> Written:
    """Write a recording, with its annotations where the format has a place for them.

    Parameters
    ----------
    recording
        Any ECG, see :func:`ectopy.read`. Whom it is about is written only where the recording
        was read with ``keep_identity``.
    path
        The file: ``.edf`` for EDF+, ``.csv`` for a table, and ``.hea``, ``.dat`` or no ending
        for a record of WFDB. The files appear whole or not at all, and folders are made as needed.

    Returns
    -------
    Written
        The files, and what the format could not hold.

    Raises
    ------
    OutputError
        If the ending is none of these, the name is none that the format allows, the files cannot
        be written, or they are part of the recording itself.

    Notes
    -----
    No value moves by more than half a step of the integers that are written. These are the
    recording's own where that has any, else fine enough for the whole range of each lead.
    """
    path = Path(path)
    name = format_of(path)
    targets = _targets(path, name, recording)
    whole = recording.source.path.split("::")[0]  # what follows is a member of an archive
    _keep_source(Path(whole or ".").resolve(), targets)
    for target in targets:
        if target.is_dir():
            raise OutputError(f"{target} is a folder; move it, or give another name with -o")
    module = import_module(f"ectopy.recording._write_{name}")
    return Written(targets, (*module.write(recording, targets), *_lost_zone(recording, name)))


def _lost_zone(recording: Recording, name: str) -> tuple[str, ...]:
    if name == "csv" or recording.start is None or recording.start.tzinfo is None:
        return ()
    zone = recording.start.strftime("%z")
    return (f"the time zone of the start, {zone}, is left out: {name.upper()} has local time only",)


def format_of(path: Path) -> str:
    """Give the format that the ending of a file stands for.

    Raises
    ------
    OutputError
        If it stands for none; the message lists those that do.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS or not path.name:
        raise OutputError(
            f"the ending {ending!r} of {path.name!r} stands for no format; end the name in .edf or "
            ".csv, or in .hea or nothing for a record of WFDB"
        )
    return ENDINGS[ending]


def _targets(path: Path, name: str, recording: Recording) -> tuple[Path, ...]:
    if name != "wfdb":
        return (path,)
    record = path.with_suffix("") if path.suffix else path
    endings = _RECORD_FILES if recording.annotations is not None else _RECORD_FILES[:2]
    return tuple(record.with_name(record.name + ending) for ending in endings)


def _keep_source(source: Path, targets: tuple[Path, ...]) -> None:
    """Refuse to write over the recording, or over any file of the record that it is."""
    own = {source}
    if source.suffix.lower() == ".hea" and source.is_file():
        lines = source.read_text("utf-8", errors="replace").splitlines()
        names = [line.split()[0].split("/")[0] for line in lines if line.strip()]
        stems = {source.stem, *(Path(name).stem for name in names)}
        own |= {source.with_name(stem + ending) for stem in stems for ending in _RECORD_FILES}
    for target in targets:
        there = target.resolve()
        if there in own or (there.exists() and source.is_file() and there.samefile(source)):
            raise OutputError(
                f"{target} belongs to the recording itself and would be overwritten; "
                "choose another folder or name with -o"
            )
