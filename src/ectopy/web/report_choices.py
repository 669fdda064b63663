"""Formats, languages and paper sizes of reports, as this version of the library has them."""

from __future__ import annotations

from typing import Final

from ectopy.report import FORMATS

PAPERS: Final = ("a4", "letter")


def report_formats() -> list[str]:
    """Give the formats that a report can be had in."""
    return list(FORMATS)


def LANGUAGES() -> tuple[str, ...]:  # noqa: N802
    """Give the languages that a report can be written in."""
    return ("en",)
