import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import RecordingError

FS = 150.0
BEATS = beats_in_mv(FS, 20)


def write(path, flag_every=120, jitter=0.0):
    lines = []
    for n, value in enumerate(BEATS):
        at = 25220.53 + n / FS + jitter * (n % 3 == 1)
        lines.append(f"{at:.3f} {value:.5f} {int(n % flag_every == 75)} 0")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_four_fields_without_a_header(tmp_path):
    recording = read(write(tmp_path / "beats.txt", jitter=0.002))
    assert (recording.fs, recording.leads) == (FS, ("ECG",))
    assert recording.source.format == "PC-80B (text)"
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-5)
    assert recording.annotations.sample.tolist() == list(range(75, len(BEATS), 120))


def test_small_amplitudes_stay_millivolts(tmp_path):
    path = tmp_path / "small.txt"
    path.write_text("".join(f"{n / FS:.3f} {v / 100:.5f} 0 0\n" for n, v in enumerate(BEATS)))
    assert np.abs(read(path).signal).max() == pytest.approx(BEATS.max() / 100, abs=1e-5)


@pytest.mark.data
def test_one_beat_is_too_short(data):
    with pytest.raises(RecordingError, match="150 samples, 1 s at 150 Hz"):
        read(data / "formats" / "pc80b" / "thewyrdguy_2021-12-30.onebeat.txt")
