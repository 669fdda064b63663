"""Two sets of annotations of one record → everything that EC57 asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ectopy.ec57.beat_table import BeatTable
from ectopy.ec57.match import Matches, list_beats, match_beats
from ectopy.ec57.runs import KINDS, RunTable, compare_runs
from ectopy.ec57.value import ESCAPE_BEATS, FileAnnotations, Period
from ectopy.errors import AnnotationError
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording.value import Annotations

_SLACK_S = 10.0
"""How far, in seconds, the test may go on after the reference if the length is not known."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Comparison(BeatTable):
    """How a test reads one record, held against its reference.

    `matrix` and the figures that follow from it are those of a `BeatTable`.

    Attributes
    ----------
    record
        Name of the record, may be empty.
    fs
        Sampling rate in Hz.
    escape_beats
        Class that escape beats (``e j n``) were counted as, ``"S"`` or ``"N"``.
    matches
        Every step of the comparison: which beat was paired with which.
    rr_error_ms
        Root mean square error of RR intervals in ms; None if no two could be compared.
    shutdown_s
        Whole seconds for which the test reports a shutdown.
    runs
        Tables of ventricular (``"v"``) and supraventricular (``"s"``) runs.
    """

    record: str
    fs: float
    escape_beats: str
    matches: Matches
    rr_error_ms: float | None
    shutdown_s: int
    runs: dict[str, RunTable]

    def to_dict(self) -> dict[str, object]:
        """Give all figures as plain values, rates in percent or None."""
        return {
            "record": self.record,
            "fs": self.fs,
            "escape_beats": self.escape_beats,
            "matrix": self.matrix.tolist(),
            "qrs": self.qrs.to_dict(),
            "veb": self.veb.to_dict(),
            "sveb": self.sveb.to_dict(),
            "classes": {name: score.to_dict() for name, score in self.classes.items()},
            "kappa": self.kappa,
            "rr_error_ms": self.rr_error_ms,
            "shutdown_s": self.shutdown_s,
            "runs": {kind: table.to_dict() for kind, table in self.runs.items()},
        }


def compare(
    reference: Annotations,
    test: Annotations,
    *,
    fs: float,
    escape_beats: str = "S",
    learning_s: float = 300.0,
    window_s: float = 0.150,
    n_samples: int | None = None,
    record: str = "",
) -> Comparison:
    """Compare two sets of annotations of one record, beat by beat and run by run.

    Parameters
    ----------
    reference, test
        Annotations with MIT symbols, in time order, both counted at `fs`.
    fs
        Sampling rate in Hz.
    escape_beats
        Class that escape beats (``e j n``) count as: ``"S"``, as the reference tools do, or
        ``"N"``, as de Chazal and the Kaggle data set do.
    learning_s
        Length of the learning period in seconds, which does not count.
    window_s
        How far two beats may lie apart to be one, in seconds.
    n_samples
        Length of the record. Without it the length that a file states is taken, and without
        that all annotations count, provided that the two sides end at about the same time.
        Give it where the test may end in the first half of the record.
    record
        Name to print.

    Raises
    ------
    AnnotationError
        If annotations are not in time order, lie outside the record, hold no beats, or belong
        to records of different lengths; if nothing is left after the learning period; or if an
        option is not possible.

    Notes
    -----
    The arithmetic is that of the reference tools bxb and rxr: ANSI/AAMI EC57:1998.
    """
    if escape_beats not in ESCAPE_BEATS:
        raise AnnotationError(
            f"escape beats can be counted as {' or '.join(ESCAPE_BEATS)}, not as {escape_beats!r}"
        )
    length = n_samples if n_samples is not None else _stated_length(reference, test, fs)
    period = Period.of(fs, learning_s, window_s, length)
    _check("reference", reference, period)
    _check("test", test, period)
    if n_samples is None:
        _check_ends(reference, test, fs, length)
    real = list_beats(reference, period.window, escape_beats)
    own = list_beats(test, period.window, escape_beats)
    if not real.sample or real.sample[-1] < period.start:
        last = real.sample[-1] / fs if real.sample else 0.0
        raise AnnotationError(
            f"nothing is left to compare: the last beat of the reference is at {last:.1f} s, "
            f"within the learning period of {learning_s:g} s; learning_s=0 counts every beat"
        )
    matches = match_beats(real, own, period)
    errors = matches.rr_error.astype(float)
    return Comparison(
        record=record,
        fs=float(fs),
        escape_beats=escape_beats,
        matches=matches,
        matrix=matches.matrix,
        rr_error_ms=float(np.sqrt(errors @ errors / len(errors))) * 1000.0 / fs
        if len(errors)
        else None,
        shutdown_s=_whole_seconds(own.unreadable.total(length), fs),
        runs={kind: compare_runs(reference, test, kind, period, escape_beats) for kind in KINDS},
    )


def _whole_seconds(samples: float, fs: float) -> int:
    return int((samples + fs / 2) // fs)


def _stated_length(reference: Annotations, test: Annotations, fs: float) -> int | None:
    """Give the length that the files state.

    Raises
    ------
    AnnotationError
        If they state lengths that differ by more than a second.
    """
    both = (reference, test)
    stated = [side.n_samples for side in both if isinstance(side, FileAnnotations)]
    lengths = [length for length in stated if length is not None]
    if lengths and max(lengths) - min(lengths) > fs:
        raise AnnotationError(
            f"the reference belongs to a record of {lengths[0] / fs:.1f} s, the test to one of "
            f"{lengths[1] / fs:.1f} s; give two sets of annotations of the same record"
        )
    return max(lengths) if lengths else None


def _check(side: str, annotations: Annotations, period: Period) -> None:
    sample = annotations.sample
    if not len(sample) == len(annotations.symbol) == len(annotations.aux):
        raise AnnotationError(
            f"the {side} annotations have {len(sample)} positions, {len(annotations.symbol)} "
            f"symbols and {len(annotations.aux)} texts; each needs one of all three"
        )
    if not np.isin(annotations.symbol, list(BEAT_SYMBOLS)).any():
        raise AnnotationError(
            f"the {side} annotations hold no beat ({len(sample)} annotations); at least one "
            f"with a symbol of {' '.join(sorted(BEAT_SYMBOLS))} is needed"
        )
    back = np.flatnonzero(np.diff(sample) < 0)
    if len(back):
        i = int(back[0])
        raise AnnotationError(
            f"the {side} annotations are not in time order: sample {sample[i + 1]} comes after "
            f"{sample[i]} (annotation {i + 2}); sort them by sample"
        )
    if sample[0] < 0:
        raise AnnotationError(
            f"the {side} annotations begin at sample {sample[0]}; positions count from 0"
        )
    if period.stop is not None and sample[-1] > period.stop + period.window:
        raise AnnotationError(
            f"the {side} annotations run to sample {sample[-1]}, but the record has "
            f"{period.stop} samples; give two sets of annotations of the same record"
        )


def _check_ends(reference: Annotations, test: Annotations, fs: float, length: int | None) -> None:
    """Refuse annotations that cannot be of one record.

    The test may miss the end of a record, but not half of it. Where the length is not known,
    it may find little after the last annotation of the reference, unless that is flutter that
    has not ended.
    """
    real, own = int(reference.sample[-1]), int(test.sample[-1])
    marks = reference.symbol[np.isin(reference.symbol, ["[", "]"])]
    in_flutter = len(marks) > 0 and marks[-1] == "["
    goes_on = length is None and not in_flutter and own - real > _SLACK_S * fs
    if goes_on or 2 * own < real:
        raise AnnotationError(
            f"the reference annotations end at {real / fs:.1f} s, the test annotations at "
            f"{own / fs:.1f} s; give two sets of annotations of the same record, or its length "
            "(n_samples) if they are"
        )
