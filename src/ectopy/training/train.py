"""Recipe + rows + split → a run folder with curves, figures and a model directory."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from ectopy._files import replacing
from ectopy.datasets.kaggle import KaggleRows, load_rows
from ectopy.datasets.splits import Split, check_resampling, find_split
from ectopy.errors import DatasetError, TrainingError
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.classify import combine
from ectopy.labels.scores import fit_temperature, score
from ectopy.training.card import LEAKY, make_card
from ectopy.training.class_report import class_report
from ectopy.training.export import write_model
from ectopy.training.fit import METRICS, SETTINGS, Epoch, Rows, fit, hold_out, predict
from ectopy.training.pictures import draw_confusion, draw_curves
from ectopy.training.rebalance import KINDS, PER_CLASS, Rebalance
from ectopy.training.recipes import find_recipe
from ectopy.training.recipes.value import Recipe


@dataclass(frozen=True)
class Outcome:
    """What a training run came to: its folder, its model directory and the test figures."""

    run: Path
    model: Path
    figures: dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What may be chosen in place of a recipe's own; None leaves it as it is.

    Attributes
    ----------
    epochs, batch
        The most epochs, and rows per step.
    rebalance
        ``"none"``, ``"resample"`` or ``"weights"``, see :class:`Rebalance`.
    per_class
        Rows of each class after resampling.
    noise
        Standard deviation of white noise on training rows, which are scaled to 0..1.
    bfloat16
        Mixed bfloat16 precision, or not.
    validate_on_test
        Choose the epoch on the test rows, as many notebooks do: a leak, and marked as one.
    """

    epochs: int | None = None
    batch: int | None = None
    rebalance: str | None = None
    per_class: int | None = None
    noise: float | None = None
    bfloat16: bool | None = None
    validate_on_test: bool = False

    def applied(self, recipe: Recipe) -> Recipe:
        """Give the recipe with these in place of its own.

        Raises
        ------
        TrainingError
            If a value is out of range, or options contradict each other.
        """
        kind = self.rebalance or recipe.rebalance.kind
        if kind not in KINDS:
            raise TrainingError(f"no rebalancing named {kind!r}; known: {', '.join(KINDS)}")
        if self.per_class is not None and kind != "resample":
            raise TrainingError(
                f"rows per class only mean something when rows are resampled, not with {kind!r}; "
                "add --rebalance resample or leave --per-class away"
            )
        changed: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("epochs", "batch", "noise", "bfloat16")
            if getattr(self, name) is not None
        }
        per_class = recipe.rebalance.per_class if self.per_class is None else self.per_class
        if kind != "resample":
            per_class = PER_CLASS
        changed["rebalance"] = Rebalance(kind, per_class)  # type: ignore[arg-type]
        if kind != "none":
            changed["share_of_n"] = 1.0
        return replace(recipe, **changed)

    def words(self) -> list[str]:
        """Give the options as they are written on the command line."""
        told = [
            f"--{name.replace('_', '-')} {value}"
            for name, value in vars(self).items()
            if value is not None and not isinstance(value, bool)
        ]
        if self.bfloat16 is not None:
            told.append("--bfloat16" if self.bfloat16 else "--float32")
        return [*told, *(["--validate-on-test"] if self.validate_on_test else [])]


def train(
    recipe: str,
    data: Path,
    split: str,
    run: Path,
    *,
    options: Options | None = None,
    seed: int = 0,
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
        Folder built by ``ectopy data build kaggle-mitbih``, with the published
        ``mitbih_train.csv`` and ``mitbih_test.csv``, or with the raw MIT-BIH records.
    split
        Name of a split; its test rows are looked at once, after the last epoch.
    run
        The folder to fill: ``settings.json``, ``metrics.csv``, ``checkpoint.pt``, ``best.pt``,
        ``curves.png``, ``confusion.png``, ``report.txt``, ``figures.json`` and ``model/``.
    options
        What is chosen in place of the recipe's own.
    seed
        Seed of everything that is drawn, but for resampling, which has the notebook's seeds.
    device
        Torch device; CUDA where there is one, by default.
    resume
        Go on with an interrupted run in the same folder.
    report
        Called during training, see :func:`ectopy.training.fit.fit`.

    Raises
    ------
    TrainingError, DatasetError
        If the recipe, an option, the split or the data cannot be used, or the run folder is taken.
    """
    options = options or Options()
    settings = options.applied(find_recipe(recipe))
    device = find_device(device)
    parts = find_split(split)
    rows = load_rows(data)
    learn, choose, test = _divide(settings, parts, rows, seed, options.validate_on_test)
    network = fit(
        settings,
        learn,
        choose,
        run,
        seed=seed,
        device=device,
        resume=resume,
        report=report,
        notes={"split": split, "validated_on_test": options.validate_on_test},
    ).cpu()
    temperature = fit_temperature(choose.y, predict(network, choose.X[:, None]))
    X, y = rows.X[test], rows.y[test]
    weighing = {"classes": AAMI_CLASSES, "decide": settings.decide}
    probability = combine(weighing, [softmax(predict(network, X[:, None]) / temperature, axis=1)])
    figures = score(y, probability, None if parts.patient_mixed else rows.record[test], seed)
    if options.validate_on_test:
        figures = {"leak": LEAKY, **figures}
    command = " ".join(
        ["ectopy train", recipe, "--split", shlex.quote(split), f"--seed {seed}", *options.words()]
    )
    stored = json.loads((run / SETTINGS).read_text("utf-8"))
    epochs = _epochs(run / METRICS, settings.watch)
    card = make_card(parts, stored, figures, temperature, epochs=epochs, command=command)
    write_model(network, X, card, run / "model")
    _write(run / "figures.json", json.dumps(figures, indent=2))
    _write(run / "report.txt", class_report(figures))
    draw_curves(run / METRICS, run / "curves.png", leak=options.validate_on_test)
    draw_confusion(
        np.array(figures["confusion"]), run / "confusion.png", leak=options.validate_on_test
    )
    return Outcome(run, run / "model", figures)


def find_device(name: str | None = None) -> str:
    """Give the torch device of that name; without a name CUDA where there is one, else the CPU.

    Raises
    ------
    TrainingError
        If there is no such device here.
    """
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.ones(1, device=name).item()  # some devices that torch knows hold no values
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        here = "cpu and cuda" if torch.cuda.is_available() else "cpu"
        raise TrainingError(f"no device {name!r} on this machine; there is {here}") from error
    return name


def _divide(
    recipe: Recipe, split: Split, rows: KaggleRows, seed: int, validate_on_test: bool
) -> tuple[Rows, Rows, Any]:
    """Give rows to learn from, rows to choose the epoch by, and the mask of the test rows."""
    if not rows.knows_records and split.train_records:
        raise DatasetError(
            f"the split {split.name} goes by record, which the published CSV files do not tell; "
            "take --split kaggle, or give the raw records of MIT-BIH or what 'ectopy data build "
            "kaggle-mitbih' makes of them"
        )
    in_train, in_test = split.masks(rows.record, rows.is_test)
    for part, mask in (("training", in_train), ("test", in_test)):
        if not mask.any():
            raise DatasetError(
                f"none of the {len(mask):,} rows is in the {part} part of the split {split.name}; "
                "take another --split, or build the rows of all records"
            )
    if rows.knows_records:
        check_resampling(rows.beats(in_train), rows.beats(in_test))
    X, y = rows.X[in_train], rows.y[in_train]
    if validate_on_test:
        return Rows(X, y), Rows(rows.X[in_test], rows.y[in_test]), in_test
    held = hold_out(y, rows.record[in_train], recipe.validation, not split.patient_mixed, seed)
    if held.all() or not held.any():
        raise DatasetError(
            f"{len(y):,} training rows of {len(np.unique(rows.record[in_train]))} records are too "
            f"few to hold {100 * recipe.validation:g} % of them out, which choose the epoch"
        )
    return Rows(X[~held], y[~held]), Rows(X[held], y[held]), in_test


def _epochs(metrics: Path, watch: str) -> tuple[int, int]:
    """Give the epoch that was kept, and how many there were."""
    with metrics.open(encoding="utf-8") as stream:
        scores = [float(row[f"validation_{watch}"]) for row in csv.DictReader(stream)]
    best = min(scores) if watch == "loss" else max(scores)
    return scores.index(best) + 1, len(scores)


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
