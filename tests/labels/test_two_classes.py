"""Figures of two classes: by hand, against scikit-learn, and by patient."""

import numpy as np
import pytest

from ectopy.errors import DatasetError
from ectopy.labels.two_classes import auroc, best_threshold, by_patient, rates, score_two


def test_auroc_is_that_of_scikit_learn_ties_and_all():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 300)
    probability = np.round(random.random(300) * 0.6 + 0.3 * y, 1)
    assert auroc(y, probability) == pytest.approx(metrics.roc_auc_score(y, probability))
    assert np.isnan(auroc(np.ones(4), np.arange(4)))


def test_rates_by_hand():
    found = rates(np.array([1, 1, 1, 0, 0]), np.array([0.9, 0.8, 0.1, 0.7, 0.2]), 0.5)
    assert found["se"] == pytest.approx(2 / 3)
    assert found["sp"] == pytest.approx(1 / 2)
    assert found["f1"] == pytest.approx(4 / 6)
    assert found["balanced_accuracy"] == pytest.approx(7 / 12)


def test_the_threshold_lies_between_the_two_probabilities_it_parts():
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    assert best_threshold(y, p) == pytest.approx(0.4)
    assert rates(y, p, best_threshold(y, p))["balanced_accuracy"] == 1


def test_a_patient_is_the_mean_of_all_their_beats():
    y = np.array([1, 1, 1, 0, 0])
    p = np.array([0.2, 0.4, 0.9, 0.3, 0.1])
    true, mean, names = by_patient(y, p, np.array(["b", "b", "b", "a", "a"]))
    assert (names.tolist(), true.tolist()) == (["a", "b"], [0, 1])
    np.testing.assert_allclose(mean, [0.2, 0.5])
    with pytest.raises(DatasetError, match="both classes"):
        by_patient(y, p, np.array(["a"] * 5))


def test_intervals_are_over_patients_and_not_over_their_beats():
    random = np.random.default_rng(0)
    y = np.repeat([0, 1], 30)
    p = np.clip(0.5 * random.random(60) + 0.3 * y, 0, 1)
    names = np.array([f"p{k}" for k in range(60)])
    few = score_two(y, p, names, 0.5)
    many = score_two(np.repeat(y, 50), np.repeat(p, 50), np.repeat(names, 50), 0.5)
    assert many["patient"] == few["patient"]
    low, high = few["patient"]["auroc_interval"]
    assert low < few["patient"]["auroc"] < high
    assert "patient" not in score_two(y, p, None, 0.5)
