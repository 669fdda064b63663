"""Why a beat was named so: what moves the model must show, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

import ectopy
from ectopy.analysis import Analysis
from ectopy.errors import ModelError
from ectopy.explain import explain
from ectopy.simulate import simulate


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return ectopy.analyze(simulate(180, 250, seed=3))


def sure_beat(analysis: Analysis, label: str) -> int:
    """The surest beat of a class with an interval on both sides."""
    labels = analysis.labels
    inner = (np.arange(len(labels)) > 3) & (np.arange(len(labels)) < len(labels) - 3)
    of_class = np.flatnonzero((labels.aami == label) & inner)
    return int(of_class[labels.confidence[of_class].argmax()])


def test_the_qrs_speaks_most_for_a_ventricular_beat(analysis: Analysis) -> None:
    why = explain(analysis, sure_beat(analysis, "V"))
    assert why.label == "V"
    assert abs(why.time_s[why.evidence.argmax()]) < 0.2
    assert why.probability.argmax() == 2
    assert "QRS" in why.says
    assert why.before_s is not None
    assert why.typical_s is not None
    assert why.before_s < 0.85 * why.typical_s
    assert "early" in why.timing_says


def test_timing_speaks_for_a_supraventricular_beat(analysis: Analysis) -> None:
    why = explain(analysis, sure_beat(analysis, "S"))
    assert why.on_time is not None
    assert why.probability[1] - why.on_time[1] > 0.3
    assert "had it come on time, S would be less likely" in why.timing_says


def test_an_ordinary_beat_comes_on_time(analysis: Analysis) -> None:
    labels = analysis.labels.aami
    calm = [k for k in range(20, len(labels) - 5) if (labels[k - 3 : k + 4] == "N").all()]
    why = explain(analysis, calm[0])
    assert why.on_time is not None
    assert why.on_time.argmax() == 0
    assert why.before_s == pytest.approx(why.typical_s, rel=0.2)


def test_the_ends_and_other_models_are_explained_too(analysis: Analysis) -> None:
    first, last = explain(analysis, 0), explain(analysis, len(analysis.beats) - 1)
    assert first.before_s is None
    assert first.on_time is None
    assert last.after_s is None
    rows = ectopy.classify(analysis.recording, analysis.beats, "cvxtz-ds1-ds2-v1")
    other = explain(replace(analysis, labels=rows), sure_beat(analysis, "V"))
    # this model sees the beat from R on: what lies before says nothing
    assert np.abs(other.evidence[other.time_s < -0.1]).max() < 1e-3
    assert np.abs(other.evidence[other.time_s > 0]).max() > 1e-3
    with pytest.raises(ModelError, match="no beat"):
        explain(analysis, len(analysis.beats))
