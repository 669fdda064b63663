"""Name each beat with a trained network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.kaggle_rows import ROW_FS, ROW_LENGTH, beat_rows
from ectopy.beats.value import Beats
from ectopy.errors import ModelError, RecordingError
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.models import DEFAULT_MODEL, load_card, load_network
from ectopy.labels.value import Labels
from ectopy.recording.value import Recording

BATCH: Final = 2048
"""Beats that go through the network at a time."""

NOISY: Final = "noisy signal"
UNSURE: Final = "no class is likely enough"
CUT_OFF: Final = "the signal ends before the next beat"


def classify(recording: Recording, beats: Beats, model: str | None = None) -> Labels:
    """Name every beat of a recording.

    Parameters
    ----------
    recording
        The recording that the beats were found in.
    beats
        Beats of one of its leads.
    model
        Name of a model inside the package, or path of a model directory; the default is
        :data:`ectopy.labels.DEFAULT_MODEL`.

    Returns
    -------
    Labels
        A class and five probabilities for each beat. Where the signal is noisy or no class is
        likely enough by the model's card, the beat is marked as abstained, with the reason.

    Raises
    ------
    ModelError
        If the model is unknown, damaged or wants an input that this version cannot make.
    RecordingError
        If the beats count at another rate than the recording, or lie outside it.
    """
    name = model or DEFAULT_MODEL
    card = load_card(name)
    if beats.fs != recording.fs or (len(beats) and beats.sample[-1] >= recording.n_samples):
        raise RecordingError(
            f"these beats ({beats.fs:g} Hz, up to sample {beats.sample[-1:].tolist()}) are not of "
            f"this recording ({recording.fs:g} Hz, {recording.n_samples} samples); find its own"
        )
    probability = predict(name, _layout(card)(recording, beats))
    reason = _reasons(card, beats, probability)
    return Labels(
        aami=np.array(card["classes"])[probability.argmax(axis=1)],
        probability=probability,
        abstained=reason != "",
        reason=reason,
        model=card["name"],
        sha256=card["sha256"],
    )


def predict(model: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probabilities that a model has for inputs cut in its own layout.

    Parameters
    ----------
    model
        Name or directory of a model.
    inputs
        float32, in the shape its layout has, such as ``(n, 1, 187)`` for Kaggle rows.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 5)`` in the order ``N S V F Q``.

    Raises
    ------
    ModelError
        If the model is unknown or damaged.
    """
    return _softmax(_logits(model, inputs) / float(load_card(model)["temperature"]))


def kaggle_inputs(recording: Recording, beats: Beats) -> NDArray[np.float32]:
    """Cut the beats as the rows of the Kaggle data set: float32, shape ``(n, 1, 187)``."""
    column = recording.lead_index(beats.lead)
    step = recording.resolution[column] if recording.resolution else None
    return beat_rows(recording.signal[:, column], recording.fs, beats.sample, step)[:, None]


LAYOUTS: Final = {
    "kaggle-rows": (kaggle_inputs, {"fs": ROW_FS, "length": ROW_LENGTH}),
}
"""How each layout that a card can name is cut, and what the card must say of it."""


def _layout(card: dict[str, Any]) -> Callable[[Recording, Beats], NDArray[np.float32]]:
    wanted = card["input"]
    if wanted.get("layout") not in LAYOUTS:
        raise ModelError(
            f"model {card['name']!r} wants beats in the layout {wanted.get('layout')!r}; "
            f"this version of ectopy makes {', '.join(LAYOUTS)}"
        )
    cut, facts = LAYOUTS[wanted["layout"]]
    differing = [f"{key} {wanted.get(key)}, not {value}" for key, value in facts.items()
                 if wanted.get(key) != value]  # fmt: skip
    if differing or tuple(card["classes"]) != AAMI_CLASSES:
        raise ModelError(
            f"model {card['name']!r} does not fit this version of ectopy: "
            f"{'; '.join(differing) or 'its classes are ' + ' '.join(card['classes'])}"
        )
    return cut


def _logits(name: str, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    network = load_network(name)
    entry = network.get_inputs()[0].name
    blocks = [
        network.run(None, {entry: inputs[first : first + BATCH]})[0]
        for first in range(0, len(inputs), BATCH)
    ]
    return np.concatenate([np.empty((0, len(AAMI_CLASSES))), *blocks])


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probability: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return probability.astype(np.float32)


def _reasons(
    card: dict[str, Any], beats: Beats, probability: NDArray[np.float32]
) -> NDArray[np.str_]:
    """Why the model would rather not name a beat, empty where it names it."""
    reason = np.full(len(beats), "", dtype=f"<U{max(map(len, (NOISY, UNSURE, CUT_OFF)))}")
    limits = card["abstain"]
    reason[probability.max(axis=1, initial=0) < limits["probability_below"]] = UNSURE
    reason[-1:] = CUT_OFF
    reason[beats.quality < limits["quality_below"]] = NOISY
    return reason
