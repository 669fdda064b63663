"""Recording + Beats → one probability for the whole recording, where the model knows its lead.

A screen asks one question of a recording, such as whether its beats look like those of people
with a myocardial infarction. It is not a label of beats and never changes one. Where the lead,
the rate or the signal is not what its model learned from, it does not answer, and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.kaggle_rows import ROW_LENGTH, beat_rows
from ectopy.beats.value import Beats
from ectopy.beats.window import WINDOW_LENGTH, beat_windows
from ectopy.errors import ModelError
from ectopy.labels.classify import predict
from ectopy.labels.models import load_card
from ectopy.recording.value import Recording

SCREENS: Final = MappingProxyType({"mi": "mi-ptbxl-v1"})
"""The screens there are, and the model that each one asks."""
MOST_BEATS: Final = 2000
"""Beats, spread over the recording, that are looked at."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What one screen says of a recording.

    Attributes
    ----------
    name
        Such as ``"mi"``.
    applied
        Whether it gave an answer.
    reason, cause
        Why it gave none, in a sentence and as ``"lead"``, ``"rate"`` or ``"beats"``; both empty
        where it did.
    lead
        The lead of the beats.
    beats
        Good beats that were looked at.
    probability
        Mean over the beats, None without an answer.
    threshold
        From where on the screen is positive.
    positive
        Whether the probability reaches the threshold, None without an answer.
    model, sha256
        The model that was asked, and the checksum of its weights.
    """

    name: str
    applied: bool
    reason: str
    cause: str
    lead: str
    beats: int
    probability: float | None
    threshold: float
    positive: bool | None
    model: str
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Give the answer with the figures and limits of its model, ready for JSON."""
        card = load_card(self.model)
        figures = card["figures"] if card["sha256"] == self.sha256 else None
        return {**asdict(self), "figures": figures, "limits": card["limits"]}


def screen(
    recording: Recording,
    beats: Beats,
    name: str = "mi",
    *,
    usable: NDArray[np.bool_] | None = None,
) -> Screen:
    """Ask one question of a whole recording.

    Parameters
    ----------
    recording
        The recording that the beats were found in.
    beats
        Beats of one of its leads; the answer is about that lead.
    name
        One of :data:`SCREENS`.
    usable
        Beats that may be looked at, shape ``(n,)``, such as those named normal; all by default.

    Raises
    ------
    ModelError
        If there is no such screen, or its model is damaged.
    """
    check_screen(name)
    card = load_card(SCREENS[name])
    good = beats.quality >= card["abstain"].get("quality_below", 0.0)
    if usable is not None:
        good &= usable
    cause, reason = _refusal(card, recording, beats)
    probability = None
    used = 0
    if not reason:
        lines = np.flatnonzero(good)
        lines = lines[np.linspace(0, len(lines) - 1, min(len(lines), MOST_BEATS)).astype(int)]
        inputs, whole = cut_for(card, recording, beats)(lines)
        used, least = int(whole.sum()), int(card["input"]["least_beats"])
        if used < least:
            cause = "beats"
            reason = f"only {used} good beats of normal shape; the model needs {least}"
        else:
            probability = float(positive_probability(card["name"], inputs[whole]).mean())
    threshold = float(card["threshold"])
    return Screen(
        name=name,
        applied=probability is not None,
        reason=reason,
        cause=cause,
        lead=beats.lead,
        beats=used,
        probability=probability,
        threshold=threshold,
        positive=None if probability is None else probability >= threshold,
        model=card["name"],
        sha256=card["sha256"],
    )


def check_screen(name: str) -> None:
    """Refuse a name that no screen has.

    Raises
    ------
    ModelError
        If there is no such screen; the message lists those there are.
    """
    if name not in SCREENS:
        raise ModelError(f"no screen named {name!r}; known screens: {', '.join(SCREENS)}")


Cutter = Callable[[NDArray[np.int64]], tuple[NDArray[np.float32], NDArray[np.bool_]]]


def cut_for(card: dict[str, Any], recording: Recording, beats: Beats) -> Cutter:
    """Give the function that cuts the inputs of some beats, ``(n, 1, length)``, as a card wants.

    Its second value says of which of them the recording holds everything.

    Raises
    ------
    ModelError
        If this version makes no such layout.
    """
    layout = card["input"].get("layout")
    if layout not in LENGTHS:
        raise ModelError(
            f"model {card['name']!r} wants beats in the layout {layout!r}; "
            f"a screen is made of {', '.join(LENGTHS)}"
        )
    column = recording.lead_index(beats.lead)
    signal = recording.signal[:, column]

    def windows(lines: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        cut, whole = beat_windows(signal, recording.fs, beats.sample[lines])
        return cut[:, None], whole

    def rows(lines: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        step = recording.resolution[column] if recording.resolution else None
        cut = beat_rows(signal, recording.fs, beats.sample, step)[lines]
        return cut[:, None], lines < len(beats) - 1  # the last beat has no next one

    return windows if layout == "beat-window" else rows


LENGTHS: Final = MappingProxyType({"beat-window": WINDOW_LENGTH, "kaggle-rows": ROW_LENGTH})
"""Layouts that a screen's model can name, and the values of one beat in each."""


def positive_probability(model: str, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability of the second of two classes for each input ``(n, 1, length)``.

    Raises
    ------
    ModelError
        If the model is unknown or damaged, or does not tell two classes apart.
    """
    card = load_card(model)
    if len(card["classes"]) != 2:
        raise ModelError(
            f"model {card['name']!r} tells {len(card['classes'])} classes apart; a screen needs a "
            "model of two, such as 'ectopy transfer' makes"
        )
    return predict(model, inputs)[:, 1]


def _refusal(card: dict[str, Any], recording: Recording, beats: Beats) -> tuple[str, str]:
    """Say why the model cannot be asked about this lead, in a word and a sentence, if it cannot."""
    wanted = card["input"]
    if beats.lead.casefold() not in {lead.casefold() for lead in wanted["leads"]}:
        held = [lead for lead in recording.leads if lead.casefold() == "ii"]
        hint = "; choose it with --lead" if held and "II" in wanted["leads"] else ""
        return "lead", (
            f"the model knows lead {' or '.join(wanted['leads'])} only, "
            f"these beats are of lead {beats.lead}{hint}"
        )
    if recording.fs < wanted["least_fs"]:
        return "rate", (
            f"the model needs {wanted['least_fs']:g} Hz or more, "
            f"this recording has {recording.fs:g} Hz"
        )
    return "", ""
