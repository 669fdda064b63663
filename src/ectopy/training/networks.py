"""The network over context features; those over rows stand with their recipes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ContextNetwork(nn.Module):
    """Dense layers over the features of `ectopy.beats.context`, a few such networks in one.

    Each member scales the features by what it learned from, and has two hidden layers; their
    logits are averaged. Members are trained one by one; see ``training/context_v4.py``.

    Parameters
    ----------
    mean, spread
        Of each feature in the training data, shape ``(200,)``.
    members
        How many networks.
    hidden
        Widths of the hidden layers.
    """

    def __init__(
        self, mean: Tensor, spread: Tensor, members: int = 4, hidden: tuple[int, int] = (128, 64)
    ) -> None:
        super().__init__()
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        first, second = hidden
        self.members = nn.ModuleList(
            nn.Sequential(
                nn.Dropout(0.1),
                nn.Linear(len(mean), first),
                nn.ReLU(),
                nn.Dropout(0.2),
                nn.Linear(first, second),
                nn.ReLU(),
                nn.Dropout(0.2),
                nn.Linear(second, 5),
            )
            for _ in range(members)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Give logits ``(batch, 5)`` for features ``(batch, 200)``."""
        scaled = (features.clamp(-5, 5) - self.mean) / self.spread
        return torch.stack([member(scaled) for member in self.members]).mean(dim=0)
