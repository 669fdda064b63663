"""The card of a trained network: everything that must be known to use it and to judge it."""

from __future__ import annotations

from typing import Any, Final

from ectopy import __version__
from ectopy.beats.kaggle_rows import ROW_FS, ROW_LENGTH
from ectopy.datasets.splits import Split
from ectopy.labels.aami import AAMI_CLASSES

MIXED: Final = (
    "The test rows come from the same patients as the training rows: these figures measure "
    "memory of patients. On people it has never seen the network is far worse, above all for S, "
    "because a row shows neither the P wave nor the interval before the beat."
)
APART: Final = (
    "A row shows neither the P wave nor the interval before the beat, so the network can "
    "hardly tell S from N."
)
LEAKY: Final = (
    "LEAK: the epoch, the learning rate and the temperature were chosen on the test rows "
    "themselves, as many notebooks do, so these figures are better than what they claim to measure."
)


def make_card(
    split: Split,
    settings: dict[str, Any],
    figures: dict[str, Any],
    temperature: float,
    *,
    epochs: tuple[int, int],
    command: str,
) -> dict[str, Any]:
    """Make the card of a run, but for the checksum of its weights.

    Parameters
    ----------
    split
        What was trained and tested on.
    settings
        ``settings.json`` of the run.
    figures
        What :func:`ectopy.labels.scores.score` gave on the test rows.
    temperature
        Softmax temperature.
    epochs
        The epoch that was kept, and how many there were, counted from 1.
    command
        The command that makes this run.
    """
    recipe, leaky = settings["recipe"], settings["validated_on_test"]
    warning = MIXED if split.patient_mixed else APART
    name = f"{recipe['name']}-{split.name.replace('/', '-')}{'-leaky' if leaky else ''}"
    name += f"-v{recipe['version']}"
    return {
        "name": name,
        "says": f"The `{recipe['name']}` network ({recipe['source']}), trained on rows made like "
        "those of the Kaggle ECG Heartbeat Categorization Dataset.",
        "warning": f"{LEAKY} {warning}" if leaky else warning,
        "software": f"ectopy {__version__}",
        "input": {
            "layout": "kaggle-rows",
            "fs": ROW_FS,
            "length": ROW_LENGTH,
            "says": f"one lead at {ROW_FS:g} Hz, from an R peak past the next by a fifth of the "
            f"interval after it, scaled to 0..1, {ROW_LENGTH} values padded with zeros.",
        },
        "classes": list(AAMI_CLASSES),
        "output": "logits",
        "temperature": round(temperature, 6),
        **({"decide": recipe["decide"]} if recipe["decide"] else {}),
        "abstain": {"quality_below": 0.3, "probability_below": 0.5},
        "training": {
            "data": "MIT-BIH Arrhythmia Database 1.0.0 (Moody and Mark 2001; PhysioNet, "
            "ODC-By 1.0), channel 0 of each record",
            "split": split.name,
            "split_says": split.says,
            "patient_mixed": split.patient_mixed,
            "validated_on_test": leaky,
            "recipe": recipe["name"],
            "batch": recipe["batch"],
            "rebalance": recipe["rebalance"],
            "noise": recipe["noise"],
            "seed": settings["seed"],
            "epochs": epochs[1],
            "best_epoch": epochs[0],
            "watch": recipe["watch"],
            "rows": settings["rows"],
            "validation_rows": settings["validation_rows"],
            "command": command,
        },
        "figures": figures,
        "licence": "MIT",
    }
