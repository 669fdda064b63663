import json

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import MissingFactError, RecordingError

FS = 200.0
BEATS = beats_in_mv(FS, 10.4)[:2080]
PACKETS = np.split(BEATS, len(BEATS) // 16)


def packets(name, step=0.001, skip=()):
    made = []
    for n, values in enumerate(PACKETS):
        samples = values.round(3).tolist() if step == 0.001 else np.rint(values / step).tolist()
        if n not in skip:
            made.append({name: {"Timestamp": 1000 + n * 80, "Samples": samples}})
    return made


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "log.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_a_log_of_the_sensor(write):
    start = {"TimeDetailed": {"relativeTime": 1000, "utcTime": 1712000000000000}}
    motion = {"MeasAcc": {"Timestamp": 1000, "ArrayAcc": [{"x": 0.1, "y": 0.2, "z": 9.8}]}}
    recording = read(write({"Samples": [start, motion, *packets("MeasECGmV")]}))
    assert (recording.fs, recording.leads) == (FS, ("ECG",))
    assert recording.start.isoformat() == "2024-04-01T19:33:20+00:00"
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)


@pytest.mark.parametrize(
    "shape",
    [
        lambda p: {"data": [{"ecg": packet["ECG"]} for packet in p]},
        lambda p: {"Meas": {"ECG": [packet["ECG"] for packet in p]}},
        lambda p: [{"Body": packet["ECG"], "Uri": "174/Meas/ECG/200"} for packet in p],
    ],
)
def test_steps_of_the_converter_in_other_layouts(write, shape):
    recording = read(write(shape(packets("ECG", step=0.00038146972656))))
    assert recording.fs == FS
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-3)
    assert "units" in [fact.what for fact in recording.source.inferred]


def test_lost_packets_are_missing(write):
    recording = read(write({"Samples": packets("MeasEcgmV", skip=(50, 51))}))
    missing = np.flatnonzero(np.isnan(recording.signal[:, 0]))
    assert missing.tolist() == list(range(800, 832))
    assert recording.n_samples == len(BEATS)


def test_one_packet_tells_no_rate(write):
    log = {"Samples": [{"MeasECGmV": {"Timestamp": 0, "Samples": BEATS.tolist()}}]}
    with pytest.raises(MissingFactError, match="--fs"):
        read(write(log))
    assert read(write(log), fs=FS).duration_s == pytest.approx(10.4)


def test_a_log_without_ecg_says_so(write):
    log = {"Samples": packets("MeasTemp"), "note": "no ECG"}
    with pytest.raises(RecordingError, match="no packets of ECG"):
        read(write({**log, "ecg": 1}))


def test_csv_in_packets(tmp_path):
    path = tmp_path / "MeasECGmV.csv"
    values = BEATS.copy()
    values[:40] = -32.767
    rows = [f"{55478 + 80 * (n // 16) + n % 16},{value}" for n, value in enumerate(values)]
    path.write_text("Timestamp,Value\n" + "\n".join(rows) + "\n")
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("ECG",))
    assert recording.source.format == "Movesense (CSV)"
    assert np.isnan(recording.signal[:40, 0]).all()
    np.testing.assert_allclose(recording.signal[40:, 0], BEATS[40:], atol=1e-6)


@pytest.mark.data
def test_a_real_file(data):
    recording = read(data / "formats" / "movesense" / "MeasECGmV.csv")
    assert (recording.fs, recording.n_samples) == (FS, 32144)
    assert np.nanmin(recording.signal) > -32.767
