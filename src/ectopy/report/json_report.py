"""Analysis → JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy._files import replacing
from ectopy.analysis import Analysis, plain
from ectopy.report._decimals import decimals

_ROWS: Final = 1 << 15
"""Beats that are turned into text at a time."""


def write(analysis: Analysis, path: Path) -> None:
    """Write `analysis.to_dict()` as JSON: one line for each fact, and for each array of beats."""
    with replacing(path) as part, part.open("w", encoding="ascii", newline="\n") as file:
        file.write(_lines(analysis.facts()).removesuffix("\n}") + ',\n  "beats": {\n')
        for number, (name, values) in enumerate(analysis.columns().items()):
            file.write((",\n" if number else "") + f"    {json.dumps(name)}: ")
            file.writelines(_array(values))
        file.write("\n  }\n}\n")


def _array(values: NDArray[Any]) -> Iterator[str]:
    """Give an array as the text of one list, piece by piece."""
    yield "["
    for first in range(0, len(values), _ROWS):
        rows = np.asarray(values[first : first + _ROWS])
        text = decimals(rows) if rows.dtype.kind == "f" else None
        if text is None:
            text = _dumps(plain(rows))[1:-1]
        yield (", " if first else "") + text
    yield "]"


def _lines(values: dict[str, Any], indent: str = "") -> str:
    """Give an object with one entry a line, lists on a single line however long they are."""
    inner = indent + "  "
    entries = [
        f"{inner}{json.dumps(key)}: "
        + (_lines(value, inner) if isinstance(value, dict) and value else _dumps(value))
        for key, value in values.items()
    ]
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def _dumps(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
