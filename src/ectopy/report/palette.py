"""The colours of the report, written once: in the custom properties of `report.css`.

The classes are told apart by people who see few colours, too, in light and in dark; beside the
colour there is always the letter or the shape of `ectopy.report.charts.MARKS`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def style_sheet() -> str:
    """Give the style sheet of the report."""
    return files("ectopy.report").joinpath("report.css").read_text("utf-8")


@cache
def palette(theme: str = "light") -> MappingProxyType[str, str]:
    """Give the colours of the theme ``"light"`` or ``"dark"`` as ``#rrggbb``.

    Under the names of the style sheet: ``N S V F Q`` are the classes, ``on`` what is written on
    them, ``page``, ``ink``, ``faint``, ``rule`` and ``soft`` those of the page.
    """
    blocks = re.findall(r":root\s*\{([^}]*)\}", style_sheet())
    block = blocks[("light", "dark").index(theme)]
    return MappingProxyType(dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block)))
