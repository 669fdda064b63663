import io

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import DamagedFileError, MissingFactError, RecordingError

FS = 250.0
BEATS = beats_in_mv(FS, 8)


@pytest.mark.parametrize("turned", [False, True])
def test_one_array(tmp_path, turned):
    path = tmp_path / "ecg.npy"
    ecg = np.stack([BEATS, -BEATS], axis=1)
    np.save(path, ecg.T if turned else ecg)
    with pytest.raises(MissingFactError, match="--fs"):
        read(path)
    recording = read(path, fs=FS)
    assert recording.leads == ("ECG 1", "ECG 2")
    np.testing.assert_allclose(recording.signal, ecg, rtol=1e-6)


def test_several_arrays_with_their_facts(tmp_path):
    path = tmp_path / "ecg.npz"
    np.savez_compressed(
        path, signal=np.rint(BEATS * 1000), fs=FS, leads=np.array(["II"]), units="uV",
        rpeaks=np.arange(500),
    )  # fmt: skip
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("II",))
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)


def test_fields_of_records(tmp_path):
    path = tmp_path / "ecg.npy"
    table = np.zeros(len(BEATS), [("time", "f8"), ("II", "f4"), ("V1", "f4")])
    table["time"], table["II"], table["V1"] = np.arange(len(BEATS)) / FS, BEATS, -BEATS
    np.save(path, table)
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("II", "V1"))


def test_python_objects_are_never_read(tmp_path):
    path = tmp_path / "evil.npy"
    np.save(path, np.array([print] * 500, dtype=object), allow_pickle=True)
    with pytest.raises(RecordingError, match="Python objects"):
        read(path, fs=FS)


@pytest.mark.parametrize("shape", ["(1000000000000, 2)", "(-5, 2)", "(2000,", "10 ** 9"])
def test_headers_that_promise_too_much(tmp_path, shape):
    stream = io.BytesIO()
    np.save(stream, BEATS)
    content = stream.getvalue().replace(f"({len(BEATS)},)".encode(), shape.encode())
    path = tmp_path / "big.npy"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"promises|makes no sense"):
        read(path, fs=FS)
