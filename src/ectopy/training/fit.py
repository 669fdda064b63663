"""The training loop: one pass over the rows an epoch, the best epoch kept, resumable exactly."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ectopy._files import replacing
from ectopy.errors import TrainingError
from ectopy.labels.scores import N_CLASSES, confusion, macro_f1
from ectopy.training.augment import mix
from ectopy.training.recipes.value import Recipe

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
METRICS = "metrics.csv"
SETTINGS = "settings.json"


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch, one row of ``metrics.csv``."""

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    validation_macro_f1: float

    def score(self, watch: str) -> float:
        """Give the figure that chooses the epoch; higher is better."""
        value = float(getattr(self, f"validation_{watch}"))
        return -value if watch == "loss" else value


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to learn from: `X` float32 ``(n, 187)`` and class index `y` ``(n,)``."""

    X: NDArray[np.float32]
    y: NDArray[np.int8]

    def tensors(self, device: str) -> tuple[Tensor, Tensor]:
        """Give rows ``(n, 1, 187)`` and classes ``(n,)`` on a device."""
        X = torch.from_numpy(self.X)[:, None].to(device)
        return X, torch.from_numpy(self.y.astype(np.int64)).to(device)


def hold_out(
    y: NDArray[np.int8], record: NDArray[np.str_], share: float, by_patient: bool, seed: int
) -> NDArray[np.bool_]:
    """Choose the validation part of a training set.

    Parameters
    ----------
    y, record
        Class and record of each training row.
    share
        Share of rows (stratified by class), or of records when `by_patient`.
    by_patient
        Hold out whole records, so that no patient is on both sides.
    seed
        Seed of the choice.

    Returns
    -------
    numpy.ndarray
        bool, True for validation rows.
    """
    random = np.random.default_rng(seed)
    if by_patient:
        names = np.unique(record)
        return np.isin(record, random.permutation(names)[: max(1, round(share * len(names)))])
    held = np.zeros(len(y), bool)
    for label in np.unique(y):
        lines = random.permutation(np.flatnonzero(y == label))
        held[lines[: round(share * len(lines))]] = True
    return held


@dataclass(eq=False)
class Course:
    """Everything that changes while a network is trained, and so all that a checkpoint holds."""

    network: nn.Module
    average: nn.Module
    """The network that is judged and kept: `network` itself, or its running average."""
    optimiser: torch.optim.Optimizer
    step: int = 0
    epochs: list[Epoch] = field(default_factory=list)

    def best(self, watch: str) -> int:
        """Give the place of the best epoch so far, the first of equals; -1 before the first."""
        scores = [epoch.score(watch) for epoch in self.epochs]
        return scores.index(max(scores)) if scores else -1

    def waited(self, watch: str) -> int:
        """Give how many epochs have passed since the best one."""
        return len(self.epochs) - 1 - self.best(watch)

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "random": torch.get_rng_state(),
        }
        if torch.cuda.is_available():
            state["random_cuda"] = torch.cuda.get_rng_state_all()
        _save(state, path)

    def load(self, path: Path) -> None:
        """Go back to a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        torch.set_rng_state(state["random"])
        if torch.cuda.is_available() and "random_cuda" in state:
            torch.cuda.set_rng_state_all(state["random_cuda"])


def fit(
    recipe: Recipe,
    train: Rows,
    validation: Rows,
    run: Path,
    *,
    seed: int = 0,
    device: str = "cpu",
    resume: bool = False,
    report: Callable[[Epoch, float], None] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Train one network and give it back at its best validation epoch.

    Parameters
    ----------
    recipe
        Network and settings.
    train, validation
        Rows to learn from, and rows that only choose the epoch and the learning rate.
    run
        Folder of the run; holds the checkpoint, the best weights and ``metrics.csv``.
    seed
        Seed of the weights, the order of rows, the dropout and the changes to rows.
    device
        A torch device such as ``"cpu"`` or ``"cuda"``.
    resume
        Go on from the checkpoint in `run`, if there is one, as if never interrupted.
    report
        Called with ``(epoch, share of the epoch done)``; the share is 1 with final figures.
    notes
        What else ``settings.json`` shall say, and a resumed run must agree with.

    Raises
    ------
    TrainingError
        If `run` already holds a checkpoint and `resume` is off, or its settings differ.
    """
    settings = {
        "recipe": recipe.to_dict(),
        "seed": seed,
        "rows": len(train.y),
        "validation_rows": len(validation.y),
        "rows_sha256": _checksum(train, validation),
        **(notes or {}),
    }
    _claim(run, settings, resume)
    torch.manual_seed(seed)
    course = _begin(recipe, device)
    if resume and (run / CHECKPOINT).is_file():
        course.load(run / CHECKPOINT)

    lines = recipe.rebalance.lines(train.y)
    X, y = Rows(train.X[lines], train.y[lines]).tensors(device)
    weights = torch.from_numpy(recipe.rebalance.class_weights(train.y)).to(device)
    for epoch in range(len(course.epochs), recipe.epochs):
        if recipe.patience is not None and course.waited(recipe.watch) >= recipe.patience:
            break
        rate, loss, accuracy = _learn(recipe, course, X, y, weights, epoch, report)
        figures = Epoch(epoch + 1, rate, loss, accuracy, *_judge(course.average, validation))
        course.epochs.append(figures)
        if not course.waited(recipe.watch):
            _save(course.average.state_dict(), run / BEST)
        _write_metrics(course.epochs, run / METRICS)
        course.save(run / CHECKPOINT)
        if report:
            report(figures, 1.0)
    course.average.load_state_dict(torch.load(run / BEST, weights_only=True))
    return course.average.eval()


def predict(network: nn.Module, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give logits of a network for inputs ``(n, …)``, such as rows ``(n, 1, 187)``."""
    network.eval()
    device = next(network.parameters()).device
    with torch.inference_mode():
        blocks = torch.split(torch.from_numpy(X), 2048)
        out = torch.cat([network(block.to(device)).float().cpu() for block in blocks])
    logits: NDArray[np.float32] = out.numpy()
    return logits


def _begin(recipe: Recipe, device: str) -> Course:
    """Make an untrained network with its optimiser; only matrices decay."""
    network = recipe.network().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in learning if w.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [w for w in learning if w.ndim < 2], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, recipe.learning_rate, eps=1e-7, fused=True)
    average = copy.deepcopy(network) if recipe.average else network
    return Course(network, average, optimiser)


def _learn(
    recipe: Recipe,
    course: Course,
    X: Tensor,
    y: Tensor,
    weights: Tensor,
    epoch: int,
    report: Callable[[Epoch, float], None] | None,
) -> tuple[float, float, float]:
    """Pass over the rows once; give the first learning rate, mean loss and accuracy."""
    course.network.train()
    order = _order(y, recipe.share_of_n)
    steps = math.ceil(len(order) / recipe.batch)
    scores = [past.score(recipe.watch) for past in course.epochs]
    offset = torch.zeros(N_CLASSES, device=X.device)
    offset[0] = math.log(recipe.share_of_n)
    total = torch.zeros(2, device=X.device)
    first = math.nan
    for done, lines in enumerate(torch.split(order, recipe.batch)):
        factor = recipe.schedule.factor(course.step, steps * recipe.epochs, scores)
        for group in course.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * factor
        first = recipe.learning_rate * factor if not done else first
        rows, targets = _prepare(recipe, X[lines], nn.functional.one_hot(y[lines], N_CLASSES))
        with torch.autocast(X.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            logits = course.network(rows).float()
        loss = nn.functional.cross_entropy(
            logits + offset,
            targets,
            weights,
            reduction="sum",
            label_smoothing=recipe.smoothing,
        ) / len(lines)
        course.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        course.optimiser.step()
        course.step += 1
        _follow(course, recipe.average)
        hits = (logits.detach().argmax(1) == y[lines]).sum()
        total += torch.stack([loss.detach() * len(lines), hits])
        if report and done % 50 == 0:
            report(_unfinished(epoch, first), done / steps)
    mean_loss, accuracy = (total / len(order)).tolist()
    return first, mean_loss, accuracy


def _order(y: Tensor, share_of_n: float) -> Tensor:
    """Give the rows of one epoch in random order: all, or all but some of the N rows."""
    order = torch.randperm(len(y))
    if share_of_n < 1:
        is_n = y.cpu()[order] == 0
        common, rare = order[is_n], order[~is_n]
        order = torch.cat([common[: round(share_of_n * len(common))], rare])
        order = order[torch.randperm(len(order))]
    return order.to(y.device)


def _prepare(recipe: Recipe, rows: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Change training rows as the recipe says; targets become probabilities."""
    targets = targets.float()
    if recipe.beside:
        rows = torch.cat([rows, recipe.beside(rows)], dim=1)
    if recipe.warp:
        rows = recipe.warp(rows)
    if recipe.noise:
        noise = recipe.noise * torch.randn_like(rows[:, :1])
        rows = torch.cat([rows[:, :1] + noise, rows[:, 1:]], dim=1)
    if recipe.mixup:
        rows, targets = mix(rows, targets, recipe.mixup)
    return rows, targets


@torch.no_grad()
def _follow(course: Course, decay: float) -> None:
    """Move the running average of the weights one step on; sooner while there are few."""
    if not decay:
        return
    share = 1 - min(decay, course.step / (course.step + 10))
    current = course.network.state_dict()
    for name, value in course.average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name], share)
        else:
            value.copy_(current[name])


def _judge(network: nn.Module, rows: Rows) -> tuple[float, float, float]:
    """Loss, accuracy and macro F1 on rows the network does not learn from."""
    logits = predict(network, rows.X[:, None])
    y = rows.y.astype(np.int64)
    loss = nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(y)).item()
    chosen = logits.argmax(1)
    return loss, float((chosen == y).mean()), macro_f1(confusion(y, chosen))


def held_of(run: Path) -> str:
    """Say what of a run is in its folder, from which one that is resumed goes on."""
    if not run.is_dir():
        return f"there is no {run} to go on with: the run begins anew"
    if not (run / CHECKPOINT).is_file():
        return f"{run} holds no finished epoch to go on with: the run begins anew"
    with (run / METRICS).open(encoding="utf-8") as stream:
        epochs = sum(1 for _ in stream) - 1
    told = f"{run} holds {epochs} epoch{'s' * (epochs != 1)}: the run goes on from there"
    if "rows_sha256" not in _settings_of(run):
        told += "; an older version began it, which kept no checksum of its rows: give the same"
    return told


def _claim(run: Path, settings: dict[str, Any], resume: bool) -> None:
    """Take the run folder for these settings, or say why it cannot be taken."""
    stored = run / SETTINGS
    if stored.is_file() and not resume:
        raise TrainingError(f"{run} already holds a run; go on with --resume or choose another -o")
    if stored.is_file():
        held = _settings_of(run)
        # older versions kept no checksum of the rows
        if {"rows_sha256": settings["rows_sha256"], **held} != settings:
            raise TrainingError(
                f"{run} was begun with other settings: {_differences(held, settings)}; give the "
                f"command that began it, or choose another -o"
            )
    with replacing(stored) as part:
        part.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _settings_of(run: Path) -> dict[str, Any]:
    """Read what a run was begun with."""
    try:
        held: dict[str, Any] = json.loads((run / SETTINGS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{run / SETTINGS} cannot be read ({error}); begin anew with another -o"
        ) from error
    return held


def _checksum(*sides: Rows) -> str:
    """SHA-256 of the rows and their classes, so that a run goes on with the same ones only."""
    digest = hashlib.sha256()
    for rows in sides:
        digest.update(np.ascontiguousarray(rows.X).data)
        digest.update(np.ascontiguousarray(rows.y).data)
    return digest.hexdigest()


def _differences(held: dict[str, Any], asked: dict[str, Any]) -> str:
    """Name the settings in which two runs differ; of other recipes only their names."""
    old, new = ({**each, **each.get("recipe", {}), "recipe": None} for each in (held, asked))
    names = [name for name in new if old.get(name) != new[name]]
    if "name" in names:
        return f"recipe {old.get('name')}, not {new['name']}"
    if names == ["rows_sha256"]:
        return "as many rows, but other ones"
    names = [name for name in names if name != "rows_sha256"]
    return ", ".join(f"{name} {old.get(name)}, not {new[name]}" for name in names)


def _save(state: object, path: Path) -> None:
    with replacing(path) as part:
        torch.save(state, part)


def _write_metrics(epochs: list[Epoch], path: Path) -> None:
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(asdict(epochs[0])))
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in epochs)


def _unfinished(epoch: int, rate: float) -> Epoch:
    nan = math.nan
    return Epoch(epoch + 1, rate, nan, nan, nan, nan, nan)
