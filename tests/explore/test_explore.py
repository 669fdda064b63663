"""A data set in pictures: the numbers are right, every layout is read, nothing is hidden."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ectopy.cli import main
from ectopy.datasets.beat_sets import build_beats
from ectopy.errors import DatasetError
from ectopy.explore import BeatSet, explore, load_beats
from ectopy.explore.neighbours import division, find_nearest, neighbours
from ectopy.explore.numbers import balance, by_length_alone, rebalance, records, true_lengths
from ectopy.recording.write import write
from ectopy.report.palette import palette
from ectopy.simulate import simulate

CLASSES = ("N", "S", "V", "F", "Q")
PICTURES = {"balance", "examples", "density", "noise", "lengths", "records", "neighbours"}


def beat_rows(y, person, random):
    """Rows like those of the Kaggle set: a shape for each class and person, padded with zeros."""
    column = np.arange(187)
    X = np.zeros((len(y), 187), np.float32)
    for row, k, who in zip(X, y, person, strict=True):
        length = int(random.integers(60, 80) + 20 * k)
        wave = np.exp(-(((column[:length] - 8 - 3 * k) / (4 + 3 * k + who)) ** 2)) + 0.01 * who
        wave += 0.002 * random.normal(size=length)
        row[:length] = (wave - wave.min()) / np.ptp(wave)
        row[length - 1] = 0.5  # a last value that is no zero
    return X


@pytest.fixture(scope="module")
def beats():
    """600 beats of six people, divided at random into training and test."""
    random = np.random.default_rng(4)
    y = random.choice(5, 600, p=[0.7, 0.1, 0.1, 0.02, 0.08]).astype(np.int64)
    who = np.repeat(np.arange(6), 100)
    return BeatSet(
        "six",
        "rows made up",
        beat_rows(y, who, random),
        y,
        CLASSES,
        fs=120.0,
        is_test=random.random(600) < 0.2,
        record=np.array([f"r{k}" for k in who]),
        sample=np.tile(np.arange(100) * 300, 6),
    )


def save(beats, path, **more):
    given = {"X": beats.X, "y": beats.y, **more}
    np.savez(path, **given)
    return path


def test_rebalancing_draws_only_from_training_and_copies_only_where_it_must(beats):
    drawn = rebalance(beats, 60, seed=1)
    for k, name in enumerate(CLASSES):
        assert len(drawn[name]) == 60
        assert not beats.is_test[drawn[name]].any()
        assert (beats.y[drawn[name]] == k).all()
    found = balance(beats, drawn, 60)["classes"]
    assert found["N"]["distinct"] == 60
    assert found["N"]["most_copies"] == 1
    assert found["F"]["distinct"] <= found["F"]["rows"] < 60 / 2 <= 30 * found["F"]["most_copies"]
    again = rebalance(beats, 60, seed=1)
    assert all((drawn[name] == again[name]).all() for name in CLASSES)


def test_true_length_ends_before_the_padding_and_nowhere_else():
    X = np.zeros((4, 10), np.float32)
    X[0, 2] = 1  # zeros before a value are signal
    X[1] = 0.5
    X[2, :9] = [1, 0, 0, 0, 0, 0, 0, 0, -1]
    assert true_lengths(X).tolist() == [3, 10, 9, 0]


def test_a_rule_of_length_alone_finds_what_length_tells_and_nothing_more(beats):
    told = by_length_alone(beats, true_lengths(beats.X))
    assert told["balanced_accuracy"] > 0.6  # the lengths of the classes hardly overlap
    shuffled = np.random.default_rng(0).permutation(true_lengths(beats.X))
    assert by_length_alone(beats, shuffled)["balanced_accuracy"] < 0.45


def test_neighbours_across_the_split_are_those_in_time(beats):
    is_test = np.zeros(600, bool)
    is_test[[0, 1, 2, 50, 599]] = True  # 0 and 1 have only test beats, or nothing, beside them
    found = neighbours(beats, is_test, None)
    assert found["in_time"] == pytest.approx(3 / 5)
    order = np.random.default_rng(1).permutation(600)
    mixed = BeatSet(
        "six", "", beats.X[order], beats.y[order], CLASSES, record=beats.record[order],
        sample=beats.sample[order],
    )  # fmt: skip
    assert neighbours(mixed, is_test[order], None)["in_time"] == found["in_time"]


def test_a_split_by_record_has_no_neighbours_and_no_patient_on_both_sides(beats):
    apart = np.isin(beats.record, ["r0", "r1"])
    found = neighbours(beats, apart, None)
    assert found["in_time"] == 0
    assert found["same_patient"] == 0


def test_the_nearest_row_is_the_nearest_and_can_be_barred_to_other_people(beats):
    is_test = division(beats, 0)
    nearest = find_nearest(beats, is_test, 0)
    train = np.flatnonzero(~is_test)
    for row, found, other in zip(
        nearest.rows[:20], nearest.any_distance[:20], nearest.other_row[:20], strict=True
    ):
        apart = np.sqrt(np.square(beats.X[train].astype(float) - beats.X[row]).mean(axis=1))
        assert found == pytest.approx(apart.min(), rel=1e-3)
        assert beats.record[other] != beats.record[row]
    assert (nearest.other_distance >= nearest.any_distance - 1e-6).all()


def test_copies_across_the_split_are_counted(beats):
    X = beats.X.copy()
    X[np.flatnonzero(beats.is_test)[:7]] = X[np.flatnonzero(~beats.is_test)[0]]
    copied = BeatSet("six", "", X, beats.y, CLASSES, is_test=beats.is_test)
    found = neighbours(copied, copied.is_test, None)
    assert found["identical"] == 7
    assert found["repeated"] == 7


def test_records_add_up(beats):
    found = records(beats)
    for k, name in enumerate(CLASSES):
        assert sum(row[name] for row in found["records"].values()) == (beats.y == k).sum()
    assert found["records"]["r3"]["N"] == ((beats.record == "r3") & (beats.y == 0)).sum()


def test_the_page_stands_alone_and_says_where_each_picture_deceives(beats, tmp_path):
    data = save(
        beats, tmp_path / "six.npz", fs=120.0, record=beats.record, sample=beats.sample,
        is_test=beats.is_test,
    )  # fmt: skip
    summary, written = explore(data, tmp_path / "out", per_class=80, noise=0.2, seed=3)
    assert {path.stem for path in written if path.suffix == ".png"} == PICTURES
    assert json.loads((tmp_path / "out/summary.json").read_text("utf-8")) == summary
    page = (tmp_path / "out/explore.html").read_text("utf-8")
    assert page.count("Where it deceives") == len(PICTURES)
    assert page.count("data:image/png") == 2 * len(PICTURES)
    assert "Not a medical device" in page
    assert "Patients are mixed" in page
    assert not re.search(r"(src|href|srcset)=\"(?!data:)", page)
    assert "<script" not in page
    assert "--per-class 80 --noise 0.2 --seed 3" in page


def test_rows_of_unknown_origin_are_drawn_too_in_the_colours_of_the_report(beats, tmp_path):
    data = save(beats, tmp_path / "six.npz")
    summary, written = explore(data, tmp_path / "out", per_class=50)
    assert summary["records"] is None
    assert summary["neighbours"]["divided"] is False
    assert {path.stem for path in written if path.suffix == ".png"} == PICTURES - {"records"}
    with Image.open(tmp_path / "out/balance.png") as picture:
        seen = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
    for name in CLASSES:
        assert tuple(bytes.fromhex(palette()[name][1:])) in seen


def test_published_tables_are_read_with_their_parts(beats, tmp_path):
    table = np.column_stack([beats.X, beats.y])
    np.savetxt(tmp_path / "mitbih_train.csv", table[:400], delimiter=",", fmt="%.18e")
    np.savetxt(tmp_path / "mitbih_test.csv", table[400:], delimiter=",", fmt="%.18e")
    found = load_beats(tmp_path)
    assert (found.X == beats.X).all()
    assert (found.y == beats.y).all()
    assert found.is_test.tolist() == [False] * 400 + [True] * 200
    assert "do not tell the record" in found.says
    assert "mitbih_train.csv is not the published one: it has 400 rows, not 87,554" in found.says
    only = load_beats(tmp_path / "mitbih_test.csv")
    assert (only.y == beats.y[400:]).all()
    assert only.is_test is None
    (tmp_path / "ptb").mkdir()
    for k, name in enumerate(("normal", "abnormal")):
        rows = np.column_stack([beats.X[: 50 + k], np.full(50 + k, k)])
        np.savetxt(tmp_path / "ptb" / f"ptbdb_{name}.csv", rows, delimiter=",", fmt="%.18e")
    healthy_or_not = load_beats(tmp_path / "ptb")
    assert healthy_or_not.classes == ("normal", "abnormal")
    assert np.bincount(healthy_or_not.y).tolist() == [50, 51]


def test_letters_and_windows_of_several_leads_are_read(beats, tmp_path):
    named = np.array(CLASSES)[beats.y]
    both = np.stack([beats.X, -beats.X], axis=1)
    np.savez(tmp_path / "set.npz", X=both, y=named, patient=beats.record)
    found = load_beats(tmp_path)
    assert (found.X == beats.X).all()
    assert (found.y == beats.y).all()
    assert found.classes == CLASSES
    assert (found.people == beats.record).all()


@pytest.mark.parametrize(
    ("layout", "rate", "start"), [("kaggle-rows", 120, 0), ("context", 60, -0.4)]
)
def test_sets_of_ectopy_are_drawn_at_the_rate_of_their_rows(tmp_path, layout, rate, start):
    recording = simulate(60, 250, seed=2)
    write(recording, tmp_path / "one.hea")
    built = build_beats([tmp_path], tmp_path / "set", layout=layout, lead="first")
    found = load_beats(tmp_path / "set")
    assert found.name == "set"
    assert len(found) == sum(built.counts.values())
    assert found.fs == rate
    assert found.time(2).tolist() == pytest.approx([start, start + 1 / rate])
    peak = np.abs(found.X[found.y == 0]).mean(axis=0).argmax()
    assert abs(found.time(peak + 1)[-1]) < 0.05  # the R peak is where the time says
    assert set(found.record) == {"one"}


def test_nothing_to_explore_is_said_in_one_line_with_what_to_give(beats, tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "notes.txt").write_text("hello", "utf-8")
    np.savez(tmp_path / "odd.npz", wave=beats.X)
    (tmp_path / "short.npz").write_bytes(b"PK\x03\x04 cut short")
    np.savez(tmp_path / "nan.npz", X=np.full((3, 9), np.nan), y=np.zeros(3, int))
    np.savez(tmp_path / "uneven.npz", X=beats.X, y=beats.y[:-1])
    np.savez(tmp_path / "six.npz", X=beats.X, y=beats.y + 1)
    np.savez(tmp_path / "minus.npz", X=beats.X, y=beats.y.astype(int) - 1)
    np.savez(tmp_path / "between.npz", X=beats.X, y=beats.y + 0.5)
    np.savez(tmp_path / "one-hot.npz", X=beats.X, y=np.eye(5)[beats.y])
    np.savez(tmp_path / "tested.npz", X=beats.X, y=beats.y, is_test=np.ones(len(beats.y), bool))
    row = ",".join(["0.5"] * 187)
    (tmp_path / "between.csv").write_text(f"{row},1\n{row},1.5\n", "utf-8")
    (tmp_path / "numbers.csv").write_text(f"{','.join(map(str, range(188)))}\n{row},1\n", "utf-8")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    (tmp_path / "narrow.csv").write_text("1,2,3\n4,5,6\n", "utf-8")
    (tmp_path / "words.csv").write_text("a,b\nc,d\n", "utf-8")
    for what, part in (
        (folder, "ectopy data build"),
        (tmp_path / "gone", "there is no"),
        (folder / "notes.txt", "neither .npz nor .csv"),
        (tmp_path / "odd.npz", "no X and no y"),
        (tmp_path / "short.npz", "cannot be read"),
        (tmp_path / "nan.npz", "3 of 3 rows"),
        (tmp_path / "minus.npz", "class -1"),
        (tmp_path / "between.npz", "600 of 600 rows have a class that is no whole number"),
        (tmp_path / "one-hot.npz", "y.argmax(axis=1)"),
        (tmp_path / "tested.npz", "none to learn from"),
        (tmp_path / "between.csv", "1 of 2 rows have a class that is no whole number, such as 1.5"),
        (tmp_path / "numbers.csv", "begins with the numbers of its columns"),
        (tmp_path / "empty.csv", "is empty"),
        (tmp_path / "uneven.npz", "599 values of y"),
        (tmp_path / "six.npz", "class 5"),
        (tmp_path / "narrow.csv", "3 columns"),
        (tmp_path / "words.csv", "table of numbers"),
    ):
        result = CliRunner().invoke(main, ["explore", str(what), "-o", str(tmp_path / "out")])
        assert result.exit_code == 2, what
        lines = [line for line in result.stderr.splitlines() if line.startswith("ectopy: ")]
        assert len(lines) == 1
        assert part in lines[0]
    with pytest.raises(DatasetError, match="at least one row"):
        explore(tmp_path / "odd.npz", tmp_path / "out", per_class=0)


@pytest.mark.data
def test_the_raw_records_show_the_known_facts(data, tmp_path):
    result = CliRunner().invoke(main, ["explore", str(data / "mitdb"), "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "patients are mixed" in result.stdout
    assert "96.1 % of the test beats have a neighbour in training" in result.stdout
    found = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert found["counts"]["train"] == dict(
        zip(CLASSES, (72_471, 2_223, 5_788, 641, 6_431), strict=True)
    )
    assert found["counts"]["test"] == dict(
        zip(CLASSES, (18_118, 556, 1_448, 162, 1_608), strict=True)
    )
    shared = found["neighbours"]
    assert shared["in_time"] == pytest.approx(0.961, abs=0.001)
    assert shared["same_patient"] == 1
    assert found["records"]["most"]["S"]["record"] == "232"
    assert found["balance"]["classes"]["F"]["distinct"] == 641
    copying, barred = shared["nearest"]["copying"], shared["nearest"]["other_patients"]["copying"]
    assert copying["accuracy"] > 0.97
    assert barred["accuracy"] < 0.88
    assert barred["macro_f1"] < 0.6
