import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ectopy.analysis import Analysis
from ectopy.beats.value import Beats, Stretch
from ectopy.errors import OutputError
from ectopy.labels.value import Labels
from ectopy.report import FORMATS, write_report
from ectopy.simulate import simulate

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb 4.3 with pandas 3.1


def with_beats(
    analysis: Analysis, sample: list[int], names: str, fs: float | None = None
) -> Analysis:
    """Put other beats into an analysis, each of them sure."""
    n = len(sample)
    aami = np.array(list(names), dtype="<U1")
    probability = (aami[:, None] == np.array(list("NSVFQ"))).astype(np.float32).reshape(n, 5)
    beats = Beats(np.array(sample, np.int64), np.ones(n), fs or analysis.beats.fs, "II")
    labels = Labels(aami, probability, np.zeros(n, bool), np.full(n, ""), "some-model", "ab" * 32)
    return replace(analysis, beats=beats, labels=labels)


def test_the_suffix_decides_the_format_unless_one_is_given(
    five_minutes: Analysis, tmp_path: Path
) -> None:
    assert write_report(five_minutes, tmp_path / "a.JSON") == tmp_path / "a.JSON"
    write_report(five_minutes, tmp_path / "new" / "b.txt", format="json")
    assert (tmp_path / "a.JSON").read_bytes() == (tmp_path / "new" / "b.txt").read_bytes()


@pytest.mark.parametrize("name", ["a.docx", "a", "a.json.bak"])
def test_an_unknown_format_lists_the_known_ones(
    five_minutes: Analysis, tmp_path: Path, name: str
) -> None:
    with pytest.raises(OutputError, match="html, pdf, json, csv, atr"):
        write_report(five_minutes, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_cannot_be_written_leaves_nothing_behind(
    five_minutes: Analysis, tmp_path: Path, suffix: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / f"taken.{suffix}").mkdir()
    for path in (tmp_path / "file" / f"a.{suffix}", tmp_path / f"taken.{suffix}"):
        with pytest.raises(OutputError, match="cannot write"):
            write_report(five_minutes, path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", f"taken.{suffix}"]


def test_json_holds_what_scripts_rely_on(
    analysis_of: Callable[..., Analysis], tmp_path: Path
) -> None:
    recording = simulate(60, 200, seed=1)
    gap = Stretch(4000, 5000, "missing")
    analysis = analysis_of(recording, bad=(gap,))

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = write_report(analysis, tmp_path / "a.json").read_text()
    facts = json.loads(text, parse_constant=refuse)
    assert facts == analysis.to_dict()

    n = len(analysis.beats)
    assert {"recording", "beats", "counts", "rhythm", "model", "software"} <= facts.keys()
    assert {"format", "fs", "leads", "n_samples", "duration_s", "inferred"} <= (
        facts["recording"].keys()
    )
    assert facts["model"] == {"name": "some-model", "sha256": "ab" * 32}
    assert facts["bad"] == [{"start": 4000, "stop": 5000, "reason": "missing"}]
    assert {len(column) for column in facts["beats"].values()} == {n}
    assert facts["beats"]["sample"] == analysis.beats.sample.tolist()
    assert facts["counts"] == {
        name: facts["beats"]["label"].count(name) for name in facts["classes"]
    }
    unknown = [rr is None for rr in facts["beats"]["rr_s"]]
    assert unknown == np.isnan(analysis.beats.rr_s).tolist()
    assert sum(unknown) == 2
    for label, probability, row in zip(
        facts["beats"]["label"],
        facts["beats"]["probability"],
        facts["beats"]["probabilities"],
        strict=True,
    ):
        assert row[facts["classes"].index(label)] == probability
        assert sum(row) == pytest.approx(1, abs=1e-4)


def test_csv_says_the_same_as_json(five_minutes: Analysis, tmp_path: Path) -> None:
    with write_report(five_minutes, tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    beats = five_minutes.to_dict()["beats"]
    classes = beats.pop("probabilities")
    assert list(rows[0]) == [*beats, "p_N", "p_S", "p_V", "p_F", "p_Q"]
    assert len(rows) == len(five_minutes.beats)
    for name, column in beats.items():
        spelled = ["" if value is None else str(value) for value in column]
        if name == "abstained":
            spelled = [value.lower() for value in spelled]
        assert [row[name] for row in rows] == spelled, name
    assert [[float(row[f"p_{c}"]) for c in "NSVFQ"] for row in rows] == classes


@pytest.mark.parametrize("stem", ["208", "mein EKG 1.2 – Übung", "a.b.c", "-", "x" * 120])
def test_annotations_are_read_back_whatever_the_name(
    five_minutes: Analysis, tmp_path: Path, stem: str
) -> None:
    write_report(five_minutes, tmp_path / f"{stem}.atr")
    read = wfdb.rdann(str(tmp_path / stem), "atr")
    assert read.sample.tolist() == five_minutes.beats.sample.tolist()
    assert "".join(read.symbol) == "".join(five_minutes.labels.aami).replace("S", "A")
    assert read.fs == five_minutes.beats.fs
    assert [p.name for p in tmp_path.iterdir()] == [f"{stem}.atr"]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    beats=st.lists(
        st.tuples(st.integers(1, 2**33) | st.integers(1, 3000), st.sampled_from("NSVFQ")),
        max_size=30,
    ),
    fs=st.sampled_from([50.0, 360.0, 256.41, 512.414, 20000.0]),
)
def test_annotations_hold_any_beats(
    five_minutes: Analysis, tmp_path: Path, beats: list[tuple[int, str]], fs: float
) -> None:
    sample = (np.cumsum([step for step, _ in beats], dtype=np.int64) - 1).tolist()
    names = "".join(name for _, name in beats)
    write_report(with_beats(five_minutes, sample, names, fs), tmp_path / "a.atr")
    read = wfdb.rdann(str(tmp_path / "a"), "atr")
    assert read.sample.tolist() == sample
    assert "".join(read.symbol) == names.replace("S", "A")
    assert read.fs == fs


def test_annotations_equal_those_of_wfdb_byte_for_byte(
    five_minutes: Analysis, tmp_path: Path
) -> None:
    analysis = with_beats(five_minutes, [0, 7, 1030, 1_000_000], "NSVF")
    write_report(analysis, tmp_path / "ours.atr")
    symbols = ["N", "A", "V", "F"]
    wfdb.wrann("theirs", "atr", analysis.beats.sample, symbols, fs=250, write_dir=str(tmp_path))
    assert (tmp_path / "ours.atr").read_bytes() == (tmp_path / "theirs.atr").read_bytes()


@pytest.mark.parametrize("names", ["", "V"])
@pytest.mark.parametrize("suffix", FORMATS)
def test_no_beat_and_one_beat_are_reports_too(
    five_minutes: Analysis, tmp_path: Path, suffix: str, names: str
) -> None:
    analysis = with_beats(five_minutes, [100] * len(names), names)
    write_report(analysis, tmp_path / f"a.{suffix}")
    if suffix == "atr":
        assert wfdb.rdann(str(tmp_path / "a"), "atr").sample.tolist() == [100] * len(names)
    if suffix == "csv":
        assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + len(names)
