"""The rebuilt rows are the published rows."""

import csv

import numpy as np
import pytest

from ectopy.datasets import kaggle
from ectopy.datasets.kaggle import load_rows, make_rows, write_rows
from ectopy.errors import DatasetError


@pytest.fixture(scope="module")
def rows(data):
    return make_rows(data / "mitdb")


def published(path, skip_header=0):
    return np.genfromtxt(path, delimiter=",", skip_header=skip_header)


@pytest.mark.data
def test_class_counts(rows):
    assert np.bincount(rows.y).tolist() == [90_589, 2_779, 7_236, 803, 8_039]
    assert np.bincount(rows.y[rows.is_test]).tolist() == [18_118, 556, 1_448, 162, 1_608]
    assert np.bincount(rows.y[~rows.is_test]).tolist() == [72_471, 2_223, 5_788, 641, 6_431]


@pytest.mark.data
def test_complete_published_test_rows_are_equal_bit_for_bit(rows, data):
    ours = rows.test_lines()
    head = published(data / "kaggle" / "published_test_head10.csv")
    body = published(data / "kaggle" / "published_test_rows1_999.csv", skip_header=1)[:, 1:]
    for lines, table in ((ours[: len(head)], head), (ours[1 : 1 + len(body)], body)):
        np.testing.assert_array_equal(rows.X[lines], table[:, :187].astype(np.float32))
        np.testing.assert_array_equal(rows.y[lines], table[:, 187])


@pytest.mark.data
def test_complete_published_training_rows_are_in_the_training_part(rows, data):
    head = published(data / "kaggle" / "published_train_head10.csv")
    training = {row.tobytes() for row in rows.X[~rows.is_test]}
    missing = [row for row in head[:, :187].astype(np.float32) if row.tobytes() not in training]
    assert len(head) == 10
    assert not missing


@pytest.mark.data
def test_first_columns_of_all_test_rows(rows, data):
    first = published(data / "kaggle" / "published_test_first6.csv")
    ours = rows.X[rows.test_lines(), :6]
    assert first.shape == (21_892, 6)
    # they were printed with three digits
    np.testing.assert_allclose(ours, first, atol=0.000_501)


@pytest.mark.data
def test_test_rows_are_the_indexed_beats(rows, data):
    with (data / "kaggle" / "mitbih_test_index.csv").open() as stream:
        index = [(r["record"], int(r["sample"]), int(r["label"])) for r in csv.DictReader(stream)]
    lines = rows.test_lines()
    ours = list(zip(rows.record[lines], rows.sample[lines], rows.y[lines], strict=True))
    assert ours == index


@pytest.mark.data
@pytest.mark.parametrize(
    ("label", "begins"),
    [
        ("N", (0.974277, 0.832797, 0.450161)),
        ("S", (0.979381, 1.0, 0.350515)),
        ("V", (0.167708, 0.223958, 0.372917)),
        ("F", (0.841365, 0.851406, 0.915663)),
        ("Q", (0.726496, 0.638177, 0.552707)),
    ],
)
def test_rows_that_people_print_from_the_training_file(rows, label, begins):
    part = ~rows.is_test & (rows.y == "NSVFQ".index(label))
    near = np.abs(rows.X[part, :3] - np.array(begins)).max(axis=1) < 1e-6
    assert near.sum() >= 1


@pytest.mark.data
def test_files_have_the_published_layout(rows, tmp_path):
    paths = write_rows(rows, tmp_path)
    assert [path.name for path in paths] == ["mitbih_train.csv", "mitbih_test.csv", "mitbih.npz"]
    assert (tmp_path / "mitbih_test.csv").stat().st_size == 102_892_400
    assert (tmp_path / "mitbih_train.csv").stat().st_size == 411_503_800
    assert not list(tmp_path.glob(".*"))
    with (tmp_path / "mitbih_train.csv").open() as stream:
        first = stream.readline().rstrip("\n").split(",")
    assert len(first) == 188
    loaded = load_rows(tmp_path)
    for name, column in vars(rows).items():
        np.testing.assert_array_equal(getattr(loaded, name), column)
    # the two published files alone are enough, but do not say whose the rows are
    (tmp_path / "mitbih.npz").unlink()
    alone = load_rows(tmp_path)
    assert not alone.knows_records
    assert (np.unique(alone.record).tolist(), np.unique(alone.sample).tolist()) == ([""], [-1])
    lines = np.concatenate([rows.train_lines(), rows.test_lines()])
    for name in ("X", "y", "is_test", "test_order"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(rows, name)[lines])


def test_folder_without_records_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"has no 100\.hea, 100\.dat, 100\.atr"):
        make_rows(tmp_path)


@pytest.mark.data
def test_damaged_or_exchanged_records_are_named(data, tmp_path):
    for file in (data / "mitdb").glob("*.*"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "100.dat").unlink()
    (tmp_path / "100.dat").write_bytes((data / "mitdb" / "100.dat").read_bytes()[:10_000])
    with pytest.raises(DatasetError, match=r"record 100 .* damaged or cut short"):
        make_rows(tmp_path)
    (tmp_path / "100.dat").write_bytes((data / "mitdb" / "101.dat").read_bytes())
    with pytest.raises(DatasetError, match=r"record 100 .* is not that of MIT-BIH"):
        make_rows(tmp_path)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda rows: {**rows, "X": rows["X"][:, :186]}, r"187 values .* X \(5, 186\)"),
        (lambda rows: {**rows, "y": rows["y"][:4]}, r"y \(4,\)"),
        (lambda rows: {**rows, "y": rows["y"] + 3}, "3 of 5 rows have a class other than 0 to 4"),
        (lambda rows: {**rows, "X": np.where(rows["y"][:, None], rows["X"], np.nan)}, "1 of its 5"),
        (lambda rows: {name: rows[name] for name in rows if name != "sample"}, "sample"),
    ],
)
def test_rows_that_cannot_be_learned_from_are_refused(harm, told, tmp_path):
    whole = {
        "X": np.random.default_rng(0).random((5, 187), np.float32),
        "y": np.arange(5, dtype=np.int8),
        "record": np.array(["100"] * 5),
        "sample": np.arange(5),
        "is_test": np.arange(5) > 2,
        "test_order": np.array([-1, -1, -1, 0, 1]),
    }
    np.savez(tmp_path / "mitbih.npz", **whole)
    np.testing.assert_array_equal(load_rows(tmp_path).X, whole["X"])
    np.savez(tmp_path / "mitbih.npz", **harm(whole))
    with pytest.raises(DatasetError, match=rf"mitbih\.npz .*{told}.*; build it again"):
        load_rows(tmp_path)


@pytest.mark.parametrize("kept", [0, 400])
def test_a_file_of_rows_that_was_cut_short_is_refused(kept, tmp_path):
    (tmp_path / "mitbih.npz").write_bytes((b"PK\x03\x04" + bytes(1000))[:kept])
    with pytest.raises(DatasetError, match=r"mitbih\.npz is not what .*; build it again"):
        load_rows(tmp_path)


def test_files_that_are_not_the_published_ones_are_refused_and_say_why(tmp_path, monkeypatch):
    with pytest.raises(
        DatasetError, match=r"neither mitbih\.npz .* nor the published mitbih_train"
    ):
        load_rows(tmp_path)
    random = np.random.default_rng(0)
    table = np.column_stack([random.random((60, 187)), np.arange(60) % 5])
    np.savetxt(tmp_path / "mitbih_train.csv", table[:40], delimiter=",", fmt="%.18e")
    with pytest.raises(DatasetError, match=r"but no mitbih_test\.csv"):
        load_rows(tmp_path)
    np.savetxt(tmp_path / "mitbih_test.csv", table[40:], delimiter=",", fmt="%.18e")
    with pytest.raises(DatasetError, match=r"mitbih_train\.csv .* 40 rows, not 87,554"):
        load_rows(tmp_path)
    monkeypatch.setitem(kaggle.COUNTS, "mitbih_train.csv", (8, 8, 8, 8, 8))
    monkeypatch.setitem(kaggle.COUNTS, "mitbih_test.csv", (5, 3, 4, 4, 4))
    with pytest.raises(DatasetError, match="N 4 S 4 V 4 F 4 Q 4, not N 5 S 3"):
        load_rows(tmp_path)
    monkeypatch.setitem(kaggle.COUNTS, "mitbih_test.csv", (4, 4, 4, 4, 4))
    rows = load_rows(tmp_path)
    np.testing.assert_array_equal(rows.X, table[:, :187].astype(np.float32))
    assert rows.test_lines().tolist() == list(range(40, 60))
    text = "a,b\n" + (tmp_path / "mitbih_test.csv").read_text()
    (tmp_path / "mitbih_test.csv").write_text(text)
    with pytest.raises(DatasetError, match="without a header"):
        load_rows(tmp_path)
