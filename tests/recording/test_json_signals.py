import json

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import MissingFactError, RecordingError, UnknownFormatError

FS = 300.0
BEATS = beats_in_mv(FS, 8)
UV = np.rint(BEATS * 1000).astype(int).tolist()


@pytest.fixture
def write(tmp_path):
    def write(content, name="ecg.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


WITHINGS = {"status": 0, "body": {"signal": UV, "sampling_frequency": 300, "wearposition": 1}}
FITBIT = {
    "ecgReadings": [
        {
            "startTime": "2022-09-28T17:12:30.222", "averageHeartRate": 70,
            "waveformSamples": np.rint(BEATS * 10922).astype(int).tolist(),
            "samplingFrequencyHz": "300", "scalingFactor": 10922, "numberOfWaveformSamples": 2400,
            "leadNumber": 1,
        }
    ]
}  # fmt: skip
KARDIA = {
    "data": {
        "samples": {"leadI": [2 * v for v in UV], "leadII": list(UV)},
        "frequency": 300, "mainsFrequency": 60, "amplitudeResolution": 500,
    }
}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "leads"), [(WITHINGS, ("signal",)), (FITBIT, ("ECG",)), (KARDIA, ("I", "II"))]
)
def test_makers_state_rate_and_steps(write, content, leads):
    recording = read(write(content))
    assert recording.fs == FS
    assert len(recording.leads) == len(leads)
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-3)
    if leads == ("I", "II"):
        assert recording.leads == leads
        np.testing.assert_allclose(recording.lead("II"), BEATS / 2, atol=1e-3)


def test_the_start_is_found(write):
    assert read(write(FITBIT)).start.isoformat() == "2022-09-28T17:12:30.222000"
    assert read(write({**WITHINGS, "timestamp": 1650000000})).start.year == 2022


def test_several_recordings_in_one_file_are_listed(write):
    two = {"ecgReadings": FITBIT["ecgReadings"] * 2}
    with pytest.raises(RecordingError, match=r"several arrays.*ecgReadings\(2\)"):
        read(write(two))


def test_a_list_without_a_rate_asks_for_it(write):
    path = write({"ecg": UV, "unit": "uV"})
    with pytest.raises(MissingFactError, match="--fs"):
        read(path)
    np.testing.assert_allclose(read(path, fs=FS).signal[:, 0], BEATS, atol=1e-6)


def test_null_is_missing(write):
    values = [None if 100 <= n < 120 else v for n, v in enumerate(UV)]
    recording = read(write({"ecg": values, "fs": 300}), units="uV")
    assert np.flatnonzero(np.isnan(recording.signal[:, 0])).tolist() == list(range(100, 120))


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_signal_in_the_cell_of_a_csv(write, separator):
    head = separator.join(["date", "sampling_frequency", "unit", "signal"])
    row = separator.join(["2021-05-01T08:00:00+02:00", "300", "uV", f'"{json.dumps(UV)}"'])
    recording = read(write(f"{head}\n{row}\n", "signal.csv"))
    assert recording.fs == FS
    assert recording.start.isoformat() == "2021-05-01T08:00:00+02:00"
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)
    with pytest.raises(RecordingError, match="holds 2 rows with a signal"):
        read(write(f"{head}\n{row}\n{row}\n", "signal.csv"))


def test_a_result_of_ectopy_is_no_recording(write):
    result = {"recording": {"fs": 300}, "beats": {"sample": UV}, "rhythm": {}, "model": {},
              "counts": {}, "software": {}}  # fmt: skip
    with pytest.raises(RecordingError, match="result of ectopy"):
        read(write(result))
    with pytest.raises(UnknownFormatError, match="JSON"):
        read(write({"steps": [1, 2, 3]}))
