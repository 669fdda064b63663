"""Small rows of annotations for the tests of this folder, at 1000 Hz: a sample is a millisecond."""

import numpy as np

from ectopy.ec57 import Comparison, FileAnnotations, compare
from ectopy.ec57.match import COLUMNS, ROWS

FS = 1000
START = 300_000
"""First sample after the learning period."""
UNREADABLE = -1
"""Subtype of ``~`` that says that no lead can be read."""


def row(*marks: tuple, at: int = START) -> FileAnnotations:
    """Annotations from (ms after the learning period, symbol, text or subtype)."""
    texts = [mark[2] if len(mark) > 2 and isinstance(mark[2], str) else "" for mark in marks]
    subtypes = [mark[2] if len(mark) > 2 and isinstance(mark[2], int) else 0 for mark in marks]
    return FileAnnotations(
        np.array([mark[0] + at for mark in marks], np.int64),
        np.array([mark[1] for mark in marks], np.str_),
        np.array(texts, np.str_),
        np.array(subtypes, np.int64),
    )


def beats(symbols: str, first: int = 1000, every: int = 800) -> FileAnnotations:
    """One annotation each `every` ms; a space leaves a beat out, ``(`` begins AF, ``)`` ends it."""
    marks: list[tuple] = []
    time = first
    for symbol in symbols:
        if symbol in "()":
            marks.append((time - every // 2, "+", "(AFIB" if symbol == "(" else "(N"))
            continue
        if symbol == "X":
            marks.append((time - every // 2, "~", UNREADABLE))
            continue
        if symbol != " ":
            marks.append((time, symbol))
        time += every
    return row(*marks)


def judge(reference: FileAnnotations, test: FileAnnotations, **options: object) -> Comparison:
    """Compare with the record's length known, so that the ends may differ."""
    stop = int(max(reference.sample[-1], test.sample[-1])) + 1000
    return compare(reference, test, **{"fs": FS, "n_samples": stop, **options})


def counted(comparison: Comparison) -> dict[str, int]:
    """The cells of the matrix that are not zero, as ``{"Nn": 3, "No": 1}``."""
    return {
        row + column: int(comparison.matrix[i, j])
        for i, row in enumerate(ROWS)
        for j, column in enumerate(COLUMNS)
        if comparison.matrix[i, j]
    }
