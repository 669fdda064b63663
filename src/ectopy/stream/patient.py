"""What a stream keeps of its patient, and how each beat is named beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.context import (
    REACH,
    Habit,
    context_blocks,
    describe_beats,
    fits_habit,
    learn_habit,
)
from ectopy.errors import ModelError
from ectopy.labels import DEFAULT_MODEL, load_card
from ectopy.labels.classify import MEAN, combine, find_layout, probabilities, reasons, unlike
from ectopy.labels.models import load_network
from ectopy.stream.tail import Tail

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MEMORY_BEATS: Final = 900
"""Beats that are kept, about twelve minutes: the typical beat and the shapes are theirs."""
NEAR_BEATS: Final = 400
"""How many of them new beats are described beside."""
LEARN_S: Final = 30.0
"""Seconds after which the patient's typical beat and shapes are learned anew…"""
LEARN_GROWTH: Final = 1.25
"""…or sooner, while the beats that are kept have grown by this factor…"""
LEARN_SHAPE_S: Final = 10.0
"""…or once a beat came that is of no known shape, but not more often than this."""


@dataclass(frozen=True, eq=False, slots=True)
class Heard:
    """Beats as they come in: places, cuts ``(n, 193)``, intervals before in seconds, quality."""

    sample: NDArray[np.int64]
    cuts: NDArray[np.float32]
    rr: NDArray[np.float64]
    quality: NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Named:
    """What beats were named: as in :class:`ectopy.labels.Labels`."""

    label: list[str]
    probability: NDArray[np.float32]
    confidence: NDArray[np.float32]
    reason: list[str]


class Memory:
    """The last beats of a patient in one lead, and what new ones are held against."""

    def __init__(self) -> None:
        self._sample = Tail(MEMORY_BEATS, None, np.int64)
        self._cuts = Tail(MEMORY_BEATS, 2 * REACH + 1, np.float32)
        self._rr = Tail(MEMORY_BEATS, None, np.float64)
        self._quality = Tail(MEMORY_BEATS, None, np.float32)
        self._habit: Habit | None = None
        self._learned_s, self._learned_from = 0.0, 0

    def renew(self, sample: NDArray[np.int64], cuts: NDArray[np.float32]) -> None:
        """Put better cuts in the place of those of these beats, as far as they are kept."""
        kept = self._sample.rows
        place = np.minimum(np.searchsorted(kept, sample), len(kept) - 1)
        if len(kept):
            same = kept[place] == sample
            self._cuts.rows[place[same]] = cuts[same]

    def describe(self, fresh: Heard, ahead: Heard, now_s: float) -> NDArray[np.float32]:
        """Keep beats that are final and describe them, with a look at those after them."""
        self._sample.add(fresh.sample)
        self._cuts.add(fresh.cuts)
        self._rr.add(fresh.rr)
        self._quality.add(fresh.quality)
        near = slice(-max(NEAR_BEATS, len(fresh.cuts)), None)
        cuts = np.concatenate([self._cuts.rows[near], ahead.cuts])
        rr = np.concatenate([self._rr.rows[near], ahead.rr])
        quality = np.concatenate([self._quality.rows[near], ahead.quality])
        habit = self._habit_of(fresh, ahead, now_s)
        first, n = len(cuts) - len(ahead.cuts) - len(fresh.cuts), len(fresh.cuts)
        after = np.append(rr[1:], np.nan)
        return describe_beats(cuts, rr, after, quality, habit)[first : first + n]

    def _habit_of(self, fresh: Heard, ahead: Heard, now_s: float) -> Habit:
        """What beats are held against now, learned anew where it is time."""
        since, n = now_s - self._learned_s, len(self._rr.rows) + len(ahead.rr)
        if (
            self._habit is None
            or since >= LEARN_S
            or n >= LEARN_GROWTH * self._learned_from
            or (since >= LEARN_SHAPE_S and not fits_habit(fresh.cuts, self._habit).all())
        ):
            self._habit = learn_habit(
                np.concatenate([self._cuts.rows, ahead.cuts]),
                np.concatenate([self._rr.rows, ahead.rr]),
            )
            self._learned_s, self._learned_from = now_s, n
        return self._habit


class Patient:
    """The last beats of a patient in each lead, and the model that names the next.

    Parameters
    ----------
    n_leads
        Leads that beats are looked for in.
    model
        Name or directory of a model that sees beats beside their patient; the default model if
        it is None.

    Attributes
    ----------
    card
        The model's card.
    n_leads
        Leads that the model looks at, the first of those given: one, unless its card says that
        probabilities are averaged.

    Raises
    ------
    ModelError
        If there is no such model, or it is damaged, or wants beats cut in another way.
    """

    def __init__(self, n_leads: int, model: str | None = None) -> None:
        name = model or DEFAULT_MODEL
        self.card: dict[str, Any] = load_card(name)
        if find_layout(self.card).cut is not context_blocks:
            raise ModelError(
                f"model {self.card['name']!r} sees each beat up to the next one and cannot name "
                f"beats while they come; use {DEFAULT_MODEL} or another of layout 'context'"
            )
        self._network: InferenceSession = load_network(name)
        self.n_leads = n_leads if self.card["input"].get("leads") == MEAN else 1
        self._memory = [Memory() for _ in range(self.n_leads)]

    def renew(self, lead: int, sample: NDArray[np.int64], cuts: NDArray[np.float32]) -> None:
        """Put better cuts in the place of those of these beats in a lead."""
        self._memory[lead].renew(sample, cuts)

    def name(self, heard: dict[int, tuple[Heard, ...]], now_s: float) -> Named:
        """Name beats, and keep them.

        Parameters
        ----------
        heard
            For each lead that can be looked at, the first among them: beats that are final, one
            at least, and beats after them that may still change, which are not kept.
        now_s
            Time of the stream.
        """
        inputs = [
            self._memory[lead].describe(fresh, ahead, now_s)
            for lead, (fresh, ahead) in heard.items()
        ]
        given = [probabilities(self._network, self.card, one) for one in inputs]
        probability = combine(self.card, given)
        chosen, confidence = probability.argmax(axis=1), probability.max(axis=1)
        strange = np.all([unlike(self.card, one) for one in inputs], axis=0)
        return Named(
            label=[self.card["classes"][k] for k in chosen],
            probability=probability,
            confidence=confidence,
            reason=reasons(self.card, heard[0][0].quality, confidence, strange).tolist(),
        )
