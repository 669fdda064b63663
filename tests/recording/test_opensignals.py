import json

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import DamagedFileError, RecordingError

FS = 1000
BEATS = beats_in_mv(FS, 5)


def header(**facts):
    device = {
        "sensor": ["ECG"], "device name": "20:16", "column": ["nSeq", "I1", "I2", "A2"],
        "time": "7:3:47.29", "date": "2016-6-11", "device": "bitalino", "sampling rate": FS,
        "label": ["A2"], "resolution": [4, 1, 1, 10], "comments": "", **facts,
    }  # fmt: skip
    return {"20:16:02:26:60:88": device}


@pytest.fixture
def write(tmp_path):
    def write(head, rows):
        path = tmp_path / "opensignals.txt"
        lines = ["\t".join(map(str, row)) + "\t" for row in rows]
        top = ["# OpenSignals Text File Format", "# " + json.dumps(head), "# EndOfHeader"]
        path.write_text("\n".join([*top, *lines, ""]))
        return path

    return write


def steps(bits, supply, gain):
    return np.rint((BEATS / 1000 * gain / supply + 0.5) * 2**bits).astype(int)


def test_the_transfer_function_of_bitalino(write):
    adc = steps(10, 3.3, 1100)
    path = write(header(), [(n % 16, 0, 1, v) for n, v in enumerate(adc)])
    recording = read(path, keep_identity=True)
    assert (recording.fs, recording.leads) == (FS, ("ECG",))
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=0.0015)
    assert recording.start.isoformat() == "2016-06-11T07:03:47.290000"
    assert "3.3 V / 1100" in {f.what: f.value for f in recording.source.inferred}["units"]
    assert recording.source.identity[0] == ("device_id", "20:16:02:26:60:88")


def test_the_channel_with_the_ecg_is_chosen(write):
    facts = {"sensor": ["EDA", "ECG"], "label": ["CH1", "CH2"], "device": "biosignalsplux",
             "column": ["nSeq", "DI", "CH1", "CH2"], "resolution": [16, 16]}  # fmt: skip
    adc = steps(16, 3, 1000)
    rows = [(n, 0, 30000 + n, v) for n, v in enumerate(adc)]
    recording = read(write(header(**facts), rows))
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-4)
    left_out = next(f for f in recording.source.inferred if f.what == "columns left out")
    assert left_out.value == "CH1 (EDA)"


def test_the_columns_of_two_devices(write):
    first = header(sensor=["EMG"])["20:16:02:26:60:88"]
    second = header()["20:16:02:26:60:88"]
    adc = steps(10, 3.3, 1100)
    rows = [(n, 0, 1, 500 + n % 7, n, 0, 1, v) for n, v in enumerate(adc)]
    recording = read(write({"A": first, "B": second}, rows))
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=0.0015)


def test_a_recording_without_an_ecg_is_refused(write):
    path = write(header(sensor=["EEG"]), [(n, 0, 1, n % 100) for n in range(5000)])
    with pytest.raises(RecordingError, match=r"A2 \(EEG\)"):
        read(path)


@pytest.mark.parametrize("facts", [{"column": ["nSeq"] * 9}, {"column": "x"}, {"column": []}])
def test_a_header_that_does_not_fit_is_refused(write, facts):
    with pytest.raises(DamagedFileError, match="header"):
        read(write(header(**facts), [(n, 0, 1, n % 100) for n in range(5000)]))


@pytest.mark.data
def test_a_real_file(data):
    recording = read(data / "formats" / "opensignals_bitalino" / "pyhrv_SampleECG.txt")
    assert (recording.fs, recording.n_samples, recording.leads) == (1000, 22350, ("ECG",))
    assert 0.3 < np.percentile(recording.signal, 99.9) < 1.5
