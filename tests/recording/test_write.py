"""What is written, other programs read: within half a step, missing samples and beats in place."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import edfio
import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.errors import OutputError
from ectopy.recording import Annotations, Recording, read
from ectopy.recording.value import Source
from ectopy.recording.write import write
from ectopy.simulate import simulate

START = datetime(2021, 3, 28, 8, 15, 30, 250_000)
NOTES = Annotations(
    np.array([1, 700, 700, 1500, 4000]),
    np.array(["+", "N", "V", "A", '"']),
    np.array(["(AFIB", "", "", "", "chest pain"]),
)


def recording(kind: str, fs: float = 250.0) -> Recording:
    """Two leads of 20 s in which samples are missing, as 16-bit integers or not, near 0 or far."""
    signal = simulate(20, 250, seed=4, noise_mv=0.02).signal.astype(np.float64)
    step = {"integers": 1 / 200, "odd steps": 0.00123}.get(kind)
    if step:
        signal = np.rint(signal / step) * step
    if kind == "far from zero":
        signal += (330, -250)
    if kind == "wide":
        signal[::50] *= 4000
    signal[100:400, 0] = np.nan
    signal[4321, 1] = np.nan
    signal[-1] = np.nan
    resolution = (step, step) if step else None
    return Recording(signal, fs, ("II", "V1"), START, annotations=NOTES, resolution=resolution)


KINDS = ("integers", "odd steps", "floats", "far from zero", "wide")


def assert_within(found: np.ndarray, made: np.ndarray, step: np.ndarray) -> None:
    np.testing.assert_array_equal(np.isnan(found), np.isnan(made))
    # float32 has 24 bits, which far from 0 is less than the integers have
    slack = 1e-4 * step + 2 * np.spacing(np.nanmax(np.abs(made), axis=0).astype(np.float32))
    assert (np.nanmax(np.abs(found - made), axis=0) <= step / 2 + slack).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_wfdb_record_is_read_by_wfdb(kind: str, tmp_path: Path) -> None:
    made = recording(kind)
    written = write(made, tmp_path / "rec")
    assert [path.name for path in written.paths] == ["rec.hea", "rec.dat", "rec.atr"]
    found = wfdb.rdrecord(str(tmp_path / "rec"))
    step = 1 / np.array(found.adc_gain)
    assert (step < 1.000001 * np.array(made.resolution or (0.0005, 0.0005))).all()
    assert_within(found.p_signal, made.signal, step)
    assert (found.fs, found.sig_name, found.units) == (250, ["II", "V1"], ["mV", "mV"])
    assert found.base_datetime == START
    notes = wfdb.rdann(str(tmp_path / "rec"), "atr")
    assert notes.sample.tolist() == NOTES.sample.tolist()
    assert notes.symbol == NOTES.symbol.tolist()
    assert [text.rstrip("\0") for text in notes.aux_note] == NOTES.aux.tolist()
    whole = wfdb.rdrecord(str(tmp_path / "rec"), physical=False)
    assert [each % 65536 for each in whole.checksum] == whole.calc_checksum()
    again = read(tmp_path / "rec.hea")
    assert_within(again.signal, made.signal, step)
    assert again.start == START


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fs", [128, 250, 360, 511.974, 1000.5])
def test_an_edf_file_is_read_by_edfio(kind: str, fs: float, tmp_path: Path) -> None:
    made = recording(kind, fs)
    written = write(made, tmp_path / "rec.edf")
    found = edfio.read_edf(tmp_path / "rec.edf")
    n = made.n_samples
    for i, (signal, label) in enumerate(zip(found.signals, ("ECG II", "ECG V1"), strict=True)):
        low, high = signal.physical_range
        step = np.array([(high - low) / 65535 / 1000])
        values = np.where(signal.digital == -32768, np.nan, signal.data / 1000)
        assert_within(values[:n, None], made.signal[:, i : i + 1], step)
        assert np.isnan(values[n:]).all()
        assert signal.sampling_frequency == pytest.approx(fs, rel=1e-6)
        assert (signal.label, signal.physical_dimension) == (label, "uV")
        if kind in ("integers", "odd steps"):
            assert step == pytest.approx(made.resolution[i], rel=1e-4)
    assert found.startdatetime.replace(microsecond=0) == START.replace(microsecond=0)
    times = [note.onset for note in found.annotations if note.duration is None]
    assert times == pytest.approx((NOTES.sample / fs).tolist(), abs=1e-5)
    texts = sorted(note.text for note in found.annotations if note.duration is None)
    assert texts == sorted(["(AFIB", "N", "V", "A", "chest pain"])
    gaps = [note for note in found.annotations if note.duration]
    assert [(n.onset, n.duration) for n in gaps] == [pytest.approx((100 / fs, 300 / fs), abs=1e-5)]
    assert any("missing samples" in note for note in written.notes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_csv_file_is_read_by_anyone(kind: str, tmp_path: Path) -> None:
    made = recording(kind)
    written = write(made, tmp_path / "rec.csv")
    with (tmp_path / "rec.csv").open(encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert head == ["time_s", "II (mV)", "V1 (mV)"]
    table = np.array([[float(cell or "nan") for cell in row] for row in rows])
    np.testing.assert_allclose(table[:, 0], np.arange(made.n_samples) / 250)
    assert_within(table[:, 1:], made.signal, np.array(made.resolution or (1e-6, 1e-6)))
    again = read(tmp_path / "rec.csv")
    assert (again.fs, again.leads) == (250, ("II", "V1"))
    assert_within(again.signal, made.signal, np.array(made.resolution or (1e-6, 1e-6)))
    assert any("annotations are left out" in note for note in written.notes)


@settings(max_examples=30, deadline=None)
@given(
    middle=st.floats(-1000, 1000),
    size=st.floats(1e-4, 1000),
    n=st.integers(500, 700),
    fs=st.sampled_from([200.0, 250.0, 199.87]),
)
def test_no_amplitude_or_length_is_lost(
    tmp_path_factory: pytest.TempPathFactory, middle: float, size: float, n: int, fs: float
) -> None:
    folder = tmp_path_factory.mktemp("any")
    random = np.random.default_rng(n)
    made = Recording(middle + size * random.standard_normal((n, 1)), fs, ("I",))
    write(made, folder / "rec")
    found = wfdb.rdrecord(str(folder / "rec"))
    assert_within(found.p_signal, made.signal, 1 / np.array(found.adc_gain))
    write(made, folder / "rec.edf")
    (signal,) = edfio.read_edf(folder / "rec.edf").signals
    low, high = signal.physical_range
    # The header of EDF has eight characters, so that far from 0 its own numbers are coarse.
    assert_within(
        signal.data[:n, None] / 1000, made.signal, np.array([(high - low) / 65535 / 1000])
    )
    assert (high - low) / 1000 < 2.5 * np.ptp(made.signal) + 0.1 + abs(middle) / 1000


def test_nothing_of_the_source_is_overwritten(tmp_path: Path) -> None:
    write(recording("integers"), tmp_path / "rec")
    (tmp_path / "link.hea").symlink_to(tmp_path / "rec.hea")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    held = read(tmp_path / "rec.hea")
    for name in ("rec", "rec.dat", "link.hea"):
        with pytest.raises(OutputError, match="belongs to the recording itself"):
            write(held, tmp_path / name)
    table = write(held, tmp_path / "rec.csv").paths[0]
    with pytest.raises(OutputError, match="belongs to the recording itself"):
        write(read(table), table)
    table.unlink()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_annotations_of_an_older_record_do_not_pass_for_those_of_the_new(tmp_path: Path) -> None:
    made = recording("integers")
    write(made, tmp_path / "rec")
    with pytest.raises(OutputError, match="would pass for the annotations of the new record"):
        write(replace(made, annotations=None), tmp_path / "rec")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("my strip", "name it 'my-strip'"), ("a.xyz", "stands for no format"), ("ä.hea", "letters")],
)
def test_names_that_a_format_does_not_allow(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=reason):
        write(recording("floats"), tmp_path / "new" / name)
    assert not any(tmp_path.rglob("*"))


def test_who_it_is_about_is_written_only_where_it_was_kept(tmp_path: Path) -> None:
    about = (("name", "Ada Lovelace"), ("patient_id", "0815"), ("birth_date", "1990-01-31"))
    made = replace(recording("floats"), source=Source(identity=about))
    write(made, tmp_path / "rec")
    assert read(tmp_path / "rec").source.identity == ()
    kept = read(tmp_path / "rec", keep_identity=True).source.identity
    assert ("comment", "name: Ada Lovelace") in kept
    write(made, tmp_path / "rec.edf")
    patient = edfio.read_edf(tmp_path / "rec.edf").patient
    assert (patient.name, patient.code) == ("Ada_Lovelace", "0815")
    assert patient.birthdate.isoformat() == "1990-01-31"
    written = write(made, tmp_path / "rec.csv")
    assert "Ada" not in written.paths[0].read_text("utf-8")


def test_starts_with_a_zone_or_out_of_range(tmp_path: Path) -> None:
    made = replace(recording("floats"), start=datetime(1970, 1, 1, tzinfo=UTC))
    written = write(made, tmp_path / "rec.edf")
    assert any("1970" in note for note in written.notes)
    written = write(made, tmp_path / "rec")
    assert any("zone of the start, +0000" in note for note in written.notes)
    assert wfdb.rdrecord(str(tmp_path / "rec")).base_datetime == datetime(1970, 1, 1)


@pytest.mark.data
def test_the_integers_of_a_record_stay_the_same(data: Path, tmp_path: Path) -> None:
    made = read(data / "mitdb" / "208")
    write(made, tmp_path / "rec")
    own = wfdb.rdrecord(str(data / "mitdb" / "208"), physical=False)
    new = wfdb.rdrecord(str(tmp_path / "rec"), physical=False)
    zero = np.array(own.baseline) - np.array(new.baseline)
    np.testing.assert_array_equal(new.d_signal + zero, own.d_signal)
    assert new.adc_gain == own.adc_gain
    notes = [wfdb.rdann(str(folder / name), "atr") for folder, name in
             ((data / "mitdb", "208"), (tmp_path, "rec"))]  # fmt: skip
    assert notes[0].symbol == notes[1].symbol
    np.testing.assert_array_equal(notes[0].sample, notes[1].sample)
    texts = [[text.rstrip("\0") for text in each.aux_note] for each in notes]
    assert texts[0] == texts[1]
