"""One call for every format of a report."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ectopy.analysis import Analysis
from ectopy.errors import OutputError

FORMATS: Final = MappingProxyType(
    {
        "html": "ectopy.report.html",
        "json": "ectopy.report.json_report",
        "csv": "ectopy.report.csv_report",
        "atr": "ectopy.report.wfdb_annotations",
    }
)
"""Each format and the module whose ``write(analysis, path)`` makes it."""


def write_report(
    analysis: Analysis,
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
) -> Path:
    """Write what was found in a recording to one file.

    Parameters
    ----------
    analysis
        What was found.
    path
        The file to write; it appears whole or not at all, and folders are made as needed.
    format
        ``"html"``, ``"json"``, ``"csv"`` or ``"atr"``; without it the suffix of `path` decides.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If the format is none of these, the file cannot be written, or it is part of the
        recording itself.
    """
    path = Path(path)
    name = (path.suffix.removeprefix(".") if format is None else format).lower()
    if name not in FORMATS:
        raise OutputError(
            f"no report format {name!r}; name the file or the format one of {', '.join(FORMATS)}"
        )
    check_target(analysis, path)
    import_module(FORMATS[name]).write(analysis, path)
    return path


def check_target(analysis: Analysis, path: Path) -> None:
    """Refuse to write over the recording that was analysed, or over its annotations.

    Raises
    ------
    OutputError
        If `path` is the recording's file, or the annotations beside a WFDB header.
    """
    if not analysis.recording.source.path:
        return
    source = Path(analysis.recording.source.path).resolve()
    target = path.resolve()
    annotations = source.suffix == ".hea" and target == source.with_suffix(".atr")
    if target == source or (annotations and target.exists()):
        raise OutputError(
            f"{path} belongs to the recording itself and would be overwritten; "
            "choose another folder with -o"
        )
