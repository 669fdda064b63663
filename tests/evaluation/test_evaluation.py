"""The figures are counted right, and a model that has seen the patients is found out."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from ectopy.cli import main
from ectopy.datasets.splits import Split, find_split
from ectopy.errors import DatasetError
from ectopy.evaluation import evaluate, evaluate_models, summarise, write_evaluation
from ectopy.evaluation.summary import leak_warning, mean_summary
from ectopy.labels import load_card

KAGGLE, DS1 = "cvxtz-kaggle-v1", "cvxtz-ds1-ds2-v1"


def summary_of(results, split, model=DS1):
    return summarise(
        results, split=split, card=load_card(model), beats="detected", escape_beats="S"
    )


def test_every_reference_beat_is_counted_once(hearts, tiny_split, tiny_results):
    from ectopy.recording import read

    for result in tiny_results:
        notes = read(hearts / result.record).annotations
        assert result.matrix[:5].sum() == len(notes)
        assert result.matrix[:5, :5].sum() == len(result.truth) == len(result.probability)
        named = np.zeros((5, 5), np.int64)
        np.add.at(named, (result.truth, result.named), 1)
        assert (named == result.matrix[:5, :5]).all()
        labels = result.analysis.labels
        lost = labels.abstained.sum() - result.abstained.sum()
        assert 0 <= lost <= result.matrix[5:].sum()
        after = (notes.sample >= 300 * 360).sum()
        assert abs(int(result.comparison.matrix[:5].sum()) - after) <= 1
        assert result.analysis.recording.annotations is None


def test_reference_beats_are_neither_missed_nor_made_up(hearts, tiny_split):
    for result in evaluate(DS1, tiny_split, hearts, beats="reference"):
        assert result.matrix[5:].sum() == 0
        assert result.matrix[:, 5:].sum() == 0


def test_figures_follow_from_the_matrix(tiny_split, tiny_results):
    summary = summary_of(tiny_results, tiny_split)
    total = np.sum([result.matrix for result in tiny_results], axis=0)
    assert summary["matrix"] == total.tolist()
    assert summary["accuracy"] == pytest.approx(np.trace(total[:5, :5]) / total[:5].sum())
    v = summary["classes"]["V"]
    assert v["se"] == pytest.approx(total[2, 2] / total[2].sum())
    assert v["ppv"] == pytest.approx(total[2, 2] / total[:, 2].sum())
    assert v["support"] == total[2].sum()
    low, high = summary["intervals"]["accuracy"]
    assert low <= summary["accuracy"] <= high
    assert set(summary["without"]) == {"232"}
    rest = summary_of([r for r in tiny_results if r.record != "232"], tiny_split)
    assert summary["without"]["232"]["accuracy"] == rest["accuracy"]


def test_summary_has_the_names_of_the_contract(tiny_split, tiny_results):
    summary = json.loads(json.dumps(summary_of(tiny_results, tiny_split)))
    names = {
        "split", "model", "beats", "escape_beats", "seeds", "accuracy", "macro_f1", "classes",
        "gross", "average", "without", "ece", "intervals", "patient_mixed", "risk_coverage",
    }  # fmt: skip
    assert names <= set(summary)
    assert list(summary["classes"]) == ["N", "S", "V", "F", "Q"]
    assert {"se", "ppv", "f1", "support"} <= set(summary["classes"]["S"])
    for kind in ("qrs", "veb", "sveb"):
        assert {"se", "ppv", "f1"} <= set(summary["gross"][kind])
        assert {"se", "ppv", "f1"} <= set(summary["average"][kind])


def test_a_model_that_has_seen_the_patients_is_found_out():
    split = find_split("ds1-ds2")
    assert "22 of the 22 patients" in leak_warning(load_card(KAGGLE), split.test_records)
    assert leak_warning(load_card(DS1), split.test_records) == ""
    assert "PATIENTS ARE MIXED" in leak_warning(load_card(DS1), split.train_records)
    assert "1 of the 2 patients" in leak_warning(load_card(DS1), ["100", "101"])


def test_seeds_are_averaged_and_kept_apart(tiny_split, tiny_results):
    one = summary_of(tiny_results, tiny_split)
    other = summary_of(tiny_results[:2], tiny_split) | {"seeds": [7], "without": one["without"]}
    both = mean_summary([one, other])
    assert both["accuracy"] == pytest.approx((one["accuracy"] + other["accuracy"]) / 2)
    assert both["seeds"] == [0, 7]
    assert [s["accuracy"] for s in both["per_seed"]] == [one["accuracy"], other["accuracy"]]
    assert both["intervals"]["accuracy"][0] == min(
        one["intervals"]["accuracy"][0], other["intervals"]["accuracy"][0]
    )
    assert both["patient_mixed"] is False


def test_files_are_written_whole(hearts, tiny_split, tmp_path):
    summary, results = evaluate_models([DS1], tiny_split, hearts)
    written = write_evaluation(summary, results, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"summary.json", "records.csv", "report.html"}
    assert all(path.stat().st_size for path in written)
    with (tmp_path / "records.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["record"] for row in rows] == ["100", "103", "232"]
    assert sum(int(row["beats"]) for row in rows) == np.sum(summary["matrix"][:5])


def test_a_missing_record_is_named(hearts):
    with pytest.raises(DatasetError, match="has no record 105"):
        evaluate(DS1, Split("x", "x", False, ("101",), ("105",)), hearts)


def test_an_unknown_split_lists_the_known_ones(tmp_path, hearts):
    words = ["evaluate", "--split", "mine", "--data", str(hearts), "-o", str(tmp_path / "o")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "known splits: ds1-ds2, kaggle" in result.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.data
def test_kaggle_split_gives_the_figures_of_the_card_and_its_warning(data, tmp_path):
    words = ["evaluate", "--split", "kaggle", "--model", KAGGLE, "--escape-beats", "N"]
    words += ["--data", str(data / "mitdb"), "-o", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "PATIENTS ARE MIXED" in result.stdout
    summary = json.loads((tmp_path / "summary.json").read_text())
    figures = load_card(KAGGLE)["figures"]
    assert summary["patient_mixed"] is True
    assert summary["beats"] == "reference"
    assert summary["accuracy"] == pytest.approx(figures["accuracy"], abs=2e-4)
    assert summary["macro_f1"] == pytest.approx(figures["macro_f1"], abs=2e-3)
    assert "PATIENTS ARE MIXED" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.data
def test_escape_beats_are_counted_as_asked(data):
    split = Split("x", "x", False, ("101",), ("222",))
    counts = [
        evaluate(DS1, split, data / "mitdb", beats="reference", escape_beats=way)[0].matrix[1].sum()
        for way in ("S", "N")
    ]
    assert counts == [421, 209]
