"""Convolutions over time, laid out so that a CPU is quick at them.

A row is held as an image one pixel high, channels last, ``(batch, channels, 1, time)``: with that
layout torch takes its fastest convolutions, which it does not for ``Conv1d``. The arithmetic is
the same.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn


class Image(nn.Module):
    """Rows ``(batch, channels, time)`` → images ``(batch, channels, 1, time)``, channels last."""

    def forward(self, rows: Tensor) -> Tensor:
        """Give the images."""
        return rows[:, :, None].contiguous(memory_format=torch.channels_last)


def convolution(
    inputs: int,
    width: int,
    kernel: int,
    *,
    stride: int = 1,
    padding: Literal["valid", "same"] = "valid",
    bias: bool = True,
) -> nn.Conv2d:
    """Make a convolution over time; `padding` ``"same"`` keeps the length (odd kernels)."""
    sides = kernel // 2 if padding == "same" else 0
    return nn.Conv2d(inputs, width, (1, kernel), (1, stride), (0, sides), bias=bias)


def max_pool(width: int, stride: int, *, padding: Literal["valid", "same"] = "valid") -> nn.Module:
    """Make a maximum over time; ``"same"`` keeps a last incomplete window, as Keras does."""
    return nn.MaxPool2d((1, width), (1, stride), ceil_mode=padding == "same")


def keras_start(network: nn.Module) -> Any:
    """Start weights from Glorot's uniform distribution and biases from zero, as Keras does."""

    def start(module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    return network.apply(start)
