"""The commands that tell what a file is and turn it into another."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ectopy.cli import main
from ectopy.recording import read
from ectopy.simulate import simulate


def run(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A strip of 40 s upside down, with a time column that jumps, in µV that are not named so."""
    path = tmp_path_factory.mktemp("strip") / "strip.csv"
    signal = -1000 * simulate(40, 250, seed=8).signal
    time = np.arange(len(signal)) / 250
    time[5000:] += 3
    table = np.column_stack([time, signal])
    np.savetxt(path, table, delimiter=",", header="time_s,II,V1", comments="", fmt="%.3f")
    return path


def test_info_marks_what_was_inferred(strip: Path) -> None:
    shown = run("info", strip)
    assert shown.exit_code == 0
    lines = {line[4:20].strip(): line for line in shown.stdout.splitlines()[1:]}
    for fact, value, option in (
        ("sampling rate", "250 Hz", "--fs"),
        ("units", "µV", "--units"),
        ("gaps", "3 s in all", ""),
        ("lead for rhythm", "II", "--lead"),
    ):
        assert lines[fact].startswith("  * ")
        assert value in lines[fact]
        assert option in lines[fact]
    for fact, value in (
        ("format", "delimited text"),
        ("length", "0:43"),
        ("QRS in that lead", "inverted"),
        ("missing", "II, V1: 1 × (3.00 s in all)"),
    ):
        assert lines[fact].startswith("    ")
        assert value in lines[fact]
    stated = run("info", strip, "--units", "uV", "--fs", "250").stdout
    assert "* units" not in stated
    assert "* sampling" not in stated


def test_info_as_json_holds_what_the_table_does(strip: Path) -> None:
    facts = json.loads(run("info", strip, "--json").stdout)
    assert (facts["lead"], facts["polarity"]) == ("II", "inverted")
    assert facts["dead"][0] == {"lead": "II", "reason": "missing", "count": 1, "seconds": 3.0}
    assert set(facts["mains"]) == {"hz", "rms_mv", "share"}
    assert "identity" not in facts


@pytest.mark.parametrize(("name", "files"), [
    ("out.edf", ["out.edf"]),
    ("out.csv", ["out.csv"]),
    ("out.dat", ["out.hea", "out.dat"]),
    ("out", ["out.hea", "out.dat"]),
])  # fmt: skip
def test_convert_gives_the_same_recording(
    strip: Path, tmp_path: Path, name: str, files: list[str]
) -> None:
    result = run("convert", strip, "-o", tmp_path / "new" / name)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [str(tmp_path / "new" / each) for each in files]
    assert "inferred units: µV" in result.stderr
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(files)
    made = read(strip)
    if name == "out.edf":
        import edfio

        values = [signal.data for signal in edfio.read_edf(tmp_path / "new" / name).signals]
        signal = np.stack(values, axis=1)[: made.n_samples] / 1000
    else:
        again = read(tmp_path / "new" / files[0])
        assert (again.fs, again.leads) == (made.fs, made.leads)
        signal = again.signal
    alive = ~np.isnan(made.signal)
    np.testing.assert_allclose(signal[alive], made.signal[alive], atol=1e-4)


def test_convert_refuses_in_one_line(strip: Path, tmp_path: Path) -> None:
    unknown = run("convert", strip, "-o", tmp_path / "out.xyz")
    assert (unknown.exit_code, "stands for no format" in unknown.stderr) == (2, True)
    own = run("convert", strip, "-o", strip)
    assert own.exit_code == 1
    assert own.stderr.startswith("ectopy: ")
    assert "belongs to the recording itself" in own.stderr
    missing = run("convert", tmp_path / "none.csv", "-o", tmp_path / "out.edf")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (1, 1)
    assert not list(tmp_path.iterdir())


def test_identity_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rec.hea"
    run("convert", "-o", path, _record(tmp_path))
    path.write_text(path.read_text("utf-8") + "# Ada Secret\n", encoding="utf-8")
    assert "Secret" not in run("info", path).stdout
    assert "Secret" in run("info", path, "--keep-identity").stdout
    facts = json.loads(run("info", path, "--json", "--keep-identity").stdout)
    assert facts["identity"] == [{"what": "comment", "value": "Ada Secret"}]
    out = tmp_path / "out"
    run("analyze", path, "-o", out)
    assert not any("Secret" in each.read_text("latin-1") for each in out.iterdir())
    run("analyze", path, "-o", out, "--keep-identity")
    assert "Secret" in (out / "rec.html").read_text("utf-8")


def _record(folder: Path) -> Path:
    signal = simulate(20, 250, seed=2).signal
    path = folder / "source.csv"
    np.savetxt(path, signal, delimiter=",", header="# 250 Hz\nII (mV),V1 (mV)", comments="")
    return path


def test_missing_stretches_are_shown_and_hold_no_beats(strip: Path, tmp_path: Path) -> None:
    assert run("analyze", strip, "-o", tmp_path).exit_code == 0
    found = json.loads((tmp_path / "strip.json").read_text("utf-8"))
    assert {"start": 5000, "stop": 5750, "reason": "missing"} in found["bad"]
    assert not [at for at in found["beats"]["sample"] if 5000 <= at < 5750]
    page = (tmp_path / "strip.html").read_text("utf-8")
    assert ">missing</text>" in page


@pytest.mark.parametrize("how", [[], ["--live"]], ids=["whole", "live"])
@pytest.mark.parametrize(
    ("leads", "end"), [("II", "the export"), ("II,V1", "the export, or choose lead V1")]
)
def test_a_lead_that_is_flat_is_refused_and_others_are_named(
    how: list[str], leads: str, end: str, tmp_path: Path
) -> None:
    path = tmp_path / "flat.csv"
    signal = simulate(10, 250, seed=2).signal[:, : leads.count(",") + 1]
    signal[:, 0] = 0
    np.savetxt(path, signal, delimiter=",", header=f"# 250 Hz\n{leads}", comments="")
    result = run("analyze", path, "--lead", "II", "-o", tmp_path / "out", *how)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"holds no signal: it is flat throughout; check the electrodes and {end}\n"
    )


@pytest.mark.parametrize("fs", [100, 1000])
def test_two_seconds_are_analysed(fs: int, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    signal = simulate(2.0, fs, seed=1).signal
    np.savetxt(path, signal, delimiter=",", header=f"# {fs} Hz\nII (mV),V1 (mV)", comments="")
    result = run("analyze", path, "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(list((tmp_path / "out").iterdir())) == 4
    assert json.loads((tmp_path / "out" / "short.json").read_text("utf-8"))["beats"]["sample"]
