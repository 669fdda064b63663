import struct
import wave

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import DamagedFileError, RecordingError

FS = 500
BEATS = beats_in_mv(FS, 4)


def wav(data, kind=1, bits=16, channels=1, fs=FS, length=None, extra=b""):
    fmt = struct.pack("<HHIIHH", kind, channels, fs, fs * channels * bits // 8, 0, bits) + extra
    body = (
        b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"LIST" + struct.pack("<I", 4) + b"INFO"
    )
    body += b"data" + struct.pack("<I", len(data) if length is None else length) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "ecg.wav"
        path.write_bytes(content)
        return path

    return write


def three_bytes(values):
    return b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)


@pytest.mark.parametrize(
    ("kind", "bits", "step", "encode"),
    [
        (1, 8, 0.02, lambda v: (v + 128).astype("u1").tobytes()),
        (1, 16, 0.001, lambda v: v.astype("<i2").tobytes()),
        (1, 24, 1e-6, three_bytes),
        (1, 32, 1e-6, lambda v: v.astype("<i4").tobytes()),
        (3, 32, 1e-3, lambda v: v.astype("<f4").tobytes()),
        (3, 64, 1e-3, lambda v: v.astype("<f8").tobytes()),
    ],
)
def test_every_coding_gives_the_same_signal(write, kind, bits, step, encode):
    steps = np.rint(BEATS / step)
    recording = read(write(wav(encode(steps), kind, bits)))
    assert (recording.fs, recording.n_samples, recording.leads) == (FS, len(BEATS), ("ECG",))
    expected = BEATS - np.median(BEATS)
    scale = recording.signal[:, 0].max() / expected.max()
    np.testing.assert_allclose(recording.signal[:, 0] / scale, expected, atol=step)
    assert "units" in [fact.what for fact in recording.source.inferred]


def test_units_of_the_user(write):
    recording = read(write(wav(np.rint(BEATS * 1000).astype("<i2").tobytes())), units="uV")
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)


def test_channels_are_leads_and_the_extensible_format_is_known(write):
    both = np.stack([BEATS, -BEATS], axis=1) * 1000
    guid = struct.pack("<HHI", 22, 16, 0) + struct.pack("<H", 1) + bytes(14)
    content = wav(np.rint(both).astype("<i2").tobytes(), 0xFFFE, channels=2, extra=guid)
    recording = read(write(content), units="uV")
    np.testing.assert_allclose(recording.signal, both / 1000, atol=1e-6)


def test_a_file_of_the_standard_library(tmp_path):
    path = tmp_path / "lib.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(FS)
        file.writeframes(np.rint(BEATS * 1000).astype("<i2").tobytes())
    assert read(path, units="uV").lead(0).max() == pytest.approx(BEATS.max(), abs=1e-4)


def test_a_recorder_that_never_wrote_the_length(write):
    data = np.rint(BEATS * 1000).astype("<i2").tobytes()
    assert read(write(wav(data, length=0xFFFFFFFF))).n_samples == len(BEATS)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (wav(bytes(4000), length=5000), DamagedFileError, "cut short"),
        (wav(bytes(4000), fs=44100), RecordingError, "44100 Hz"),
        (wav(bytes(4000), kind=6, bits=8), RecordingError, "format 6"),
        (wav(bytes(4000), channels=65), RecordingError, "65 channels"),
        (wav(bytes(4000), channels=0), RecordingError, "0 channels"),
        (wav(b""), DamagedFileError, "no samples"),
        (wav(bytes(4000))[:30], DamagedFileError, "cut short"),
    ],
)
def test_what_cannot_be_read_is_said(write, content, error, says):
    with pytest.raises(error, match=says):
        read(write(content))
