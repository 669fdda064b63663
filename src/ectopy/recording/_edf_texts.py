"""The time-stamped annotation lists (TAL) of EDF+: when records begin, and what is noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError
from ectopy.recording._edf_header import EdfHeader
from ectopy.recording._write_edf import MISSING_TEXT
from ectopy.recording.value import Annotations

_LIST: Final = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,40})?)(?:\x15[\d.]{0,60})?\x14(.*)", re.DOTALL)
_BEATS: Final = frozenset("NLRBAaJSVrFejnE/fQ?")
_MARKS: Final = frozenset("[]!x()ptu`'^|~+sT*D=\"@")
_NOTE: Final = '"'
_GAP: Final = MISSING_TEXT.encode()
_MAX_WIDTH: Final = 1 << 20
_MAX_TEXTS: Final = 500_000


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """When each record begins, if the file says so, and each text with its time, in seconds."""

    begins: NDArray[np.float64] | None
    notes: tuple[tuple[float, str], ...]


def read_texts(
    header: EdfHeader,
    records: int,
    pieces: Callable[[], Iterable[tuple[int, NDArray[np.uint8]]]],
) -> Texts:
    """Read the annotation signals of all data records, of which `pieces` gives a few at a time."""
    signals = [signal for signal in header.signals if signal.is_annotations and signal.width]
    if not signals or not header.is_plus:
        return Texts(None, ())
    if max(signal.width for signal in signals) > _MAX_WIDTH:
        raise DamagedFileError(
            f"each record has {max(signal.width for signal in signals)} bytes of annotations, "
            "which no recorder writes; copy the file again"
        )
    begins = np.full(records, np.nan)
    notes: list[tuple[float, str]] = []
    for first, rows in pieces():
        for number, signal in enumerate(signals):
            columns = rows[:, signal.first : signal.first + signal.width]
            for i, row in enumerate(columns, first):
                onsets = _read_row(row.tobytes(), notes)
                if not number and onsets:
                    begins[i] = onsets[0]
    notes.sort(key=lambda note: note[0])
    return Texts(begins, tuple(notes))


def _read_row(row: bytes, notes: list[tuple[float, str]]) -> list[float]:
    """Add the texts of one record to `notes`; give the times of its lists."""
    onsets = []
    for piece in row.split(b"\0"):
        match = _LIST.fullmatch(piece)
        if match is None:
            continue
        onsets.append(float(match[1]))
        for text in match[2].split(b"\x14"):
            if text and len(notes) < _MAX_TEXTS and not text.startswith(_GAP):
                notes.append((onsets[-1], text.decode("utf-8", errors="replace")))
    return onsets


def annotations_of(texts: Texts, fs: float, n_samples: int, begin: float) -> Annotations | None:
    """Give the texts that lie within the signal as annotations, or None if there is none.

    A single MIT symbol stands for itself, a text such as ``(AFIB`` for a change of rhythm, and
    everything else is a note.
    """
    zero = begin
    if texts.begins is not None and np.isfinite(texts.begins[0]):
        zero += float(texts.begins[0])
    found = [(round((onset - zero) * fs), text) for onset, text in texts.notes]
    inside = [(sample, text) for sample, text in found if 0 <= sample < n_samples]
    if not inside:
        return None
    symbols = [_symbol(text) for _, text in inside]
    return Annotations(
        np.array([sample for sample, _ in inside], np.int64),
        np.array([symbol for symbol, _ in symbols], np.str_),
        np.array([aux for _, aux in symbols], np.str_),
    )


def _symbol(text: str) -> tuple[str, str]:
    word = text.strip()
    if len(word) == 1 and word in _BEATS | _MARKS:
        return word, ""
    if re.fullmatch(r"\([A-Z]{1,6}", word):
        return "+", word
    if len(word) > 2 and word[0] in _BEATS | _MARKS and word[1] == " " and word[2] == "(":
        return word[0], word[2:]
    return _NOTE, word
