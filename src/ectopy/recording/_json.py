"""JSON, read only if it cannot grow beyond the memory there is; and ways through it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._sniff import encoding_of

MAX_BYTES: Final = 200 << 20
_MAX_MEMORY: Final = 450 << 20
_NUMBER_BYTES: Final = 32
_CONTAINER_BYTES: Final = 240
"""What a number, and a list or object with its first members, take in memory."""
_MAX_DEPTH: Final = 100


def looks_like_json(head: bytes) -> bool:
    """Whether the first bytes of a file begin an object or a list, but not a row of numbers."""
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").replace(b"\0", b"")[:80]
    return bool(re.match(rb'\{\s*["}]|\[\s*[\[{"]', text))


def load_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    RecordingError
        If it is too large.
    DamagedFileError
        If it is no JSON.
    """
    if path.stat().st_size > MAX_BYTES:
        raise RecordingError(
            f"{path.name} has more than {MAX_BYTES >> 20} MB of JSON; split the recording, or "
            "export it as CSV"
        )
    content = path.read_bytes()
    containers = content.count(b"[") + content.count(b"{")
    memory = _NUMBER_BYTES * content.count(b",") + _CONTAINER_BYTES * containers
    if memory > _MAX_MEMORY:
        raise RecordingError(
            f"{path.name} holds too many values to be read as JSON ({content.count(b','):,}); "
            "split the recording, or export it as CSV"
        )
    try:
        return json.loads(content.decode(encoding_of(content[: 1 << 16]) or "utf-8"))
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else "it is no JSON"
        raise DamagedFileError(
            f"{path.name} breaks the rules of JSON: {reason[:80]}; export it again"
        ) from error


def walk(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every object in `value` with the keys that lead to it, in the order of the file."""
    if len(keys) > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield keys, value
        for key, inner in value.items():
            if isinstance(inner, (dict, list)):
                yield from walk(inner, (*keys, key))
    elif isinstance(value, list) and not is_number_list(value):
        for inner in value:
            if isinstance(inner, (dict, list)):
                yield from walk(inner, keys)


def is_number_list(value: Any) -> bool:
    """Whether a value is a list that begins with a number, or with null before one."""
    if not isinstance(value, list):
        return False
    first = next((item for item in value if item is not None), None)
    return isinstance(first, (int, float)) and not isinstance(first, bool)


def numbers(values: list[Any], name: str) -> NDArray[np.float64]:
    """Give a list of numbers as float64, NaN for null.

    Raises
    ------
    DamagedFileError
        If it holds anything else.
    """
    try:
        return np.array([np.nan if v is None else float(v) for v in values], np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DamagedFileError(
            f"{name} has samples that are no numbers; export it again"
        ) from error


def as_number(value: Any) -> float | None:
    """Give a finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if np.isfinite(number) else None


def as_text(value: Any) -> str:
    """Give a text, empty for anything that is none."""
    return value.strip() if isinstance(value, str) else ""
