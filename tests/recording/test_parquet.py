import sys

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import EctopyError, RecordingError

FS = 250.0
BEATS = beats_in_mv(FS, 8)


@pytest.fixture
def save(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")

    def save(columns, metadata=None):
        path = tmp_path / "ecg.parquet"
        table = pa.table(columns)
        pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, path)
        return path

    return save


def test_columns_are_told_apart_as_in_any_table(save):
    time = np.datetime64("2024-05-01T10:00:00") + np.arange(len(BEATS)) * np.timedelta64(4000, "us")
    recording = read(save({"time": time, "II [mV]": BEATS, "V1 [mV]": -BEATS, "SpO2": BEATS}))
    assert (recording.fs, recording.leads) == (FS, ("II", "V1"))
    assert recording.source.format == "Parquet"
    assert recording.start.isoformat() == "2024-05-01T10:00:00"
    np.testing.assert_allclose(recording.lead("V1"), -BEATS, rtol=1e-6)


def test_facts_of_the_file_count(save):
    path = save({"ecg": np.rint(BEATS * 1000).astype(np.int16)}, {"fs": "250", "unit": "uV"})
    recording = read(path)
    assert recording.fs == FS
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)


def test_missing_values_stay_missing(save):
    pa = pytest.importorskip("pyarrow")
    values = pa.array([None if 100 <= n < 150 else v for n, v in enumerate(BEATS)])
    recording = read(save({"ecg_mV": values, "n": np.arange(len(BEATS))}), fs=FS)
    assert np.flatnonzero(np.isnan(recording.signal[:, 0])).tolist() == list(range(100, 150))


def test_a_table_that_promises_too_much_is_refused(save):
    path = save({"ecg": np.zeros(6_000_000, np.int8)})
    with pytest.raises(RecordingError, match="promises 6,000,000 values"):
        read(path, fs=FS)


def test_lists_in_cells_are_refused(save):
    with pytest.raises(RecordingError, match="one sample in each row"):
        read(save({"ecg": [list(BEATS), list(BEATS)]}), fs=FS)


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "ecg.parquet"
    path.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(RecordingError, match=r"ectopy\[parquet\]"):
        read(path)


def test_a_damaged_file_is_one_line(tmp_path):
    path = tmp_path / "ecg.parquet"
    path.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(EctopyError, match=r"^[^\n]+$"):
        read(path)
