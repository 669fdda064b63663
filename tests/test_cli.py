"""The contract that scripts rely on: commands, names of outputs, exit status, one-line errors."""

import csv
import json
import shutil
import warnings

import numpy as np
import pytest
from click.testing import CliRunner

from ectopy import __version__
from ectopy.analysis import Analysis, analyze
from ectopy.cli import main
from ectopy.simulate import simulate


def run(*words):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def one_error(result, *parts):
    lines = [line for line in result.stderr.splitlines() if line.startswith("ectopy: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.output
    for part in parts:
        assert part in lines[0]


@pytest.fixture(scope="module")
def strip(tmp_path_factory):
    """A simulated strip of 40 s in a CSV file with a time column."""
    path = tmp_path_factory.mktemp("strip") / "my strip.csv"
    recording = simulate(40, 250, seed=8)
    time = np.arange(recording.n_samples) / 250
    table = np.column_stack([time, recording.signal])
    np.savetxt(path, table, delimiter=",", header="time_s,II (mV),V1 (mV)", comments="", fmt="%.5f")
    return path


def test_version_and_help():
    assert run("--version").stdout.strip().endswith(__version__)
    for command in ("demo", "info", "analyze", "models", "data", "train"):
        shown = run(command, "--help")
        assert shown.exit_code == 0
        assert shown.stdout.startswith("Usage:")


def test_demo_ends_with_the_path_of_a_report(tmp_path):
    result = run("demo", "-o", tmp_path, "--minutes", "1")
    assert result.exit_code == 0
    report = result.stdout.splitlines()[-1].removeprefix("Report: ")
    assert report == str(tmp_path / "demo.html")
    assert "Not a medical device" in (tmp_path / "demo.html").read_text("utf-8")


def test_analyze_writes_what_the_contract_names(strip, tmp_path):
    result = run("analyze", strip, "-o", tmp_path)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert {p.name for p in tmp_path.iterdir()} == {
        f"my strip.{end}" for end in ("html", "json", "csv", "atr")
    }
    found = json.loads((tmp_path / "my strip.json").read_text("utf-8"))
    assert {"recording", "beats", "counts", "rhythm", "model", "software"} <= set(found)
    assert {"format", "fs", "leads", "n_samples", "duration_s", "inferred"} <= set(
        found["recording"]
    )
    assert found["recording"]["fs"] == pytest.approx(250)
    beats = found["beats"]
    names = ("sample", "time_s", "label", "probability", "rr_s", "quality", "abstained")
    assert {len(beats[name]) for name in names} == {len(beats["sample"])}
    assert sum(found["counts"].values()) == len(beats["sample"]) > 40
    assert set(found["model"]) >= {"name", "sha256"}
    with (tmp_path / "my strip.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["sample"]) for row in rows] == beats["sample"]
    assert set(names) <= set(rows[0])


def test_annotations_are_read_by_wfdb(strip, tmp_path):
    run("analyze", strip, "-o", tmp_path, "--formats", "atr,json")
    shutil.copy(tmp_path / "my strip.atr", tmp_path / "strip.atr")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import wfdb

        notes = wfdb.rdann(str(tmp_path / "strip"), "atr")
    beats = json.loads((tmp_path / "my strip.json").read_text("utf-8"))["beats"]
    assert notes.sample.tolist() == beats["sample"]
    assert notes.symbol == ["A" if label == "S" else label for label in beats["label"]]
    assert notes.fs == 250


def test_formats_lead_and_same_stems(strip, tmp_path):
    twin = tmp_path / "twin"
    twin.mkdir()
    shutil.copy(strip, twin / strip.name)
    out = tmp_path / "out"
    result = run(
        "analyze", strip, twin / strip.name, "-o", out, "--formats", "json", "--lead", "v1"
    )
    assert result.exit_code == 0
    assert sorted(p.name for p in out.iterdir()) == ["my strip-2.json", "my strip.json"]
    assert json.loads((out / "my strip.json").read_text("utf-8"))["lead"] == "V1"


def test_a_batch_goes_on_past_a_bad_file(strip, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("")
    result = run("analyze", bad, strip, "-o", tmp_path / "out")
    assert result.exit_code == 1
    one_error(result, "bad.csv", "empty")
    assert len(result.stdout.splitlines()) == 1
    assert (tmp_path / "out" / "my strip.json").is_file()


def test_bad_recordings_end_with_one_line_and_nothing_written(strip, tmp_path):
    files = {
        "empty.csv": "",
        "prose.txt": "Dear diary, today my heart felt fine. It was sunny and I went for a walk.\n",
        "nan.csv": "ecg\n" + "nan\n" * 2000,
        "flat.csv": "ecg\n" + "1.5\n" * 2000,
        "two.csv": "ecg\n1.0\n2.0\n",
        "binary.dat": "\x00\x01\x02\x7f" * 500,
    }
    for name, text in files.items():
        path, out = tmp_path / name, tmp_path / f"out-{name}"
        path.write_text(text, "utf-8")
        result = run("analyze", path, "--fs", 250, "-o", out)
        assert result.exit_code == 1, name
        one_error(result, name)
        assert not list(out.iterdir()), name


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--lead", "V9"], 1, "no lead 'V9'; this recording has II, V1"),
        (["--model", "nope"], 2, "no model named 'nope'; known models: "),
        (["--fs", "20"], 1, "50 to 20000 Hz"),
    ],
)
def test_bad_choices_say_what_there_is(strip, tmp_path, options, status, says):
    result = run("analyze", strip, "-o", tmp_path / "out", *options)
    assert result.exit_code == status
    one_error(result, says)


@pytest.mark.parametrize(
    "options", [["--fs", "-5"], ["--fs", "fast"], ["--formats", "docx"], ["--formats", ""]]
)
def test_wrong_usage_is_status_2(strip, tmp_path, options):
    result = run("analyze", strip, "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["demo", "explore", "train cvxtz --data"])
def test_a_seed_below_zero_is_wrong_usage(tmp_path, command):
    data = [] if command == "demo" else [tmp_path]
    result = run(*command.split(), *data, "--seed", -1, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "'--seed'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_unwritable_output_is_said_before_the_work(strip, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    result = run("analyze", strip, "-o", taken)
    assert result.exit_code == 2
    one_error(result, "cannot write to", "choose another folder with -o")
    assert taken.read_text() == "a file"


def test_info_as_table_and_as_json(strip):
    shown = run("info", strip)
    assert shown.exit_code == 0
    assert "250 Hz" in shown.stdout
    facts = json.loads(run("info", strip, "--json").stdout)
    names = {"format", "fs", "leads", "units", "n_samples", "duration_s", "start", "annotations"}
    assert names | {"inferred"} <= set(facts)
    for fact in facts["inferred"]:
        assert set(fact) == {"what", "value", "why", "option"}


def test_models_names_the_default_and_its_weakness():
    shown = run("models").stdout
    assert "(default)" in shown
    assert "patients mixed" in shown
    assert "not a medical device" in shown


def test_an_analysis_can_be_saved_and_loaded(tmp_path):
    analysis = analyze(simulate(30, seed=1))
    analysis.save(tmp_path / "a.npz")
    loaded = Analysis.load(tmp_path / "a.npz")
    assert loaded.to_dict() == analysis.to_dict()
    np.testing.assert_array_equal(loaded.recording.signal, analysis.recording.signal)
    notes = loaded.recording.annotations
    np.testing.assert_array_equal(notes.symbol, analysis.recording.annotations.symbol)
    from ectopy.errors import DamagedFileError

    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DamagedFileError, match="is no analysis saved by ectopy"):
        Analysis.load(tmp_path / "a.npz")


@pytest.mark.data
def test_a_real_half_hour(data, tmp_path):
    result = run("analyze", data / "mitdb" / "208", "-o", tmp_path)
    assert result.exit_code == 0
    beats = json.loads((tmp_path / "208.json").read_text("utf-8"))["beats"]
    assert abs(len(beats["sample"]) - 2955) < 30
    assert {p.suffix for p in tmp_path.iterdir()} == {".html", ".json", ".csv", ".atr"}


@pytest.mark.data
def test_watch_and_text_files_work_or_say_what_to_add(data, tmp_path):
    folder = data / "formats"
    files = [*(folder / "apple_watch").glob("*.csv"), *(folder / "plain_text").iterdir()]
    result = run("analyze", *files, "-o", tmp_path)
    reasons = [line for line in result.stderr.splitlines() if line.startswith("ectopy: ")]
    assert len(result.stdout.splitlines()) + len(reasons) == len(files) == 4
    assert all("--fs" in reason for reason in reasons)


@pytest.mark.data
def test_all_files_of_a_record_are_one_recording(data, tmp_path):
    files = sorted((data / "mitdb").glob("100.*"))
    result = run("analyze", *files, "-o", tmp_path, "--formats", "json")
    assert len(files) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["100.json"]
    assert result.exit_code == 0


def test_training_without_torch_says_how_to_get_it(tmp_path, monkeypatch):
    import sys

    monkeypatch.delattr("ectopy.training", raising=False)  # put back with its modules below
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [n for n in sys.modules if n.startswith("ectopy.training")]:
        monkeypatch.delitem(sys.modules, name)
    result = run("train", "cvxtz", "--data", tmp_path)
    assert result.exit_code == 2
    assert "pip install 'ectopy[train]'" in result.stderr


def test_the_recording_itself_is_never_overwritten(strip, tmp_path):
    own = tmp_path / strip.name
    shutil.copy(strip, own)
    before = own.read_bytes()
    result = run("analyze", own, "-o", tmp_path)
    assert result.exit_code == 1
    one_error(result, "belongs to the recording itself")
    assert own.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [strip.name]


@pytest.mark.data
def test_reference_annotations_are_never_overwritten(data, tmp_path):
    for file in (data / "mitdb").glob("100.*"):
        shutil.copy(file, tmp_path / file.name)
    before = (tmp_path / "100.atr").read_bytes()
    result = run("analyze", tmp_path / "100", "-o", tmp_path)
    assert result.exit_code == 1
    one_error(result, "belongs to the recording itself")
    assert (tmp_path / "100.atr").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_among_the_files_does_not_end_the_batch(strip, tmp_path):
    empty = [tmp_path / name for name in ("one", "two")]
    for folder in empty:
        folder.mkdir()
    result = run("analyze", *empty, strip, "-o", tmp_path / "out", "--formats", "json")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert len(result.stderr.splitlines()) == 2
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["my strip.json"]


def test_a_table_beside_a_header_is_a_recording_of_its_own(strip, tmp_path):
    shutil.copy(strip, tmp_path / "base.csv")
    (tmp_path / "base.hea").write_text("nothing")
    result = run("analyze", tmp_path / "base.hea", tmp_path / "base.csv", "-o", tmp_path / "o")
    assert result.exit_code == 1
    assert (tmp_path / "o" / "base-2.json").is_file()


def test_results_are_all_written_or_none(strip, tmp_path):
    (tmp_path / "my strip.json").mkdir()
    result = run("analyze", strip, "-o", tmp_path)
    assert result.exit_code == 1
    one_error(result, "is a folder")
    assert [p.name for p in tmp_path.iterdir()] == ["my strip.json"]
