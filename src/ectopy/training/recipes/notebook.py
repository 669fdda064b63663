"""The Kaggle notebook that most people start from.

Rows rebalanced to 20,000 a class, a small network, at most 40 epochs. The notebook adds Gaussian
noise in one of its variants (``--noise 0.5``, which ended at 67.82 % accuracy), and chooses its
epoch on the test set (``--validate-on-test``); here a tenth of the training rows, held out before
anything is resampled, takes that place.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from ectopy.training.layers import Image, convolution, keras_start, max_pool
from ectopy.training.rebalance import Rebalance
from ectopy.training.recipes.value import Recipe


class Notebook(nn.Module):
    """Three convolutions of 64 with batch normalisation, three dense layers: 118,149 parameters.

    Keras's settings: a batch normalisation that follows slowly, and pooling that keeps the last
    incomplete window.
    """

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Image(),
            convolution(1, 64, 6),
            nn.ReLU(),
            nn.BatchNorm2d(64, eps=1e-3, momentum=0.01),
            max_pool(3, 2, padding="same"),
            convolution(64, 64, 3),
            nn.ReLU(),
            nn.BatchNorm2d(64, eps=1e-3, momentum=0.01),
            max_pool(2, 2, padding="same"),
            convolution(64, 64, 3),
            nn.ReLU(),
            nn.BatchNorm2d(64, eps=1e-3, momentum=0.01),
            max_pool(2, 2, padding="same"),
            nn.Flatten(),
        )
        self.head = nn.Sequential(
            nn.Linear(64 * 22, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, classes)
        )
        keras_start(self)

    def forward(self, rows: Tensor) -> Tensor:
        """Give logits ``(batch, classes)`` for rows ``(batch, 1, 187)``."""
        out: Tensor = self.head(self.features(rows))
        return out


NOTEBOOK: Final = Recipe(
    "notebook",
    Notebook,
    source="Kaggle notebook of gregoiredc on the ECG Heartbeat Categorization Dataset",
    batch=32,
    learning_rate=1e-3,
    epochs=40,
    watch="loss",
    patience=8,
    rebalance=Rebalance("resample", 20_000),
)
