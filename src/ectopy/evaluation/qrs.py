"""Detector + annotated records → how well QRS complexes are found, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats import find_beats
from ectopy.ec57 import Score, compare
from ectopy.errors import DatasetError
from ectopy.evaluation.run import LEARNING_S, reference_recording
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import Annotations, Recording

Finder = Callable[[Recording], NDArray[np.int64]]
"""Recording → samples of its R peaks."""

DEFINITIONS: Final = {
    "units": "rates are fractions of 1; null where there is nothing to count",
    "whole": "all of every record, flutter too; beats within 150 ms are one",
    "after_learning": f"EC57: without the first {LEARNING_S:g} s and without ventricular flutter",
    "bias_ms, spread_ms": "mean and standard deviation of found less annotated position",
}


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """How the beats of one record were found.

    Attributes
    ----------
    record
        Its name.
    whole, after_learning
        Beats found, missed and made up: in all of the record, and by the rules of EC57.
    off_ms
        Found less annotated position of each beat that was found, in ms.
    """

    record: str
    whole: Score
    after_learning: Score
    off_ms: NDArray[np.float64]


def evaluate_qrs(
    data: Path,
    records: Sequence[str] = (),
    *,
    lead: str | int | None = 0,
    find: Finder | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Found]:
    """Find the beats of annotated WFDB records and hold them against the annotations.

    Parameters
    ----------
    data
        Folder of the records.
    records
        Their names; all that have annotations by default.
    lead
        Lead to search, see :func:`ectopy.find_beats`: the first, by default, as is usual; None
        lets several decide.
    find
        Another detector to measure.
    progress
        Called with the share that is done, 0 to 1.

    Raises
    ------
    DatasetError
        If there are no such records.
    """
    names = list(records) or sorted(path.stem for path in data.glob("*.atr"))
    if not names:
        raise DatasetError(f"{data} has no WFDB records with annotations (.hea, .dat, .atr)")
    results = []
    for done, name in enumerate(names):
        if progress:
            progress(done / len(names))
        recording = reference_recording(data, name)
        found = find(recording) if find else find_beats(recording, lead).sample
        results.append(compare_beats(name, recording, found))
    return results


def compare_beats(record: str, recording: Recording, found: NDArray[np.int64]) -> Found:
    """Hold found R peaks against the reference annotations of a recording."""
    notes = recording.annotations
    assert notes is not None
    beat = np.isin(notes.symbol, list(BEAT_SYMBOLS))
    beats = Annotations(notes.sample[beat], notes.symbol[beat], notes.aux[beat])
    # one beat that cannot match stands in for none, which a comparison refuses
    ours = found if len(found) else np.array([recording.n_samples - 1])
    test = Annotations(ours, np.full(len(ours), "N"), np.full(len(ours), ""))
    length, fs = recording.n_samples, recording.fs
    whole = compare(beats, test, fs=fs, learning_s=0.0, n_samples=length)
    counted = whole.qrs
    if recording.duration_s > LEARNING_S and notes.sample[beat][-1] > LEARNING_S * fs:
        counted = compare(notes, test, fs=fs, learning_s=LEARNING_S, n_samples=length).qrs
    pairs = whole.matches
    both = (pairs.reference >= 0) & (pairs.test >= 0)
    off = test.sample[pairs.test[both]] - beats.sample[pairs.reference[both]]
    return Found(record, whole.qrs, counted, off / fs * 1000)


def summarise_qrs(results: Sequence[Found], **facts: Any) -> dict[str, Any]:
    """Put the records together: gross, averaged over records, and each of them."""
    off = np.concatenate([result.off_ms for result in results])
    figures: dict[str, Any] = {"what": "qrs", **facts, "records": len(results)}
    for part in ("whole", "after_learning"):
        scores: list[Score] = [getattr(result, part) for result in results]
        gross = Score(*(sum(getattr(s, kind) for s in scores) for kind in ("tp", "fn", "fp")))
        figures[part] = {
            "gross": rates(gross),
            "average": {
                name: float(np.mean([getattr(s, name) or 0.0 for s in scores])) / 100
                for name in ("se", "ppv", "f1")
            },
        }
    figures["bias_ms"] = float(off.mean()) if len(off) else None
    figures["spread_ms"] = float(off.std()) if len(off) else None
    figures["per_record"] = [record_row(result) for result in results]
    figures["definitions"] = DEFINITIONS
    return figures


def record_row(result: Found) -> dict[str, Any]:
    """Give one row a record: beats, errors, rates, bias and spread."""
    return {
        "record": result.record,
        "beats": result.whole.tp + result.whole.fn,
        **rates(result.whole),
        **{f"after_learning_{k}": v for k, v in rates(result.after_learning).items()},
        "bias_ms": float(result.off_ms.mean()) if len(result.off_ms) else None,
        "spread_ms": float(result.off_ms.std()) if len(result.off_ms) else None,
    }


def rates(score: Score) -> dict[str, float | int | None]:
    """Give rates as fractions of 1, and the counts of errors."""
    shares = {
        name: None if rate is None else rate / 100
        for name, rate in (("se", score.se), ("ppv", score.ppv), ("f1", score.f1))
    }
    return {**shares, "missed": score.fn, "extra": score.fp}
