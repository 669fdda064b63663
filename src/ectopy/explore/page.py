"""Summary and pictures of a data set → one HTML page that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from ectopy import __version__
from ectopy.explore import words
from ectopy.explore.theme import FALLBACK
from ectopy.labels.aami import AAMI_CLASSES, AAMI_NAMES

_WIDTH: Final = 700
"""Width of a picture on the page in pixels, where there is room."""


def render(summary: dict[str, Any], pictures: Mapping[str, Mapping[str, bytes]]) -> str:
    """Give the page as one HTML document that loads and runs nothing.

    Parameters
    ----------
    summary
        What ``summary.json`` holds.
    pictures
        Picture → theme → PNG.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("ectopy.explore", ""), PackageLoader("ectopy.report", "")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        summary=summary,
        sections=_sections(summary, pictures),
        mixed=_mixed(summary),
        names=AAMI_NAMES if tuple(summary["classes"]) == AAMI_CLASSES else {},
        shade=_shade,
        share=words.share,
        software=f"ectopy {__version__}",
    )


def _shade(label: str, place: int) -> str:
    return label if label in AAMI_CLASSES else FALLBACK[place % len(FALLBACK)]


def _mixed(summary: dict[str, Any]) -> str:
    """Say that both parts hold the same patients, where that is known."""
    found = summary["neighbours"]
    if not found["divided"] or not found["same_patient"]:
        return ""
    return (
        f"{words.share(found['same_patient'], 1)} of the test rows are of patients who are in the "
        "training part too, so figures on this split measure memory of people."
    )


def _sections(
    summary: dict[str, Any], pictures: Mapping[str, Mapping[str, bytes]]
) -> list[dict[str, Any]]:
    padded = summary["lengths"]["padding_share"] >= words.PADDED
    said = {
        "balance": words.balance(summary["balance"]),
        "examples": words.examples(summary["examples"], summary["scaled"]),
        "density": words.density(summary["fs"], padded),
        "noise": words.noise(summary["noise"], padded),
        "lengths": words.lengths(summary["lengths"]),
        "records": words.records(summary["records"], summary["name"]),
        "neighbours": words.neighbours(summary["neighbours"], summary["scaled"]),
    }
    return [
        {
            "id": name,
            "title": words.TITLES[name],
            "shows": shows,
            "deceives": deceives,
            "width": _WIDTH,
            **{theme: _uri(png) for theme, png in pictures.get(name, {"light": b""}).items()},
        }
        for name, (shows, deceives) in said.items()
    ]


def _uri(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}" if png else ""
