"""The network over windows of beats, and how it learns: few patients, beats much alike."""

from __future__ import annotations

from dataclasses import dataclass

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


def _member(hidden: int) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(WINDOW_LENGTH, hidden),
        nn.ReLU(),
        nn.Dropout(0.4),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Dropout(0.4),
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
        How many beats of a recording are averaged, one of these drawn each time.
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
    network: WindowNetwork, beats: MiBeats, plan: WindowPlan, seed: int = 0
) -> WindowNetwork:
    """Train every member on the same recordings, each with its own weights and draws.

    Recordings are drawn, not beats, and both classes equally often. There is no early stop, so
    that no patient is spent on choosing an epoch.

    Parameters
    ----------
    network
        An untrained network.
    beats
        Windows to learn from, ``(n, 80)``.
    plan
        How to learn.
    seed
        Seed of weights and draws; members differ.
    """
    _, first, counts = np.unique(beats.recording, return_index=True, return_counts=True)
    y = beats.y[first].astype(np.int64)
    for number, member in enumerate(network.members):
        torch.manual_seed(100 * seed + number)
        random = np.random.default_rng(100 * seed + number)
        for module in member.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
        _fit_member(member, beats.X, first, counts, y, plan, random)
    return network.eval()


def _fit_member(
    member: nn.Module,
    windows: NDArray[np.float32],
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
    y: NDArray[np.int64],
    plan: WindowPlan,
    random: np.random.Generator,
) -> None:
    sides = [np.flatnonzero(y == k) for k in (0, 1)]
    optimiser = torch.optim.AdamW(
        member.parameters(), plan.learning_rate, weight_decay=plan.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, plan.learning_rate, total_steps=plan.steps, pct_start=0.15
    )
    lossy = nn.CrossEntropyLoss(label_smoothing=plan.smoothing)
    member.train()
    for _ in range(plan.steps):
        lines = np.concatenate([random.choice(side, plan.batch // 2) for side in sides])
        averages = averaged(windows, first[lines], counts[lines], plan, random)
        drawn = torch.from_numpy(disturbed(averages, plan, random))
        loss = lossy(member(drawn[:, None]), torch.from_numpy(y[lines]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()


def averaged(
    windows: NDArray[np.float32],
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
    plan: WindowPlan,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Average some beats of each recording, none of them twice.

    Parameters
    ----------
    windows
        Of all recordings, those of one together, ``(n, 80)``.
    first, counts
        Where each recording begins in them, and how many it has.
    """
    most = max(plan.averaged)
    wanted = np.minimum(random.choice(plan.averaged, len(first)), counts)
    keys = random.random((len(first), int(counts.max())))
    keys[np.arange(keys.shape[1]) >= counts[:, None]] = 2.0
    places = np.argsort(keys, axis=1)[:, :most]
    weight = (np.arange(places.shape[1]) < wanted[:, None]) / wanted[:, None]
    lines = np.minimum(first[:, None] + places, len(windows) - 1)
    mean: NDArray[np.float64] = np.einsum("rb,rbt->rt", weight, windows[lines])
    return mean


def disturbed(
    windows: NDArray[np.floating], plan: WindowPlan, random: np.random.Generator
) -> NDArray[np.float32]:
    """Stretch and move windows ``(n, 80)`` in time, and add slow waves and noise."""
    n = (len(windows), 1)
    grid = np.arange(WINDOW_LENGTH) - BEFORE
    scale = np.exp(random.normal(size=n) * plan.stretch)
    at = np.clip(grid * scale + random.normal(size=n) * plan.shift + BEFORE, 0, WINDOW_LENGTH - 1)
    left = np.minimum(at.astype(np.int64), WINDOW_LENGTH - 2)
    low, high = (np.take_along_axis(windows, left + k, axis=1) for k in (0, 1))
    drawn = low + (at - left) * (high - low)
    t = np.linspace(0, 1, WINDOW_LENGTH)
    slope = random.normal(size=n) * (2 * t - 1)
    wave = random.normal(size=n) * np.sin(np.pi * t + random.uniform(0, 2 * np.pi, n))
    white = random.normal(size=drawn.shape) * random.random(n) / 3
    return scaled(drawn + plan.noise * (slope + wave + white))
