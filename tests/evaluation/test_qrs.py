"""How beats are found is counted right, for any detector."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from ectopy.beats.qrs import DETECTOR, card
from ectopy.cli import main
from ectopy.errors import DatasetError
from ectopy.evaluation.qrs import compare_beats, evaluate_qrs, summarise_qrs
from ectopy.simulate import simulate


def test_missed_extra_and_late_beats_are_counted():
    recording = simulate(400, 250, seed=1, pattern="N")
    truth = recording.annotations.sample
    found = np.sort(np.append(truth[truth > 2500] + 2, [truth[50] + 100]))
    result = compare_beats("x", recording, found)
    assert result.whole.fn == (truth <= 2500).sum()
    assert result.whole.fp == 1
    assert result.after_learning.fn == 0
    assert result.after_learning.fp == 0
    assert result.off_ms.mean() == pytest.approx(8)


def test_a_detector_that_finds_nothing_is_counted_too():
    recording = simulate(30, 250, seed=1)
    result = compare_beats("x", recording, np.empty(0, np.int64))
    assert result.whole.tp == 0
    assert result.whole.fn == len(recording.annotations)


def test_another_detector_can_be_measured(hearts):
    results = evaluate_qrs(hearts, find=lambda r: np.arange(100, r.n_samples, 300))
    ours = evaluate_qrs(hearts)
    assert [result.record for result in results] == ["100", "103", "232"]
    regular, found = summarise_qrs(results), summarise_qrs(ours)
    assert regular["whole"]["gross"]["se"] < 0.5
    assert found["whole"]["gross"]["se"] > 0.97
    assert found["whole"]["gross"]["ppv"] > 0.97
    assert abs(found["bias_ms"]) < 5
    assert len(found["per_record"]) == 3


def test_command_writes_figures(hearts, tmp_path):
    words = ["evaluate", "--what", "qrs", "--data", str(hearts), "-o", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "whole records, gross" in result.stdout
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["what"] == "qrs"
    assert {"se", "ppv", "f1"} <= set(summary["whole"]["gross"])
    assert (tmp_path / "records.csv").read_text().count("\n") == 4


def test_a_folder_without_annotated_records_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no WFDB records with annotations"):
        evaluate_qrs(tmp_path)


def test_a_model_is_measured_only_on_a_named_split(hearts, tmp_path):
    result = CliRunner().invoke(main, ["evaluate", "--data", str(hearts), "-o", str(tmp_path)])
    assert result.exit_code == 2
    assert "--split is missing; known splits" in result.stderr


def test_the_detector_has_its_contract():
    facts = card()
    assert facts["training"]["command"].startswith("python training/qrs_detector.py")
    assert facts["bytes"] == (DETECTOR / "model.onnx").stat().st_size
    assert (DETECTOR / "README.md").is_file()


@pytest.mark.data
def test_beats_of_hard_strips_are_found(data):
    """Strips of another device, at another rate, that nothing was learned from."""
    from scipy.io import loadmat

    from ectopy.recording import Annotations, Recording

    folder = data / "qrs" / "cpsc2019"
    results = []
    for path in sorted((folder / "data").glob("*.mat")):
        signal, at = (
            next(v for k, v in loadmat(f).items() if not k.startswith("_")).squeeze()
            for f in (path, folder / "ref" / path.name.replace("data_", "R_"))
        )
        notes = Annotations(at.astype(np.int64), np.full(len(at), "N"), np.full(len(at), ""))
        strip = Recording(signal[:, None], 500, ("?",), annotations=notes)
        from ectopy.beats import find_beats

        results.append(compare_beats(path.stem, strip, find_beats(strip).sample))
    assert len(results) == 25
    assert summarise_qrs(results)["whole"]["gross"]["f1"] >= 0.97


@pytest.mark.data
def test_noise_as_loud_as_half_the_beats_is_survived(data):
    from ectopy.beats import find_beats
    from ectopy.recording import read

    clean, noisy = read(data / "mitdb" / "118"), read(data / "noise" / "118e06")
    noisy = replace(noisy, annotations=clean.annotations)
    counted = compare_beats("118e06", noisy, find_beats(noisy).sample).after_learning
    assert counted.se >= 97
    assert counted.ppv >= 93
