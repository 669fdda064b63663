"""The networks, as plain torch modules from what a layout gives to logits ``(batch, 5)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Cvxtz(nn.Module):
    """The convolutional network of CVxTz/ECG_Heartbeat_Classification: 254,901 parameters.

    Four pairs of unpadded convolutions, the last of them 256 wide under a global maximum, then
    two dense layers. Weights start from Glorot's uniform distribution and biases from zero, as
    in the Keras original.
    """

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_pair(1, 16, 5),
            nn.MaxPool1d(2),
            nn.Dropout(0.1),
            *_pair(16, 32, 3),
            nn.MaxPool1d(2),
            nn.Dropout(0.1),
            *_pair(32, 32, 3),
            nn.MaxPool1d(2),
            nn.Dropout(0.1),
            *_pair(32, 256, 3),
            nn.AdaptiveMaxPool1d(1),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.head = nn.Sequential(
            nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, classes)
        )
        self.apply(_keras_start)

    def forward(self, rows: Tensor) -> Tensor:
        """Give logits ``(batch, classes)`` for rows ``(batch, 1, 187)``."""
        out: Tensor = self.head(self.features(rows))
        return out


class ContextNetwork(nn.Module):
    """Dense layers over the features of `ectopy.beats.context`, a few such networks in one.

    Each member scales the features by what it learned from, and has two hidden layers; their
    logits are averaged. Members are trained one by one; see ``training/context_v1.py``.

    Parameters
    ----------
    mean, spread
        Of each feature in the training data, shape ``(169,)``.
    members
        How many networks.
    hidden
        Widths of the hidden layers.
    """

    def __init__(
        self, mean: Tensor, spread: Tensor, members: int = 3, hidden: tuple[int, int] = (128, 64)
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
        """Give logits ``(batch, 5)`` for features ``(batch, 169)``."""
        scaled = (features.clamp(-5, 5) - self.mean) / self.spread
        return torch.stack([member(scaled) for member in self.members]).mean(dim=0)


def _pair(inputs: int, width: int, kernel: int) -> list[nn.Module]:
    return [
        nn.Conv1d(inputs, width, kernel),
        nn.ReLU(),
        nn.Conv1d(width, width, kernel),
        nn.ReLU(),
    ]


def _keras_start(module: nn.Module) -> None:
    if isinstance(module, nn.Conv1d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)
