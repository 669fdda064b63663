"""The small values of a review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ectopy.labels import AAMI_CLASSES

ACTIONS: Final = ("relabel", "add", "delete")


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit.

    Attributes
    ----------
    number
        Counts all edits ever made of the recording, from 1.
    action
        ``"relabel"``, ``"add"`` or ``"delete"``.
    sample
        Where, at the recording's own rate.
    label
        Class of the beat after it, empty if it is deleted.
    was
        Class before, empty if there was none.
    at
        When, ISO 8601 in UTC.
    """

    number: int
    action: str
    sample: int
    label: str
    was: str
    at: str

    @classmethod
    def of(cls, line: dict[str, Any], n_samples: int) -> Self:
        """Take an edit from a line of its file.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the line is no edit of a recording of this length.
        """
        edit = cls(**{name: line[name] for name in cls.__dataclass_fields__})
        whole = isinstance(edit.number, int) and isinstance(edit.sample, int)
        known = edit.action in ACTIONS and edit.label in ("", *AAMI_CLASSES)
        if not (whole and known and 0 <= edit.sample < n_samples):
            raise ValueError(f"no edit: {line!s:.80}")
        return edit


@dataclass(frozen=True, eq=False, slots=True)
class Reviewed:
    """The beats after edits, in time order, each array ``(n,)``.

    Attributes
    ----------
    id
        A number that stays with a beat: its place among the model's beats, or beyond them for
        those that were added.
    sample, label
        Where each is, and its class.
    found
        Its place among the model's beats, -1 if it was added.
    by_user
        Whether a person named it.
    """

    id: NDArray[np.int64]
    sample: NDArray[np.int64]
    label: NDArray[np.str_]
    found: NDArray[np.int64]
    by_user: NDArray[np.bool_]
