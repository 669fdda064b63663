"""The known recipes, one file each: the network and what it is trained with."""

from __future__ import annotations

from typing import Final

from ectopy.errors import TrainingError
from ectopy.training.recipes.best import BEST
from ectopy.training.recipes.cvxtz import CVXTZ
from ectopy.training.recipes.kachuee import KACHUEE
from ectopy.training.recipes.notebook import NOTEBOOK
from ectopy.training.recipes.value import Recipe

__all__ = ["RECIPES", "Recipe", "find_recipe"]

RECIPES: Final = {recipe.name: recipe for recipe in (NOTEBOOK, KACHUEE, CVXTZ, BEST)}


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
