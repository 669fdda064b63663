"""The residual network of the paper that published the rows.

Kachuee, Fazeli, Sarrafzadeh 2018, "ECG Heartbeat Classification: A Deep Transferable
Representation" (arXiv 1805.00794). The paper gives Adam at 1e-3 and the learning rate falling by
0.75 every 10,000 steps; it tells neither the batch nor when to stop, which are ours.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from ectopy.training.layers import Image, convolution, keras_start, max_pool
from ectopy.training.recipes.value import Recipe
from ectopy.training.schedules import Stairs


class Block(nn.Module):
    """Two convolutions beside a shortcut, then a maximum that halves the length."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            convolution(width, width, 5, padding="same"),
            nn.ReLU(),
            convolution(width, width, 5, padding="same"),
        )
        self.outer = nn.Sequential(nn.ReLU(), max_pool(5, 2))

    def forward(self, x: Tensor) -> Tensor:
        """Halve ``(batch, 32, 1, time)``."""
        out: Tensor = self.outer(x + self.inner(x))
        return out


class Kachuee(nn.Module):
    """A convolution, five residual blocks, three dense layers: 55,013 parameters."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Image(),
            convolution(1, 32, 5, padding="same"),
            *(Block() for _ in range(5)),
            nn.Flatten(),
        )
        self.head = nn.Sequential(
            nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, classes)
        )
        keras_start(self)

    def forward(self, rows: Tensor) -> Tensor:
        """Give logits ``(batch, classes)`` for rows ``(batch, 1, 187)``."""
        out: Tensor = self.head(self.features(rows))
        return out


KACHUEE: Final = Recipe(
    "kachuee",
    Kachuee,
    source="Kachuee et al. 2018, arXiv 1805.00794",
    batch=64,
    learning_rate=1e-3,
    schedule=Stairs(every=10_000, by=0.75),
    epochs=24,
    watch="accuracy",
    patience=8,
)
