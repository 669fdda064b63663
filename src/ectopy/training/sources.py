"""A trained network, back from its model directory to torch, to go on learning from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ectopy.beats.kaggle_rows import ROW_LENGTH
from ectopy.errors import TrainingError
from ectopy.labels.models import load_card, load_network, model_folder
from ectopy.labels.scores import N_CLASSES
from ectopy.training.fit import BEST, predict
from ectopy.training.layers import keras_start
from ectopy.training.recipes import Recipe, find_recipe

MODES: Final = ("scratch", "frozen", "full")
"""How to begin: with random weights; with the source's, its convolutions fixed; with the
source's, all of them learning."""
HIDDEN: Final = 64
"""Width of the first of the two new dense layers."""
_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Source:
    """A trained network: its card, its recipe and its weights."""

    card: dict[str, Any]
    recipe: Recipe
    state: dict[str, Tensor]

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(self.card["name"])


def load_source(model: str) -> Source:
    """Load the weights of a classifier of Kaggle rows into the torch network of its recipe.

    Parameters
    ----------
    model
        Name of a model inside the package, path of a model directory, or of a run folder.

    Raises
    ------
    ModelError
        If there is no such model, or it is damaged.
    TrainingError
        If it was made by no known recipe, or its weights cannot be brought back. Whether they
        could is known: torch must give what ONNX Runtime gives.
    """
    card = load_card(model)
    if card["input"].get("layout") != "kaggle-rows":
        raise TrainingError(
            f"model {card['name']!r} takes {card['input'].get('layout')}; only networks over "
            "Kaggle rows can be transferred, such as cvxtz-kaggle-v1"
        )
    if len(card["classes"]) != N_CLASSES:
        raise TrainingError(
            f"model {card['name']!r} tells {' and '.join(card['classes'])} apart; begin with one "
            "that names beats, such as cvxtz-kaggle-v1"
        )
    recipe = find_recipe(str(card["training"].get("recipe")))
    random = np.random.default_rng(0)
    rows = random.random((16, 1, ROW_LENGTH), dtype=np.float32)
    session = load_network(model)
    expected = session.run(None, {session.get_inputs()[0].name: rows})[0]
    for state in _candidates(model_folder(model), recipe.network()):
        network = recipe.network()
        network.load_state_dict(state)
        if np.abs(predict(network, rows) - expected).max() <= _TOLERANCE:
            return Source(card, recipe, state)
    raise TrainingError(
        f"the weights of {card['name']!r} cannot be brought back from ONNX; give the run folder "
        f"that made it, with its {BEST}"
    )


def network_for(source: Source, mode: str, seed: int) -> nn.Module:
    """Make the network of a mode: that of the source under two new dense layers to two logits.

    Raises
    ------
    TrainingError
        If there is no such mode.
    """
    if mode not in MODES:
        raise TrainingError(f"no mode named {mode!r}; known modes: {', '.join(MODES)}")
    torch.manual_seed(seed)
    network = source.recipe.network()
    if mode != "scratch":
        network.load_state_dict(source.state)
    network.head = nn.Identity()
    with torch.inference_mode():
        width = network.eval()(torch.zeros(1, 1, ROW_LENGTH)).shape[1]
    network.head = nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))
    keras_start(network.head)
    return network


def _candidates(folder: Path, network: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Yield what may be the weights: of the run beside the model, then out of its ONNX."""
    wanted = network.state_dict()
    for path in (folder / BEST, folder.parent / BEST):
        if path.is_file():
            state = torch.load(path, weights_only=True)
            if _fits(state, wanted):
                yield state
    held = _initializers(folder / "model.onnx")
    names = [name for name in wanted if wanted[name].is_floating_point()]
    same = {name: held[name].reshape(wanted[name].shape) for name in names
            if name in held and held[name].numel() == wanted[name].numel()}  # fmt: skip
    if len(same) == len(names):
        yield wanted | same
    # layers may have been counted otherwise when it was exported: the order is the same
    weights = [value for value in held.values() if value.is_floating_point()]
    sizes = [_size(value) for value in weights]
    if sizes == [_size(wanted[name]) for name in names]:
        pairs = zip(names, weights, strict=True)
        yield wanted | {name: value.reshape(wanted[name].shape) for name, value in pairs}


def _initializers(path: Path) -> dict[str, Tensor]:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    return {
        each.name: torch.from_numpy(numpy_helper.to_array(each).copy())
        for each in graph.initializer
    }


def _size(value: Tensor) -> tuple[int, ...]:
    """Shape without dimensions of one, which do not tell one layer from another."""
    return tuple(n for n in value.shape if n != 1)


def _fits(state: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    return state.keys() == wanted.keys() and all(
        state[name].shape == wanted[name].shape for name in wanted
    )
