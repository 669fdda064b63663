from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb
from recording_signals import beats_in_mv
from scipy.io import savemat

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording import read, wfdb_record
from ectopy.recording._wfdb_header import BYTES_PER_SAMPLE
from ectopy.recording._wfdb_samples import _FORMATS

FS = 250
ADU = np.tile(np.arange(-100, 100), 10)
"""2,000 samples, 8 s."""


def whats(recording) -> list[str]:
    return [i.what for i in recording.source.inferred]


@pytest.mark.data
@pytest.mark.parametrize("name", ["208", "208.hea", "208.dat", "208.atr"])
def test_record_is_found_under_each_of_its_names(data, name):
    recording = read(data / "mitdb" / name)
    assert (recording.fs, recording.leads) == (360.0, ("MLII", "V1"))
    assert recording.signal.shape == (650_000, 2)
    assert recording.resolution == (0.005, 0.005)
    reference = wfdb.rdrecord(str(data / "mitdb" / "208"))
    np.testing.assert_array_equal(recording.signal, reference.p_signal.astype(np.float32))


@pytest.mark.data
def test_annotations_come_along_complete(data):
    recording = read(data / "mitdb" / "208")
    reference = wfdb.rdann(str(data / "mitdb" / "208"), "atr")
    found = recording.annotations
    np.testing.assert_array_equal(found.sample, reference.sample)
    assert list(found.symbol) == reference.symbol
    assert "(N" in set(found.aux)
    at_r = [found.sample[i] for i in range(len(found)) if found.symbol[i] in "NV"]
    heights = [np.ptp(recording.lead("MLII")[s - 30 : s + 30]) for s in at_r[1:-1]]
    assert 0.7 < np.median(heights) < 4


@pytest.mark.data
@pytest.mark.parametrize("name", ["A00001", "A00001.hea", "A00001.mat"])
def test_header_with_iso_date_is_read(data, name):
    recording = read(data / "formats" / "wfdb_nonstandard_header" / name)
    assert (recording.fs, recording.n_samples, recording.leads) == (300.0, 9000, ("ECG",))
    assert recording.start == datetime(2014, 5, 8, 5, 5, 15)
    assert recording.signal[0, 0] == np.float32(-0.127)


@pytest.mark.parametrize(
    ("gain", "mv_per_adu"),
    [
        ("200/mV", 1 / 200),
        ("0.2/uV", 1 / 200),
        ("0.2/µV", 1 / 200),
        ("200000/V", 1 / 200),
        ("1e3(0)/mv", 1 / 1000),
        ("400(50)/mV", 1 / 400),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_every_unit_becomes_millivolts(write_record, gain, mv_per_adu, encoding):
    path = write_record(f"{{}} 1 {FS} 2000\n{{}}.dat 16 {gain} 16 0 0 0 0 II\n", ADU, "r", encoding)
    recording = read(path)
    baseline = 50 if "(50)" in gain else 0
    np.testing.assert_allclose(recording.signal[:, 0], (ADU - baseline) * mv_per_adu, rtol=1e-6)
    assert recording.resolution == pytest.approx((mv_per_adu,))
    assert not recording.source.inferred


@pytest.mark.parametrize(
    ("line", "stated"),
    [("{}.dat 16 200", "units"), ("{}.dat 16 0/mV", "gain"), ("{}.dat 16", "gain")],
)
def test_defaults_of_the_standard_are_stated(write_record, line, stated):
    recording = read(write_record(f"{{}} 1 {FS} 2000\n{line}\n", ADU))
    np.testing.assert_allclose(recording.signal[:, 0], ADU / 200, rtol=1e-6)
    assert stated in whats(recording)


def test_units_of_the_user_win_over_the_header(write_record):
    path = write_record(f"{{}} 1 {FS} 2000\n{{}}.dat 16 1/mV 16 0 0 0 0 II\n", ADU * 10)
    recording = read(path, units="uV")
    np.testing.assert_allclose(recording.signal[:, 0], ADU / 100, rtol=1e-6)
    assert recording.resolution == pytest.approx((0.001,))
    assert whats(recording) == ["units"]


def test_invalid_samples_are_missing_and_names_unique(write_record):
    samples = np.stack([ADU, -ADU, ADU], axis=1)
    samples[5] = -32768
    lines = "".join(f"{{}}.dat 16 200/mV 16 0 0 0 0 {name}\n" for name in ("ECG", "ECG", ""))
    recording = read(write_record(f"{{}} 3 {FS} 2000\n{lines}", samples))
    assert np.isnan(recording.signal[5]).all()
    assert np.isnan(recording.signal).sum() == 3
    assert recording.leads == ("ECG", "ECG 2", "ECG 3")


def test_what_is_no_ecg_is_left_out_and_stated(write_record):
    lines = ["200/mV 16 0 0 0 0 II", "20/mmHg 12 0 0 0 0 ABP", "200/mV 16 0 0 0 0 RESP"]
    lines = "".join(f"{{}}.dat 16 {line}\n" for line in lines)
    path = write_record(f"{{}} 3 {FS} 2000\n{lines}", np.stack([ADU] * 3, axis=1))
    recording = read(path)
    assert recording.leads == ("II",)
    assert recording.source.inferred[0].value == "ABP, RESP"
    path.write_text(path.read_text().replace("II", "PLETH"))
    with pytest.raises(RecordingError, match="none of the signals"):
        read(path)


def test_leads_faster_than_the_frame_keep_their_rate(write_record):
    """Four ECG samples and one of pressure in each frame, as in MIMIC; time goes with the ECG."""
    frames = np.column_stack([ADU.reshape(-1, 4), np.zeros(500)])
    path = write_record(
        "{} 2 62.5 500\n{}.dat 16x4 200/mV 16 0 0 0 0 II\n{}.dat 16 1/mmHg 16 0 0 0 0 ABP\n", frames
    )
    wfdb.wrann("r1", "atr", np.array([10, 20]), ["N", "V"], write_dir=str(path.parent))
    recording = read(path)
    assert recording.fs == 250.0
    np.testing.assert_allclose(recording.signal[:, 0], ADU / 200, rtol=1e-6)
    assert list(recording.annotations.sample) == [40, 80]


def test_leads_of_different_rates_meet_at_the_frame_rate(write_record):
    frames = np.column_stack([ADU, ADU + 3, ADU])
    path = write_record(
        f"{{}} 2 {FS} 2000\n{{}}.dat 16x2 100/mV 16 0 0 0 0 II\n{{}}.dat 16 100/mV 16 0 0 0 0 V1\n",
        frames,
    )
    recording = read(path)
    assert recording.fs == FS
    np.testing.assert_allclose(recording.signal[:, 0], (ADU + 1.5) / 100, rtol=1e-5)
    np.testing.assert_allclose(recording.signal[:, 1], ADU / 100, rtol=1e-5)


@pytest.mark.parametrize("variable", [False, True])
def test_record_of_several_segments(write_record, variable):
    signal = "{}.dat 16 200/mV 16 0 0 0 0 II\n"
    write_record(f"{{}} 1 {FS} 1000\n{signal}", ADU[:1000], "s1")
    write_record(f"{{}} 1 {FS} 1000\n{signal.replace('200', '100')}", ADU[:1000], "s2")
    write_record(f"{{}} 1 {FS} 0\n~ 0 200/mV 16 0 0 0 0 II\n", [], "layout")
    gap = ("layout 0\n", "~ 500\n") if variable else ("", "")
    count, length = (4, 2500) if variable else (2, 2000)
    text = f"{{}}/{count} 1 {FS} {length}\n{gap[0]}s1 1000\n{gap[1]}s2 1000\n"
    path = write_record(text, [])
    recording = read(path)
    assert recording.n_samples == length
    np.testing.assert_allclose(recording.signal[:1000, 0], ADU[:1000] / 200, rtol=1e-6)
    np.testing.assert_allclose(recording.signal[-1000:, 0], ADU[:1000] / 100, rtol=1e-6)
    assert np.isnan(recording.signal[:, 0]).sum() == length - 2000
    path.with_name("s2.dat").unlink()
    with pytest.raises(DamagedFileError, match=r"s2\.dat.*missing"):
        read(path)


def test_empty_segment_between_others_is_missing(write_record):
    lines = "{}.dat 16 200/mV 16 0 0 0 0 II\n{}.dat 16 200/mV 16 0 0 0 0 V1\n"
    both = np.column_stack([ADU, -ADU])
    write_record(f"{{}} 2 {FS} 2000\n{lines}", both, "s1")
    write_record(f"{{}} 2 {FS} 1000\n{lines}", both[:1000], "s2")
    path = write_record(f"{{}}/3 2 {FS} 3500\ns1 2000\n~ 500\ns2 1000\n", [])
    signal = read(path).signal
    np.testing.assert_allclose(signal[:2000], both / 200, rtol=1e-6)
    assert np.isnan(signal[2000:2500]).all()
    np.testing.assert_allclose(signal[2500:], both[:1000] / 200, rtol=1e-6)
    path.write_text(f"r1/2 2 {FS} 3200\ns1 2000\ns2 1200\n")
    with pytest.raises(
        DamagedFileError, match=r"segment s2 holds 1000 of the 1200 samples.*r1\.hea"
    ):
        read(path)


@pytest.mark.parametrize("rate", ["360,0", "-360", "360Hz", "abc", "0", "1e999"])
def test_only_an_absent_rate_has_a_default(write_record, rate):
    path = write_record(GOOD.replace(f" {FS} ", f" {rate} "), ADU)
    with pytest.raises(DamagedFileError, match=f"'{rate}' as its sampling rate.*--fs"):
        read(path)
    recording = read(path, fs=360)
    assert (recording.fs, recording.n_samples) == (360, 2000)
    absent = read(write_record(GOOD.replace(f" {FS} 2000", ""), ADU))
    assert (absent.fs, whats(absent)) == (250, ["sampling rate"])


@pytest.mark.parametrize(
    "date", ["05-Feb-2020 11:39:16", "11:39:16 05/02/2020", "2020-02-05T11:39:16", "11:39:16.0"]
)
def test_start_in_many_forms(write_record, date):
    path = write_record(f"{{}} 1 {FS} 2000 {date} \r\n{{}}.dat 16 200/mV\r\n", ADU)
    expected = datetime(2020, 2, 5, 11, 39, 16) if "2020" in date else None
    assert read(path).start == expected


def test_damaged_annotations_do_not_hide_the_signal(write_record):
    path = write_record(f"{{}} 1 {FS} 2000\n{{}}.dat 16 200/mV\n", ADU)
    path.with_suffix(".atr").write_bytes(b"\xff\xfb\x01")
    recording = read(path)
    assert recording.annotations is None
    assert "annotations" in whats(recording)


GOOD = f"{{}} 1 {FS} 2000\n{{}}.dat 16 200/mV 16 0 0 0 0 II\n"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "empty"),
        ("# a comment only\n", "empty or holds comments only"),
        ("lorem ipsum dolor\n", "does not begin like"),
        ("{} 0 250 2000\n", "no signal"),
        ("{} 2 250 2000\n{}.dat 16 200/mV\n", "promises 2 signals and describes 1"),
        (GOOD.replace("2000", "9999"), "holds 2000 of the 9999 samples"),
        (GOOD.replace("{}.dat", "other.dat"), r"other\.dat.*missing"),
        (GOOD.replace("{}.dat", "../../etc/passwd"), "outside its own folder"),
        (GOOD.replace("{}.dat", "/etc/passwd"), "outside its own folder"),
        (GOOD.replace("{}.dat", "s3://bucket/x"), "outside its own folder"),
        (GOOD.replace(" 16 200", " 999 200"), "makes no sense"),
        (GOOD.replace(" 16 200", " 16:99999999 200"), "shifts signals"),
        ("{}/2 1 250 2000\n../secret 1000\ns2 1000\n", "makes no sense"),
        ("{}/1 1 250 2000\nnone 2000\n", r"none\.hea.*missing"),
    ],
)
def test_broken_headers_are_named_as_such(write_record, header, message):
    with pytest.raises(DamagedFileError, match=message) as caught:
        read(write_record(header, ADU))
    assert "\n" not in str(caught.value)


def test_samples_cut_short_or_gone(write_record):
    path = write_record(GOOD, ADU[:777])
    with pytest.raises(DamagedFileError, match="holds 777 of the 2000 samples"):
        read(path)
    path.with_suffix(".dat").unlink()
    with pytest.raises(DamagedFileError, match=r"r1\.dat.*missing"):
        read(path)


def test_signals_whose_file_is_missing_are_left_out_if_others_are_there(write_record):
    two = GOOD.replace("{} 1 ", "{} 2 ") + "r1.xyz 16 200 16 0 0 0 0 vx\n"
    whole = read(write_record(GOOD, ADU))
    path = write_record(two, ADU)
    found = read(path)
    assert found.leads == whole.leads
    np.testing.assert_array_equal(found.signal, whole.signal)
    (left,) = [fact for fact in found.source.inferred if fact.what == "signals left out"]
    assert (left.value, left.why) == ("vx", "their file r1.xyz is missing")
    # what is there is no ECG: then the missing file is what is wrong
    path.with_suffix(".xyz").write_bytes(ADU.tobytes())
    path.with_suffix(".dat").unlink()
    path.write_text(path.read_text().replace(" vx", " resp"))
    with pytest.raises(DamagedFileError, match=r"r1\.dat.*missing"):
        read(path)


def test_length_is_counted_where_the_header_leaves_it_out(write_record):
    assert read(write_record(GOOD.replace(" 2000", ""), ADU)).n_samples == 2000


def test_rate_that_contradicts_the_header(write_record):
    path = write_record(GOOD, ADU)
    assert read(path, fs=251).fs == 251
    with pytest.raises(RecordingError, match="250 Hz, --fs says 360 Hz"):
        read(path, fs=360)


def test_header_without_its_extension_and_data_without_header(write_record, tmp_path: Path):
    path = write_record(GOOD, ADU)
    text = path.with_suffix(".txt")
    path.rename(text)
    assert read(text).n_samples == 2000
    text.unlink()
    with pytest.raises(DamagedFileError, match=r"header r1\.hea is missing"):
        read(tmp_path / "r1")
    with pytest.raises(RecordingError, match=r"no header r1\.hea"):
        read(tmp_path / "r1.dat")


def _triples(flat):
    return np.resize(np.r_[flat, np.zeros(-len(flat) % 3, np.int64)], (-(-len(flat) // 3), 3)).T


def _as_310(flat):
    one, two, three = _triples(flat)
    low = one << 1 & 0x7FE | (three & 0x1F) << 11
    high = two << 1 & 0x7FE | (three >> 5 & 0x1F) << 11
    return np.stack([low, high], axis=1).astype("<u2").tobytes()


def _as_311(flat):
    one, two, three = _triples(flat)
    return (one & 0x3FF | (two & 0x3FF) << 10 | (three & 0x3FF) << 20).astype("<u4").tobytes()


def _as_212(flat):
    one, two = flat[0::2], flat[1::2]
    parts = [one & 0xFF, one >> 8 & 0xF | (two >> 8 & 0xF) << 4, two & 0xFF]
    return np.stack(parts, axis=1).astype("u1").tobytes()


ENCODERS = {
    "8": lambda flat: np.diff(flat.reshape(-1, 2), axis=0, prepend=0).astype("i1").tobytes(),
    "16": lambda flat: flat.astype("<i2").tobytes(),
    "24": lambda flat: flat.astype("<i4").view("u1").reshape(-1, 4)[:, :3].tobytes(),
    "32": lambda flat: flat.astype("<i4").tobytes(),
    "61": lambda flat: flat.astype(">i2").tobytes(),
    "80": lambda flat: (flat + 128).astype("u1").tobytes(),
    "160": lambda flat: (flat + 32768).astype("<u2").tobytes(),
    "212": _as_212,
    "310": _as_310,
    "311": _as_311,
}


@pytest.mark.parametrize("fmt", ENCODERS)
def test_every_storage_format(tmp_path, fmt):
    steps = np.rint(beats_in_mv(250, 4) * 80).astype(np.int64)
    both = np.stack([steps, 20 - steps], axis=1)
    (tmp_path / "r.dat").write_bytes(ENCODERS[fmt](both.reshape(-1)))
    lines = "".join(f"r.dat {fmt} 80/mV 12 0 0 0 0 {name}\n" for name in ("II", "V1"))
    (tmp_path / "r.hea").write_text(f"r 2 250 {len(both)}\n{lines}")
    recording = read(tmp_path / "r")
    assert recording.leads == ("II", "V1")
    np.testing.assert_allclose(recording.signal, both / 80, rtol=1e-6)


@pytest.mark.parametrize("fmt", _FORMATS)
@pytest.mark.parametrize("per_frame", [(1, 1, 1), (2, 2, 2), (1, 3, 2)])
def test_what_is_read_without_the_library_is_what_it_reads(tmp_path, monkeypatch, fmt, per_frame):
    frames, random = 701, np.random.default_rng(int(fmt))
    size = BYTES_PER_SAMPLE[fmt] * frames
    together, alone = (int(np.ceil(size * n)) for n in (sum(per_frame[:2]), per_frame[2]))
    noise = random.integers(0, 256, together, np.uint8)
    noise[:60] = np.tile({"80": [0], "160": [0], "212": [0, 0x88, 0]}.get(fmt, [0, 0, 0, 128]), 60)[
        :60
    ]
    (tmp_path / "a.dat").write_bytes(noise.tobytes())
    (tmp_path / "b.dat").write_bytes(bytes(12) + random.bytes(alone))
    one, two, three = per_frame
    (tmp_path / "r.hea").write_text(
        f"r 3 100 {frames}\na.dat {fmt}x{one} 80(7)/mV 12 0 0 0 0 I\n"
        f"a.dat {fmt}x{two} 0.25/uV 12 3 0 0 0 II\nb.dat {fmt}x{three}+12 1e3/mV 12 0 0 0 0 III\n"
    )
    monkeypatch.setattr(wfdb_record, "_PIECE", 64)
    found = read(tmp_path / "r")
    monkeypatch.setattr(wfdb_record, "can_decode", lambda signals: False)
    expected = read(tmp_path / "r")
    np.testing.assert_array_equal(found.signal, expected.signal)
    assert found.resolution == expected.resolution


def test_a_file_that_shrinks_while_it_is_read_says_so(write_record, monkeypatch):
    path = write_record(GOOD, ADU)
    whole = np.fromfile
    monkeypatch.setattr(np, "fromfile", lambda *given, **named: whole(*given, **named)[:-2])
    with pytest.raises(DamagedFileError, match="became shorter"):
        read(path)


@pytest.mark.parametrize("fmt", ["508", "516", "524"])
def test_every_compressed_format(tmp_path, fmt):
    steps = np.rint(beats_in_mv(250, 4) * 80).astype(np.int64)
    wfdb.wrsamp(
        "r", 250, ["mV"], ["II"], d_signal=steps[:, None], fmt=[fmt], adc_gain=[80.0], baseline=[0],
        write_dir=str(tmp_path),
    )  # fmt: skip
    np.testing.assert_allclose(read(tmp_path / "r").signal[:, 0], steps / 80, rtol=1e-6)


def test_a_challenge_file_of_matlab_with_its_header(tmp_path):
    steps = np.rint(np.stack([beats_in_mv(500, 4), -beats_in_mv(500, 4)]) * 1000).astype(np.int16)
    savemat(tmp_path / "A0001.mat", {"val": steps}, format="4")
    lines = "".join(f"A0001.mat 16+24 1000/mv 16 0 {v} 0 0 {n}\n" for n, v in (("I", 1), ("II", 2)))
    header = (
        f"A0001 2 500 {steps.shape[1]} 05-Feb-2020 11:39:16\n{lines}#Age: 74\n#Sex: Male\n#Dx: 1\n"
    )
    (tmp_path / "A0001.hea").write_text(header)
    for name in ("A0001", "A0001.mat", "A0001.hea"):
        recording = read(tmp_path / name)
        assert (recording.fs, recording.leads) == (500, ("I", "II"))
        assert recording.start.isoformat() == "2020-02-05T11:39:16"
        np.testing.assert_allclose(recording.signal, steps.T / 1000, rtol=1e-6)
    assert "Male" not in repr(recording.source)
    (tmp_path / "A0001.hea").unlink()
    assert read(tmp_path / "A0001.mat", fs=500).source.format == "MATLAB"
