"""Analysis → JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ectopy._files import replacing
from ectopy.analysis import Analysis


def write(analysis: Analysis, path: Path) -> None:
    """Write `analysis.to_dict()` as JSON: one line for each fact, and for each array of beats."""
    text = _lines({**analysis.to_dict()})
    with replacing(path) as part:
        part.write_text(text + "\n", encoding="ascii")


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
