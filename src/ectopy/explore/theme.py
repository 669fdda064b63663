"""Colours of the pictures: those of the report, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ectopy.labels.aami import AAMI_CLASSES
from ectopy.report.palette import palette

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap

FALLBACK: Final = ("N", "V", "S", "F", "Q")
"""Whose colours classes take that are not those of the AAMI, in this order."""


@dataclass(frozen=True)
class Theme:
    """Colours as ``#rrggbb``, by the names that the style sheet gives them."""

    colours: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.colours[name]

    def of_class(self, name: str, place: int = 0) -> str:
        """Give the colour of a class; one that is not of the AAMI takes that of its place."""
        return self[name if name in AAMI_CLASSES else FALLBACK[place % len(FALLBACK)]]

    def ramp(self, colour: str) -> LinearSegmentedColormap:
        """Give shades from the page over a colour to the ink."""
        from matplotlib.colors import LinearSegmentedColormap

        steps = [(0.0, self["page"]), (0.65, colour), (1.0, self["ink"])]
        return LinearSegmentedColormap.from_list("density", steps)

    def settings(self) -> dict[str, Any]:
        """Give the settings of matplotlib that make a picture look like the page."""
        return {
            "font.size": 9,
            "font.family": "sans-serif",
            "axes.titlesize": 9,
            "axes.titlelocation": "left",
            "axes.labelsize": 8.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.axisbelow": True,
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "xtick.major.size": 3,
            "ytick.major.size": 3,
            "figure.facecolor": self["page"],
            "savefig.facecolor": self["page"],
            "axes.facecolor": self["page"],
            "axes.edgecolor": self["rule"],
            "axes.labelcolor": self["faint"],
            "text.color": self["ink"],
            "xtick.color": self["rule"],
            "ytick.color": self["rule"],
            "xtick.labelcolor": self["faint"],
            "ytick.labelcolor": self["faint"],
            "grid.color": self["rule"],
            "legend.frameon": False,
            "legend.fontsize": 8.5,
        }


def themes() -> dict[str, Theme]:
    """Give the themes ``light`` and ``dark``."""
    return {name: Theme(palette(name)) for name in ("light", "dark")}
