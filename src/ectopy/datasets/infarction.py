"""Beats of people with and without a myocardial infarction, whatever data set they come from.

A cohort is a list of recordings, each with its patient, its class and its fold; from it come
beats, cut as a network wants them. No patient is ever on two sides of a division.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ectopy.beats import find_beats
from ectopy.beats.kaggle_rows import ROW_LENGTH, beat_rows
from ectopy.beats.window import WINDOW_LENGTH, beat_windows
from ectopy.errors import DatasetError, EctopyError
from ectopy.recording import Recording, read

FOLDS: Final = 10
QUALITY: Final = 0.5
"""Quality below which a beat is left out."""

Layout = Literal["kaggle-rows", "beat-window"]


@dataclass(frozen=True, slots=True)
class MiRecording:
    """One recording: where it is, whose it is, and whether that person has an infarction."""

    name: str
    path: Path
    patient: str
    infarction: bool
    fold: int


@dataclass(frozen=True)
class Cohort:
    """Recordings of people with and without an infarction.

    Attributes
    ----------
    source
        ``"PTB-XL"`` or ``"PTB"``.
    recordings
        In the order of their names.
    left_out
        How many recordings were left out, for each reason.
    folds
        Where the folds come from, in words.
    """

    source: str
    recordings: tuple[MiRecording, ...]
    left_out: dict[str, int]
    folds: str

    def __post_init__(self) -> None:
        whole = {r.patient: (r.infarction, r.fold) for r in self.recordings}
        if odd := {
            r.patient for r in self.recordings if whole[r.patient] != (r.infarction, r.fold)
        }:
            raise DatasetError(
                f"patient {min(odd)} of {self.source} is in two folds or of both classes; all "
                "recordings of a patient belong to one side"
            )


@dataclass(frozen=True, eq=False)
class MiBeats:
    """Labelled beats.

    Attributes
    ----------
    X
        float32, shape ``(n, 187)`` for rows or ``(n, 80)`` for windows.
    y
        int8, 1 for beats of people with an infarction.
    recording, patient
        Where each beat is from; `patient` is empty where the source does not tell.
    fold
        1 to 10.
    skipped
        Recordings that gave no beats, with the reason.
    source
        Name of the data set.
    warning
        What must stand beside every figure; empty if nothing must.
    """

    X: NDArray[np.float32]
    y: NDArray[np.int8]
    recording: NDArray[np.str_]
    patient: NDArray[np.str_]
    fold: NDArray[np.int64]
    source: str
    skipped: tuple[tuple[str, str], ...] = ()
    warning: str = ""

    @property
    def knows_patients(self) -> bool:
        """Whether the source says whose each beat is."""
        return bool(len(self.patient) and self.patient[0])

    def take(self, mask: NDArray[np.bool_]) -> MiBeats:
        """Give some of the beats."""
        parts = {k: getattr(self, k)[mask] for k in ("X", "y", "recording", "patient", "fold")}
        return MiBeats(**parts, source=self.source, skipped=self.skipped, warning=self.warning)

    def parts(self, test: int) -> tuple[MiBeats, MiBeats, MiBeats]:
        """Divide by folds: `test` for the test, the fold before it for validation, the rest.

        Fold 10 gives the division that the publisher of PTB-XL recommends: 1 to 8 to learn from,
        9 to choose by, 10 to test. Before fold 1 comes fold 10.

        Raises
        ------
        DatasetError
            If a side is empty or lacks a class, or a patient is on two sides.
        """
        check = (test - 2) % FOLDS + 1
        held = np.isin(self.fold, (test, check))
        divided = tuple(self.take(m) for m in (~held, self.fold == check, self.fold == test))
        for part, what in zip(divided, ("training", "validation", "test"), strict=True):
            if len(np.unique(part.y)) < 2:
                raise DatasetError(
                    f"the {what} part of {self.source} (test fold {test}) lacks people with or "
                    "without an infarction; more recordings are needed"
                )
        train, check_part, test_part = divided
        check_apart(train, check_part, test_part)
        return train, check_part, test_part


def check_apart(*sides: MiBeats) -> None:
    """Refuse sides that share a patient, where patients are known.

    Raises
    ------
    DatasetError
        If a patient is on two sides.
    """
    seen: set[str] = set()
    for side in sides:
        here = {str(name) for name in np.unique(side.patient)} - {""}
        if both := seen & here:
            raise DatasetError(f"patient {min(both)} is on two sides of the division")
        seen |= here


def drawn_folds(patients: dict[str, bool], folds: int = FOLDS) -> dict[str, int]:
    """Deal patients into folds, each class evenly, always in the same way for the same patients.

    Parameters
    ----------
    patients
        Each patient and whether they have an infarction.
    """
    random = np.random.default_rng(1337)
    dealt: dict[str, int] = {}
    for infarction in (False, True):
        names = sorted(name for name, has in patients.items() if has == infarction)
        # from the last fold down: even of few patients some test, some choose and some teach
        for place, k in enumerate(random.permutation(len(names))):
            dealt[names[k]] = folds - place % folds
    return dealt


def cut_cohort(
    cohort: Cohort,
    layout: Layout = "kaggle-rows",
    lead: str = "II",
    progress: Callable[[float], None] | None = None,
) -> MiBeats:
    """Find and cut the beats of one lead of every recording.

    A recording that cannot be read, that lacks the lead or in which no good beat is found is
    skipped and named with its reason.

    Raises
    ------
    DatasetError
        If the lead is a number, or no recording gives beats.
    """
    if lead.isdecimal():
        raise DatasetError(
            f"the lead must be given by its name, such as II: the model that learns from it goes "
            f"by the name, and lead number {lead} is not the same in every recording"
        )
    X, owners, skipped = [], list[MiRecording](), list[tuple[str, str]]()
    for done, each in enumerate(cohort.recordings):
        if progress:
            progress(done / len(cohort.recordings))
        try:
            cut = cut_recording(read(each.path), layout, lead)
        except (EctopyError, OSError) as error:
            skipped.append((each.name, str(error)))
            continue
        if not len(cut):
            skipped.append((each.name, f"no good beat was found in lead {lead}"))
            continue
        X.append(cut)
        owners += [each] * len(cut)
    if progress:
        progress(1.0)
    if not X:
        why = f", such as {skipped[0][0]}: {skipped[0][1]}" if skipped else ""
        raise DatasetError(f"none of the {len(cohort.recordings)} recordings gave beats{why}")
    return MiBeats(
        X=np.concatenate(X),
        y=np.array([r.infarction for r in owners], np.int8),
        recording=np.array([r.name for r in owners]),
        patient=np.array([r.patient for r in owners]),
        fold=np.array([r.fold for r in owners], np.int64),
        source=cohort.source,
        skipped=tuple(skipped),
    )


def cut_recording(recording: Recording, layout: Layout, lead: str) -> NDArray[np.float32]:
    """Cut the good beats of one lead: ``(n, 187)`` rows or ``(n, 80)`` windows."""
    column = recording.lead_index(lead)
    beats = find_beats(recording, column)
    signal, good = recording.signal[:, column], beats.quality >= QUALITY
    if layout == "beat-window":
        windows, whole = beat_windows(signal, recording.fs, beats.sample)
        return windows[whole & good]
    if not len(beats):
        return np.empty((0, ROW_LENGTH), np.float32)
    step = recording.resolution[column] if recording.resolution else None
    good[-1] = False  # its row would run to the end of the recording rather than past a beat
    return beat_rows(signal, recording.fs, beats.sample, step)[good]


def row_length(layout: Layout) -> int:
    """Give how many values a beat has in a layout."""
    return WINDOW_LENGTH if layout == "beat-window" else ROW_LENGTH


def counted(reasons: Sequence[str]) -> dict[str, int]:
    """Count reasons, most frequent first."""
    return dict(Counter(reasons).most_common())
