import struct
import sys
import zlib

import numpy as np
import pytest
from recording_signals import beats_in_mv
from scipy.io import savemat

from ectopy import read
from ectopy.errors import EctopyError, MissingFactError, RecordingError

FS = 250.0
BEATS = beats_in_mv(FS, 8)
UV = np.rint(BEATS * 1000).astype(np.int16)


@pytest.fixture
def save(tmp_path):
    def save(variables, **options):
        path = tmp_path / "ecg.mat"
        savemat(path, variables, **options)
        return path

    return save


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
@pytest.mark.parametrize("turned", [False, True])
def test_an_array_its_rate_and_its_unit(save, options, turned):
    ecg = np.stack([UV, -UV], axis=1)
    path = save({"ecg": ecg.T if turned else ecg, "fs": FS, "units": "uV"}, **options)
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("ECG 1", "ECG 2"))
    np.testing.assert_allclose(recording.signal, ecg / 1000, rtol=1e-6)


def test_the_header_of_ecg_kit(save):
    header = {
        "freq": FS, "desc": np.array(["MLII", "V1  ", "PPG "]), "gain": [[200.0], [100], [1]],
        "adczero": [[10], [20], [0]], "units": np.array(["mV", "mV", "mV"]), "nsig": 3,
    }  # fmt: skip
    signal = np.stack([BEATS * 200 + 10, -BEATS * 100 + 20, BEATS], axis=1)
    path = save({"signal": signal, "header": header, "ann": {"time": np.arange(999)}})
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("MLII", "V1"))
    np.testing.assert_allclose(recording.lead("MLII"), BEATS, atol=1e-5)
    np.testing.assert_allclose(recording.lead("V1"), -BEATS, atol=1e-5)
    assert "PPG" in [f.value for f in recording.source.inferred if f.what == "signals left out"]


def test_a_challenge_file_without_its_header_asks_for_the_rate(save):
    path = save({"val": UV[None, :]})
    with pytest.raises(MissingFactError, match="--fs"):
        read(path)
    recording = read(path, fs=300, units="uV")
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)


def test_a_struct_of_twelve_leads_in_the_usual_order(save):
    i, ii = BEATS, 0.7 * BEATS + 0.1
    limbs = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    data = np.stack([*limbs, *(i * k for k in range(1, 7))])
    path = save({"ECG": {"sex": "Male", "age": 74, "data": data}})
    recording = read(path, fs=500)
    assert recording.leads[3:7] == ("aVR", "aVL", "aVF", "V1")
    assert "Male" not in repr(recording.source)


def test_cells_of_lead_names(save):
    names = np.array(["II", "V5"], dtype=object)
    path = save({"ecg": np.stack([UV, UV], 1), "fs": FS, "leads": names})
    assert read(path).leads == ("II", "V5")


def test_leads_as_variables_and_a_time_with_a_gap(save):
    time = np.arange(len(BEATS)) / FS
    time[1000:] += 2
    path = save({"time": time, "II": BEATS, "V1": -BEATS, "rr": np.ones(500)})
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("II", "V1"))
    assert np.isnan(recording.signal[1000:1500]).all()
    np.testing.assert_allclose(recording.signal[1500:, 0], BEATS[1000:], rtol=1e-6)


def test_units_that_no_heart_has_are_not_believed(save):
    recording = read(save({"ecg": BEATS * 15_000.0, "fs": FS, "units": "uV"}))
    assert 0.5 < recording.signal.max() < 2
    (fact,) = [fact for fact in recording.source.inferred if fact.what == "units"]
    assert "states µV" in fact.why


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"a": np.ones((1000, 2)), "b": np.ones((1000, 3))}, "several arrays.*a 1000 × 2"),
        ({"image": np.ones((200, 200))}, "no array of samples"),
        ({"ann": np.arange(5000)}, "no array of samples"),
        ({"ecg": UV, "fs": FS, "desc": "EEG"}, "is an ECG"),
        ({"note": "hello"}, "none at all"),
    ],
)
def test_what_is_no_ecg_is_said(save, variables, says):
    with pytest.raises(RecordingError, match=says):
        read(save(variables), fs=FS)


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(kind, dims, rest, name=b"x"):
    flags = element(6, struct.pack("<II", kind, 0))
    return element(14, flags + element(5, struct.pack("<2i", *dims)) + element(1, name) + rest)


HEAD = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


@pytest.mark.parametrize(
    "body",
    [
        matrix(6, (10**9, 2**30), element(9, bytes(16))),
        matrix(6, (-5, 2), element(9, bytes(16))),
        matrix(1, (2**30, 2**30), b""),
        matrix(2, (2**30, 2**30), element(5, struct.pack("<i", 32)) + element(1, bytes(320))),
        matrix(2, (1, 1), element(5, struct.pack("<i", -1)) + element(1, bytes(320))),
        struct.pack("<II", 14, 2**31),
        struct.pack("<II", 15, 40) + b"x\x9c" + bytes(38),
        element(15, zlib.compress(struct.pack("<II", 14, 2**31) + bytes(64))),
    ],
)
def test_promises_beyond_the_file_are_refused(tmp_path, body):
    path = tmp_path / "bad.mat"
    path.write_bytes(HEAD + body)
    with pytest.raises(EctopyError):
        read(path)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    packer = zlib.compressobj(9)
    start = packer.flush(zlib.Z_FULL_FLUSH)
    packed = start + 400 * (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH))
    path = tmp_path / "bomb.mat"
    path.write_bytes(HEAD + struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(RecordingError, match="unpacks to more"):
        read(path)


def test_version_7_3_needs_h5py(tmp_path, monkeypatch):
    path = tmp_path / "new.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(99))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(RecordingError, match=r"needs h5py; pip install h5py"):
        read(path)


def test_version_7_3_with_h5py(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "new.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["ecg"] = np.stack([UV, -UV])
        file["fs"] = np.array([[FS]])
        file["units"] = np.array([[ord(c)] for c in "uV"], np.uint16)
        file["units"].attrs["MATLAB_class"] = np.bytes_("char")
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file")
    recording = read(path)
    assert recording.source.format == "MATLAB 7.3"
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)
    with h5py.File(path, "w") as file:
        file.create_dataset("ecg", (10**11,), "f8", chunks=(1000,))
    with pytest.raises(RecordingError, match="promises"):
        read(path)


@pytest.mark.data
def test_a_real_file(data):
    recording = read(data / "formats" / "matlab" / "ecgkit_example_recording.mat")
    assert (recording.fs, recording.duration_s) == (FS, 40)
    assert recording.leads == ("I", "III", "V1", "V2", "V4", "V5", "V6", "V3")
