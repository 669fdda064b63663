"""The best that we know on these rows with one small network.

A residual network that also sees which values are padding and how far behind R it is, trained on
rows that are stretched and bent a little, its weights averaged. ``docs/recipes.md`` tells
what else was tried; every choice was made on a part of the training rows.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from ectopy.training.augment import Warp
from ectopy.training.layers import Image, convolution, max_pool
from ectopy.training.recipes.value import Recipe
from ectopy.training.schedules import Cosine

SHIFT: Final = 0.7
"""How far the second and third look are shifted, in values of a row (1/120 s)."""


class Block(nn.Module):
    """Two convolutions beside a shortcut; the first may halve the length."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            convolution(inputs, width, kernel, stride=stride, padding="same", bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout2d(0.05),
            convolution(width, width, kernel, padding="same", bias=False),
            nn.BatchNorm2d(width),
        )
        nn.init.zeros_(self.inner[-1].weight)  # type: ignore[arg-type]
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.AvgPool2d((1, stride), ceil_mode=True))
        if inputs != width:
            self.shortcut.append(convolution(inputs, width, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Give ``(batch, width, 1, time / stride)``."""
        return torch.relu(self.inner(x) + self.shortcut(x))


class Residual(nn.Module):
    """A wide first convolution, four residual blocks, mean and maximum over time."""

    def __init__(
        self,
        widths: tuple[int, ...] = (32, 64, 96, 112),
        kernels: tuple[int, ...] = (7, 7, 5, 3),
        classes: int = 5,
    ) -> None:
        super().__init__()
        self.image = Image()
        self.first = nn.Sequential(
            convolution(3, widths[0], 9, padding="same", bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
            max_pool(2, 2, padding="same"),
        )
        inputs = (widths[0], *widths[:-1])
        strides = (1, *(2 for _ in widths[1:]))
        self.blocks = nn.Sequential(*map(Block, inputs, widths, kernels, strides))
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * widths[-1], classes))

    def forward(self, rows: Tensor) -> Tensor:
        """Give logits ``(batch, classes)`` for rows ``(batch, 1, 187)``.

        Once trained it looks three times, R where it is said to be and a little to either side,
        and gives the mean of the three.
        """
        if self.training:
            return self.look(rows)
        later = torch.cat([rows[:, :, 1:], rows[:, :, -1:]], dim=2)
        earlier = torch.cat([rows[:, :, :1], rows[:, :, :-1]], dim=2)
        looks = rows, rows.lerp(later, SHIFT), rows.lerp(earlier, SHIFT)
        return torch.stack([self.look(seen) for seen in looks]).mean(dim=0)

    def look(self, rows: Tensor) -> Tensor:
        """Give logits for rows as they are."""
        beat = (rows > 0).to(rows.dtype)
        place = torch.linspace(-1, 1, rows.shape[2], device=rows.device).expand_as(rows)
        image = self.image(torch.cat([rows, beat, place], dim=1))
        shapes = self.blocks(self.first(image)).flatten(2)
        out: Tensor = self.head(torch.cat([shapes.mean(dim=2), shapes.amax(dim=2)], dim=1))
        return out


BEST: Final = Recipe(
    "best",
    Residual,
    source="ectopy's own",
    version=2,
    batch=128,
    learning_rate=2.5e-3,
    schedule=Cosine(warm_up=0.06),
    weight_decay=0.05,
    epochs=30,
    watch="accuracy",
    validation=0.05,
    share_of_n=0.33,
    warp=Warp(stretch=0.03, shift=1.0, bend=0.12, noise=0.02),
    average=0.998,
    bfloat16=True,
)
