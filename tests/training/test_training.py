"""Training: it learns, it can be interrupted, and it exports what it trained or nothing."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")

from click.testing import CliRunner  # noqa: E402

from ectopy._files import replacing  # noqa: E402
from ectopy.cli import main  # noqa: E402
from ectopy.datasets import kaggle  # noqa: E402
from ectopy.datasets.kaggle import KaggleRows, write_rows  # noqa: E402
from ectopy.errors import DatasetError, TrainingError  # noqa: E402
from ectopy.labels import load_card  # noqa: E402
from ectopy.labels.models import load_network  # noqa: E402
from ectopy.training import export  # noqa: E402
from ectopy.training.fit import Rows, fit, held_of, hold_out, predict  # noqa: E402
from ectopy.training.rebalance import Rebalance  # noqa: E402
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


def metrics(run):
    with (run / "metrics.csv").open() as stream:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]


def test_it_learns(tmp_path):
    network = fit(
        replace(find_recipe("cvxtz"), epochs=3), made_up_rows(1500), made_up_rows(200, 1), tmp_path
    )
    fresh = made_up_rows(200, 2)
    assert (predict(network, fresh.X[:, None]).argmax(1) == fresh.y).mean() > 0.95
    assert metrics(tmp_path)[-1]["validation_accuracy"] > 0.95


class RowAlone(torch.nn.Module):
    """Leaves out what a recipe puts beside a row."""

    def forward(self, rows):
        return rows[:, 0]


def tiny(name, **changed):
    """A recipe of which everything is kept but its network, so that it is quick."""

    def network():
        layers = RowAlone(), torch.nn.BatchNorm1d(187), torch.nn.Dropout(0.1)
        return torch.nn.Sequential(*layers, torch.nn.Linear(187, 5))

    return replace(find_recipe(name), network=network, batch=32, **changed)


@pytest.mark.parametrize("name", RECIPES)
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(name, tmp_path):
    rows, held = made_up_rows(), made_up_rows(100, 1)
    recipe = tiny(name, epochs=4, rebalance=replace(find_recipe(name).rebalance, per_class=60))
    whole = fit(recipe, rows, held, tmp_path / "whole", seed=3)

    class PowerCutError(Exception):
        pass

    def stop(epoch, share):
        if epoch.epoch == 3 and share < 1:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        fit(recipe, rows, held, tmp_path / "parts", seed=3, report=stop)
    parts = fit(recipe, rows, held, tmp_path / "parts", seed=3, resume=True)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "parts")
    again = fit(recipe, rows, held, tmp_path / "parts", seed=3, resume=True)
    assert len(metrics(tmp_path / "parts")) <= 4
    torch.testing.assert_close(whole.state_dict(), again.state_dict(), rtol=0, atol=0)


def test_it_stops_when_nothing_gets_better_and_keeps_the_best_epoch(tmp_path):
    random = np.random.default_rng(0)
    rows, held = made_up_rows(400), made_up_rows(200, 1)
    nonsense = Rows(held.X, random.permutation(held.y))
    recipe = tiny("notebook", epochs=60, rebalance=Rebalance(), learning_rate=1e-2)
    network = fit(recipe, rows, nonsense, tmp_path)
    losses = [epoch["validation_loss"] for epoch in metrics(tmp_path)]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + recipe.patience < 60
    logits = torch.from_numpy(predict(network, nonsense.X[:, None]))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(nonsense.y).long())
    assert loss.item() == pytest.approx(losses[best], rel=1e-5)


def test_a_taken_run_folder_is_refused(tmp_path):
    rows, quick = made_up_rows(100), tiny("cvxtz", epochs=1)
    fit(quick, rows, rows, tmp_path)
    with pytest.raises(TrainingError, match="--resume or choose another -o"):
        fit(quick, rows, rows, tmp_path)
    with pytest.raises(TrainingError, match="begun with other settings: seed 0, not 9; give the"):
        fit(quick, rows, rows, tmp_path, seed=9, resume=True)
    with pytest.raises(TrainingError, match="epochs 1, not 3;"):
        fit(replace(quick, epochs=3), rows, rows, tmp_path, resume=True)
    with pytest.raises(TrainingError, match="settings: recipe cvxtz, not kachuee;"):
        fit(tiny("kachuee", epochs=1), rows, rows, tmp_path, resume=True)


def test_a_run_goes_on_with_its_own_rows_only(tmp_path):
    rows, held, quick = made_up_rows(100), made_up_rows(100, 1), tiny("cvxtz", epochs=1)
    fit(quick, rows, held, tmp_path)
    for other in ((Rows(rows.X[::-1], rows.y), held), (rows, Rows(held.X, np.roll(held.y, 1)))):
        with pytest.raises(TrainingError, match="settings: as many rows, but other ones; give"):
            fit(quick, *other, tmp_path, resume=True)
    with pytest.raises(TrainingError, match="settings: rows 100, not 90; give"):
        fit(quick, Rows(rows.X[:90], rows.y[:90]), held, tmp_path, resume=True)
    path = tmp_path / "settings.json"
    settings = json.loads(path.read_text())
    del settings["rows_sha256"]  # as older versions left it
    path.write_text(json.dumps(settings))
    assert "an older version began it" in held_of(tmp_path)
    fit(quick, rows, held, tmp_path, resume=True)
    assert held_of(tmp_path).endswith("goes on from there")
    path.write_text("{")
    with pytest.raises(TrainingError, match=r"settings.json cannot be read .* another -o"):
        fit(quick, rows, held, tmp_path, resume=True)


@pytest.mark.parametrize("stopped", ["metrics.csv", "checkpoint.pt"])
def test_a_run_killed_between_two_files_can_be_resumed(stopped, data_folder, tmp_path, monkeypatch):
    def killing(path):
        if path.name == stopped:
            raise KeyboardInterrupt
        return replacing(path)

    run = tmp_path / "run"
    command = ["train", "cvxtz", "--data", str(data_folder), "--epochs", "1", "-o", str(run)]
    with monkeypatch.context() as patched:
        patched.setattr("ectopy.training.fit.replacing", killing)
        result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "interrupted; the same command with --resume" in result.stderr
    again = CliRunner().invoke(main, [*command, "--resume"])
    assert again.exit_code == 0, again.output
    assert len(metrics(run)) == 1


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
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(187, 5))
    honest = export.predict
    monkeypatch.setattr(export, "predict", lambda *given: honest(*given) + 2e-4)
    with pytest.raises(TrainingError, match="nothing was exported"):
        export.export_onnx(network, made_up_rows(50).X[:, None], tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory):
    """A data folder like that of ``ectopy data build``, of 1,000 easy rows."""
    folder = tmp_path_factory.mktemp("rows")
    rows = made_up_rows(1000)
    records = np.array(["100", "101", "103", "106"])[np.arange(1000) % 4]
    is_test = np.arange(1000) % 5 == 0
    order = np.where(is_test, np.cumsum(is_test) - 1, -1).astype(np.int32)
    write_rows(KaggleRows(rows.X, rows.y, records, np.arange(1000), is_test, order), folder)
    return folder


@pytest.mark.parametrize("split", ["kaggle", "ds1-ds2"])
def test_a_run_leaves_everything_that_was_promised(split, data_folder, tmp_path):
    run = tmp_path / split
    outcome = train("cvxtz", data_folder, split, run, options=Options(epochs=2))
    made = {path.name for path in run.iterdir()}
    assert made == {
        "settings.json", "metrics.csv", "checkpoint.pt", "best.pt", "curves.png",
        "confusion.png", "report.txt", "figures.json", "model",
    }  # fmt: skip
    card = load_card(str(outcome.model))
    assert load_network(str(outcome.model))
    assert card["name"] == f"cvxtz-{split}-v1"
    assert card["training"]["patient_mixed"] == (split == "kaggle")
    assert card["training"]["command"] == f"ectopy train cvxtz --split {split} --seed 0 --epochs 2"
    assert card["figures"] == json.loads((run / "figures.json").read_text())
    assert card["figures"]["rows"] == (200 if split == "kaggle" else 500)
    shown = (run / "report.txt").read_text()
    assert f"{card['figures']['accuracy']:.4f}" in shown
    assert f"{card['figures']['macro_f1']:.4f}" in shown
    assert "LEAK" not in shown + card["warning"]


@pytest.fixture(scope="module")
def leaky(data_folder, tmp_path_factory):
    """A run of `best` that chose its epoch on the test rows."""
    run = tmp_path_factory.mktemp("leaky") / "run"
    options = Options(epochs=2, rebalance="resample", per_class=40, validate_on_test=True)
    return train("best", data_folder, "kaggle", run, options=options)


def test_validating_on_the_test_rows_is_marked_wherever_figures_are(leaky):
    card = load_card(str(leaky.model))
    assert card["name"] == "best-kaggle-leaky-v3"
    assert card["warning"].startswith("LEAK: the epoch")
    assert (leaky.run / "report.txt").read_text().startswith("LEAK: the epoch")
    assert "**of the test**" in (leaky.model / "README.md").read_text()
    assert leaky.figures["leak"].startswith("LEAK")
    best = max(epoch["validation_accuracy"] for epoch in metrics(leaky.run))
    assert best == pytest.approx(leaky.figures["accuracy"]), "that is the leak"
    assert card["training"]["rows"] == 800


def test_what_was_trained_names_beats(leaky):
    from ectopy import analyze
    from ectopy.simulate import simulate

    found = analyze(simulate(30, 250, seed=1), model=str(leaky.model))
    assert found.labels.model == "best-kaggle-leaky-v3"
    assert len(found.beats) > 20


@pytest.fixture
def published(data_folder, tmp_path, monkeypatch):
    """A folder with the two CSV files alone, taken for the published ones."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in ("mitbih_train.csv", "mitbih_test.csv"):
        (folder / name).symlink_to(data_folder / name)
        y = np.loadtxt(folder / name, delimiter=",")[:, -1].astype(int)
        monkeypatch.setitem(kaggle.COUNTS, name, tuple(np.bincount(y, minlength=5).tolist()))
    return folder


def test_the_published_files_alone_are_enough_to_train_on(published, data_folder, tmp_path):
    outcome = train("cvxtz", published, "kaggle", tmp_path / "run", options=Options(epochs=1))
    assert outcome.figures["rows"] == 200
    with pytest.raises(DatasetError, match=r"ds1-ds2 goes by record, which .* --split kaggle"):
        train("cvxtz", published, "ds1-ds2", tmp_path / "other", options=Options(epochs=1))
    assert not (tmp_path / "other").exists()


def test_resuming_says_what_it_goes_on_from(data_folder, tmp_path):
    run = tmp_path / "run"
    command = ["train", "cvxtz", "--data", str(data_folder), "--epochs", "1", "-o", str(run)]
    anew = CliRunner().invoke(main, [*command, "--resume"])
    assert anew.exit_code == 0, anew.output
    assert f"there is no {run} to go on with: the run begins anew" in anew.stderr
    again = CliRunner().invoke(main, [*command, "--resume"])
    assert again.exit_code == 0, again.output
    assert f"{run} holds 1 epoch: the run goes on from there" in again.stderr
    (run / "checkpoint.pt").unlink()
    assert "no finished epoch" in held_of(run)


@pytest.mark.parametrize(
    ("kept", "split", "told"),
    [
        (slice(0, None, 5), "kaggle", "none of the 200 rows is in the training part"),
        (slice(1, None, 5), "kaggle", "none of the 200 rows is in the test part"),
        (slice(0, 8), "kaggle", "training rows of 4 records are too few to hold 10 %"),
        (slice(0, None, 2), "ds1-ds2", "none of the 500 rows is in the training part"),
    ],
)
def test_rows_that_leave_a_side_empty_are_refused(kept, split, told, data_folder, tmp_path):
    held = np.load(data_folder / "mitbih.npz")
    np.savez(tmp_path / "mitbih.npz", **{name: held[name][kept] for name in held.files})
    with pytest.raises(DatasetError, match=told):
        train("cvxtz", tmp_path, split, tmp_path / "run", options=Options(epochs=1))
    assert not (tmp_path / "run").exists()


def test_unknown_recipe_lists_the_known_ones():
    with pytest.raises(TrainingError, match=", ".join(RECIPES)):
        find_recipe("resnet")
