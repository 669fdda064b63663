"""Beats of any annotated records in one set: cut right, named right, of the right patient."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from ectopy.beats import Beats
from ectopy.beats.context import context_inputs
from ectopy.beats.kaggle_rows import cut_rows, row_bounds
from ectopy.beats.quality import dead_stretches
from ectopy.cli import main
from ectopy.datasets.beat_sets import build_beats, load_beats
from ectopy.datasets.mitdb import read_raw_record
from ectopy.datasets.records import find_lead, find_records
from ectopy.errors import DatasetError
from ectopy.labels.aami import BEAT_SYMBOLS, aami_class
from ectopy.recording import Annotations, Recording, Source, read
from ectopy.recording.write import write
from ectopy.simulate import simulate


def put(
    path, *, fs=360.0, leads=("II", "V1"), seconds=20.0, seed=0, comment="", notes=None, **options
):
    """Write a simulated record of WFDB under a name."""
    heart = simulate(seconds, fs, seed=seed, **options)
    recording = replace(heart, leads=leads, source=Source(), annotations=notes or heart.annotations)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(recording, path)
    if comment:
        with path.with_suffix(".hea").open("a") as stream:
            stream.write(f"# {comment}\n")
    return recording


def beats_of(recording):
    return int(np.isin(recording.annotations.symbol, list(BEAT_SYMBOLS)).sum())


def rows_of(folder):
    with (folder / "records.csv").open(newline="", encoding="utf-8") as stream:
        return {
            row["record"] or row["path"].rpartition("/")[2]: row for row in csv.DictReader(stream)
        }


@pytest.fixture
def databases(tmp_path):
    """Records as several publishers give them, and some that no beat can be had of."""
    put(tmp_path / "mit" / "201", leads=("MLII", "V1"), seed=1)
    put(tmp_path / "mit" / "202", leads=("MLII", "V1"), seed=2)
    put(tmp_path / "mit" / "104", leads=("V5", "V2"), seed=3)
    put(tmp_path / "sv" / "800", leads=("ECG1", "ECG2"), fs=128.0, seed=4)
    put(tmp_path / "sv" / "801", leads=("ECG1", "ECG2"), fs=128.0, seed=5)
    for name, patient in (("I01", 1), ("I02", 1), ("I03", 2)):
        put(tmp_path / "in" / name, fs=257.0, seed=6, comment=f"patient {patient}")
    put(tmp_path / "eu" / "e0103", leads=("V4", "MLIII"), fs=250.0, seed=7)
    put(tmp_path / "noise" / "118e06", leads=("MLII", "V1"), seed=8)
    put(tmp_path / "qt" / "sele0103", fs=250.0, seed=7)
    put(tmp_path / "own" / "ward" / "a", leads=("D2", "V1"), fs=500.0, seed=9)
    put(tmp_path / "own" / "patient007" / "s1", seed=10)
    put(tmp_path / "own" / "patient007" / "s2", seed=11)
    return tmp_path


@pytest.mark.parametrize(
    ("leads", "wanted", "place"),
    [
        (("V1", "II"), "II", 1),
        (("V1", "ii"), "II", 1),
        (("V5", "MLII"), "II", 1),
        (("MLII", "II"), "II", 1),
        (("II", "MLII"), "MLII", 1),
        (("II", "V1"), "MLII", None),
        (("ECG1", "ECG2"), "II", None),
        (("ECG1", "ECG2"), "II,first", 0),
        (("ECG1", "ECG2"), "II,1", 1),
        (("ECG1", "ECG2"), "ecg2", 1),
        (("ECG1", "ECG2"), "2", None),
        (("Lead I", "ECG Lead_II"), "II", 1),
        (("D1", "D2", "D3"), "III", 2),
        (("MLIII", "V4"), "II", None),
        (("MCL1", "MLII"), "V1", 0),
        (("aVR", "-aVR", "AVF"), "avf", 2),
        (("V1", "V10"), "V1", 0),
        (("V5", "V2"), "II,V2,V5", 1),
    ],
)
def test_leads_are_found_under_the_names_that_recorders_give_them(leads, wanted, place):
    assert find_lead(leads, wanted.split(",")) == place


def test_every_record_is_used_or_its_reason_told(databases, tmp_path):
    whole = put(databases / "mit" / "200", leads=("MLII", "V1"), seed=12)
    (databases / "mit" / "200.dat").write_bytes((databases / "mit" / "200.dat").read_bytes()[:999])
    (databases / "mit" / "203.hea").write_text("203 2 360 7200\n")
    (databases / "mit" / "203.atr").write_bytes(b"\0\0")
    put(databases / "mit" / "205", leads=("MLII", "V1"))
    (databases / "mit" / "205.atr").unlink()
    none = Annotations(np.array([5]), np.array(["+"]), np.array(["(N"]))
    put(databases / "mit" / "207", leads=("MLII", "V1"), notes=none)
    out = tmp_path / "out"
    sources = [databases / name for name in ("mit", "sv", "in", "eu", "noise", "own", "mit")]
    built = build_beats(sources, out, lead="II")
    rows = rows_of(out)
    status = {name: row["status"] for name, row in rows.items()}
    assert status == {
        "104": "no lead", "200": "unreadable", "201": "used", "202": "used", "203": "unreadable",
        "205": "no annotations", "207": "no beats", "800": "no lead", "801": "no lead",
        "I01": "used", "I02": "used", "I03": "used", "e0103": "no lead", "118e06": "used",
        "ward/a": "used", "patient007/s1": "used", "patient007/s2": "used",
    }  # fmt: skip
    assert all(bool(row["reason"]) == (row["status"] != "used") for row in rows.values())
    assert "it has no lead II, but ECG1, ECG2" in rows["800"]["reason"]
    beats = load_beats(out)
    for name, row in rows.items():
        of_record = beats.record == name
        assert of_record.sum() == int(row["n_beats"])
        assert [int((beats.y[of_record] == k).sum()) for k in range(5)] == [
            int(row[c]) for c in "NSVFQ"
        ]
        if row["status"] == "used":
            assert set(beats.lead[of_record]) == {row["lead"]}
            assert set(beats.fs[of_record]) == {float(row["fs"])}
    assert rows["ward/a"]["lead"] == "D2"
    assert len(beats) == sum(built.counts.values()) == sum(int(r["n_beats"]) for r in rows.values())
    about = json.loads((out / "about.json").read_text())
    assert about["counts"] == built.counts
    assert about["databases"]["incartdb"]["licence"] == "ODC-By 1.0"
    assert not list(out.glob(".*"))
    assert beats_of(whole) > 10


def test_patients_are_kept_together_and_apart(databases, tmp_path):
    build_beats([databases], tmp_path / "out", lead="II,first")
    beats = load_beats(tmp_path / "out" / "beats.npz")
    patient = dict(zip(beats.record.tolist(), beats.patient.tolist(), strict=True))
    assert patient["201"] == patient["202"] == "mitdb/201+202"
    assert patient["I01"] == patient["I02"] != patient["I03"]
    assert patient["118e06"] == "mitdb/118"
    assert patient["own/patient007/s1"] == patient["own/patient007/s2"]
    assert patient["800"] == "svdb/800"
    assert patient["qt/sele0103"] == patient["e0103"] == "edb/e0103"
    assert len(set(patient.values())) == 10
    origin = dict(zip(beats.record.tolist(), beats.database.tolist(), strict=True))
    assert origin["800"] == "svdb"
    assert origin["e0103"] == "edb"
    assert origin["own/ward/a"] == databases.name


def test_records_are_taken_once_and_segments_are_no_records(databases, tmp_path):
    (databases / "copy").mkdir()
    for file in (databases / "mit").glob("201.*"):
        (databases / "copy" / file.name).write_bytes(file.read_bytes())
    built = build_beats([databases / "mit", databases / "copy"], tmp_path / "out")
    assert [each.status for each in built.records if each.record == "201"] == ["used", "duplicate"]
    (databases / "seg").mkdir()
    put(databases / "seg" / "part1")
    put(databases / "seg" / "part2")
    (databases / "seg" / "whole.hea").write_text("whole/2 2 360 14400\npart1 7200\npart2 7200\n")
    assert [record.name for record in find_records([databases / "seg"])] == ["whole"]


def test_escape_beats_double_and_stray_annotations(tmp_path):
    sample = np.array([300, 650, 650, 1000, 1200, 1350, 1700, 2050, 9_000_000])
    symbol = np.array(["N", "j", "A", "V", "+", "e", "F", "/", "N"])
    notes = Annotations(sample, symbol, np.full(len(sample), ""))
    put(tmp_path / "db" / "r", notes=notes)
    built = build_beats([tmp_path / "db"], tmp_path / "s")
    beats = load_beats(tmp_path / "s")
    assert "".join(beats.symbol) == "NjVeF"  # the last has no row, one lies outside
    assert "".join("NSVFQ"[k] for k in beats.y) == "NSVSF"
    assert beats.sample.tolist() == [300, 650, 1000, 1350, 1700]
    assert built.records[0].dropped == 3
    build_beats([tmp_path / "db"], tmp_path / "n", escape_beats="N")
    assert "".join("NSVFQ"[k] for k in load_beats(tmp_path / "n").y) == "NNVNF"


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([], "no beat is annotated in it"),
        ([900], "only one beat is annotated in it, and a row ends past the next"),
        ([90_000, 90_300], "all 2 beats annotated lie outside of its signal"),
    ],
)
def test_a_record_without_a_beat_to_cut_says_why(samples, told, tmp_path):
    n = len(samples)
    notes = Annotations(np.array(samples, np.int64), np.full(n, "N"), np.full(n, "", object))
    put(tmp_path / "in" / "good")
    put(tmp_path / "in" / "bad", notes=notes)
    if not n:  # an empty file of annotations holds its end mark
        (tmp_path / "in" / "bad.atr").write_bytes(b"\0\0")
    build_beats([tmp_path / "in"], tmp_path / "out")
    row = rows_of(tmp_path / "out")["bad"]
    assert (row["status"], row["n_beats"], row["dropped"]) == ("no beats", "0", str(n))
    assert row["reason"].startswith(told)


def test_one_heart_at_other_rates_gives_the_same_rows(tmp_path):
    rows = {}
    for fs in (128.0, 250.0, 257.0, 360.0, 1000.0):
        put(tmp_path / f"{fs:g}" / "r", fs=fs, seconds=60, seed=3, noise_mv=0.0)
        build_beats([tmp_path / f"{fs:g}"], tmp_path / f"out{fs:g}")
        rows[fs] = load_beats(tmp_path / f"out{fs:g}").X
    for fs, X in rows.items():
        assert X.shape == rows[360.0].shape
        assert X.min() >= 0
        assert X.max() == 1
        # an annotation lies on a sample, so up to half a sample off its R peak
        at, slack = np.arange(X.shape[1]), 60 / min(fs, 360.0) + 1 / 6
        best = [
            max(
                np.corrcoef(np.interp(at + shift, at, ours), theirs)[0, 1]
                for shift in np.linspace(-slack, slack, 13)
            )
            for ours, theirs in zip(X, rows[360.0], strict=True)
        ]
        assert min(best) > 0.99, fs


def test_context_is_what_the_classifier_sees(tmp_path):
    recording = put(tmp_path / "db" / "r", seconds=60)
    build_beats([tmp_path / "db"], tmp_path / "out", layout="context", lead="V1")
    held = load_beats(tmp_path / "out")
    stored = read(tmp_path / "db" / "r")
    beats = Beats(
        held.sample,
        np.ones(len(held), np.float32),
        stored.fs,
        "V1",
        dead_stretches(stored.lead("V1"), stored.fs),
    )
    assert held.layout == "context"
    assert len(held) == beats_of(recording)
    np.testing.assert_array_equal(held.X, context_inputs(stored, beats))


def test_same_records_give_the_same_bytes(databases, tmp_path):
    for name in ("one", "two"):
        build_beats([databases / "in"], tmp_path / name)
    assert (tmp_path / "one/beats.npz").read_bytes() == (tmp_path / "two/beats.npz").read_bytes()


def test_nothing_is_left_behind_when_no_beat_is_left(databases, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(DatasetError, match=r"no lead: 2, such as .*800 \(it has no lead II, but"):
        build_beats([databases / "sv"], out)
    assert not list(out.iterdir())
    with pytest.raises(DatasetError, match="holds no records of WFDB"):
        build_beats([out], out)
    with pytest.raises(DatasetError, match="no lead is named"):
        build_beats([databases / "sv"], out, lead=" , ")
    (out / "beats.npz").write_bytes(b"PK")
    with pytest.raises(DatasetError, match="is no set of beats"):
        load_beats(out)


def test_the_command_tells_what_is_left_out(databases, tmp_path):
    run, out = CliRunner().invoke, str(tmp_path / "out")
    sources = ["--source", str(databases / "mit"), "--source", str(databases / "sv")]
    done = run(main, ["data", "build", "beats", *sources, "-o", out])
    assert done.exit_code == 0, done.output
    assert "2 records of 1 patient; 3 records left out" in done.stdout
    assert "801: left out, it has no lead II, but ECG1, ECG2" in done.stderr
    every = run(main, ["data", "build", "beats", *sources, "--lead", "II,first", "-o", out])
    assert "leads: ECG1 in 2, MLII in 2, V5 in 1" in every.stdout
    assert every.stderr == ""
    nothing = run(main, ["data", "build", "beats", *sources, "--lead", "aVL", "-o", out])
    assert nothing.exit_code == 2
    (databases / "mit" / "202.dat").write_bytes(b"")
    damaged = run(main, ["data", "build", "beats", *sources, "-o", out])
    assert damaged.exit_code == 1
    assert "202: left out" in damaged.stderr
    misused = run(main, ["data", "build", "kaggle-mitbih", *sources, "-o", out])
    assert misused.exit_code == 2


@pytest.mark.data
def test_rows_of_mitdb_are_the_kaggle_rows(data, tmp_path):
    source = tmp_path / "mitdb"
    source.mkdir()
    for record in ("102", "114", "201", "208"):
        for end in ("hea", "dat", "atr"):
            (source / f"{record}.{end}").symlink_to(data / "mitdb" / f"{record}.{end}")
    build_beats([source], tmp_path / "out", lead="first", escape_beats="N")
    held = load_beats(tmp_path / "out")
    equal = 0
    for record in ("102", "114", "201", "208"):
        raw = read_raw_record(source, record)
        start, stop = row_bounds(raw.position, len(raw.adc))
        beat = np.isin(raw.symbol, list(BEAT_SYMBOLS))
        # Kaggle ends a row by the next two annotations of any kind, here they must be beats
        plain = np.flatnonzero(beat[:-2] & beat[1:-1] & beat[2:])
        rows = cut_rows(raw.adc, start[plain], stop[plain])
        ours = np.flatnonzero(held.record == record)
        place = ours[np.searchsorted(held.sample[ours], raw.position[plain])]
        np.testing.assert_array_equal(held.X[place], rows)
        names = [aami_class(one, "N") for one in raw.symbol[plain]]
        assert ["NSVFQ"[k] for k in held.y[place]] == names
        equal += len(plain)
    assert equal > 0.9 * len(held)
    assert set(held.lead) == {"V5", "MLII"}
    assert set(held.patient[held.record == "201"]) == {"mitdb/201+202"}
    assert isinstance(read(source / "102"), Recording)
