"""Recipe + rows + split → a run folder with curves, figures and a model directory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import softmax

from ectopy import __version__
from ectopy._files import replacing
from ectopy.beats.kaggle_rows import ROW_FS, ROW_LENGTH
from ectopy.datasets.kaggle import KaggleRows, load_rows
from ectopy.datasets.splits import Split, check_resampling, find_split
from ectopy.errors import TrainingError
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.scores import fit_temperature, score
from ectopy.training.export import write_model
from ectopy.training.fit import METRICS, Epoch, Rows, fit, hold_out, predict
from ectopy.training.pictures import draw_confusion, draw_curves
from ectopy.training.recipes import Recipe, find_recipe

WARNINGS: Final = {
    True: "The test rows come from the same patients as the training rows: these figures measure "
    "memory of patients. On people it has never seen the network is far worse, above all for S, "
    "because a row shows neither the P wave nor the interval before the beat.",
    False: "A row shows neither the P wave nor the interval before the beat, so the network can "
    "hardly tell S from N.",
}


@dataclass(frozen=True)
class Outcome:
    """What a training run came to: its folder, its model directory and the test figures."""

    run: Path
    model: Path
    figures: dict[str, Any]


def train(
    recipe: str,
    data: Path,
    split: str,
    run: Path,
    *,
    seed: int = 0,
    epochs: int | None = None,
    batch: int | None = None,
    device: str | None = None,
    resume: bool = False,
    report: Callable[[Epoch, float], None] | None = None,
) -> Outcome:
    """Train one recipe and leave everything in a run folder.

    Parameters
    ----------
    recipe
        Name of a recipe.
    data
        Folder built by ``ectopy data build kaggle-mitbih``, or the raw MIT-BIH records.
    split
        Name of a split; its test rows are looked at once, after the last epoch.
    run
        The folder to fill: ``settings.json``, ``metrics.csv``, ``checkpoint.pt``,
        ``best.pt``, ``curves.png``, ``confusion.png``, ``figures.json`` and ``model/``.
    seed
        Seed of everything that is drawn.
    epochs, batch
        In place of the recipe's own.
    device
        Torch device; CUDA where there is one, by default.
    resume
        Go on with an interrupted run in the same folder.
    report
        Called during training, see :func:`ectopy.training.fit.fit`.

    Raises
    ------
    TrainingError, DatasetError
        If the recipe, the split or the data cannot be used, or the run folder is taken.
    """
    settings = _adjusted(find_recipe(recipe), epochs, batch)
    parts = find_split(split)
    rows = load_rows(data)
    in_train, in_test = parts.masks(rows.record, rows.is_test)
    check_resampling(rows.beats(in_train), rows.beats(in_test))
    held = hold_out(
        rows.y[in_train], rows.record[in_train], settings.validation, not parts.patient_mixed, seed
    )
    X, y = rows.X[in_train], rows.y[in_train]
    learn, choose = Rows(X[~held], y[~held]), Rows(X[held], y[held])
    network = fit(
        settings,
        learn,
        choose,
        run,
        seed=seed,
        device=device or _best_device(),
        resume=resume,
        report=report,
    )
    network = network.cpu()
    temperature = fit_temperature(choose.y, predict(network, choose.X[:, None]))
    probability = softmax(predict(network, rows.X[in_test][:, None]) / temperature, axis=1)
    group = None if parts.patient_mixed else rows.record[in_test]
    figures = score(rows.y[in_test], probability, group, seed)
    card = _card(settings, parts, rows, seed, temperature, figures, run, (learn, choose))
    write_model(network, rows.X[in_test], card, run / "model")
    with replacing(run / "figures.json") as part:
        part.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    draw_curves(run / METRICS, run / "curves.png")
    draw_confusion(np.array(figures["confusion"]), run / "confusion.png")
    return Outcome(run, run / "model", figures)


def _adjusted(recipe: Recipe, epochs: int | None, batch: int | None) -> Recipe:
    for name, value in (("epochs", epochs), ("batch", batch)):
        if value is not None and value < 1:
            raise TrainingError(f"{name} must be 1 or more, not {value}")
    return replace(recipe, epochs=epochs or recipe.epochs, batch=batch or recipe.batch)


def _best_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _card(
    recipe: Recipe,
    split: Split,
    rows: KaggleRows,
    seed: int,
    temperature: float,
    figures: dict[str, Any],
    run: Path,
    parts: tuple[Rows, Rows],
) -> dict[str, Any]:
    """Everything that must be known to use the network, but for the checksum of its weights."""
    learn, choose = parts
    with (run / METRICS).open(encoding="utf-8") as stream:
        epochs = sum(1 for _ in csv.DictReader(stream))
    return {
        "name": f"{recipe.name}-{split.name.replace('/', '-')}-v1",
        "says": f"The `{recipe.name}` network ({recipe.source}), trained on rows made like those "
        "of the Kaggle ECG Heartbeat Categorization Dataset.",
        "warning": WARNINGS[split.patient_mixed],
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
        "abstain": {"quality_below": 0.3, "probability_below": 0.5},
        "training": {
            "data": "MIT-BIH Arrhythmia Database 1.0.0 (Moody and Mark 2001; PhysioNet, "
            "ODC-By 1.0), channel 0 of each record",
            "split": split.name,
            "split_says": split.says,
            "patient_mixed": split.patient_mixed,
            "recipe": recipe.name,
            "batch": recipe.batch,
            "seed": seed,
            "epochs": epochs,
            "rows": len(learn.y),
            "validation_rows": len(choose.y),
            "all_rows": len(rows.y),
            "command": f"ectopy train {recipe.name} --split {split.name} --seed {seed}",
        },
        "figures": figures,
        "licence": "MIT",
    }
