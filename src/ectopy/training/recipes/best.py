"""The best that we know on these rows with one small network.

A residual network that also sees which values are padding, how far behind R and before the end of
the beat it is, and how high the beat was, trained on rows that are stretched and bent a little, its
weights averaged. ``docs/recipes.md`` tells what else was tried; every choice was made on a part of
the training rows.

How high a beat was is what scaling to 0..1 seems to take away. It does not: the samples were whole
numbers, so the smallest step between two values of a row is one of the converter's.
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
USUAL_HEIGHT: Final = 350.0
"""Height of a beat in steps of the converter, and what is taken where it cannot be told."""
HEIGHTS: Final = (100.0, 1200.0)
"""Heights are held within these."""
FINEST_STEP: Final = 1 / 2048
"""No beat is higher than a converter of 11 bits: what is finer comes of arithmetic."""


def height(rows: Tensor) -> Tensor:
    """Tell how high the beats of rows were, from the steps that are left in them.

    Parameters
    ----------
    rows
        Rows scaled to 0..1, ``(batch, 1, 187)``, not changed in any other way.

    Returns
    -------
    torch.Tensor
        ``(batch, 1, 187)``, every value of a row the same: the logarithm of the height in steps
        over the usual one; 0 where the values have no common step.
    """
    steps = rows.sort(dim=2).values.diff(dim=2)
    apart = steps > FINEST_STEP / 4  # closer ones are one value
    finest = torch.where(apart, steps, 1.0).amin(dim=2, keepdim=True)
    known = (finest > FINEST_STEP) & (finest < 1)
    steps_high = torch.where(known, 1 / finest, USUAL_HEIGHT).clamp(*HEIGHTS)
    return torch.log(steps_high / USUAL_HEIGHT).expand_as(rows)


class Block(nn.Module):
    """Two convolutions beside a shortcut; the first may halve the length."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            convolution(inputs, width, kernel, stride=stride, padding="same", bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout2d(0.1),
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
            convolution(6, widths[0], 9, padding="same", bias=False),
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

        Beside each row there may be what :func:`height` gives, ``(batch, 2, 187)``, for rows that
        were changed after it was told. Once trained the network looks three times, R where it is
        said to be and a little to either side, and gives the mean of the three.
        """
        if rows.shape[1] == 1:
            rows = torch.cat([rows, height(rows)], dim=1)
        if self.training:
            return self.look(rows)
        later = torch.cat([rows[:, :, 1:], rows[:, :, -1:]], dim=2)
        earlier = torch.cat([rows[:, :, :1], rows[:, :, :-1]], dim=2)
        looks = rows, rows.lerp(later, SHIFT), rows.lerp(earlier, SHIFT)
        return torch.stack([self.look(seen) for seen in looks]).mean(dim=0)

    def look(self, rows: Tensor) -> Tensor:
        """Give logits for rows as they are, each with its height beside it."""
        row, high = rows[:, :1], rows[:, 1:]
        beat = (row > 0).to(row.dtype)
        place = torch.linspace(-1, 1, row.shape[2], device=row.device).expand_as(row)
        last = torch.where(beat > 0, place, -1).amax(dim=2, keepdim=True)
        to_end = (last - place).clamp(min=-1)
        image = self.image(torch.cat([row, beat, place, to_end, high, row * high.exp()], dim=1))
        shapes = self.blocks(self.first(image)).flatten(2)
        out: Tensor = self.head(torch.cat([shapes.mean(dim=2), shapes.amax(dim=2)], dim=1))
        return out


BEST: Final = Recipe(
    "best",
    Residual,
    source="ectopy's own",
    version=3,
    batch=128,
    learning_rate=2.5e-3,
    schedule=Cosine(warm_up=0.06),
    weight_decay=0.05,
    epochs=80,
    watch="accuracy",
    validation=0.03,
    share_of_n=0.33,
    beside=height,
    decide={"F": 1.6},
    warp=Warp(stretch=0.04, shift=1.2, bend=0.16, noise=0.03, beside=0.02, lost=0.05),
    average=0.998,
    bfloat16=True,
)
