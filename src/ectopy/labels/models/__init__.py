"""The trained models inside the package: each a directory with its weights and its contract.

``<name>/model.onnx`` holds the weights, ``<name>/card.json`` everything that must be known to use
them (layout and rate of the input, class order, temperature, thresholds, training data, figures,
checksum), ``<name>/README.md`` the same for people.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ectopy._onnx import start_network
from ectopy.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_MODEL: Final = "context-v4"
"""The model that names beats when the user names none."""

CARD_KEYS: Final = ("name", "sha256", "input", "classes", "temperature", "abstain", "training")

_HERE: Final = Path(__file__).parent


SCREENING: Final = "mi-"
"""How the names of models begin that answer a question about a whole recording."""


def list_models() -> list[str]:
    """Give the names of the models inside the package that name beats."""
    return [name for name in _inside() if not name.startswith(SCREENING)]


def list_screening_models() -> list[str]:
    """Give the names of the models inside the package that :func:`ectopy.labels.screen` asks."""
    return [name for name in _inside() if name.startswith(SCREENING)]


def load_card(name: str) -> dict[str, Any]:
    """Give the card of a model.

    Parameters
    ----------
    name
        Name of a model inside the package, or path of a model directory (one that holds
        ``model.onnx`` and ``card.json``), or of the run folder of a training, in which it is
        called ``model``.

    Raises
    ------
    ModelError
        If there is no such model, or its card is damaged. Another one is never put in its place.
    """
    path = model_folder(name) / "card.json"
    try:
        card: dict[str, Any] = json.loads(path.read_text("utf-8"))
        absent = [key for key in CARD_KEYS if key not in card]
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(
            f"model {name!r} is damaged: {path.name} cannot be read ({error})"
        ) from error
    if absent:
        raise ModelError(f"model {name!r} is damaged: its card has no {', '.join(absent)}")
    return card


@lru_cache(maxsize=4)
def load_network(name: str) -> InferenceSession:
    """Start ONNX Runtime on the weights of a model, once they match the checksum of its card.

    Raises
    ------
    ModelError
        If there is no such model, or its weights are missing or altered.
    """
    return start_network(model_folder(name), name, load_card(name)["sha256"])


def model_folder(name: str) -> Path:
    """Give the directory of a model, named as for :func:`load_card`.

    Raises
    ------
    ModelError
        If there is no such model.
    """
    inside = _HERE / name
    if name in _inside():
        return inside
    for folder in (Path(name), Path(name) / "model"):
        if (folder / "card.json").is_file():
            return folder
    raise ModelError(
        f"no model named {name!r}; known models: {', '.join(list_models())} "
        "(or give the path of a model directory, or of the run that made it)"
    )


def _inside() -> list[str]:
    return sorted(path.parent.name for path in _HERE.glob("*/card.json"))
