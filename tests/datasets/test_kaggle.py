"""The rebuilt rows are the published rows."""

import csv

import numpy as np
import pytest

from ectopy.datasets.kaggle import load_rows, make_rows, write_rows
from ectopy.errors import DatasetError

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def rows(data):
    return make_rows(data / "mitdb")


def published(path, skip_header=0):
    return np.genfromtxt(path, delimiter=",", skip_header=skip_header)


def test_class_counts(rows):
    assert np.bincount(rows.y).tolist() == [90_589, 2_779, 7_236, 803, 8_039]
    assert np.bincount(rows.y[rows.is_test]).tolist() == [18_118, 556, 1_448, 162, 1_608]
    assert np.bincount(rows.y[~rows.is_test]).tolist() == [72_471, 2_223, 5_788, 641, 6_431]


def test_complete_published_test_rows_are_equal_bit_for_bit(rows, data):
    ours = rows.test_lines()
    head = published(data / "kaggle" / "published_test_head10.csv")
    body = published(data / "kaggle" / "published_test_rows1_999.csv", skip_header=1)[:, 1:]
    for lines, table in ((ours[: len(head)], head), (ours[1 : 1 + len(body)], body)):
        np.testing.assert_array_equal(rows.X[lines], table[:, :187].astype(np.float32))
        np.testing.assert_array_equal(rows.y[lines], table[:, 187])


def test_complete_published_training_rows_are_in_the_training_part(rows, data):
    head = published(data / "kaggle" / "published_train_head10.csv")
    training = {row.tobytes() for row in rows.X[~rows.is_test]}
    missing = [row for row in head[:, :187].astype(np.float32) if row.tobytes() not in training]
    assert len(head) == 10
    assert not missing


def test_first_columns_of_all_test_rows(rows, data):
    first = published(data / "kaggle" / "published_test_first6.csv")
    ours = rows.X[rows.test_lines(), :6]
    assert first.shape == (21_892, 6)
    # they were printed with three digits
    np.testing.assert_allclose(ours, first, atol=0.000_501)


def test_test_rows_are_the_indexed_beats(rows, data):
    with (data / "kaggle" / "mitbih_test_index.csv").open() as stream:
        index = [(r["record"], int(r["sample"]), int(r["label"])) for r in csv.DictReader(stream)]
    lines = rows.test_lines()
    ours = list(zip(rows.record[lines], rows.sample[lines], rows.y[lines], strict=True))
    assert ours == index


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


def test_folder_without_records_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"has no 100\.hea, 100\.dat, 100\.atr"):
        make_rows(tmp_path)


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
