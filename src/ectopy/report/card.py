"""The card of a model, as far as a report tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ectopy.analysis import Analysis
from ectopy.errors import ModelError
from ectopy.report.words import Words

_NAMED: Final = ("accuracy", "macro_f1", "ece", "rows")
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


def read_card(card: Mapping[str, Any] | None, words: Words) -> Card:
    """Take from a card what it has of the things that a report tells.

    Cards are in English. In another language what has no translation is left out, and for a
    warning stands where to read it.
    """
    card = card or {}
    figures, training = _mapping(card.get("figures")), _mapping(card.get("training"))
    warning = str(card.get("warning") or "")
    if warning:
        warning = words.t.translated(warning) or words.t("sure.untranslated")
    told = [name for name in figures if _number(figures[name])]
    return Card(
        warning=warning,
        says=tuple(_says(card, training, words)),
        figures=tuple((_name(name, words), _told(figures, name)) for name in told),
        classes=tuple(
            (str(label), tuple(_plain(_mapping(row).get(name)) for name in _CLASS_FIGURES))
            for label, row in _mapping(figures.get("classes")).items()
        ),
    )


def _says(card: Mapping[str, Any], training: Mapping[str, Any], words: Words) -> list[str]:
    said = []
    for key, text in (
        ("", card.get("says")),
        ("model.trained", training.get("data")),
        ("model.tested", training.get("split_says")),
    ):
        known = words.t.translated(str(text)) if text else None
        if known:
            said.append(_sentence(words.t(key, text=known) if key else known, words))
    return said


def _name(figure: str, words: Words) -> str:
    return words.t(f"model.{figure}") if figure in _NAMED else figure.replace("_", " ")


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


def _sentence(text: str, words: Words) -> str:
    text = text.strip().replace("`", "")
    stop = words.t("sentence.stop")
    return text[:1].upper() + text[1:] + ("" if text.endswith((stop, "!", "?")) else stop)
