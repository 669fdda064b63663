"""The catalogue of sentences: one file a language, under one set of keys.

A sentence has its values in braces, ``"lead {lead}"``. One that counts something is an object of
the forms that the language has: ``one`` and ``other`` in English, ``other`` alone in Korean and
Japanese; its number is ``{n}``. `texts` holds sentences that other parts of the package say in
English, such as why a beat was left unnamed, and what they are in this language.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from ectopy.errors import OutputError

LANGUAGES: Final = MappingProxyType({"en": "English", "ko": "한국어", "ja": "日本語"})
"""Languages a report can be written in, under their codes of ISO 639."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language; call it with a key and the values of that sentence."""

    code: str
    entries: dict[str, Any]
    texts: dict[str, str]

    def __call__(self, key: str, /, n: int | None = None, **values: Any) -> str:
        """Give a sentence with its values; whole numbers get commas between thousands."""
        entry = self.entries[key]
        if isinstance(entry, dict):
            entry = entry["one" if n == 1 and "one" in entry else "other"]
        told = {name: _told(value) for name, value in {"n": n, **values}.items()}
        return str(entry).format(**told)

    def translated(self, text: str) -> str | None:
        """Give what a sentence of the package is in this language, None where that is not known."""
        return text if self.code == "en" else self.texts.get(text)


def _told(value: Any) -> Any:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


@cache
def catalogue(language: str) -> Catalogue:
    """Give the catalogue of a language.

    Raises
    ------
    OutputError
        If there is none of that code.
    """
    if language not in LANGUAGES:
        known = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
        raise OutputError(f"no report in the language {language!r}; choose one of {known}")
    path = files("ectopy.report").joinpath("languages", f"{language}.json")
    entries = json.loads(path.read_text("utf-8"))
    return Catalogue(language, entries, entries.pop("texts"))
