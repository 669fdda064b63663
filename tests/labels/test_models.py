"""A model is a directory with its contract, and nothing ever stands in for another."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ectopy.beats import find_beats
from ectopy.errors import ModelError
from ectopy.labels import AAMI_CLASSES, DEFAULT_MODEL, classify, list_models, load_card, models
from ectopy.simulate import simulate


@pytest.fixture(scope="module")
def found():
    recording = simulate(60, seed=1)
    return recording, find_beats(recording)


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(models._HERE / DEFAULT_MODEL, folder)
    return folder


def rewrite(folder, **changes):
    card = json.loads((folder / "card.json").read_text("utf-8"))
    for key, value in changes.items():
        card.pop(key) if value is None else card.update({key: value})
    (folder / "card.json").write_text(json.dumps(card), "utf-8")


@pytest.mark.parametrize("name", list_models())
def test_every_model_inside_is_whole(name):
    card = load_card(name)
    assert card["name"] == name
    network = models.load_network(name)
    assert len(network.get_inputs()) == 1
    assert card["training"]["command"]
    assert (models._HERE / name / "README.md").read_text("utf-8").startswith(f"# {name}")


def test_labels_hold_what_they_promise(found):
    labels = classify(*found)
    assert len(labels) == len(found[1])
    np.testing.assert_allclose(labels.probability.sum(axis=1), 1, atol=1e-5)
    named = np.array(AAMI_CLASSES)[labels.probability.argmax(axis=1)]
    np.testing.assert_array_equal(labels.aami, named)
    place = [AAMI_CLASSES.index(name) for name in named]
    np.testing.assert_array_equal(
        labels.confidence, labels.probability[np.arange(len(place)), place]
    )
    assert ((labels.reason != "") == labels.abstained).all()
    assert sum(labels.counts().values()) == len(labels)
    assert labels.sha256 == load_card(DEFAULT_MODEL)["sha256"]


def test_simulated_normal_beats_are_named_normal(found):
    recording = simulate(60, seed=2, pattern="N")
    labels = classify(recording, find_beats(recording))
    assert np.mean(labels.aami == "N") > 0.95


def test_the_last_beat_is_left_open(found):
    labels = classify(*found, model="cvxtz-kaggle-v1")
    assert labels.reason[-1]
    assert labels.abstained[-1]


def test_no_beats_no_labels(found):
    recording, beats = found
    none = type(beats)(beats.sample[:0], beats.quality[:0], beats.fs, beats.lead)
    assert len(classify(recording, none)) == 0


def test_noise_is_abstained_on(found):
    recording, beats = found
    poor = type(beats)(beats.sample, beats.quality * 0.1, beats.fs, beats.lead)
    labels = classify(recording, poor)
    assert labels.abstained.all()
    assert set(labels.reason) == {"noisy signal"}


def test_unknown_model_lists_the_known_ones(found):
    with pytest.raises(ModelError, match=f"no model named 'best-ever'.*{DEFAULT_MODEL}"):
        classify(*found, "best-ever")


def test_a_model_of_two_classes_says_what_it_is_for(found):
    with pytest.raises(ModelError, match="tells normal from infarction and does not name beats"):
        classify(*found, "mi-ptbxl-v1")


def test_a_model_directory_can_be_named_by_its_path(found, copy):
    labels = classify(*found, str(copy))
    np.testing.assert_array_equal(labels.aami, classify(*found).aami)


def test_a_model_can_be_named_by_the_run_that_made_it(found, copy):
    run = copy.parent / "run"
    run.mkdir()
    with pytest.raises(ModelError, match="or of the run that made it"):
        classify(*found, str(run))
    copy.rename(run / "model")
    labels = classify(*found, str(run))
    np.testing.assert_array_equal(labels.aami, classify(*found).aami)


def test_altered_weights_are_refused(found, copy):
    weights = bytearray((copy / "model.onnx").read_bytes())
    weights[5000] ^= 1
    (copy / "model.onnx").write_bytes(weights)
    with pytest.raises(ModelError, match="damaged: its weights have the checksum"):
        classify(*found, str(copy))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sha256": None}, "its card has no sha256"),
        ({"input": {"layout": "spectrogram"}}, "wants beats in the layout 'spectrogram'"),
        ({"input": {"layout": "kaggle-rows", "fs": 125, "length": 187}}, "fs 125, not 120"),
        ({"classes": ["V", "N", "S", "F", "Q"]}, "its classes are V N S F Q"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(found, copy, changes, says):
    rewrite(copy, **changes)
    with pytest.raises(ModelError, match=says):
        classify(*found, str(copy))


def test_a_card_that_is_no_json_is_refused(found, copy):
    (copy / "card.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match=r"damaged: card\.json cannot be read"):
        classify(*found, str(copy))


@pytest.mark.data
def test_the_shipped_figures_are_what_the_weights_give(data):
    """The test rows of the published split, through ONNX Runtime, once more."""
    from ectopy.datasets.kaggle import make_rows
    from ectopy.labels.scores import confusion, macro_f1

    rows = make_rows(data / "mitdb")
    card = load_card("cvxtz-kaggle-v1")
    network = models.load_network("cvxtz-kaggle-v1")
    X, y = rows.X[rows.is_test], rows.y[rows.is_test]
    predicted = np.concatenate(
        [
            network.run(None, {"rows": X[k : k + 4096, None]})[0].argmax(1)
            for k in range(0, len(X), 4096)
        ]
    )
    table = confusion(y, predicted)
    assert np.abs(table - np.array(card["figures"]["confusion"])).sum() <= 4
    assert np.trace(table) / table.sum() >= 0.983
    assert macro_f1(table) >= 0.910


def test_probabilities_are_averaged_over_the_leads_where_the_card_says_so(found, copy):
    recording, beats = found
    assert (beats.lead, beats.others) == ("II", ("V1",))
    card = json.loads((copy / "card.json").read_text("utf-8"))

    def named(of, leads=None):
        rewrite(copy, input=card["input"] | {"leads": leads}, decide={})
        return classify(recording, of, str(copy)).probability

    alone = [named(replace(beats, lead=lead)) for lead in ("II", "V1")]
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    np.testing.assert_array_equal(named(beats), alone[0])
    np.testing.assert_allclose(named(beats, "mean"), np.mean(alone, axis=0), atol=1e-6)
    assert find_beats(recording, "II").others == ()


def test_beats_of_another_recording_are_refused(found):
    from ectopy.errors import RecordingError

    recording, beats = found
    other_rate = type(beats)(beats.sample, beats.quality, 500.0, beats.lead)
    beyond = type(beats)(beats.sample + recording.n_samples, beats.quality, beats.fs, beats.lead)
    for wrong in (other_rate, beyond):
        with pytest.raises(RecordingError, match="are not of this recording"):
            classify(recording, wrong)
    with pytest.raises(RecordingError, match="whole sample numbers"):
        type(beats)(np.array([1.5, 2.7]), np.ones(2), 250.0, "II")
