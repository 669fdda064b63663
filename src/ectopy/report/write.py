"""One call for every format of a report."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ectopy.analysis import Analysis
from ectopy.errors import OutputError
from ectopy.report.language import catalogue

FORMATS: Final = MappingProxyType(
    {
        "html": "ectopy.report.html",
        "pdf": "ectopy.report.pdf",
        "json": "ectopy.report.json_report",
        "csv": "ectopy.report.csv_report",
        "atr": "ectopy.report.wfdb_annotations",
    }
)
"""Each format and the module whose ``write(analysis, path)`` makes it."""

PAPERS: Final = MappingProxyType({"a4": (210.0, 297.0), "letter": (215.9, 279.4)})
"""Papers that a PDF can have, and their width and height in mm."""


def write_report(
    analysis: Analysis,
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    language: str = "en",
    paper: str = "a4",
) -> Path:
    """Write what was found in a recording to one file.

    Parameters
    ----------
    analysis
        What was found.
    path
        The file to write; it appears whole or not at all, and folders are made as needed.
    format
        ``"html"``, ``"pdf"``, ``"json"``, ``"csv"`` or ``"atr"``; without it the suffix of `path`
        decides.
    language
        ``"en"``, ``"ko"`` or ``"ja"``: what HTML and PDF are written in. The others hold data
        under fixed names.
    paper
        ``"a4"`` or ``"letter"``: the pages of a PDF.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If format, language or paper is none of these, the file cannot be written, or it is part
        of the recording itself.
    """
    path = Path(path)
    name = (path.suffix.removeprefix(".") if format is None else format).lower()
    if name not in FORMATS:
        raise OutputError(
            f"no report format {name!r}; name the file or the format one of {', '.join(FORMATS)}"
        )
    catalogue(language)
    check_paper(paper)
    check_target(analysis, path)
    options = {"html": {"language": language}, "pdf": {"language": language, "paper": paper}}
    import_module(FORMATS[name]).write(analysis, path, **options.get(name, {}))
    return path


def check_paper(paper: str) -> None:
    """Refuse a paper that there is not.

    Raises
    ------
    OutputError
        If it is none of :data:`PAPERS`.
    """
    if paper not in PAPERS:
        raise OutputError(f"no paper {paper!r}; choose one of {', '.join(PAPERS)}")


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
