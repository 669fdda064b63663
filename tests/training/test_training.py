"""Training: it learns, it can be interrupted, and it exports what it trained or nothing."""

import csv
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")

from ectopy.datasets.kaggle import KaggleRows, write_rows  # noqa: E402
from ectopy.errors import TrainingError  # noqa: E402
from ectopy.labels import load_card  # noqa: E402
from ectopy.labels.models import load_network  # noqa: E402
from ectopy.training import export  # noqa: E402
from ectopy.training.fit import Rows, fit, hold_out, predict  # noqa: E402
from ectopy.training.recipes import RECIPES, find_recipe  # noqa: E402
from ectopy.training.recipes.cvxtz import Cvxtz  # noqa: E402
from ectopy.training.train import Options, train  # noqa: E402


def made_up_rows(n=600, seed=0):
    """Rows whose class is where the bump is: easy to learn."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 5, n).astype(np.int8)
    at = np.arange(187)
    X = np.exp(-(((at - 20 - 30 * y[:, None]) / 6.0) ** 2)) + random.normal(0, 0.05, (n, 187))
    return Rows(X.astype(np.float32), y)


@pytest.fixture(scope="module")
def quick():
    from dataclasses import replace

    return replace(find_recipe("cvxtz"), epochs=3, batch=32)


def metrics(run):
    with (run / "metrics.csv").open() as stream:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]


def test_cvxtz_has_the_published_size():
    assert sum(p.numel() for p in Cvxtz().parameters()) == 254_901


def test_it_learns(quick, tmp_path):
    network = fit(quick, made_up_rows(1500), made_up_rows(200, 1), tmp_path)
    fresh = made_up_rows(200, 2)
    assert (predict(network, fresh.X[:, None]).argmax(1) == fresh.y).mean() > 0.95
    assert metrics(tmp_path)[-1]["validation_accuracy"] > 0.95


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(quick, tmp_path):
    rows, held = made_up_rows(), made_up_rows(100, 1)
    whole = fit(quick, rows, held, tmp_path / "whole", seed=3)

    class PowerCutError(Exception):
        pass

    def stop(epoch, share):
        if epoch.epoch == 2 and share < 1:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        fit(quick, rows, held, tmp_path / "parts", seed=3, report=stop)
    parts = fit(quick, rows, held, tmp_path / "parts", seed=3, resume=True)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")


def test_a_taken_run_folder_is_refused(quick, tmp_path):
    rows = made_up_rows(100)
    fit(quick, rows, rows, tmp_path)
    with pytest.raises(TrainingError, match="--resume or choose another -o"):
        fit(quick, rows, rows, tmp_path)
    with pytest.raises(TrainingError, match="begun with other settings"):
        fit(quick, rows, rows, tmp_path, seed=9, resume=True)


def test_validation_keeps_classes_or_patients_together():
    y = np.repeat(np.arange(5, dtype=np.int8), 100)
    record = np.tile(["a", "b", "c", "d", "e"], 100)
    held = hold_out(y, record, 0.1, by_patient=False, seed=0)
    assert np.bincount(y[held]).tolist() == [10] * 5
    held = hold_out(y, record, 0.2, by_patient=True, seed=0)
    assert len(set(record[held])) == 1
    assert not set(record[held]) & set(record[~held])


def test_export_gives_the_same_logits(tmp_path):
    network = Cvxtz().eval()
    rows = made_up_rows(300).X[:, None]
    difference = export.export_onnx(network, rows, tmp_path / "model.onnx")
    assert difference <= 1e-4
    stored = (tmp_path / "model.onnx").read_bytes()
    assert b"site-packages" not in stored
    assert b".py" not in stored


def test_export_refuses_what_onnx_gets_wrong(tmp_path, monkeypatch):
    network = Cvxtz().eval()
    honest = export.predict
    monkeypatch.setattr(export, "predict", lambda *given: honest(*given) + 2e-4)
    with pytest.raises(TrainingError, match="nothing was exported"):
        export.export_onnx(network, made_up_rows(50).X[:, None], tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_run_leaves_everything_that_was_promised(tmp_path):
    rows = made_up_rows(1000)
    records = np.array(["100", "101", "103", "106"])[np.arange(1000) % 4]
    is_test = np.arange(1000) % 5 == 0
    order = np.where(is_test, np.cumsum(is_test) - 1, -1).astype(np.int32)
    write_rows(KaggleRows(rows.X, rows.y, records, np.arange(1000), is_test, order), tmp_path)
    for split in ("kaggle", "ds1-ds2"):
        run = tmp_path / split
        outcome = train("cvxtz", tmp_path, split, run, options=Options(epochs=2))
        made = {path.name for path in run.iterdir()}
        assert made == {
            "settings.json", "metrics.csv", "checkpoint.pt", "best.pt",
            "curves.png", "confusion.png", "report.txt", "figures.json", "model",
        }  # fmt: skip
        card = load_card(str(outcome.model))
        assert load_network(str(outcome.model))
        assert card["name"] == f"cvxtz-{split}-v1"
        assert card["training"]["patient_mixed"] == (split == "kaggle")
        assert card["figures"] == json.loads((run / "figures.json").read_text())
        expected = 200 if split == "kaggle" else 500
        assert card["figures"]["rows"] == expected


def test_unknown_recipe_lists_the_known_ones():
    with pytest.raises(TrainingError, match=", ".join(RECIPES)):
        find_recipe("resnet")
