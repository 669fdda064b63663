"""The baseline network of CVxTz/ECG_Heartbeat_Classification, the widest known repository.

Adam at 1e-3, a tenth of the training rows for validation, learning rate x 0.1 after 3 epochs
without gain, stop after 5.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from ectopy.training.layers import Image, convolution, keras_start, max_pool
from ectopy.training.recipes.value import Recipe
from ectopy.training.schedules import Plateau


class Cvxtz(nn.Module):
    """Four pairs of unpadded convolutions, then two dense layers: 254,901 parameters.

    The last pair is 256 wide and stands under a global maximum.
    """

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Image(),
            *_pair(1, 16, 5),
            max_pool(2, 2),
            nn.Dropout(0.1),
            *_pair(16, 32, 3),
            max_pool(2, 2),
            nn.Dropout(0.1),
            *_pair(32, 32, 3),
            max_pool(2, 2),
            nn.Dropout(0.1),
            *_pair(32, 256, 3),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.head = nn.Sequential(
            nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, classes)
        )
        keras_start(self)

    def forward(self, rows: Tensor) -> Tensor:
        """Give logits ``(batch, classes)`` for rows ``(batch, 1, 187)``."""
        out: Tensor = self.head(self.features(rows))
        return out


def _pair(inputs: int, width: int, kernel: int) -> list[nn.Module]:
    return [
        convolution(inputs, width, kernel),
        nn.ReLU(),
        convolution(width, width, kernel),
        nn.ReLU(),
    ]


CVXTZ: Final = Recipe(
    "cvxtz",
    Cvxtz,
    source="github.com/CVxTz/ECG_Heartbeat_Classification, baseline network for MIT-BIH",
    batch=32,
    learning_rate=1e-3,
    schedule=Plateau(after=3, by=0.1),
    epochs=100,
    watch="accuracy",
    patience=5,
)
