"""Figures, checked against scikit-learn and by hand."""

import numpy as np
import pytest
from scipy.special import softmax

from ectopy.labels.classify import combine
from ectopy.labels.scores import (
    class_scores,
    confusion,
    expected_calibration_error,
    fit_temperature,
    macro_f1,
    score,
)


@pytest.fixture
def drawn():
    random = np.random.default_rng(0)
    y = random.choice(5, 20_000, p=[0.7, 0.1, 0.1, 0.05, 0.05])
    logits = random.normal(size=(20_000, 5)) + 2 * np.eye(5)[y]
    return y, logits


def test_scores_agree_with_scikit_learn(drawn):
    metrics = pytest.importorskip("sklearn.metrics")
    y, logits = drawn
    predicted = logits.argmax(1)
    table = confusion(y, predicted)
    np.testing.assert_array_equal(table, metrics.confusion_matrix(y, predicted))
    assert macro_f1(table) == pytest.approx(metrics.f1_score(y, predicted, average="macro"))
    recall = metrics.recall_score(y, predicted, average=None)
    assert [row["se"] for row in class_scores(table).values()] == pytest.approx(recall)


def test_a_class_that_never_occurs_is_none_and_left_out():
    table = np.diag([5, 3, 0, 0, 0])
    assert class_scores(table)["V"] == {"se": None, "ppv": None, "f1": None, "support": 0}
    assert macro_f1(table) == 1


def test_temperature_undoes_overconfidence(drawn):
    _, logits = drawn
    random = np.random.default_rng(1)
    p = softmax(logits, axis=1)
    drawn_y = np.array([random.choice(5, p=row) for row in p])
    assert fit_temperature(drawn_y, 3 * logits) == pytest.approx(3, rel=0.1)
    assert expected_calibration_error(drawn_y, p) < 0.02
    assert expected_calibration_error(drawn_y, softmax(3 * logits, axis=1)) > 0.1


def test_figures_are_of_the_probabilities_as_a_card_weighs_them(drawn):
    y, logits = drawn
    card = {"classes": list("NSVFQ"), "decide": {"F": 0.1}}
    p = softmax(logits, axis=1).astype(np.float32)
    weighed = combine(card, [p])
    named = (p * [1, 1, 1, 0.1, 1]).argmax(axis=1)
    assert (named != p.argmax(axis=1)).sum() > 100
    figures = score(y, weighed)
    assert figures["accuracy"] == (named == y).mean()
    assert figures["confusion"] == confusion(y, named).tolist()
    # by hand: the confidence of a bin is the mean probability of the class that was named
    confidence = weighed[np.arange(len(y)), named].astype(float)
    gaps = 0.0
    for k in range(15):
        low, high = k / 15, (k + 1) / 15
        held = (confidence >= low) & ((confidence < high) if k < 14 else True)
        gaps += abs((confidence[held] - (named == y)[held]).sum())
    assert figures["ece"] == pytest.approx(gaps / len(y), abs=1e-4)
    assert figures["ece"] != pytest.approx(expected_calibration_error(y, p), abs=1e-4)


def test_intervals_hold_the_figure_and_widen_with_fewer_patients(drawn):
    y, logits = drawn
    p = softmax(logits, axis=1)
    by_beat = score(y, p)
    patients = np.repeat(["a", "b", "c", "d", "e", "f", "g", "h"], 2500)
    worse = p.copy()
    worse[patients == "a"] = np.roll(worse[patients == "a"], 1, axis=1)
    by_patient = score(y, worse, patients)
    low, high = by_beat["accuracy_interval"]
    assert low < by_beat["accuracy"] < high
    width = np.ptp(by_patient["accuracy_interval"])
    assert width > 3 * (high - low)
