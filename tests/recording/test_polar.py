import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read

FS = 130.0
BEATS = np.rint(beats_in_mv(FS, 20) * 1000).astype(int)
STEP_NS = 7_692_288
HEADER = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]"


def rows(end="\n"):
    made = [HEADER]
    for n, value in enumerate(BEATS):
        phone = f"2021-08-29T16:18:{16 + n // 73 * 73 / FS:06.3f}"
        sensor = 599615888432064324 + n * STEP_NS
        made.append(f"{phone};{sensor};{n * STEP_NS / 1e6:.3f};{value}")
    return end.join(made) + end


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_log_of_polar_sensor_logger(tmp_path, end):
    path = tmp_path / "Polar_H10_ECG.txt"
    path.write_bytes(rows(end).encode())
    recording = read(path)
    assert recording.fs == pytest.approx(130, abs=0.01)
    assert (recording.leads, recording.n_samples) == (("ECG",), len(BEATS))
    np.testing.assert_allclose(recording.signal[:, 0], BEATS / 1000, rtol=1e-6)
    assert recording.start.isoformat() == "2021-08-29T16:18:16"
    assert recording.source.format == "Polar sensor (text)"


def test_a_lost_connection_is_a_gap(tmp_path):
    lines = rows().splitlines()
    path = tmp_path / "gap.txt"
    path.write_text("\n".join(lines[:1001] + lines[1261:]) + "\n")
    recording = read(path)
    missing = np.flatnonzero(np.isnan(recording.signal[:, 0]))
    assert (missing[0], len(missing)) == (1000, 260)


def test_a_log_of_ecglogger(tmp_path):
    path = tmp_path / "ecglogger.csv"
    lines = [f"{1650000000000000000 + n * STEP_NS},{v},71,840" for n, v in enumerate(BEATS)]
    path.write_text("time,ecg,hr,rr\n" + "\n".join(lines) + "\n")
    recording = read(path)
    assert recording.fs == pytest.approx(130, abs=0.01)
    assert recording.leads == ("ecg",)
    assert recording.start.year == 2022
    np.testing.assert_allclose(recording.signal[:, 0], BEATS / 1000, rtol=1e-6)
