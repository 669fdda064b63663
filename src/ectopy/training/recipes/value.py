"""What a recipe is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from torch import Tensor, nn

from ectopy.errors import TrainingError
from ectopy.training.augment import Warp
from ectopy.training.rebalance import Rebalance
from ectopy.training.schedules import Constant, Schedule


@dataclass(frozen=True)
class Recipe:
    """A network with the settings of its training.

    Attributes
    ----------
    network
        Makes the untrained network: rows ``(batch, 1, 187)`` → logits ``(batch, 5)``.
    source
        Where the recipe comes from.
    version
        Goes up when the network or its training changes; names of models end in it.
    batch
        Rows per step.
    learning_rate, schedule
        First learning rate, and how it falls.
    weight_decay
        Of weight matrices (AdamW); 0 is plain Adam.
    epochs
        The most epochs.
    watch
        The validation figure that chooses the epoch to keep.
    patience
        Epochs without a better figure before training stops; None to never stop early.
    validation
        Share of the training part that is held out to choose the epoch.
    rebalance
        What is done about rare classes.
    share_of_n
        Share of the N rows that one epoch learns from, others in each. The loss adds its
        logarithm to the logit of N, so that probabilities stay those of all rows.
    beside
        Tells something of rows as they are, before they are changed: rows ``(batch, 1, 187)`` →
        ``(batch, 1, 187)``, which the network is given as a second channel. Of rows alone it tells
        it by itself. None for nothing.
    decide
        Factor of a class's probability when beats are named, 1 where there is none.
    noise
        Standard deviation of white noise on every training row, drawn anew at every step.
    warp
        Other changes to training rows, or None.
    mixup
        Parameter of the Beta distribution of mixup; 0 for none.
    smoothing
        Label smoothing.
    average
        Decay per step of a running average of the weights, which is then the network that is
        judged and kept; 0 for none.
    bfloat16
        Whether to train in mixed bfloat16 precision, twice as quick on processors that know it.
    """

    name: str
    network: Callable[[], nn.Module]
    source: str
    version: int = 1
    batch: int = 32
    learning_rate: float = 1e-3
    schedule: Schedule = field(default_factory=Constant)
    weight_decay: float = 0.0
    epochs: int = 100
    watch: Literal["accuracy", "loss", "macro_f1"] = "accuracy"
    patience: int | None = None
    validation: float = 0.1
    rebalance: Rebalance = field(default_factory=Rebalance)
    share_of_n: float = 1.0
    beside: Callable[[Tensor], Tensor] | None = None
    decide: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.0
    warp: Warp | None = None
    mixup: float = 0.0
    smoothing: float = 0.0
    average: float = 0.0
    bfloat16: bool = False

    def __post_init__(self) -> None:
        for name in ("batch", "epochs"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if not 0 <= self.noise < float("inf"):
            raise TrainingError(f"noise must be 0 or a positive number, not {self.noise}")

    def to_dict(self) -> dict[str, Any]:
        """Give the settings as plain values; functions, schedule and network by name."""
        plain = {**vars(self), "network": getattr(self.network, "__name__", self.name)}
        plain["beside"] = self.beside.__name__ if self.beside else None
        plain["decide"] = dict(self.decide)
        plain["schedule"] = {"kind": type(self.schedule).__name__, **vars(self.schedule)}
        plain["rebalance"] = asdict(self.rebalance)
        plain["warp"] = asdict(self.warp) if self.warp else None
        return plain
