from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError, UnknownFormatError
from ectopy.recording import Recording, read

FS = 250.0
MV = beats_in_mv(FS, 8)
TIME = np.arange(len(MV)) / FS


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str | bytes, name: str = "ecg.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


def stated(recording: Recording) -> dict[str, str]:
    return {i.what: i.value for i in recording.source.inferred}


def column(values=MV, form="{:.3f}", end="\n") -> str:
    return "".join(form.format(v) + end for v in values)


def columns(*values, form="{:.3f}", separator=",", head="") -> str:
    rows = zip(*values, strict=True)
    return head + "".join(separator.join(map(form.format, row)) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("separator", "decimal", "header", "time", "leads"),
    [
        case
        for case in product([";", "\t", "|", ",", "  "], ".,", [True, False], [True, False], [1, 2])
        if case[:2] != (",", ",")
    ],
)
def test_every_layout_gives_the_same_recording(written, separator, decimal, header, time, leads):
    values = ([TIME] if time else []) + [MV, -MV][:leads]
    names = (["time"] if time else []) + ["II", "V1"][:leads]
    text = columns(*values, separator=separator).replace(".", decimal)
    path = written((separator.join(names) + "\n" if header else "") + text)
    recording = read(path, fs=None if time else FS)
    assert recording.fs == FS
    assert recording.signal.shape == (len(MV), leads)
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)
    np.testing.assert_allclose(recording.signal[:, -1], MV if leads == 1 else -MV, atol=1e-6)
    if header:
        assert recording.leads == ("II", "V1")[:leads]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(written, encoding, end):
    text = columns(TIME, MV * 1000, head="Zeit (s),EKG (µV)\n").replace("\n", end)
    recording = read(written(text, "ecg.txt", encoding))
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)
    assert (recording.fs, recording.leads) == (FS, ("EKG",))
    assert "units" not in stated(recording)


@pytest.mark.parametrize(
    ("line", "fs"),
    [
        ("# Sampling Rate (Hz):= 1000.00", 1000),
        ("Sample Rate,512 hertz", 512),
        ("fs = 250", 250),
        ("fs = 250\nbandpass 0.5-150 Hz, heart rate: 72, notch 50 Hz", 250),
        ('{"device": "x", "sampling_frequency": 500, "n": 3}', 500),
        ("# 256 Hz", 256),
        ("% sampling frequency: 0.5 kHz", 500),
        ("Interval=\t0.001 s", 1000),
        ("4 msec/sample", 250),
        ("Abtastrate: 1.000 Hz", 1000),
        ("// sps 360", 360),
    ],
)
def test_rate_of_a_header_line(written, line, fs):
    recording = read(written(f"# a device\n{line}\n{column(beats_in_mv(fs, 4))}"))
    assert recording.fs == fs
    assert "sampling rate" not in stated(recording)


def test_no_rate_says_how_to_give_it(written):
    with pytest.raises(MissingFactError, match="--fs 250"):
        read(written(column()))


def test_rates_that_contradict_each_other(written):
    by_name = written(f"fs: 500\n{column()}")
    with pytest.raises(RecordingError, match="500 Hz, --fs says 250 Hz"):
        read(by_name, fs=250)
    by_time = written(columns(TIME, MV, head="time,ecg\n"), "b.csv")
    with pytest.raises(RecordingError, match=r"\(time\) gives 250 Hz, --fs says 300 Hz; leave out"):
        read(by_time, fs=300)
    assert read(by_time, fs=251).fs == 251
    seconds = written(columns(TIME * FS, MV, head="time (s),ecg\n"), "d.csv")
    assert stated(read(seconds, fs=500))["sampling rate"] == "500 Hz"
    both = written(columns(TIME, MV, head="fs: 500\ntime,ecg\n"), "c.csv")
    with pytest.raises(RecordingError, match=r"500 Hz.*250 Hz"):
        read(both)
    assert read(both, fs=500).fs == 500


CLOCK = [f"{int(t // 60)}:{t % 60:06.3f}" for t in TIME]
MIDNIGHT = [
    f"{(86_396 + int(t)) // 3600 % 24:02}:{(86_396 + int(t)) // 60 % 60:02}:{(56 + t) % 60:06.3f}"
    for t in TIME
]
ISO = [f"2022-05-17 11:40:{t:09.6f}+02:00" for t in TIME]
GERMAN = [f"17.05.2022 11:40:{t:06.3f}" for t in TIME]


@pytest.mark.parametrize(
    ("name", "stamps"),
    [
        ("time", TIME),
        ("t [ms]", TIME * 1000),
        ("ms", np.arange(len(MV)) * 4),
        ("timestamp", np.round(1.6e12 + TIME * 1000).astype(np.int64)),
        ("sensor time (ns)", (5e17 + TIME * 1e9).astype(np.int64)),
        ("Elapsed time", CLOCK),
        ("time", MIDNIGHT),
        ("time", ISO),
        ("Zeit", GERMAN),
        ("column", TIME + 3),
    ],
)
def test_time_in_many_forms(written, name, stamps):
    text = f"{name},ecg\n" + "".join(f"{t},{v:.3f}\n" for t, v in zip(stamps, MV, strict=True))
    recording = read(written(text))
    assert recording.fs == FS
    assert recording.leads == ("ecg",)
    assert stated(recording)["sampling rate"] == "250 Hz"
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)


def test_first_stamp_with_a_date_is_the_start(written):
    iso = read(written(columns(ISO, MV, form="{}", head="time,ecg\n")))
    assert iso.start == datetime.fromisoformat("2022-05-17T11:40:00+02:00")
    epoch = np.round(1.6e12 + TIME * 1000).astype(np.int64)
    since_1970 = read(written(columns(epoch, MV, form="{}", head="time,ecg\n")))
    assert since_1970.start == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


@pytest.mark.parametrize(("fs", "decimals"), [(360, 3), (512, 3), (128, 3), (800, 3), (250, 2)])
def test_rounded_stamps_give_the_true_rate_and_no_gaps(written, fs, decimals):
    mv = beats_in_mv(fs, 20)
    text = "".join(f"{i / fs:.{decimals}f},{v}\n" for i, v in enumerate(mv))
    recording = read(written("time (s),ecg\n" + text))
    assert recording.fs == fs
    assert recording.n_samples == len(mv)


def test_stamps_in_packets(written):
    """Sixteen samples with stamps of 1 ms, then a leap to the next packet 80 ms after the last."""
    i = np.arange(len(MV))
    stamps = 55_478 + i // 16 * 80 + i % 16
    recording = read(written(columns(stamps, MV, form="{}", head="Timestamp,Value\n")))
    assert recording.fs == 200
    assert recording.n_samples == len(MV)


@pytest.mark.parametrize("lost", [1, 2, 250])
def test_gaps_are_missing_samples(written, lost):
    kept = np.r_[:700, 700 + lost : len(MV)]
    recording = read(written(columns(TIME[kept], MV[kept], head="time,ecg\n")))
    assert recording.n_samples == len(MV)
    np.testing.assert_array_equal(
        np.flatnonzero(np.isnan(recording.signal[:, 0])), np.arange(700, 700 + lost)
    )
    np.testing.assert_allclose(recording.signal[kept, 0], MV[kept], atol=1e-6)
    assert stated(recording)["gaps"].startswith("1,")


def test_time_that_cannot_be(written):
    back = TIME.copy()
    back[500:] -= 1
    with pytest.raises(DamagedFileError, match="goes back in row 501"):
        read(written(columns(back, MV, head="time,ecg\n")))
    far = TIME + 3e6 * (TIME > 4)
    with pytest.raises(RecordingError, match="14 days"):
        read(written(columns(far, MV, head="time,ecg\n")))
    uneven = np.cumsum(np.random.default_rng(1).exponential(1 / FS, len(MV)))
    path = written(columns(uneven, MV, head="time,ecg\n"))
    with pytest.raises(MissingFactError, match="uneven"):
        read(path)
    assert read(path, fs=FS).n_samples == len(MV)
    with pytest.raises(MissingFactError, match="1 Hz is not possible"):
        read(written(columns(TIME * FS, MV, head="time (s),ecg\n")))


@pytest.mark.parametrize("name", ["", "index", "sample #", "point", "time", "timestamp"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_counter_is_no_time(written, name, first):
    rows = np.arange(first, first + len(MV))
    path = written(columns(rows, MV, form="{}", head=f"{name},ecg\n"))
    with pytest.raises(MissingFactError, match=rf"\({name or 'column 1'}\) .*milliseconds.*--fs"):
        read(path)
    recording = read(path, fs=360)
    assert (recording.fs, recording.leads) == (360, ("ecg",))
    assert "columns left out" in stated(recording)


@pytest.mark.parametrize(
    ("head", "first", "form"),
    [
        ("", 1_709_682_000_000, "{:.0f}"),
        ("ms,ecg\n", 0, "{:.0f}"),
        ("time,ecg\n", 0, "{:.3f}"),
        ("timestamp,ecg\n", 4711, "{:.0f}"),
        ("time,ecg\nMillisekunden,mV\n", 0, "{:.0f}"),
    ],
)
def test_milliseconds_at_a_kilohertz_are_no_counter(written, head, first, form):
    mv = beats_in_mv(1000, 4)
    rows = zip(np.arange(len(mv)) + first, mv, strict=True)
    text = head + "".join(f"{form.format(t)},{v:.3f}\n" for t, v in rows)
    recording = read(written(text))
    assert (recording.fs, recording.n_samples) == (1000, len(mv))
    np.testing.assert_allclose(recording.signal[:, 0], mv, atol=1e-6)


def test_columns_that_are_no_leads(written):
    n = len(MV)
    extra = [["N"] * n, [72] * n, [0] * n, np.arange(n) % 2, [""] * n]
    text = columns(TIME, MV, *extra, form="{}", head="time,ecg,label,HR,x,y,z\n")
    recording = read(written(text))
    assert recording.leads == ("ecg",)
    assert stated(recording)["columns left out"] == "label, HR, x, y, z"
    flat = read(written(columns(TIME, MV, [0] * n, form="{}", head="time,V1,V2\n")))
    assert flat.leads == ("V1", "V2")
    with pytest.raises(RecordingError, match="none of the columns"):
        read(written(columns(TIME, MV, head="time,resp\n")))


PHYSIONET = "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','uV'\n"


def test_export_of_physionet(written):
    text = PHYSIONET + columns([f"'{c}'" for c in CLOCK], MV, MV * 1000, form="{}")
    recording = read(written(text))
    assert (recording.fs, recording.leads) == (FS, ("MLII", "V5"))
    np.testing.assert_allclose(recording.signal, np.column_stack([MV, MV]), atol=1e-6)
    assert "units" not in stated(recording)


@pytest.mark.parametrize(
    ("factor", "head", "unit"),
    [
        (1, "", "mV"),
        (1000, "", "µV"),
        (1e-3, "", "V"),
        (1000, "Unit,µV\n", None),
        (1000, "ecg [uV]\n", None),
        (1e6, "ecg (nV)\n", None),
        (1e-3, "ecg_V\n", "V"),
    ],
)
def test_units_from_header_or_numbers(written, factor, head, unit):
    recording = read(written(head + column(MV * factor, "{:.7g}")), fs=FS)
    np.testing.assert_allclose(recording.signal[:, 0], MV, rtol=1e-4, atol=1e-6)
    assert stated(recording).get("units") == unit


@pytest.mark.parametrize(
    ("head", "factor"),
    [
        ("time [s],microvolts\n", 1000),
        ("time,ECG\ns,microvolts\n", 1000),
        ("time,ECG\ns,millivolt\n", 1),
        ("time,ECG\nseconds,micro volt\n", 1000),
        ("time,ECG (nanovolts)\n", 1e6),
        ("time,ECG\ns,\N{MICRO SIGN}V\n", 1000),
        ("time,ECG\ns,\N{GREEK SMALL LETTER MU}V\n", 1000),
        ("time,ECG [\N{GREEK SMALL LETTER MU}V]\n", 1000),
        ("Unit: \N{GREEK SMALL LETTER MU}V\ntime,ECG\n", 1000),
    ],
)
def test_units_beside_a_time_column(written, head, factor):
    recording = read(written(columns(TIME, MV * factor, head=head)))
    assert (recording.fs, recording.leads) == (FS, ("ECG",))
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)
    assert "units" not in stated(recording)


@pytest.mark.parametrize("mu", "u\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}")
def test_micro_is_written_in_three_ways(written, mu):
    times = columns(TIME * 1e6, MV, form="{:.3f}", head=f"t [{mu}s],ecg\n")
    assert read(written(times)).fs == FS
    steps = column(MV / 0.0024, "{:.0f}")
    recording = read(written(f"gain 2.4 {mu}V/LSB\ninterval 4000 {mu}s\n{steps}"))
    assert recording.fs == FS
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=0.0013)


def test_units_are_told_by_beats_and_not_by_wander(written):
    wander = MV + 30 * np.sin(2 * np.pi * 0.02 * TIME) + 200
    assert stated(read(written(column(wander)), fs=FS))["units"] == "mV"


def test_converter_units_are_scaled_and_stated(written):
    adu = np.round(2048 + 300 * MV)
    recording = read(written(column(adu, "{:.0f}")), fs=FS)
    height = np.ptp(recording.signal[:200, 0])
    assert 0.7 < height < 1.4
    assert stated(recording)["units"].startswith("ADC units")
    (inference,) = recording.source.inferred
    assert inference.option == "--units"
    resolution = recording.resolution[0]
    steps = recording.signal[:, 0] / resolution
    np.testing.assert_allclose(steps, np.round(steps), atol=0.01)
    same = read(written("fs 250\n" + column(adu, "{:.0f}")), units="adu")
    np.testing.assert_array_equal(same.signal, recording.signal)
    known = read(written("gain 2.4 µV/LSB\n" + column(MV / 0.0024, "{:.0f}")), fs=FS)
    np.testing.assert_allclose(known.signal[:, 0], MV, atol=0.0013)
    assert known.resolution == pytest.approx((0.0024,))


def test_units_of_the_user(written):
    path = written(column(MV * 1000, "{:.0f}"))
    for units in ("uV", "µV", "μV", "microvolt"):
        recording = read(path, fs=FS, units=units)
        np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)
        assert recording.resolution == pytest.approx((0.001,))
        assert not recording.source.inferred
    with pytest.raises(RecordingError, match="mV, µV"):
        read(path, fs=FS, units="furlong")


@pytest.mark.parametrize("mark", ["", "nan", "NaN", "-", " - ", "n/a", "ERR"])
@pytest.mark.parametrize("leads", [1, 2])
def test_missing_values(written, mark, leads):
    lines = columns(*[MV] * leads).splitlines()
    for i in (5, 700, 701):
        lines[i] = ",".join([mark] * leads)
    text = "\n".join(lines) + "\n"
    recording = read(written("a,b\n" + text if leads == 2 else text), fs=FS)
    assert recording.n_samples == len(MV)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(recording.signal[:, 0])), [5, 700, 701])
    assert ("missing samples" in stated(recording)) == (mark == "ERR")


@pytest.mark.parametrize(
    ("seconds", "first", "last"),
    [(30, 7_400, 7_500), (600, 30_000, 45_000), (600, 0, 70_000), (600, 149_900, 150_000)],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_missing_samples_may_be_anywhere(written, seconds, first, last, encoding):
    """Also where the separator is judged, and all over the part that the layout is told by."""
    values = beats_in_mv(FS, seconds)
    values[first:last] = np.nan
    recording = read(written(column(values).replace("nan", "NaN"), encoding=encoding), fs=FS)
    np.testing.assert_allclose(recording.signal[:, 0], values, atol=1e-6)


@pytest.mark.parametrize("values", [7_500, 150_000])
def test_nothing_but_missing_samples_is_said_to_be_that(written, values):
    with pytest.raises(RecordingError, match="every value of the file is marked as missing"):
        read(written("ecg\n" + "NaN\n" * values), fs=FS)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n  \n\n", "\n\n# end\n\n"])
def test_blank_lines_at_the_end_are_no_samples(written, end):
    assert read(written(column()[:-1] + end), fs=FS).n_samples == len(MV)
    assert read(written(column() + "NaN" + end), fs=FS).n_samples == len(MV) + 1


def test_quotes_comments_thousands_and_double_spacing(written):
    quoted = '"' + column(end='"\n"', form="{:.3f}").replace(".", ",")[:-1]
    grouped = column(MV * 1000 + 2000, '"{:,.2f}"')
    commented = column().replace("\n", " # x\n", 3).replace("\n", "\n# a break\n", 400)
    for text in (quoted, commented, column(end="\n\n")):
        np.testing.assert_allclose(read(written(text), fs=FS).signal[:, 0], MV, atol=1e-6)
    recording = read(written(grouped), fs=FS, units="uV")
    np.testing.assert_allclose(recording.signal[:, 0], MV + 2, atol=1e-5)


def test_integers_apart_by_a_comma_are_two_columns(written):
    adu = np.round(1000 + 200 * MV).astype(int)
    assert len(read(written(columns(adu, adu + 7, form="{}")), fs=FS).leads) == 2


def test_broken_lines(written):
    lines = columns(MV, -MV, head="a,b\n").splitlines(keepends=True)
    lines[300] = "1,2,3\n"
    with pytest.raises(DamagedFileError, match="line 301 has 3 columns"):
        read(written("".join(lines)), fs=FS)
    with pytest.raises(DamagedFileError, match="are no numbers"):
        read(written(column() * 200 + "lead off\n" * 9000), fs=FS)
    with pytest.raises(UnknownFormatError, match="commas both inside and between"):
        read(written(columns(MV, MV).replace(".", ",")), fs=FS)
    with pytest.raises(UnknownFormatError, match="one sample into each line"):
        read(written(",".join(map(str, MV)) + "\n"), fs=FS)


def test_rate_and_height_do_not_depend_on_where_the_file_is_cut_in_pieces(written):
    many = np.tile(MV, 300)
    recording = read(written("fs=250\n" + column(many)))
    assert recording.n_samples == len(many)
    np.testing.assert_allclose(recording.signal[-len(MV) :, 0], MV, atol=1e-6)


@pytest.mark.data
def test_files_of_plain_text(data):
    folder = data / "formats" / "plain_text"
    biosppy = read(folder / "biosppy_ecg.txt")
    assert (biosppy.fs, biosppy.n_samples, biosppy.leads) == (1000.0, 15_000, ("ECG",))
    assert stated(biosppy)["units"].startswith("ADC units")
    with pytest.raises(MissingFactError, match="--fs"):
        read(folder / "heartpy_e0103.csv")
    heartpy = read(folder / "heartpy_e0103.csv", fs=250)
    assert stated(heartpy)["units"] == "mV"
    assert heartpy.signal[0, 0] == np.float32(0.455)
    for recording in (biosppy, heartpy):
        seconds = int(recording.fs) * 2
        heights = [
            np.ptp(recording.signal[i : i + seconds]) for i in range(0, 8 * seconds // 2, seconds)
        ]
        assert 0.5 < np.median(heights) < 4


@pytest.mark.parametrize(("mark", "factor"), [(-32768, 1000), (-81920, 1000), (-32.767, 1)])
def test_lead_off_is_missing_and_no_voltage(written, mark, factor):
    values = [f"{v * factor:.0f}" if factor > 1 else f"{v:.3f}" for v in MV]
    values[200:300] = [str(mark)] * 100
    unit = "uV" if factor > 1 else "mV"
    recording = read(written(f"ecg ({unit})\n" + "\n".join(values) + "\n"), fs=FS)
    missing = np.isnan(recording.signal[:, 0])
    assert np.flatnonzero(missing).tolist() == list(range(200, 300))
    np.testing.assert_allclose(recording.signal[~missing, 0], MV[~missing], atol=0.002)
    assert "missing samples" in [fact.what for fact in recording.source.inferred]


def test_twelve_columns_without_names_that_fit_the_usual_order(written):
    i, ii = MV, np.roll(0.6 * MV, 3)
    limbs = [i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2]
    chest = [MV * k for k in (-0.4, 0.3, 0.8, 1.1, 1.2, 0.9)]
    recording = read(written(columns(*limbs, *chest)), fs=FS)
    assert ",".join(recording.leads) == "I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"
    assert "leads" in stated(recording)
    other = read(written(columns(*limbs[::-1], *chest)), fs=FS)
    assert other.leads[0] == "ECG 1"
