"""Recording → Beats → Labels → rhythm, put together: the only module that composes the stages."""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.beats.value import Beats
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
