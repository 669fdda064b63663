"""What each known network is trained with, as small readable values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from torch import nn

from ectopy.errors import TrainingError
from ectopy.training.networks import Cvxtz


@dataclass(frozen=True)
class Recipe:
    """A network with the settings of its published training.

    Attributes
    ----------
    network
        Makes the untrained network.
    batch
        Rows per step.
    learning_rate
        Adam's first learning rate.
    epochs
        The most epochs.
    patience
        Epochs without a better validation accuracy before training stops.
    slow_after, slow_by
        Epochs without gain before the learning rate falls, and the factor it falls by.
    validation
        Share of the training part that is held out to choose the epoch.
    """

    name: str
    network: Callable[[], nn.Module]
    source: str
    batch: int = 32
    learning_rate: float = 1e-3
    epochs: int = 100
    patience: int = 5
    slow_after: int = 3
    slow_by: float = 0.1
    validation: float = 0.1


RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "cvxtz",
            Cvxtz,
            source="github.com/CVxTz/ECG_Heartbeat_Classification, baseline network for MIT-BIH",
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """Give the recipe of that name.

    Raises
    ------
    TrainingError
        If there is no such recipe.
    """
    if name not in RECIPES:
        raise TrainingError(f"no recipe named {name!r}; known recipes: {', '.join(RECIPES)}")
    return RECIPES[name]
