from collections.abc import Callable

import numpy as np
import pytest

from ectopy.analysis import Analysis
from ectopy.beats.value import Beats, Stretch
from ectopy.labels.aami import AAMI_CLASSES, aami_class
from ectopy.labels.value import Labels
from ectopy.recording.value import Recording
from ectopy.rhythm import find_rhythm
from ectopy.simulate import simulate


def make_analysis(
    recording: Recording, *, bad: tuple[Stretch, ...] = (), lead: int = 0, seed: int = 0
) -> Analysis:
    """Take the reference annotations for beats, with random probabilities; some abstain."""
    rng = np.random.default_rng(seed)
    annotations = recording.annotations
    named = [
        (sample, aami_class(symbol))
        for sample, symbol in zip(annotations.sample, annotations.symbol, strict=True)
        if aami_class(str(symbol))
    ]
    n = len(named)
    sample = np.array([sample for sample, _ in named], dtype=np.int64)
    names = np.array([name for _, name in named], dtype="<U1")
    column = np.array([AAMI_CLASSES.index(name) for name in names], dtype=int)
    confidence = 1 - 0.49 * rng.beta(0.4, 2, n)
    probability = np.zeros((n, 5), dtype=np.float32)
    probability[np.arange(n), column] = confidence
    probability[np.arange(n), (column + rng.integers(1, 5, n)) % 5] = 1 - confidence
    abstained = confidence < 0.7
    name = recording.leads[lead]
    quality = rng.uniform(0.4, 1, n).astype(np.float32)
    beats = Beats(sample, quality, recording.fs, name, bad)
    labels = Labels(
        names,
        probability,
        abstained,
        np.where(abstained, "no class is likely enough", ""),
        "some-model",
        "ab" * 32,
    )
    rhythm = find_rhythm(beats, labels, duration_s=recording.duration_s)
    return Analysis(recording, beats, labels, rhythm, {"lead": name}, "ectopy 0.1.0")


@pytest.fixture(scope="session")
def analysis_of() -> Callable[..., Analysis]:
    return make_analysis


@pytest.fixture(scope="session")
def five_minutes() -> Analysis:
    """Five minutes with beats of the classes N, S, V and F, some of which are left unnamed."""
    analysis = make_analysis(simulate(300, 250, seed=3))
    assert analysis.labels.abstained.any()
    return analysis
