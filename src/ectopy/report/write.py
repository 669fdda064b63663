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
        If the format is none of these, or the file cannot be written.
    """
    path = Path(path)
    name = (path.suffix.removeprefix(".") if format is None else format).lower()
    if name not in FORMATS:
        raise OutputError(
            f"no report format {name!r}; name the file or the format one of {', '.join(FORMATS)}"
        )
    import_module(FORMATS[name]).write(analysis, path)
    return path
