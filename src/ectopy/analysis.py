"""Recording → Beats → Labels → rhythm, put together: the only module that composes the stages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.value import Beats
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.value import Labels
from ectopy.recording.value import Recording
from ectopy.rhythm import Rhythm


@dataclass(frozen=True, eq=False, slots=True)
class Analysis:
    """Everything that was found in one recording.

    Attributes
    ----------
    recording, beats, labels
        The values of the three stages.
    rhythm
        Rate, pauses, runs and irregularity.
    settings
        The options the analysis was made with.
    software
        Name and version, such as ``"ectopy 0.1.0"``.
    """

    recording: Recording
    beats: Beats
    labels: Labels
    rhythm: Rhythm
    settings: dict[str, str]
    software: str

    def to_dict(self) -> dict[str, Any]:
        """Give everything but the signal as plain lists, numbers and text, ready for JSON.

        Returns
        -------
        dict
            `recording`, `lead`, `classes`, `beats` (lists of one entry a beat, `probability`
            of the named class and `probabilities` of all of `classes`), `bad` stretches,
            `counts`, `rhythm`, `model`, `settings` and `software`. What is not known is None,
            never NaN; `sample`, `start` and `stop` count at the recording's own rate.
        """
        recording, labels = self.recording, self.labels
        return {
            "software": self.software,
            "recording": {
                "path": recording.source.path,
                "format": recording.source.format,
                "fs": recording.fs,
                "leads": list(recording.leads),
                "n_samples": recording.n_samples,
                "duration_s": recording.duration_s,
                "start": recording.start.isoformat() if recording.start else None,
                "inferred": [asdict(fact) for fact in recording.source.inferred],
            },
            "model": {"name": labels.model, "sha256": labels.sha256},
            "settings": dict(self.settings),
            "lead": self.beats.lead,
            "classes": list(AAMI_CLASSES),
            "counts": labels.counts(),
            "rhythm": self.rhythm.to_dict(),
            "bad": [asdict(stretch) for stretch in self.beats.bad],
            "beats": {
                "sample": self.beats.sample.tolist(),
                "time_s": _plain(self.beats.time_s),
                "label": labels.aami.tolist(),
                "probability": _plain(labels.confidence),
                "rr_s": _plain(self.beats.rr_s),
                "quality": _plain(self.beats.quality),
                "abstained": labels.abstained.tolist(),
                "reason": labels.reason.tolist(),
                "probabilities": _plain(labels.probability),
            },
        }


def _plain(values: NDArray[np.floating[Any]]) -> list[Any]:
    """Give numbers as lists with six digits behind the point, NaN as None."""
    objects = np.round(values.astype(np.float64), 6).astype(object)
    objects[np.isnan(values)] = None
    plain: list[Any] = objects.tolist()
    return plain
