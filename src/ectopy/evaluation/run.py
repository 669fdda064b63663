"""Split + model + raw records → what the model made of every record of the test side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis, analyze
from ectopy.beats import Beats, choose_leads
from ectopy.datasets.kaggle import make_rows
from ectopy.datasets.splits import Split
from ectopy.ec57 import Comparison, compare
from ectopy.errors import DatasetError, ModelError
from ectopy.labels import AAMI_CLASSES, Labels, aami_class, classify, load_card, predict
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import Annotations, Recording, read
from ectopy.rhythm import find_rhythm

LEARNING_S: Final = 300.0
"""Start of each record that EC57 does not count, in seconds."""


@dataclass(frozen=True, eq=False, slots=True)
class RecordResult:
    """What a model made of one record, held against the experts.

    Attributes
    ----------
    record
        Its name.
    matrix
        int64, shape ``(7, 7)``: the whole record as the matrix of EC57, rows ``N S V F Q O X``
        by columns ``n s v f q o x``, without a learning period.
    truth
        int8, shape ``(n,)``: class index of each reference beat that was found.
    named
        int8, shape ``(n,)``: class index that the model gave it.
    probability
        float32, shape ``(n, 5)``: how likely the model held each class.
    sample
        int64, shape ``(n,)``: where it is.
    abstained
        bool, shape ``(n,)``: the model would rather not have named it; None where single rows
        were classified.
    reference
        What the experts marked; None where single rows were classified.
    comparison
        The comparison after the learning period; None where single rows were classified.
    analysis
        Recording, beats and labels; None where single rows were classified.
    """

    record: str
    matrix: NDArray[np.int64]
    truth: NDArray[np.int8]
    named: NDArray[np.int8]
    probability: NDArray[np.float32]
    sample: NDArray[np.int64]
    abstained: NDArray[np.bool_] | None = None
    reference: Annotations | None = None
    comparison: Comparison | None = None
    analysis: Analysis | None = None


def evaluate(
    model: str,
    split: Split,
    data: Path,
    *,
    beats: str = "detected",
    escape_beats: str = "S",
    progress: Callable[[float], None] | None = None,
) -> tuple[RecordResult, ...]:
    """Run a model over the test side of a split, from the raw recordings.

    Parameters
    ----------
    model
        Name or directory of a model.
    split
        What to test on. On a split of rows (``kaggle``) the published test rows are classified.
    data
        Folder with the records of the MIT-BIH Arrhythmia Database.
    beats
        ``"detected"`` finds the beats first, as a user would; ``"reference"`` takes the
        positions of the experts. A split of rows knows only ``"reference"``.
    escape_beats
        ``"S"`` counts escape beats as supraventricular (EC57), ``"N"`` as normal (de Chazal,
        Kaggle).
    progress
        Called with the share of the records that are done, 0 to 1.

    Returns
    -------
    tuple of RecordResult
        One for each record, in the order of the split.

    Raises
    ------
    DatasetError
        If a record is missing or has no reference annotations.
    ModelError
        If the model is unknown, damaged or made for other inputs.
    """
    if not split.test_records:
        return tuple(_published_rows(model, data, escape_beats))
    results = []
    for done, name in enumerate(split.test_records):
        if progress:
            progress(done / len(split.test_records))
        recording = reference_recording(data, name)
        results.append(
            evaluate_record(model, name, recording, beats=beats, escape_beats=escape_beats)
        )
    return tuple(results)


def as_annotations(beats: Beats, labels: Labels) -> Annotations:
    """Give named beats as MIT annotations, S written as A."""
    symbol = np.where(labels.aami == "S", "A", labels.aami)
    return Annotations(beats.sample, symbol, np.full(len(beats), ""))


def reference_recording(data: Path, record: str) -> Recording:
    """Read a record that must have reference annotations.

    Raises
    ------
    DatasetError
        If it is not there, or has none.
    """
    if not (data / f"{record}.hea").is_file():
        raise DatasetError(
            f"{data} has no record {record}; it must hold the records of the MIT-BIH Arrhythmia "
            "Database 1.0.0 (.hea, .dat and .atr files)"
        )
    recording = read(data / record)
    if recording.annotations is None:
        raise DatasetError(f"record {record} in {data} has no reference annotations ({record}.atr)")
    return recording


def evaluate_record(
    model: str,
    record: str,
    recording: Recording,
    *,
    beats: str = "detected",
    escape_beats: str = "S",
) -> RecordResult:
    """Run a model over one recording and hold it against the reference annotations it carries.

    Parameters are those of :func:`evaluate`.
    """
    reference = recording.annotations
    assert reference is not None
    # the model must not be able to look at the answers
    blind = replace(recording, annotations=None)
    if beats == "detected":
        analysis = analyze(blind, model=model)
    else:
        analysis = _at_reference(model, blind, reference)
    test = as_annotations(analysis.beats, analysis.labels)
    counted, whole = (
        compare(
            reference,
            test,
            fs=recording.fs,
            escape_beats=escape_beats,
            learning_s=learning_s,
            n_samples=recording.n_samples,
            record=record,
        )
        for learning_s in (LEARNING_S, 0.0)
    )
    both = (whole.matches.reference >= 0) & (whole.matches.test >= 0)
    real, own = whole.matches.reference[both], whole.matches.test[both]
    labels = analysis.labels
    return RecordResult(
        record=record,
        matrix=whole.matrix,
        truth=_classes(reference.symbol[real], escape_beats),
        named=_indices(labels.aami[own].tolist()),
        probability=labels.probability[own],
        sample=reference.sample[real],
        abstained=labels.abstained[own],
        reference=reference,
        comparison=counted,
        analysis=analysis,
    )


def _at_reference(model: str, recording: Recording, reference: Annotations) -> Analysis:
    """Analyse a recording whose beats are where the experts marked them."""
    marked = np.isin(reference.symbol, list(BEAT_SYMBOLS))
    sample = np.unique(reference.sample[marked])
    quality = np.ones(len(sample), np.float32)
    lead, *others = choose_leads(recording)
    beats = Beats(sample, quality, recording.fs, lead, others=tuple(others))
    labels = classify(recording, beats, model)
    return Analysis(
        recording=recording,
        beats=beats,
        labels=labels,
        rhythm=find_rhythm(beats, labels, duration_s=recording.duration_s),
        settings={"beats": "reference", "model": labels.model},
        software=load_card(model).get("software", ""),
    )


def _published_rows(model: str, data: Path, escape_beats: str) -> Iterator[RecordResult]:
    """Classify the published test rows, record by record."""
    card = load_card(model)
    if card["input"]["layout"] != "kaggle-rows":
        raise ModelError(
            f"model {card['name']} does not read the rows of the Kaggle files, which hold single "
            "beats; evaluate it on a split of records, such as ds1-ds2"
        )
    rows = make_rows(data)
    for record in np.unique(rows.record):
        lines = np.flatnonzero(rows.is_test & (rows.record == record))
        probability = predict(model, rows.X[lines][:, None])
        symbols = _symbols(data, str(record), rows.sample[lines])
        truth = _classes(symbols, escape_beats)
        named = probability.argmax(axis=1).astype(np.int8)
        matrix = np.zeros((7, 7), np.int64)
        np.add.at(matrix, (truth, named), 1)
        yield RecordResult(str(record), matrix, truth, named, probability, rows.sample[lines])


def _symbols(data: Path, record: str, sample: NDArray[np.int64]) -> NDArray[np.str_]:
    notes = reference_recording(data, record).annotations
    assert notes is not None
    beat = np.isin(notes.symbol, list(BEAT_SYMBOLS))
    symbols: NDArray[np.str_] = notes.symbol[beat][np.searchsorted(notes.sample[beat], sample)]
    return symbols


def _classes(symbols: NDArray[np.str_], escape_beats: str) -> NDArray[np.int8]:
    return _indices([aami_class(symbol, escape_beats) or "Q" for symbol in symbols.tolist()])


def _indices(names: Sequence[str]) -> NDArray[np.int8]:
    return np.array([AAMI_CLASSES.index(name) for name in names], np.int8)
