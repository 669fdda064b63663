"""EDF, EDF+ and BDF: which signals are ECGs, at which rate, and what a header may promise."""

import re
import tracemalloc
from datetime import date, datetime, time
from pathlib import Path

import edfio
import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy.errors import DamagedFileError, EctopyError, RecordingError
from ectopy.recording import Recording, read

SECONDS = 20
RNG = np.random.default_rng(0)


def signal(
    label: str,
    fs: float = 256,
    unit: str = "mV",
    ecg: bool = True,
    transducer: str = "",
    kind: type = edfio.EdfSignal,
) -> edfio.EdfSignal:
    """An ECG, or noise with the spectrum of an EEG of 30 µV."""
    n = round(fs * SECONDS)
    values = beats_in_mv(fs, SECONDS) if ecg else np.cumsum(RNG.normal(0, 0.01, n)) * 0.3
    if not ecg:
        values = values - np.convolve(values, np.ones(25) / 25, "same")[:n]
    factor = {"uV": 1000.0, "V": 1e-3}.get(unit, 1.0)
    return kind(
        values * factor,
        fs,
        label=label,
        physical_dimension=unit,
        transducer_type=transducer,
        physical_range=(-5 * factor, 5 * factor),
    )


def write(path: Path, *signals: edfio.EdfSignal, **more: object) -> Path:
    kind = edfio.Bdf if isinstance(signals[0], edfio.BdfSignal) else edfio.Edf
    kind(list(signals), **more).write(path)
    return path


def patched(path: Path, at: int, text: str | bytes, width: int = 8) -> Path:
    data = bytearray(path.read_bytes())
    data[at : at + width] = (text.encode("latin-1") if isinstance(text, str) else text).ljust(width)
    path.write_bytes(data)
    return path


def stated(recording: Recording) -> dict[str, str]:
    return {inference.what: inference.value for inference in recording.source.inferred}


def test_the_ecg_of_a_sleep_study(tmp_path):
    path = write(
        tmp_path / "night.edf",
        signal("EEG Fpz-Cz", 100, "uV", ecg=False),
        signal("EOG horizontal", 100, "uV", ecg=False),
        signal("ECG II", 256),
        signal("EMG submental", 256, "uV", ecg=False),
        signal("Resp oro-nasal", 50, "", ecg=False),
        signal("SaO2", 1, "%", ecg=False),
        patient=edfio.Patient(code="P1", name="Ada_Secret", birthdate=date(1990, 1, 1)),
        recording=edfio.Recording(startdate=date(2021, 3, 28)),
        starttime=time(22, 15, 30, 250_000),
        annotations=[
            edfio.EdfAnnotation(5.25, None, "V"),
            edfio.EdfAnnotation(6.25, None, "Sleep stage 2"),
            edfio.EdfAnnotation(7.25, None, "(AFIB"),
        ],
    )
    recording = read(path)
    assert (recording.fs, recording.leads) == (256.0, ("II",))
    assert recording.source.format == "EDF+"
    assert recording.start == datetime(2021, 3, 28, 22, 15, 30, 250_000)
    np.testing.assert_allclose(recording.signal[:, 0], beats_in_mv(256, SECONDS), atol=1e-4)
    assert "EMG submental" in stated(recording)["signals left out"]
    assert recording.annotations.symbol.tolist() == ["V", '"', "+"]
    assert recording.annotations.sample.tolist() == [1344, 1600, 1856]
    assert "Secret" not in repr(recording)
    assert ("name", "Ada Secret") in read(path, keep_identity=True).source.identity


EEGS = [
    ["EEG Fpz-Cz", "EEG Pz-Oz", "EOG horizontal", "EMG submental"],
    ["Fp1", "Fp2", "C3", "C4", "O1", "O2", "Cz"],
    ["EEG FP1-REF", "EEG A1-REF", "EEG T3-LE"],
    ["Fc5.", "Fcz.", "Af7.", "Iz.."],
    ["FP1-F7", "F7-T7", "P7-O1"],
    ["A1", "A2", "B12", "EXG1", "EXG3"],
    ["E1-M2", "LOC", "ROC", "Chin1-Chin2", "Leg/L"],
    ["Ch1", "Ch2", "Channel 3"],
    ["POL E", "POL $A1"],
]


@pytest.mark.parametrize("labels", EEGS, ids=lambda labels: labels[0])
def test_an_eeg_is_no_ecg(tmp_path, labels):
    signals = [signal(label, 200, "uV", ecg=False) for label in labels]
    with pytest.raises(RecordingError, match="no signal that is an ECG") as caught:
        read(write(tmp_path / "eeg.edf", *signals))
    assert labels[0] in str(caught.value)
    assert "put ECG into its label" in str(caught.value)


@pytest.mark.parametrize(
    "label",
    ["ECG", "EKG-R", "EEG EKG1-REF", "ECG1-ECG2", "MLII", "V5", "aVF", "Lead II", "II", "X", "CM5"],
)
def test_names_of_ecgs(tmp_path, label):
    eeg = signal("EEG C3", 256, "uV", ecg=False)
    recording = read(write(tmp_path / "r.edf", eeg, signal(label)))
    assert len(recording.leads) == 1
    assert recording.signal.max() == pytest.approx(1.35, abs=0.15)


@pytest.mark.parametrize("label", ["ECG HR", "EKG Rate", "H.R.", "Pulse", "Pleth", "Snore"])
def test_what_is_measured_from_ecgs_is_none(tmp_path, label):
    with pytest.raises(RecordingError, match="no signal that is an ECG"):
        read(write(tmp_path / "r.edf", signal(label, unit="", ecg=False)))


def test_names_that_do_not_tell(tmp_path):
    recording = read(write(tmp_path / "r.edf", signal("Channel 1"), signal("Channel 2")))
    assert recording.leads == ("Channel 1", "Channel 2")
    assert stated(recording)["signals taken as ECG"] == "Channel 1, Channel 2"
    transducer = signal("Channel 1", transducer="ECG electrodes")
    assert "signals taken as ECG" not in stated(read(write(tmp_path / "t.edf", transducer)))


def test_several_rates(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG I", 512), signal("ECG V1", 256))
    assert (read(path).fs, read(path).leads) == (512.0, ("I",))
    assert stated(read(path))["signals left out"] == "ECG V1"
    assert (read(path, fs=256).fs, read(path, fs=256).leads) == (256.0, ("V1",))
    with pytest.raises(RecordingError, match="--fs says 300 Hz"):
        read(path, fs=300)


@pytest.mark.parametrize("unit", ["uV", "V", "mV"])
def test_units(tmp_path, unit):
    recording = read(write(tmp_path / "r.edf", signal("ECG", unit=unit)))
    np.testing.assert_allclose(recording.signal[:, 0], beats_in_mv(256, SECONDS), atol=2e-4)
    assert recording.resolution == pytest.approx((10 / 65535,), rel=1e-3)


def test_scales_that_make_no_sense(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG", unit="uV"))
    patched(patched(path, 256 + 16 + 80 + 8, "0"), 256 + 16 + 80 + 16, "0")
    assert "units" in stated(read(path))
    odd = write(tmp_path / "u.edf", signal("ECG", unit="?"))
    assert stated(read(odd))["units"] == "mV"


def test_bdf(tmp_path):
    status = signal("Status", unit="Boolean", ecg=False, kind=edfio.BdfSignal)
    path = write(tmp_path / "r.bdf", signal("ECG", unit="uV", kind=edfio.BdfSignal), status)
    recording = read(path)
    assert (recording.source.format, recording.leads) == ("BDF", ("ECG",))
    np.testing.assert_allclose(recording.signal[:, 0], beats_in_mv(256, SECONDS), atol=1e-6)


def test_decimal_commas_and_latin_letters(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG", unit="uV"))
    at = 256 + 16 + 80
    patched(path, at, "\xb5V")
    patched(path, at + 8, "-5000,0")
    patched(path, at + 16, "5000,0")
    np.testing.assert_allclose(read(path).signal[:, 0], beats_in_mv(256, SECONDS), atol=2e-4)


def test_a_rate_that_the_field_is_too_narrow_for(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG"), data_record_duration=1)
    patched(path, 236, str(256 * SECONDS))
    patched(path, 244, "0.003906")
    patched(path, 256 + 216, "1")
    recording = read(path)
    assert recording.fs == 256.0
    assert stated(recording)["sampling rate"] == "256 Hz"


LONG = edfio.EdfAnnotation(0, None, "a text that makes room for the times")


def plus_with_gap(path: Path, kind: str, begins: list[float]) -> Path:
    """An EDF+ file of records of a second, each beginning when `begins` says."""
    edf = edfio.Edf([signal("ECG", 250)], data_record_duration=1, annotations=[LONG])
    edf.write(path)
    data = path.read_bytes()
    head, size = bytearray(data[:768]), (len(data) - 768) // SECONDS
    head[192:197] = kind.encode()
    records = []
    for i, begin in enumerate(begins):
        record = data[768 + i * size : 768 + (i + 1) * size]
        ecg = record[:500]
        records.append(ecg + f"+{begin:g}\x14\x14\0".encode().ljust(size - 500, b"\0"))
    path.write_bytes(bytes(head) + b"".join(records))
    return path


def test_gaps_of_a_discontinuous_file(tmp_path):
    begins = [*map(float, range(5)), *(i + 12.5 for i in range(15))]
    recording = read(plus_with_gap(tmp_path / "r.edf", "EDF+D", begins))
    assert recording.n_samples == round((begins[-1] + 1) * 250)
    missing = np.flatnonzero(np.isnan(recording.signal[:, 0]))
    assert (missing[0], missing[-1], len(missing)) == (1250, 3124, 1875)
    expected = beats_in_mv(250, SECONDS)[1250:]
    np.testing.assert_allclose(recording.signal[3125:, 0], expected, atol=2e-4)
    assert stated(recording)["gaps"] == "1"


def test_no_annotation_is_lost_to_the_digits_of_its_time(tmp_path):
    when = np.arange(1, 18 * 30) / 30
    notes = [edfio.EdfAnnotation(round(float(at), 6), 1 / 3, "N") for at in when]
    start = time(10, 0, 0, 777_000)
    edf = edfio.Edf(
        [signal("ECG", 250)], starttime=start, data_record_duration=1, annotations=notes
    )
    edf.write(tmp_path / "r.edf")
    assert re.search(rb"\d{10,}\x15\d\.\d{10,}\x14N", (tmp_path / "r.edf").read_bytes())
    found = read(tmp_path / "r.edf").annotations
    assert found.sample.tolist() == [round(250 * at) for at in when]


def test_times_that_go_back(tmp_path):
    begins = [*map(float, range(10)), *map(float, range(10))]
    with pytest.raises(DamagedFileError, match="go back"):
        read(plus_with_gap(tmp_path / "r.edf", "EDF+D", begins))


def test_the_lowest_integer_is_no_voltage(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG"))
    data = bytearray(path.read_bytes())
    data[512 + 1000 : 512 + 1200] = np.full(100, -32768, "<i2").tobytes()
    path.write_bytes(data)
    assert np.isnan(read(path).signal[500:600]).all()
    assert stated(read(path))["missing samples"].startswith("100 samples")


BROKEN = [
    (236, "99999999", "promises"),
    (236, "-5x", "number of records"),
    (244, "0", "length of a record"),
    (244, "-1", "length of a record"),
    (256 + 216, "-256", "number of samples"),
]


@pytest.mark.parametrize(("at", "text", "message"), BROKEN)
def test_headers_that_cannot_be_true(tmp_path, at, text, message):
    path = patched(write(tmp_path / "r.edf", signal("ECG")), at, text)
    with pytest.raises(DamagedFileError, match=message):
        read(path)


def test_a_file_that_is_cut_short(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFileError, match="holds 19 of the 20 records"):
        read(path)
    assert read(patched(path, 236, "-1")).duration_s == 19
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(EctopyError, match="cut short"):
        read(path)


def test_only_what_is_taken_comes_into_memory(tmp_path):
    path = write(tmp_path / "r.edf", signal("ECG"), *[signal(f"EEG {i}", ecg=False) for i in "AB"])
    header = bytearray(path.read_bytes()[: 256 * 4])
    records = 4 * 3600
    header[236:244] = str(records).encode().ljust(8)
    block = path.read_bytes()[256 * 4 :]
    path.write_bytes(bytes(header) + block * (records // SECONDS))
    tracemalloc.start()
    recording = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert recording.duration_s == records
    assert peak < 3 * recording.signal.nbytes


@pytest.mark.data
def test_a_real_file(data):
    recording = read(data / "formats" / "edf" / "contec_0000050.ECG.edf")
    assert (recording.fs, recording.n_samples, len(recording.leads)) == (800.0, 37_855, 12)
    assert recording.start == datetime(2020, 11, 16, 21, 44, 39)
    known = edfio.read_edf(data / "formats" / "edf" / "contec_0000050.ECG.edf")
    steps = known.get_signal("II").digital
    np.testing.assert_allclose(recording.lead("II"), steps * 0.005, atol=1e-6)
    assert recording.source.inferred[0].value == "5 µV steps"
    # the same heart as the device's other export has it
    same = read(data / "formats" / "contec_ecg90a" / "0000050.ECG.csv")
    np.testing.assert_allclose(recording.lead("II"), same.lead("II"), atol=1e-6)
