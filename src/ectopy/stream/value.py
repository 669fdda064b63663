"""What a stream gives: beats, each once and for good."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat, final.

    The names are those of the beats in the JSON of ``ectopy analyze``.

    Attributes
    ----------
    sample
        The R peak, counted in samples since the stream began, missing ones included.
    time_s
        Its time in seconds since then.
    label
        Class, one of ``N S V F Q``.
    probability
        Probability of that class.
    rr_s
        Interval from the preceding beat in seconds; None for the first beat, and where missing,
        flat or saturated signal or a change of the rate lies between.
    quality
        From 1 (clean signal) to 0 (nothing but noise).
    abstained
        The model would rather not say; `label` is then a mere guess.
    reason
        Why it abstained, empty where it did not.
    probabilities
        Probabilities of ``N S V F Q``.
    latency_s
        Seconds of signal that had come after the R peak when this was decided, at most 3.
    """

    sample: int
    time_s: float
    label: str
    probability: float
    rr_s: float | None
    quality: float
    abstained: bool
    reason: str
    probabilities: tuple[float, ...]
    latency_s: float

    def to_dict(self) -> dict[str, Any]:
        """Give the same under the same names, ready for JSON: six digits behind the point."""
        values = asdict(self)
        for name, value in values.items():
            if isinstance(value, float):
                values[name] = round(value, 6)
        values["probabilities"] = [round(value, 6) for value in self.probabilities]
        return values
