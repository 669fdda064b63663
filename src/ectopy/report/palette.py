"""The colours of the report, written once: of the AAMI classes, of the page and of ECG paper.

The classes are told apart by people who see few colours, too, in light and in dark; beside the
colour there is always the letter or the shape of `ectopy.report.charts.MARKS`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

LIGHT: Final = MappingProxyType(
    {
        "page": "#ffffff",
        "ink": "#1c2126",
        "faint": "#626d78",
        "rule": "#e2e6ea",
        "soft": "#f5f7f8",
        "caution": "#fdf3dc",
        "caution-edge": "#d9a514",
        "N": "#5d6b78",
        "S": "#0a66b7",
        "V": "#c23b05",
        "F": "#00785a",
        "Q": "#8d4596",
        "on": "#ffffff",
    }
)
"""Colours on a light page, and on ECG paper anywhere."""

DARK: Final = MappingProxyType(
    {
        "page": "#14181c",
        "ink": "#e6eaee",
        "faint": "#98a4b0",
        "rule": "#2c343c",
        "soft": "#1b2126",
        "caution": "#2e2814",
        "caution-edge": "#c79a1f",
        "N": "#97a5b2",
        "S": "#62b2ff",
        "V": "#ff8d58",
        "F": "#40cba5",
        "Q": "#d796df",
        "on": "#14181c",
    }
)
"""Colours on a dark page, under the same names."""


def css_variables(colours: MappingProxyType[str, str]) -> str:
    """Give colours as CSS custom properties, such as ``--V: #c23b05;``."""
    return " ".join(f"--{name}: {value};" for name, value in colours.items())
