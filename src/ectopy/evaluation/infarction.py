"""How well a model tells people with a myocardial infarction, on recordings it never saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.datasets.cohorts import open_cohort
from ectopy.datasets.infarction import Cohort, MiBeats, cut_cohort
from ectopy.datasets.ptbdb import KAGGLE_ROWS
from ectopy.errors import DatasetError, ModelError
from ectopy.labels.models import load_card
from ectopy.labels.screen import LENGTHS, SCREENS, positive_probability
from ectopy.labels.two_classes import by_patient, score_two

DEFAULT: Final = SCREENS["mi"]


def evaluate_infarction(
    data: Path,
    model: str = DEFAULT,
    *,
    lead: str = "II",
    progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Measure a model on a folder of PTB-XL or of the PTB Diagnostic ECG Database.

    Of the data set that it learned from, only the folds that its card keeps for the test count.

    Parameters
    ----------
    data
        The folder.
    model
        Name of a model, or path of a model directory that ``ectopy transfer`` made.
    lead
        The lead to look at; the model must know it.
    progress
        Called with the share of the recordings that is done.

    Returns
    -------
    summary, patients : tuple
        Figures per beat and per patient, with what was left out and why; and for each patient
        class, probability and number of beats.

    Raises
    ------
    ModelError
        If the model is unknown or damaged, or does not know the lead.
    DatasetError
        If the folder gives no beats, or people of one kind only.
    """
    card = load_card(model)
    layout = card["input"].get("layout")
    if layout not in LENGTHS or len(card["classes"]) != 2:
        raise ModelError(
            f"model {card['name']!r} names beats; to be measured on infarctions it must tell two "
            f"classes apart, such as {DEFAULT} or what 'ectopy transfer' makes"
        )
    known = card["input"]["leads"]
    if lead.casefold() not in {name.casefold() for name in known}:
        raise ModelError(
            f"model {card['name']!r} knows lead {', '.join(known)}, not {lead}; choose it with "
            "--lead, or train a model of that lead with 'ectopy transfer'"
        )
    cohort, says = _unseen(open_cohort(data), card)
    beats = cut_cohort(cohort, layout, lead, progress)
    if len(np.unique(beats.y)) < 2:
        raise DatasetError(
            f"{data} gives beats of people {'with' if beats.y[0] else 'without'} an infarction "
            "only; both kinds are needed"
        )
    probability = positive_probability(model, beats.X[:, None])
    figures = score_two(
        beats.y,
        probability,
        beats.patient,
        float(card["threshold"]),
        beat_threshold=float(card.get("beat_threshold", card["threshold"])),
    )
    summary = {
        "what": "mi",
        "model": {"name": card["name"], "sha256": card["sha256"]},
        "data": cohort.source,
        "test": says,
        "lead": lead,
        "recordings": len(np.unique(beats.recording)),
        "left_out": cohort.left_out,
        "skipped": [{"recording": name, "reason": why} for name, why in beats.skipped],
        "figures": figures,
        "limits": card["limits"],
    }
    return summary, _patients(beats, probability)


def _unseen(cohort: Cohort, card: dict[str, Any]) -> tuple[Cohort, str]:
    """Give the part of a cohort that a model did not learn from, and say which that is."""
    training = card["training"]
    if training.get("cohort") == KAGGLE_ROWS and cohort.source == "PTB":
        raise DatasetError(
            f"{card['name']} learned from {KAGGLE_ROWS}, which do not say whose they are: any of "
            "these people may be among them; measure it on PTB-XL, or train on these recordings"
        )
    if cohort.source == training.get("cohort") and "learned_from" in training:
        return _strangers(cohort, set(training["learned_from"]))
    if cohort.source != training.get("cohort"):
        return cohort, f"all of {cohort.source}, which the model did not learn from"
    folds = training["test_folds"]
    kept = tuple(r for r in cohort.recordings if r.fold in folds)
    if not kept:
        raise DatasetError(
            f"the model learned from {cohort.source}, and none of these recordings is in its test "
            f"fold {', '.join(map(str, folds))}"
        )
    says = (
        f"fold {', '.join(map(str, folds))} of {cohort.source}; the model learned from the others"
    )
    return Cohort(cohort.source, kept, cohort.left_out, cohort.folds), says


def _strangers(cohort: Cohort, learned_from: set[str]) -> tuple[Cohort, str]:
    """Give the recordings of people that a model did not learn from, by name."""
    kept = tuple(r for r in cohort.recordings if PurePosixPath(r.patient).name not in learned_from)
    if not kept:
        raise DatasetError(
            f"the model learned from all {len(learned_from):,} people whose recordings are here; "
            "measure it on others"
        )
    says = f"people of {cohort.source} whom the model did not learn from"
    return Cohort(cohort.source, kept, cohort.left_out, cohort.folds), says


def _patients(beats: MiBeats, probability: NDArray[np.float32]) -> list[dict[str, Any]]:
    """One line a patient, for records.csv."""
    true, mean, names = by_patient(beats.y, probability, beats.patient)
    return [
        {
            "patient": str(name),
            "infarction": int(has),
            "probability": round(float(value), 6),
            "beats": int((beats.patient == name).sum()),
            "recordings": len(np.unique(beats.recording[beats.patient == name])),
        }
        for name, has, value in zip(names, true, mean, strict=True)
    ]
