"""The training loop of a network that tells two classes of patients apart by their beats."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ectopy.datasets.infarction import MiBeats
from ectopy.labels.two_classes import auroc, by_patient
from ectopy.training.augment import Warp
from ectopy.training.fit import predict


@dataclass(frozen=True)
class Plan:
    """How to learn.

    Attributes
    ----------
    epochs
        The most epochs.
    patience
        Epochs without a better validation figure before training stops; None never to stop early
        and to keep the last epoch, for which no validation part is needed.
    batch
        Beats per step.
    beats
        Beats of each recording in one epoch, others in each: those of one recording are much
        alike.
    learning_rate, weight_decay
        Of AdamW; the rate falls along a cosine.
    warp
        Changes to the rows, drawn anew at every step; a frozen network sees the rows as they are.
    """

    epochs: int
    patience: int | None = 8
    batch: int = 64
    beats: int = 2
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warp: Warp | None = Warp(stretch=0.05, shift=1.0, bend=0.1, noise=0.02)  # noqa: RUF009

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as plain values."""
        return asdict(self)


PLANS: Final = {
    "scratch": Plan(epochs=30, patience=8),
    "frozen": Plan(epochs=60, patience=15, beats=12, warp=None),
    "full": Plan(epochs=12, patience=5, learning_rate=5e-4),
}
"""How each mode learns by default."""


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch: one row of ``metrics.csv``."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_auroc_beat: float
    validation_auroc_patient: float


def fit_two(
    network: nn.Module,
    train: MiBeats,
    validation: MiBeats | None,
    plan: Plan,
    *,
    frozen: bool = False,
    seed: int = 0,
    device: str = "cpu",
    report: Callable[[Epoch], None] | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """Train a network and give it at its best epoch.

    Both classes weigh the same, whatever their share of the beats. The best epoch is that of the
    highest validation AUROC per patient (per beat where patients are not known), among equals
    that of the lower loss.

    Parameters
    ----------
    network
        Gives two logits for rows ``(batch, 1, length)``; its last layers are its ``head``.
    train, validation
        Beats to learn from, and beats that only choose the epoch; None with no patience.
    plan
        How to learn.
    frozen
        Whether only the head learns.
    seed
        Seed of the order, the dropout and the changes to rows.
    device
        A torch device.
    report
        Called with the figures of each epoch.
    """
    network = network.to(device)

    def seen(part: MiBeats | None, through: nn.Module | None = None) -> MiBeats | None:
        if part is None:
            return None
        X = part.X[:, None]
        return replace(part, X=X if through is None else predict(through, X))

    if not frozen:
        parts = seen(train), seen(validation)
        return _fit_all(network, *parts, plan, seed, device, report)
    head, network.head = network.head, nn.Identity()
    parts = seen(train, network), seen(validation, network)
    network.head = head
    assert isinstance(head, nn.Module)
    _, epochs = _fit_all(head, *parts, replace(plan, warp=None), seed, device, report)
    return network.eval(), epochs


def _fit_all(
    network: nn.Module,
    train: MiBeats | None,
    validation: MiBeats | None,
    plan: Plan,
    seed: int,
    device: str,
    report: Callable[[Epoch], None] | None,
) -> tuple[nn.Module, list[Epoch]]:
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    assert train is not None
    X = torch.from_numpy(train.X).to(device)
    y = torch.from_numpy(train.y.astype(np.int64)).to(device)
    lossy = nn.CrossEntropyLoss(class_weights(train.y).to(device))
    optimiser = torch.optim.AdamW(
        network.parameters(), plan.learning_rate, weight_decay=plan.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, plan.epochs)
    best, state, epochs = (-1.0, 0.0), copy.deepcopy(network.state_dict()), list[Epoch]()
    waited = 0
    for number in range(1, plan.epochs + 1):
        network.train()
        total = torch.zeros((), device=device)
        lines = torch.from_numpy(drawn_beats(train.recording, plan.beats, random)).to(device)
        for part in torch.split(lines, plan.batch):
            rows = plan.warp(X[part]) if plan.warp else X[part]
            loss = lossy(network(rows), y[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            total += loss.detach() * len(part)
        schedule.step()
        figures = _judge(network, validation, number, float(total) / len(lines), lossy, device)
        epochs.append(figures)
        if report:
            report(figures)
        if plan.patience is None or validation is None:
            continue
        rank = (figures.validation_auroc_patient, -figures.validation_loss)
        waited = 0 if rank > best else waited + 1
        if not waited:
            best, state = rank, copy.deepcopy(network.state_dict())
        if waited >= plan.patience:
            break
    if plan.patience is not None and validation is not None:
        network.load_state_dict(state)
    return network.eval(), epochs


def class_weights(y: NDArray[np.integer]) -> Tensor:
    """Give the weights under which both classes count the same."""
    counts = np.bincount(y, minlength=2).astype(np.float32)
    return torch.from_numpy(counts.sum() / (2 * np.maximum(counts, 1)))


def drawn_beats(
    recording: NDArray[np.str_], most: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Draw up to `most` beats of each recording, in random order."""
    order = random.permutation(len(recording))
    shuffled = recording[order]
    by_name = np.argsort(shuffled, kind="stable")
    names = shuffled[by_name]
    first = np.searchsorted(names, names)
    rank = np.arange(len(names)) - first
    return order[np.sort(by_name[rank < most])]


def _judge(
    network: nn.Module,
    held: MiBeats | None,
    number: int,
    train_loss: float,
    lossy: nn.Module,
    device: str,
) -> Epoch:
    if held is None:
        nan = float("nan")
        return Epoch(number, train_loss, nan, nan, nan)
    logits = torch.from_numpy(predict(network, held.X))
    y = torch.from_numpy(held.y.astype(np.int64))
    loss = float(lossy(logits.to(device), y.to(device)))
    probability = torch.softmax(logits, 1)[:, 1].numpy()
    beat = auroc(held.y, probability)
    patient = beat
    if held.knows_patients:
        true, mean, _ = by_patient(held.y, probability, held.patient)
        patient = auroc(true, mean)
    return Epoch(number, train_loss, loss, beat, patient)
