"""The card of a model, as far as a report tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ectopy.analysis import Analysis
from ectopy.errors import ModelError

_NAMES: Final = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "ece": "Expected calibration error",
    "rows": "Beats it was tested on",
}
_CLASS_FIGURES: Final = ("se", "ppv", "f1", "support")


@dataclass(frozen=True, slots=True)
class Card:
    """What a report tells of a model.

    Attributes
    ----------
    warning
        What its figures do not mean.
    says
        What it is, what it learned from and how it was tested, each a sentence or two.
    figures
        Name and value, with the interval where the card gives one.
    classes
        For each class sensitivity, positive predictive value, F1 and number of beats.
    """

    warning: str
    says: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    classes: tuple[tuple[str, tuple[str, ...]], ...]


def known_card(analysis: Analysis) -> Mapping[str, Any] | None:
    """Give the card of the model that named the beats, None where this package lacks it."""
    from ectopy.labels import load_card

    try:
        card = load_card(analysis.labels.model)
    except ModelError:
        return None
    return card if card["sha256"] == analysis.labels.sha256 else None


def read_card(card: Mapping[str, Any] | None) -> Card:
    """Take from a card what it has of the things that a report tells."""
    card = card or {}
    figures, training = _mapping(card.get("figures")), _mapping(card.get("training"))
    said = [
        f"{lead}{text}"
        for lead, text in (
            ("", card.get("says")),
            ("Trained on: ", training.get("data")),
            ("Tested on: ", training.get("split_says")),
        )
        if text
    ]
    told = [name for name in figures if _number(figures[name])]
    return Card(
        warning=str(card.get("warning") or ""),
        says=tuple(_sentence(text) for text in said),
        figures=tuple(
            (_NAMES.get(name, name.replace("_", " ")), _told(figures, name)) for name in told
        ),
        classes=tuple(
            (str(label), tuple(_plain(_mapping(row).get(name)) for name in _CLASS_FIGURES))
            for label, row in _mapping(figures.get("classes")).items()
        ),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(figures: Mapping[str, Any], name: str) -> str:
    interval = figures.get(f"{name}_interval")
    text = _plain(figures[name])
    if isinstance(interval, list | tuple) and len(interval) == 2:
        text += f" ({_plain(interval[0])} – {_plain(interval[1])})"
    return text


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else "–"


def _sentence(text: str) -> str:
    text = text.strip().replace("`", "")
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
