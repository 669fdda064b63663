"""Transfer: weights come back whole, what is frozen stays, nothing leaks, the run folder is one."""

import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")

from click.testing import CliRunner  # noqa: E402

from cohort_files import write_ptb  # noqa: E402
from ectopy.cli import main  # noqa: E402
from ectopy.datasets.infarction import MiBeats  # noqa: E402
from ectopy.errors import DatasetError, TrainingError  # noqa: E402
from ectopy.evaluation.infarction import evaluate_infarction  # noqa: E402
from ectopy.labels.models import load_card, load_network  # noqa: E402
from ectopy.training.export import export_network  # noqa: E402
from ectopy.training.fit import predict  # noqa: E402
from ectopy.training.fit_two import Plan, drawn_beats, fit_two  # noqa: E402
from ectopy.training.sources import MODES, load_source, network_for  # noqa: E402
from ectopy.training.transfer import few_patients, fixed_steps, over_folds, transfer  # noqa: E402
from ectopy.training.window_network import WindowNetwork, WindowPlan, fit_windows  # noqa: E402

SOURCE = "cvxtz-kaggle-v1"


@pytest.fixture(scope="module")
def source():
    return load_source(SOURCE)


def made_up(patients=24, beats=6, seed=0, length=187):
    """Patients whose class is where the bump is."""
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(patients), beats)
    y = (owner % 2).astype(np.int8)
    at = np.arange(length)
    X = np.exp(-(((at - 20 - 30 * y[:, None]) / 5.0) ** 2))
    X += random.normal(0, 0.05, X.shape)
    names = np.array([f"p{k}" for k in owner])
    return MiBeats(X.astype(np.float32), y, names, names, owner // 2 % 10 + 1, "made up")


def test_shipped_weights_come_back_into_torch(source):
    rows = np.random.default_rng(1).random((32, 1, 187), np.float32)
    network = source.recipe.network()
    network.load_state_dict(source.state)
    session = load_network(SOURCE)
    expected = session.run(None, {session.get_inputs()[0].name: rows})[0]
    np.testing.assert_allclose(predict(network, rows), expected, atol=1e-4)


def test_a_model_of_another_layout_is_no_source():
    with pytest.raises(TrainingError, match="Kaggle"):
        load_source("context-v4")


def test_weights_that_are_not_those_of_the_model_are_refused(tmp_path, source):
    network = source.recipe.network()
    for value in network.parameters():
        value.data += 0.01 * torch.randn_like(value)  # biases of zero would not be stored
    rows = np.random.default_rng(0).random((4, 1, 187), np.float32)
    export_network(network, rows, source.card, tmp_path / "model")
    held = load_source(str(tmp_path))  # out of ONNX, by the path of the run
    for name, value in network.state_dict().items():
        torch.testing.assert_close(held.state[name], value)
    # weights of another network beside it are not taken for its own
    torch.save(source.state, tmp_path / "best.pt")
    again = load_source(str(tmp_path / "model"))
    torch.testing.assert_close(again.state, held.state)


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_begins_and_learns_as_it_says(mode, source):
    network = network_for(source, mode, 0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    body = [name for name in before if not name.startswith("head")]
    same = all(torch.equal(before[name], source.state[name]) for name in body)
    assert same == (mode != "scratch")
    plan = Plan(epochs=2, patience=None, batch=24)
    network, epochs = fit_two(network, made_up(), None, plan, frozen=mode == "frozen")
    after = network.state_dict()
    assert all(torch.equal(before[n], after[n]) for n in body) == (mode == "frozen")
    assert not torch.equal(before["head.0.weight"], after["head.0.weight"])
    assert len(epochs) == 2


def test_a_frozen_head_is_judged_as_the_whole_network_is(source):
    data, held = made_up(), made_up(seed=1)
    network = network_for(source, "frozen", 0)
    plan = Plan(epochs=25, patience=30, warp=None)
    network, epochs = fit_two(network, data, held, plan, frozen=True)
    chosen = predict(network, held.X[:, None]).argmax(1)
    assert (chosen == held.y).mean() > 0.95
    assert max(epoch.validation_auroc_patient for epoch in epochs) > 0.98


def test_some_beats_of_each_recording_are_drawn_others_each_time():
    names = np.repeat(["a", "b", "c"], [2, 9, 9])
    random = np.random.default_rng(0)
    drawn = [drawn_beats(names, 4, random) for _ in range(20)]
    for lines in drawn:
        found, counts = np.unique(names[lines], return_counts=True)
        assert dict(zip(found, counts, strict=True)) == {"a": 2, "b": 4, "c": 4}
        assert len(set(lines)) == 10
    assert set(np.concatenate(drawn)) == set(range(20))


def test_few_patients_keep_their_share_and_their_beats():
    pool = made_up(60)
    few = few_patients(pool, 10, seed=1)
    assert len(np.unique(few.patient)) == 10
    assert len(np.unique(few.patient[few.y == 1])) == 5
    for name in np.unique(few.patient):
        assert (few.patient == name).sum() == (pool.patient == name).sum()
    assert set(few.patient) != set(few_patients(pool, 10, seed=2).patient)
    plan = fixed_steps(Plan(epochs=1, batch=8, beats=4), 50, few)
    assert (plan.epochs, plan.patience) == (10, None)  # 40 beats are 5 steps


def test_an_interval_over_folds_is_of_rates():
    def told(*rates):
        return over_folds([[{"patient": {"se": rate}}] for rate in rates], "patient", "se")

    assert told(0.5, 0.7, 0.6)["interval"] == pytest.approx([0.3516, 0.8484], abs=1e-4)  # t = 4.303
    assert told(0.0, 0.0, 0.6)["interval"][0] == 0.0
    assert told(1.0, 1.0, 0.4)["interval"][1] == 1.0


def test_windows_are_learned():
    data, held = made_up(length=80), made_up(seed=1, length=80)
    plan = WindowPlan(steps=60, shift=0.5)
    networks = [WindowNetwork(members=2, hidden=16) for _ in range(2)]
    fit_windows(networks, data, [data.fold < 4, data.fold >= 4], plan)
    logits = [predict(network, held.X[:, None]) for network in networks]
    for each in logits:
        assert (each.argmax(1) == held.y).mean() > 0.9
    assert np.abs(logits[0] - logits[1]).max() > 0.01


def test_a_taken_run_folder_and_kaggle_rows_by_patient_are_refused(tmp_path):
    (tmp_path / "figures.json").write_text("{}")
    with pytest.raises(TrainingError, match="already holds"):
        transfer(SOURCE, tmp_path, tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run over a small PTB of 24 people."""
    folder = tmp_path_factory.mktemp("transfer")
    people = {f"patient{k:03d}": ("Myocardial infarction",) * (1 + k % 2) for k in range(12)}
    people |= {f"patient{k:03d}": ("Healthy control",) for k in range(12, 24)}
    people |= {"patient024": ("Healthy control", "Myocardial infarction")}
    write_ptb(folder / "ptb", people, fs=250, seconds=8)
    command = ["transfer", "--data", str(folder / "ptb"), "--mode", "full", "--mode", "frozen",
               "--seeds", "1", "--epochs", "3", "-o", str(folder / "run")]  # fmt: skip
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return folder, result


def test_a_run_leaves_settings_figures_pictures_and_models(run):
    folder, result = run
    summary = json.loads((folder / "run" / "figures.json").read_text())
    assert summary["data"]["patients"] == 24
    assert list(summary["published"]) == ["full", "frozen"]
    assert "full, per patient" in result.output
    assert "test part, one seed " in result.output
    assert "left out: 2 recordings: patient024" in result.output
    said = result.stderr.splitlines()
    assert said.index("finding beats: 0 %") < said.index("finding beats: 100 %")
    assert said.index("finding beats: 100 %") < next(
        k for k, line in enumerate(said) if line.startswith("training")
    )
    assert "not a medical device" in result.output
    one = folder / "run" / "full-seed0"
    held = {path.name for path in one.iterdir()}
    assert held == {"settings.json", "metrics.csv", "best.pt", "curves.png", "figures.json",
                    "model"}  # fmt: skip
    card = load_card(str(one / "model"))
    assert card["input"]["leads"] == ["II"]
    assert card["classes"] == ["normal", "infarction"]
    assert card["figures"]["patient"]["n"] >= 2


def test_the_model_of_a_run_is_measured_on_recordings_it_did_not_see(run, tmp_path):
    folder, _ = run
    model = str(folder / "run" / "full-seed0" / "model")
    command = ["evaluate", "--what", "mi", "--data", str(folder / "ptb"), "--model", model,
               "-o", str(tmp_path)]  # fmt: skip
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    card = load_card(model)
    # the same data set: only the fold that was kept for the test, and so the very same figures
    assert summary["figures"]["patient"]["n"] == card["figures"]["patient"]["n"]
    assert summary["figures"]["patient"]["auroc"] == pytest.approx(
        card["figures"]["patient"]["auroc"], abs=1e-6
    )
    assert len((tmp_path / "records.csv").read_text().splitlines()) > 2
    wrong = CliRunner().invoke(main, [*command, "--lead", "v1"])
    assert wrong.exit_code == 2
    assert "knows lead II" in wrong.output


def test_other_folders_of_the_same_data_set_bring_no_one_back_whom_it_learned_from(run, tmp_path):
    folder, _ = run
    model = str(folder / "run" / "full-seed0" / "model")
    learned = set(load_card(model)["training"]["learned_from"])
    inner = tmp_path / "files" / "1.0.0"  # the same people under a longer path, but for some
    inner.mkdir(parents=True)
    for k in (*range(3, 12), *range(12, 22)):
        shutil.copytree(folder / "ptb" / f"patient{k:03d}", inner / f"patient{k:03d}")
    new = {"patient101": ("Healthy control",), "patient102": ("Myocardial infarction",)}
    write_ptb(inner, new, fs=250, seconds=8)
    summary, patients = evaluate_infarction(tmp_path / "files", model)
    tested = {each["patient"].rpartition("/")[2] for each in patients}
    assert tested >= set(new)
    assert not tested & learned
    assert len(learned) >= 18
    assert summary["test"] == "people of PTB whom the model did not learn from"


def test_what_cannot_be_done_is_said_before_anything_is_trained(run, tmp_path):
    folder, _ = run
    few = tmp_path / "few"
    few.mkdir()
    for k in (*range(5), *range(12, 17)):
        shutil.copytree(folder / "ptb" / f"patient{k:03d}", few / f"patient{k:03d}")
    out = tmp_path / "out"
    with pytest.raises(DatasetError, match=r"test fold 1\).* more recordings are needed"):
        transfer(SOURCE, few, out, modes=["frozen"], seeds=1, epochs=1, cross_validate=True)
    for device in ("tpu", "meta", "hpu"):  # unknown, holds no values, known but not there
        with pytest.raises(TrainingError, match=f"no device '{device}'"):
            transfer(SOURCE, few, out, device=device)
    with pytest.raises(DatasetError, match=r"given by its name, such as II: .* lead number 1 "):
        transfer(SOURCE, few, out, lead="1")
    with pytest.raises(TrainingError, match="normal and infarction apart; begin with one that"):
        transfer(str(folder / "run" / "full-seed0"), few, out)
    assert not out.exists()


def test_a_transfer_that_is_stopped_says_what_is_left_of_it(run, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("ectopy.training.transfer.train_one", stop)
    command = ["transfer", "--data", str(run[0] / "ptb"), "-o", str(tmp_path / "run")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert f"so far is in {tmp_path / 'run'}, the same command begins anew" in result.stderr
