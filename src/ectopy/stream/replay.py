"""The live path over a recording: what a stream of it would have given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ectopy import __version__
from ectopy.analysis import Analysis, check_signal
from ectopy.beats.value import Beats, Stretch
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.value import Labels
from ectopy.recording.value import Recording
from ectopy.rhythm import find_rhythm
from ectopy.stream.live import LATENCY_S, Stream
from ectopy.stream.value import Beat

_BLOCK_S: Final = 60.0


def replay(
    recording: Recording,
    *,
    lead: str | int | None = None,
    model: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Analysis:
    """Analyse a recording as a stream of it would be: each beat by what came before it.

    Parameters
    ----------
    recording
        Any ECG, see :func:`ectopy.read`.
    lead
        As for :class:`ectopy.stream.Stream`.
    model
        Name of a model, see :func:`ectopy.list_models`, or path of a model directory.
    progress
        Called with the share of the work that is done, 0 to 1.

    Returns
    -------
    Analysis
        The beats of :class:`ectopy.stream.Stream`, to the bit. :func:`ectopy.analyze`, which
        looks at what comes after as well, is the wiser of the two.

    Raises
    ------
    UnknownLeadError, ModelError
        As for :class:`ectopy.stream.Stream`.
    RecordingError
        If the lead is missing, flat or saturated from end to end.
    """
    stream = Stream(recording.fs, recording.leads, lead=lead, model=model)
    found: list[Beat] = []
    bad: list[Stretch] = []
    block = round(_BLOCK_S * recording.fs)
    for first in range(0, recording.n_samples, block):
        found += stream.push(recording.signal[first : first + block])
        bad += stream.take_bad()
        if progress:
            progress(min(1.0, (first + block) / recording.n_samples))
    found += stream.finish()
    bad += stream.take_bad()
    beats = Beats(
        sample=np.array([beat.sample for beat in found], np.int64),
        quality=np.array([beat.quality for beat in found], np.float32),
        fs=recording.fs,
        lead=stream.lead,
        bad=tuple(sorted(bad, key=lambda stretch: (stretch.start, stretch.stop))),
    )
    check_signal(recording, beats)
    labels = _labels(found, stream)
    return Analysis(
        recording=recording,
        beats=beats,
        labels=labels,
        rhythm=find_rhythm(beats, labels, duration_s=recording.duration_s),
        settings={
            "lead": "chosen by ectopy" if lead is None else str(lead),
            "model": labels.model,
            "live": f"each beat final within {LATENCY_S:g} s",
        },
        software=f"ectopy {__version__}",
    )


def _labels(found: list[Beat], stream: Stream) -> Labels:
    rows = [beat.probabilities for beat in found]
    return Labels(
        aami=np.array([beat.label for beat in found], "<U1"),
        probability=np.array(rows, np.float32).reshape(-1, len(AAMI_CLASSES)),
        abstained=np.array([beat.abstained for beat in found], bool),
        reason=np.array([beat.reason for beat in found], str),
        model=stream.model["name"],
        sha256=stream.model["sha256"],
    )
