"""A person's edits of an analysis: made, undone, saved at once, and put over the model's beats.

An edit says what is at a sample of the recording: a beat of this class, or none. So edits hold
whatever model, lead or version of ectopy found the beats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Any, Final, ParamSpec, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis, Edited
from ectopy.beats import Beats
from ectopy.errors import AnnotationError
from ectopy.labels import AAMI_CLASSES, Labels
from ectopy.review.journal import Journal, described, find_journal, signal_digest
from ectopy.review.value import Edit, Reviewed
from ectopy.rhythm import find_rhythm

NEAREST_S: Final = 0.05
"""No two beats are nearer than this; an edit of beats found otherwise is of the beat this near."""
SNAP_S: Final = 0.06
"""How far an added beat may be moved to the largest deflection."""
ADDED_QUALITY: Final = 1.0
"""Quality of an added beat: a person has seen it."""
_ALONE: Final = RLock()
_P = ParamSpec("_P")
_T = TypeVar("_T")


def _alone(edit: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let edits wait for each other: those of two analyses of a recording share a file."""

    @wraps(edit)
    def waiting(*given: _P.args, **named: _P.kwargs) -> _T:
        with _ALONE:
            return edit(*given, **named)

    return waiting


class Review:
    """Edits of one analysis.

    Attributes
    ----------
    analysis
        As the model made it.
    journal
        Where edits are kept.
    edits, undone
        Edits that hold, in order, and those that can be redone, the last undone last.
    history
        Every edit with whether it was undone, oldest first.
    notes
        What the user should be told, a sentence each.
    version
        Grows whenever the beats change.
    """

    def __init__(self, analysis: Analysis, journal: Journal, digest: str) -> None:
        self.analysis = analysis
        self.journal = journal
        self.version = 0
        self._set_aside = self._headed = False
        self._head = described(analysis, digest)
        self._load()

    @classmethod
    def open(cls, analysis: Analysis, *, file: Path | None = None, uploaded: bool = False) -> Self:
        """Open the edits of a recording, none if there are none yet.

        Parameters
        ----------
        analysis
            An analysis of the recording.
        file
            Where the recording lies, if `source.path` does not say it.
        uploaded
            Its file is a temporary copy: keep edits in the user's state folder.

        Raises
        ------
        AnnotationError
            If there is a file of edits that cannot be read.
        """
        digest = signal_digest(analysis.recording)
        where = None if uploaded else str(file or analysis.recording.source.path) or None
        journal = find_journal(where, digest)
        return cls(analysis, journal, digest)

    # what there is

    def beats(self) -> Reviewed:
        """Give the beats after edits."""
        beats, labels = self.analysis.beats, self.analysis.labels
        n = len(beats)
        added = [s for s in self._over if s not in self._place and self._over[s]]
        given = np.array([self._over[s] for s in added], "<U1")
        label = np.concatenate([labels.aami.astype("<U1"), given])
        kept, by_user = np.ones(len(label), bool), np.zeros(len(label), bool)
        by_user[n:] = True
        for where, named in self._over.items():
            if (place := self._place.get(where)) is not None:
                kept[place], by_user[place] = bool(named), True
                label[place] = named or label[place]
        sample = np.concatenate([beats.sample, np.array(added, np.int64)])
        names = np.concatenate([np.arange(n), np.array([self._new[s] for s in added], np.int64)])
        found = np.concatenate([np.arange(n), np.full(len(added), -1)])
        order = np.argsort(sample, kind="stable")
        order = order[kept[order]]
        return Reviewed(names[order], sample[order], label[order], found[order], by_user[order])

    def apply(self) -> Analysis:
        """Give the analysis with the beats as they are after edits, and its rhythm anew.

        A relabelled beat keeps the model's probabilities; an added one is certain.
        """
        if not self._over:
            return self.analysis
        base = self.analysis
        beats, labels = self.values()
        return replace(
            base,
            beats=beats,
            labels=labels,
            rhythm=find_rhythm(beats, labels, duration_s=base.recording.duration_s),
            edited=self.edited(),
        )

    def edited(self) -> Edited | None:
        """Count the beats that edits have changed; None if all are as the model left them."""
        was = self.analysis.labels.aami
        there = {s: label for s, label in self._over.items() if s in self._place}
        deleted = sum(not label for label in there.values())
        confirmed = sum(label == was[self._place[s]] for s, label in there.items())
        added = sum(bool(label) for s, label in self._over.items() if s not in self._place)
        if not there and not added:
            return None
        renamed = len(there) - deleted - confirmed
        return Edited(renamed, added, deleted, confirmed, self.beats().by_user)

    def values(self) -> tuple[Beats, Labels]:
        """Give beats and labels after edits, as :meth:`apply` does but without the rhythm."""
        base, now = self.analysis, self.beats()
        theirs = now.found < 0
        place = np.where(theirs, 0, now.found)
        certain = (now.label[:, None] == np.array(AAMI_CLASSES)).astype(np.float32)

        def taken(values: NDArray[Any], other: Any) -> NDArray[Any]:
            if not len(values):
                return np.full(len(now.id), other, values.dtype)
            return np.where(theirs, other, values[place])

        quality = taken(base.beats.quality, ADDED_QUALITY).astype(np.float32)
        probability = certain
        if len(base.beats):
            probability = np.where(theirs[:, None], certain, base.labels.probability[place])
        labels = Labels(
            aami=now.label,
            probability=probability,
            abstained=taken(base.labels.abstained, False) & ~now.by_user,
            reason=np.where(now.by_user, "", taken(base.labels.reason, "")),
            model=base.labels.model,
            sha256=base.labels.sha256,
        )
        beats = replace(base.beats, sample=now.sample, quality=quality)
        return beats, labels

    def sample_of(self, beat: int) -> int:
        """Give the sample of a beat by its id, deleted or not.

        Raises
        ------
        AnnotationError
            If no beat has this id.
        """
        n = len(self.analysis.beats)
        if 0 <= beat < n:
            return int(self.analysis.beats.sample[beat])
        for sample, name in self._new.items():
            if name == beat:
                return sample
        raise AnnotationError(f"there is no beat {beat}; fetch the beats again")

    def label_at(self, sample: int) -> str:
        """Give the class of the beat at this very sample, empty if there is none."""
        if sample in self._over:
            return self._over[sample]
        place = self._place.get(sample)
        return "" if place is None else str(self.analysis.labels.aami[place])

    @property
    def stale(self) -> bool:
        """Whether edits were saved elsewhere since: by another program, or another analysis."""
        return self.journal.changed() and not self._set_aside

    @_alone
    def refresh(self) -> None:
        """Take over edits that were saved elsewhere since; `version` grows if there are any.

        Raises
        ------
        AnnotationError
            If the file of edits cannot be read any more.
        """
        self._refresh()

    # what can be done

    @_alone
    def relabel(self, sample: int, label: str) -> Edit:
        """Name the beat at a sample; the name it has already is thereby confirmed.

        Raises
        ------
        AnnotationError
            If there is no beat, or no such class.
        OutputError
            If the edit cannot be saved; then nothing has changed.
        """
        self._refresh()
        return self._make("relabel", self._must_be(sample), _class(label))

    @_alone
    def delete(self, sample: int) -> Edit:
        """Take the beat at a sample away; raises as :meth:`relabel` does."""
        self._refresh()
        return self._make("delete", self._must_be(sample), "")

    @_alone
    def add(self, sample: int, label: str, *, snap: bool = False) -> Edit:
        """Put a beat where there is none.

        Parameters
        ----------
        sample
            Where, at the recording's own rate.
        label
            One of ``N S V F Q``.
        snap
            Move it to the largest deflection from the baseline within 60 ms.

        Raises
        ------
        AnnotationError
            If a beat is nearer than 50 ms, the sample is outside of the recording, or there is
            no such class.
        OutputError
            If the edit cannot be saved; then nothing has changed.
        """
        self._refresh()
        recording = self.analysis.recording
        if not 0 <= sample < recording.n_samples:
            raise AnnotationError(
                f"sample {sample} is outside of the recording, which has {recording.n_samples}"
            )
        at = self._snapped(sample) if snap else sample
        now = self.beats().sample
        near = now[np.abs(now - at) < NEAREST_S * recording.fs]
        if len(near):
            raise AnnotationError(
                f"there is a beat at {near[0] / recording.fs:.3f} s already; relabel it, or "
                "delete it first"
            )
        return self._make("add", at, _class(label))

    @_alone
    def undo(self) -> Edit:
        """Take the last edit back, and give it; raises AnnotationError if there is none."""
        self._refresh()
        if not self.edits:
            raise AnnotationError("there is nothing to undo")
        edit = self.edits[-1]
        self._write({"action": "undo", "number": edit.number, "at": _now()})
        self._undo()
        return edit

    @_alone
    def redo(self) -> Edit:
        """Do the edit that was undone last again; raises AnnotationError if there is none."""
        self._refresh()
        if not self.undone:
            raise AnnotationError("there is nothing to redo")
        edit = self.undone[-1]
        self._write({"action": "redo", "number": edit.number, "at": _now()})
        self._redo()
        return edit

    # how it is kept

    def _make(self, action: str, sample: int, label: str) -> Edit:
        number = 1 + max((edit.number for edit, _ in self.history), default=0)
        edit = Edit(number, action, sample, label, self.label_at(sample), _now())
        self._write(asdict(edit))
        self._do(edit)
        return edit

    def _write(self, line: dict[str, Any]) -> None:
        """Put a line on disk, the first line before it if the file is new."""
        if self._set_aside:
            self.journal.set_aside()
        headed = self._headed and self.journal.path.exists()
        begin = () if headed else (self._head,)
        self.journal.append(*begin, line)
        self._set_aside, self._headed = False, True

    def _refresh(self) -> None:
        """Read the file again if another program has written to it."""
        if self.journal.changed() and not self._set_aside:
            self._load()

    def _load(self) -> None:
        lines, notes = self.journal.read()
        self.edits: list[Edit] = []
        self.undone: list[Edit] = []
        self._undone_for_good: set[int] = set()
        self._all: dict[int, Edit] = {}
        self._new: dict[int, int] = {}
        self._place = {s: k for k, s in enumerate(self.analysis.beats.sample.tolist())}
        self._set_aside = False
        self._headed = bool(lines)
        self.notes = [*self._where(), *notes]
        if lines and self._fits(lines[0]):
            moved = lines[0].get("beats") != self._head["beats"]
            for line in lines[1:]:
                if "ectopy_review" not in line:
                    self._replay(line, moved)
        self._settle()

    def _fits(self, head: dict[str, Any]) -> bool:
        """Whether edits are of this recording; say what differs."""
        then, now = head.get("recording", {}), self._head["recording"]
        if (then.get("n_samples"), then.get("fs")) != (now["n_samples"], now["fs"]):
            self._set_aside = True
            self.notes.append(
                f"the edits in {self.journal.path.name} are of a recording of "
                f"{then.get('n_samples')} samples at {then.get('fs')} Hz, not of this one; they "
                "are left alone, and the first new edit puts that file aside"
            )
            return False
        if then.get("sha256") != now["sha256"]:
            self.notes.append(
                "the recording has changed since it was edited, though not its length; the edits "
                "are shown, look at them again"
            )
        if head.get("model") != self._head["model"] or head.get("lead") != self._head["lead"]:
            self.notes.append(
                f"the edits were made over beats of {head.get('model', {}).get('name')} in lead "
                f"{head.get('lead')}; here they are put where they belong in time"
            )
        return True

    def _replay(self, line: dict[str, Any], moved: bool) -> None:
        action = line.get("action")
        try:
            if action == "undo":
                if self.edits and self.edits[-1].number == line["number"]:
                    self._undo(settle=False)
            elif action == "redo":
                if self.undone and self.undone[-1].number == line["number"]:
                    self._redo(settle=False)
            else:
                edit = Edit.of(line, self.analysis.recording.n_samples)
                self._do(replace(edit, sample=self._near(edit)) if moved else edit, settle=False)
        except (KeyError, TypeError, ValueError):
            self.notes.append(f"an edit in {self.journal.path.name} is left out: {line!s:.80}")

    def _near(self, edit: Edit) -> int:
        """Give the sample of the model's beat that an edit of other beats means."""
        sample = self.analysis.beats.sample
        if edit.sample in self._new or not len(sample):
            return edit.sample
        nearest = int(sample[np.abs(sample - edit.sample).argmin()])
        reach = NEAREST_S * self.analysis.recording.fs
        return nearest if abs(nearest - edit.sample) < reach else edit.sample

    def _do(self, edit: Edit, *, settle: bool = True) -> None:
        self._undone_for_good |= {each.number for each in self.undone}
        self.edits.append(edit)
        self.undone.clear()
        self._all[edit.number] = edit
        if edit.sample not in self._place:
            self._new.setdefault(edit.sample, len(self._place) + len(self._new))
        if settle:
            self._settle()

    def _undo(self, *, settle: bool = True) -> None:
        self.undone.append(self.edits.pop())
        if settle:
            self._settle()

    def _redo(self, *, settle: bool = True) -> None:
        self.edits.append(self.undone.pop())
        if settle:
            self._settle()

    def _settle(self) -> None:
        """Work out what is where."""
        self._over = {edit.sample: edit.label for edit in self.edits}
        self.version += 1

    @property
    def history(self) -> list[tuple[Edit, bool]]:
        """Every edit ever made with whether it is undone, oldest first."""
        undone = self._undone_for_good | {edit.number for edit in self.undone}
        return [(edit, number in undone) for number, edit in sorted(self._all.items())]

    def _where(self) -> list[str]:
        if self.journal.beside:
            return []
        return [f"edits are kept in {self.journal.path}, not beside the recording"]

    def _must_be(self, sample: int) -> int:
        if not self.label_at(sample):
            raise AnnotationError(f"there is no beat at sample {sample}; fetch the beats again")
        return sample

    def _snapped(self, sample: int) -> int:
        recording = self.analysis.recording
        reach = round(SNAP_S * recording.fs)
        wide = round(0.4 * recording.fs)
        column = recording.lead_index(self.analysis.beats.lead)
        low, high = max(0, sample - reach), sample + reach + 1
        near = np.asarray(recording.signal[low:high, column], np.float64)
        around = np.asarray(recording.signal[max(0, sample - wide) : sample + wide, column])
        if not np.isfinite(near).any():
            return sample
        return low + int(np.nanargmax(np.abs(near - np.nanmedian(around))))


def _class(label: str) -> str:
    if label not in AAMI_CLASSES:
        raise AnnotationError(f"no class {label!r}; classes are {' '.join(AAMI_CLASSES)}")
    return label


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
