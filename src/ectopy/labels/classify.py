"""Name each beat with a trained network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.context import CONTEXT_FS, N_FEATURES, context_blocks
from ectopy.beats.kaggle_rows import ROW_FS, ROW_LENGTH, beat_rows
from ectopy.beats.value import Beats
from ectopy.errors import ModelError, RecordingError
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.models import DEFAULT_MODEL, load_card, load_network
from ectopy.labels.value import Labels
from ectopy.recording.value import Recording

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH: Final = 2048
"""Beats that go through the network at a time."""
MEAN: Final = "mean"
"""What a card says of its leads where probabilities are averaged over them."""

NOISY: Final = "noisy signal"
UNSURE: Final = "no class is likely enough"
UNLIKE: Final = "unlike any beat the model knows"
CUT_OFF: Final = "the signal ends before the next beat"


def classify(recording: Recording, beats: Beats, model: str | None = None) -> Labels:
    """Name every beat of a recording.

    Parameters
    ----------
    recording
        The recording that the beats were found in.
    beats
        Beats of one of its leads. By a model whose card says so they are looked at in every lead
        that they were found in, and the probabilities averaged.
    model
        Name of a model inside the package, or path of a model directory; the default is
        :data:`ectopy.labels.DEFAULT_MODEL`.

    Returns
    -------
    Labels
        A class and five probabilities for each beat. Where by the model's card the signal is
        noisy, no class is likely enough or the beat is unlike those it learned from, the beat is
        marked as abstained, with the reason.

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
    layout, network = find_layout(card), load_network(name)
    probability = np.empty((len(beats), len(AAMI_CLASSES)), np.float32)
    strange, done = np.empty(len(beats), bool), 0
    for seen in zip(*(layout.cut(recording, view) for view in views(card, beats)), strict=True):
        rows = slice(done, done + len(seen[0]))
        given = [probabilities(network, card, inputs) for inputs in seen]
        probability[rows] = combine(card, given)
        strange[rows] = np.all([unlike(card, inputs) for inputs in seen], axis=0)
        done = rows.stop
    reason = reasons(card, beats.quality, probability.max(axis=1), strange)
    if layout.needs_next:
        reason[-1:] = np.where(reason[-1:] == NOISY, NOISY, CUT_OFF)
    return Labels(
        aami=np.array(card["classes"])[probability.argmax(axis=1)],
        probability=probability,
        abstained=reason != "",
        reason=reason,
        model=card["name"],
        sha256=card["sha256"],
    )


def views(card: dict[str, Any], beats: Beats) -> tuple[Beats, ...]:
    """Give the beats once for each lead in which a model looks at them, the lead's own first."""
    others = beats.others if card["input"].get("leads") == MEAN else ()
    return tuple(replace(beats, lead=lead, others=()) for lead in (beats.lead, *others))


def predict(model: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probabilities that a model has for inputs cut in its own layout, in one lead.

    Parameters
    ----------
    model
        Name or directory of a model.
    inputs
        float32, in the shape its layout has, such as ``(n, 1, 187)`` for Kaggle rows.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, k)`` in the order of the card's classes: ``N S V F Q`` where it names
        beats. The largest names the beat.

    Raises
    ------
    ModelError
        If the model is unknown or damaged.
    """
    card = load_card(model)
    return combine(card, [probabilities(load_network(model), card, inputs)])


def probabilities(
    network: InferenceSession, card: dict[str, Any], inputs: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give what a network that runs already has for one lead, before :func:`combine`."""
    return _softmax(_logits(network, len(card["classes"]), inputs) / float(card["temperature"]))


def combine(card: dict[str, Any], given: Sequence[NDArray[np.floating]]) -> NDArray[np.float32]:
    """Put together what a model gave for the same beats in several leads, or in one.

    Parameters
    ----------
    card
        Card of the model; ``decide`` holds a factor for each class, 1 where it has none.
    given
        Its probabilities in each lead, shape ``(n, 5)``.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n, 5)``: their mean, weighed by the factors. The largest names the beat.
    """
    factors = np.array([card.get("decide", {}).get(name, 1.0) for name in card["classes"]])
    weighed = np.mean(given, axis=0, dtype=np.float32) * factors
    probability: NDArray[np.float32] = weighed / weighed.sum(axis=1, keepdims=True)
    return probability.astype(np.float32)


def kaggle_blocks(recording: Recording, beats: Beats) -> Iterator[NDArray[np.float32]]:
    """Cut the beats as the rows of the Kaggle data set: float32, ``(n, 1, 187)``, in one block."""
    column = recording.lead_index(beats.lead)
    step = recording.resolution[column] if recording.resolution else None
    yield beat_rows(recording.signal[:, column], recording.fs, beats.sample, step)[:, None]


@dataclass(frozen=True, slots=True)
class Layout:
    """How beats are cut for a network.

    Attributes
    ----------
    cut
        Gives the inputs, one row a beat, in blocks.
    facts
        What a card must say of it.
    needs_next
        A beat is shown up to the next, so that the last one is incomplete.
    """

    cut: Callable[[Recording, Beats], Iterator[NDArray[np.float32]]]
    facts: dict[str, Any]
    needs_next: bool


LAYOUTS: Final = {
    "context": Layout(context_blocks, {"fs": CONTEXT_FS, "features": N_FEATURES}, False),
    "kaggle-rows": Layout(kaggle_blocks, {"fs": ROW_FS, "length": ROW_LENGTH}, True),
}
"""The layouts that a card can name."""


def find_layout(card: dict[str, Any]) -> Layout:
    """Give the layout that a card names.

    Raises
    ------
    ModelError
        If this version has no such layout, or cuts it otherwise than the card says, or the model
        names no beats.
    """
    if len(card["classes"]) == 2:
        raise ModelError(
            f"model {card['name']!r} tells {' from '.join(card['classes'])} and does not name "
            "beats; measure it with 'ectopy evaluate --what mi --model', or name beats with one "
            "of 'ectopy models'"
        )
    wanted = card["input"]
    if wanted.get("layout") not in LAYOUTS:
        raise ModelError(
            f"model {card['name']!r} wants beats in the layout {wanted.get('layout')!r}; "
            f"this version of ectopy makes {', '.join(LAYOUTS)}"
        )
    layout = LAYOUTS[wanted["layout"]]
    differing = [f"{key} {wanted.get(key)}, not {value}" for key, value in layout.facts.items()
                 if wanted.get(key) != value]  # fmt: skip
    if differing or tuple(card["classes"]) != AAMI_CLASSES:
        raise ModelError(
            f"model {card['name']!r} does not fit this version of ectopy: "
            f"{'; '.join(differing) or 'its classes are ' + ' '.join(card['classes'])}"
        )
    return layout


def _logits(
    network: InferenceSession, n_classes: int, inputs: NDArray[np.float32]
) -> NDArray[np.float64]:
    entry = network.get_inputs()[0].name
    blocks = [
        network.run(None, {entry: inputs[first : first + BATCH]})[0]
        for first in range(0, len(inputs), BATCH)
    ]
    return np.concatenate([np.empty((0, n_classes)), *blocks])


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probability: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return probability.astype(np.float32)


def unlike(card: dict[str, Any], inputs: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether more of a beat's inputs lie outside what the model learned from than may."""
    known = card.get("known")
    if not known:
        return np.zeros(len(inputs), bool)
    low, high = (np.array(known[end], np.float32) for end in ("low", "high"))
    outside: NDArray[np.int64] = ((inputs < low) | (inputs > high)).sum(axis=1)
    return outside > int(known["most_outside"])


def reasons(
    card: dict[str, Any],
    quality: NDArray[np.float32],
    confidence: NDArray[np.float32],
    strange: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Say why the model would rather not name a beat, empty where it names it.

    Parameters
    ----------
    card
        Card of the model, with its limits.
    quality
        Quality of the signal at each beat, shape ``(n,)``.
    confidence
        Probability of the class that was chosen, shape ``(n,)``.
    strange
        What :func:`unlike` says of each, shape ``(n,)``.
    """
    reason = np.full(len(quality), "", object)  # as text each would take 124 bytes
    limits = card["abstain"]
    reason[confidence < limits["probability_below"]] = UNSURE
    reason[strange] = UNLIKE
    reason[quality < limits["quality_below"]] = NOISY
    return reason
