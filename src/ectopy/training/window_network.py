"""The network over windows of beats, and how it learns: few patients, beats much alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ectopy.beats.window import BEFORE, WINDOW_LENGTH, scaled
from ectopy.datasets.infarction import MiBeats


class WindowNetwork(nn.Module):
    """Dense layers over a window of one beat, a few such networks in one; logits are averaged.

    Parameters
    ----------
    members
        How many networks.
    hidden
        Width of their two hidden layers.
    """

    def __init__(self, members: int = 3, hidden: int = 128) -> None:
        super().__init__()
        self.members = nn.ModuleList(_member(hidden) for _ in range(members))

    def forward(self, windows: Tensor) -> Tensor:
        """Give logits ``(batch, 2)`` for windows ``(batch, 1, 80)``."""
        return torch.stack([member(windows) for member in self.members]).mean(dim=0)


DROPOUT: Final = (0.2, 0.4, 0.4)
"""Before each of the three layers."""


def _member(hidden: int) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Dropout(DROPOUT[0]),
        nn.Linear(WINDOW_LENGTH, hidden),
        nn.ReLU(),
        nn.Dropout(DROPOUT[1]),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(DROPOUT[2]),
        nn.Linear(hidden, 2),
    )


@dataclass(frozen=True)
class WindowPlan:
    """How a member learns.

    Attributes
    ----------
    steps, batch
        Steps, and recordings in each.
    learning_rate, weight_decay
        Of AdamW, the rate rising and falling once.
    averaged
        How many beats of a recording are averaged, one of these drawn for each step.
    stretch, shift
        Spread of the logarithm of the time scale, and of the place of R in samples.
    noise
        Spread of the slow waves that are added, in heights of the beat; white noise has a third.
    smoothing
        Label smoothing.
    """

    steps: int = 1200
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    averaged: tuple[int, ...] = (1, 2, 4, 10)
    stretch: float = 0.08
    shift: float = 1.5
    noise: float = 0.06
    smoothing: float = 0.05


def fit_windows(
    networks: Sequence[WindowNetwork],
    beats: MiBeats,
    learned: Sequence[NDArray[np.bool_]],
    plan: WindowPlan,
    seed: int = 0,
) -> None:
    """Train every member of some networks at once, each with its own weights and draws.

    Recordings are drawn, not beats, and both classes equally often. There is no early stop, so
    that no patient is spent on choosing an epoch. Members are small, so one step of all of them is
    hardly dearer than one of one.

    Parameters
    ----------
    networks
        Untrained networks; they are trained in place.
    beats
        Windows, ``(n, 80)``, those of one recording together.
    learned
        For each network the beats that it learns from, ``(n,)``.
    plan
        How to learn.
    seed
        Seed of weights and draws; members differ.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    _, first, counts = np.unique(beats.recording, return_index=True, return_counts=True)
    y = beats.y[first]
    members, sides = list[nn.Module](), list[tuple[NDArray[np.int64], ...]]()
    for network, mask in zip(networks, learned, strict=True):
        for member in network.members:
            members.append(member)
            sides.append(tuple(np.flatnonzero(mask[first] & (y == k)) for k in (0, 1)))
    for module in (m for member in members for m in member.modules()):
        if isinstance(module, nn.Linear):
            module.reset_parameters()
    together = [[*member.parameters()] for member in members]
    weights = [torch.stack([*each]).detach().requires_grad_() for each in zip(*together)]  # noqa: B905
    optimiser = torch.optim.AdamW(weights, plan.learning_rate, weight_decay=plan.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, plan.learning_rate, total_steps=plan.steps, pct_start=0.15
    )
    lossy = nn.CrossEntropyLoss(label_smoothing=plan.smoothing, reduction="sum")
    half = plan.batch // 2
    target = torch.tensor([0, 1]).repeat_interleave(half).repeat(len(members))
    for _ in range(plan.steps):
        lines = np.concatenate([random.choice(side, half) for pair in sides for side in pair])
        averages = averaged(beats.X, first[lines], counts[lines], plan, random)
        drawn = torch.from_numpy(disturbed(averages, plan, random))
        logits = _forward(drawn.reshape(len(members), 2 * half, -1), weights)
        loss = lossy(logits.reshape(-1, 2), target) / (2 * half)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        for k, held in enumerate(together):
            for own, stacked in zip(held, weights, strict=True):
                own.copy_(stacked[k])
    for network in networks:
        network.eval()


def _forward(windows: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """Give the logits of every member for its own windows ``(members, batch, 80)``, in training."""
    x = windows
    for place, share in enumerate(DROPOUT):
        weight, bias = weights[2 * place], weights[2 * place + 1]
        x = torch.baddbmm(bias[:, None], nn.functional.dropout(x, share), weight.mT)
        x = torch.relu(x) if place < len(DROPOUT) - 1 else x
    return x


def averaged(
    windows: NDArray[np.float32],
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
    plan: WindowPlan,
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Average some beats of each recording, none of them twice.

    Parameters
    ----------
    windows
        Of all recordings, those of one together, ``(n, 80)``.
    first, counts
        Where each recording begins in them, and how many it has.
    """
    most = int(random.choice(plan.averaged))
    if most == 1:
        lines = first + (random.random(len(first)) * counts).astype(np.int64)
        return windows[lines]
    keys = random.random((len(first), int(counts.max())), np.float32)
    keys[np.arange(keys.shape[1]) >= counts[:, None]] = 2.0
    places = np.argsort(keys, axis=1)[:, :most]
    wanted = np.minimum(most, counts)[:, None]
    weight = ((np.arange(places.shape[1]) < wanted) / wanted).astype(np.float32)
    lines = np.minimum(first[:, None] + places, len(windows) - 1)
    mean = np.zeros((len(first), windows.shape[1]), np.float32)
    for k in range(places.shape[1]):
        mean += weight[:, k, None] * windows[lines[:, k]]
    return mean


def disturbed(
    windows: NDArray[np.float32], plan: WindowPlan, random: np.random.Generator
) -> NDArray[np.float32]:
    """Stretch and move windows ``(n, 80)`` in time, and add slow waves and noise."""
    n = (len(windows), 1)

    def normal(*shape: int) -> NDArray[np.float32]:
        return random.standard_normal(shape, np.float32)

    grid = np.arange(-BEFORE, WINDOW_LENGTH - BEFORE, dtype=np.float32)
    at = grid * np.exp(normal(*n) * plan.stretch) + normal(*n) * plan.shift + BEFORE
    at = np.clip(at, 0, WINDOW_LENGTH - 1)
    left = np.minimum(at.astype(np.int64), WINDOW_LENGTH - 2)
    low, high = (np.take_along_axis(windows, left + k, axis=1) for k in (0, 1))
    drawn = low + (at - left.astype(np.float32)) * (high - low)
    t = np.linspace(0, 1, WINDOW_LENGTH, dtype=np.float32)
    wave = normal(*n) * np.sin(np.pi * t + 2 * np.pi * random.random(n, np.float32))
    white = normal(*drawn.shape) * random.random(n, np.float32) / 3
    return scaled(drawn + plan.noise * (normal(*n) * (2 * t - 1) + wave + white))
