"""What the style sheet says of the drawings, for where there is no browser to apply it.

Takes from `report.css` the rules that are made of tags, classes and descendants alone, which are
all that the drawings use, with the colours of the light theme.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from ectopy.report.palette import palette, style_sheet

_SIMPLE: Final = re.compile(r"[a-z]*(\.[\w-]+)*")

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What holds for elements whose chain of ancestors has these names in this order."""

    chain: tuple[Names, ...]
    declarations: dict[str, str]

    @property
    def weight(self) -> tuple[int, int]:
        """More classes win over fewer, then more tags."""
        classes = sum(name.startswith(".") for names in self.chain for name in names)
        return classes, sum(map(len, self.chain)) - classes

    def matches(self, chain: tuple[Names, ...]) -> bool:
        """Say whether it holds for the last element of a chain."""
        if not self.chain[-1] <= chain[-1]:
            return False
        wanted = list(self.chain[:-1])
        for names in reversed(chain[:-1]):
            if wanted and wanted[-1] <= names:
                wanted.pop()
        return not wanted


@cache
def style_of(chain: tuple[Names, ...]) -> dict[str, str]:
    """Give the style of an element.

    Parameters
    ----------
    chain
        Names of the element, last, and of what it lies in: the tag, and ``.class`` for each class.
    """
    style: dict[str, str] = {}
    for rule in _rules():
        if rule.matches(chain):
            style |= rule.declarations
    return style


@cache
def _rules() -> tuple[_Rule, ...]:
    """Give the rules in the order they are to be applied."""
    rules = [
        _Rule(tuple(map(_names, selector.split())), _declarations(body))
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", _without_media(style_sheet()))
        for selector in map(str.strip, selectors.split(","))
        if selector and all(_SIMPLE.fullmatch(part) for part in selector.split())
    ]
    return tuple(sorted(rules, key=lambda rule: rule.weight))


def _names(compound: str) -> Names:
    tag, *classes = compound.split(".")
    return frozenset([*([tag] if tag else []), *(f".{name}" for name in classes)])


def _declarations(body: str) -> dict[str, str]:
    pairs = [part.split(":", 1) for part in body.split(";") if ":" in part]
    return {name.strip(): _resolved(value.strip()) for name, value in pairs}


def _resolved(value: str) -> str:
    colours = palette("light")
    return re.sub(r"var\(--([\w-]+)\)", lambda found: colours.get(found.group(1), ""), value)


def _without_media(css: str) -> str:
    """Drop what holds only for some media."""
    kept, depth, media_at = [], 0, None
    for piece in re.split(r"(@media[^{]*\{|\{|\})", css):
        if piece.startswith("@media"):
            media_at = depth
            depth += 1
        elif piece in "{}" and piece:
            depth += 1 if piece == "{" else -1
            if media_at is None:
                kept.append(piece)
            elif depth == media_at:
                media_at = None
        elif media_at is None:
            kept.append(piece)
    return "".join(kept)
