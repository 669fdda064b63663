"""The training loop: one pass over the data an epoch, the best epoch kept, resumable."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ectopy._files import replacing
from ectopy.errors import TrainingError
from ectopy.labels.scores import confusion, macro_f1
from ectopy.training.recipes import Recipe

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
        Seed of the weights, the order of rows and the dropout.
    device
        A torch device such as ``"cpu"`` or ``"cuda"``.
    resume
        Go on from the checkpoint in `run`, if there is one, as if never interrupted.
    report
        Called with ``(epoch, share of the epoch done)``; the share is 1 with final figures.

    Raises
    ------
    TrainingError
        If `run` already holds a checkpoint and `resume` is off, or its settings differ.
    """
    settings: dict[str, object] = {
        "recipe": {**asdict(replace(recipe, network=nn.Module)), "network": recipe.name},
        "seed": seed,
        "rows": len(train.y),
        "validation_rows": len(validation.y),
    }
    _claim(run, settings, resume)
    torch.manual_seed(seed)
    network = recipe.network().to(device)
    optimiser = torch.optim.Adam(network.parameters(), recipe.learning_rate, eps=1e-7)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, mode="max", factor=recipe.slow_by, patience=recipe.slow_after - 1
    )
    first, best, waited = 0, -1.0, 0
    if resume and (run / CHECKPOINT).is_file():
        state = torch.load(run / CHECKPOINT, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        first, best, waited = state["epoch"], state["best"], state["waited"]

    X, y = train.tensors(device)
    for epoch in range(first, recipe.epochs):
        if waited >= recipe.patience:
            break
        rate = optimiser.param_groups[0]["lr"]
        tick = (lambda share: report(_blank(epoch, rate), share)) if report else None  # noqa: B023
        loss, accuracy = _learn(network, optimiser, X, y, recipe.batch, tick)
        held_loss, held_accuracy, held_f1 = _judge(network, validation, device)
        figures = Epoch(epoch + 1, rate, loss, accuracy, held_loss, held_accuracy, held_f1)
        schedule.step(held_accuracy)
        waited = 0 if held_accuracy > best else waited + 1
        if not waited:
            best = held_accuracy
            _save(network.state_dict(), run / BEST)
        _append(run / METRICS, figures)
        _save(
            {
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "schedule": schedule.state_dict(),
                "random": torch.get_rng_state(),
                "epoch": epoch + 1,
                "best": best,
                "waited": waited,
            },
            run / CHECKPOINT,
        )
        if report:
            report(figures, 1.0)
    network.load_state_dict(torch.load(run / BEST, weights_only=True))
    return network.eval()


def predict(network: nn.Module, X: NDArray[np.float32], device: str = "cpu") -> NDArray[np.float32]:
    """Give logits of a network for inputs ``(n, …)``, such as rows ``(n, 1, 187)``."""
    network.eval()
    with torch.inference_mode():
        blocks = torch.split(torch.from_numpy(X), 2048)
        out = torch.cat([network(block.to(device)).cpu() for block in blocks])
    logits: NDArray[np.float32] = out.numpy()
    return logits


def _learn(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    X: Tensor,
    y: Tensor,
    batch: int,
    tick: Callable[[float], None] | None,
) -> tuple[float, float]:
    """Pass over the rows once in random order; give mean loss and accuracy."""
    network.train()
    lossy = nn.CrossEntropyLoss()
    order = torch.randperm(len(X)).to(X.device)
    total = torch.zeros(2, device=X.device)
    for step, lines in enumerate(torch.split(order, batch)):
        logits = network(X[lines])
        loss = lossy(logits, y[lines])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        hits = (logits.detach().argmax(1) == y[lines]).sum()
        total += torch.stack([loss.detach() * len(lines), hits])
        if tick and step % 50 == 0:
            tick(step * batch / len(X))
    mean_loss, accuracy = (total / len(X)).tolist()
    return mean_loss, accuracy


def _judge(network: nn.Module, rows: Rows, device: str) -> tuple[float, float, float]:
    """Loss, accuracy and macro F1 on rows the network does not learn from."""
    logits = predict(network, rows.X[:, None], device)
    y = rows.y.astype(np.int64)
    loss = nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(y)).item()
    chosen = logits.argmax(1)
    return loss, float((chosen == y).mean()), macro_f1(confusion(y, chosen))


def _claim(run: Path, settings: dict[str, object], resume: bool) -> None:
    """Take the run folder for these settings, or say why it cannot be taken."""
    stored = run / SETTINGS
    if stored.is_file() and not resume:
        raise TrainingError(f"{run} already holds a run; go on with --resume or choose another -o")
    if stored.is_file() and json.loads(stored.read_text("utf-8")) != settings:
        raise TrainingError(f"{run} was begun with other settings; see {stored}")
    with replacing(stored) as part:
        part.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _save(state: object, path: Path) -> None:
    with replacing(path) as part:
        torch.save(state, part)


def _append(path: Path, figures: Epoch) -> None:
    fresh = not path.is_file()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(asdict(figures)))
        if fresh:
            writer.writeheader()
        writer.writerow(asdict(figures))


def _blank(epoch: int, rate: float) -> Epoch:
    nan = float("nan")
    return Epoch(epoch + 1, rate, nan, nan, nan, nan, nan)
