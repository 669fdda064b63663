import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_signals import beats_in_mv

from ectopy.errors import (
    DamagedFileError,
    EctopyError,
    MissingFactError,
    RecordingError,
    UnknownFormatError,
)
from ectopy.recording import read
from ectopy.recording._foreign import foreign_errors_mapped
from ectopy.recording.read import reader_of

FS = 250
MV = beats_in_mv(FS, 4)
COLUMN = "".join(f"{v:.3f}\n" for v in MV)


@pytest.mark.parametrize("name", ["r.csv", "r.dat", "r.txt", "r.hea", "r.edf", "r"])
def test_content_decides_and_not_the_name(tmp_path, name):
    path = tmp_path / name
    path.write_text(COLUMN)
    recording = read(path, fs=FS)
    assert recording.source.format == "delimited text"
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)


def test_text_beside_a_header_is_still_text(tmp_path):
    tmp_path.joinpath("r.hea").write_text("r 1 250 1000\nr.dat 16 200/mV\n")
    path = tmp_path / "r.dat"
    path.write_text(COLUMN)
    assert read(path, fs=FS).source.format == "delimited text"


PROSE = "Call me Ishmael. Some years ago - never mind how long - having 3 coins,\nI went\n" * 30
CODE = Path(__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("", DamagedFileError, "empty"),
        ("\n \n", UnknownFormatError, "not known"),
        ("0.5\n", RecordingError, "holds 1 samples"),
        ("0.5\n0.6\n", RecordingError, "holds 2 samples"),
        ("nan\n" * 900, RecordingError, "every value of the file is marked as missing"),
        ("t,ecg\n" + "".join(f"{i / FS},nan\n" for i in range(900)), RecordingError, "no value"),
        (PROSE, UnknownFormatError, "without columns of numbers"),
        (CODE, UnknownFormatError, "without columns of numbers"),
        ("<html><p>1,2\n3,4\n</p></html>", UnknownFormatError, "web page"),
        ('<?xml version="1.0"?><AnnotatedECG>', DamagedFileError, "well-formed"),
        ('<?xml version="1.0"?><Sapphire>', UnknownFormatError, "XML"),
        ('{"kind": "Observation"}', UnknownFormatError, "JSON"),
        (bytes(range(256)) * 9, UnknownFormatError, "binary data"),
        (b"\0" * 128 + b"DICM" + b"\0" * 99, EctopyError, "DICOM"),
        (b"PK\x03\x04" + bytes(99), DamagedFileError, "ZIP"),
    ],
)
def test_what_is_no_ecg_is_said_in_one_line(tmp_path, content, error, message):
    path = tmp_path / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=message) as caught:
        read(path, fs=FS)
    assert "\n" not in str(caught.value)


BEATS = [
    "sample,time_s,label,probability,rr_s,quality,abstained,reason,p_N,p_S,p_V,p_F,p_Q",
    *(f"{i * 200},{i * 0.8},N,0.98,0.8,0.9,false,,0.98,0.01,0.01,0,0" for i in range(300)),
]


@pytest.mark.parametrize("rows", [1, 301])
@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8"), (";", "utf-16")])
def test_results_of_ectopy_are_no_recording(tmp_path, rows, separator, encoding):
    path = tmp_path / "r.csv"
    text = "\n".join(BEATS[:rows]).replace(",", separator)
    path.write_text(text, encoding=encoding)
    with pytest.raises(UnknownFormatError, match="table of beats written by ectopy, not a rec"):
        read(path, fs=FS)


def test_constant_signal_is_read(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text("0\n" * 1000)
    assert not read(path, fs=FS).signal.any()


def test_missing_path_folder_and_device(tmp_path):
    with pytest.raises(RecordingError, match=r"no file .*nothing"):
        read(tmp_path / "nothing")
    with pytest.raises(RecordingError, match="folder"):
        read(tmp_path)
    with pytest.raises(RecordingError, match="no regular file"):
        read(os.devnull)
    with pytest.raises(RecordingError):
        read(tmp_path / ("x" * 5000))


def test_impossible_rate(tmp_path):
    for fs in (0, -1, 3, 1e9, float("nan")):
        with pytest.raises(RecordingError, match="50 to 20000 Hz"):
            read(tmp_path / "r", fs=fs)
    with pytest.raises(MissingFactError, match=r"a number of hertz .*, not '250'"):
        read(tmp_path / "r", fs="250")
    path = tmp_path / "r.csv"
    path.write_text(COLUMN)
    assert read(path, fs=np.float32(FS)).fs == FS


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (PermissionError(13, "Permission denied"), RecordingError),
        (MemoryError(), RecordingError),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), DamagedFileError),
        (ValueError("two\nlines"), DamagedFileError),
        (IndexError(), DamagedFileError),
        (AttributeError("'NoneType' object has no attribute 'shape'"), DamagedFileError),
    ],
)
def test_errors_of_others_become_ours(foreign, ours):
    with pytest.raises(ours) as caught, foreign_errors_mapped(Path("some.csv")):
        raise foreign
    assert "\n" not in str(caught.value)
    assert "NoneType" not in str(caught.value)
    assert caught.value.__cause__ is foreign


@pytest.mark.data
def test_every_real_format_has_a_reader(data):
    paths = [path for path in sorted((data / "formats").rglob("*")) if path.is_file()]
    assert len(paths) > 20
    for path in paths:
        with path.open("rb") as stream:
            assert reader_of(stream.read(1 << 18), path) is not None, path.name


TIMES = "time,ecg (mV)\n" + "".join(f"{i / FS:.3f},{v:.3f}\n" for i, v in enumerate(MV))
CLOCKS = "time;ecg\n" + "".join(f"11:40:0{i / FS:.3f};{v:.3f}\n" for i, v in enumerate(MV))
WATCH = (
    "Name,X\nDate of Birth,1990\nRecorded Date,2021-03-28 08:00:00 +0200\nSymptoms,\n"
    'Device,"Watch6,7"\nSample Rate,512 hertz\n\nLead,Lead I\nUnit,µV\n\n'
    + "".join(f"{v * 1000:.3f}\n" for v in beats_in_mv(512, 4))
)
HEADER = (
    f"r 2 {FS} {len(MV)} 2014-05-08 05:05:15\nr.dat 16 1000/mV 16 0 0 0 0 I\n"
    "r.dat 16 1000/µV 16 0 0 0 0 II\n"
)
SEGMENTS = f"r/3 2 {FS} {len(MV) + 50}\nlayout 0\n~ 50\ns {len(MV)}\n"
ANNOTATIONS = bytes([1, 4, 10, 4, 3, 252, 40, 78, 0, 0, 7, 20, 0, 0])
SEEDS = {
    "times.csv": TIMES.encode(),
    "clock.csv": CLOCKS.encode(),
    "wide.csv": TIMES.encode("utf-16"),
    "watch.csv": WATCH.encode(),
    "r.hea": HEADER.encode(),
    "r.atr": ANNOTATIONS,
    "several.hea": SEGMENTS.encode(),
}
PIECES = (
    b"", b"0", b"-", b",", b";", b"\t", b"\n", b"\r", b'"', b"'", b"#", b"\0", b"\xff", b"\xfe",
    b"9" * 30, b"1e400", b"nan", b"inf", b"~", b"/", b"(", b"x9", b":9", b"+9", b"Hz", b"\xc2\xb5",
    b"12:00:00", b"0001-01-01", b"9999-99-99 99:99:99", b" 99999999 ", b"212", b"310", b"516",
)  # fmt: skip
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=4)),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("name", SEEDS)
def test_seeds_of_the_mutations_are_read(tmp_path, name):
    _write(tmp_path, name, SEEDS[name])
    assert read(tmp_path / name).n_samples >= 1000


@pytest.mark.parametrize("name", SEEDS)
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS, early=st.booleans(), fs=st.sampled_from([None, 250, 512]))
def test_damage_never_shows_as_a_foreign_error(tmp_path, name, edits, early, fs):
    content = SEEDS[name]
    for place, length, piece in edits:
        reach = min(len(content), 200) if early else len(content)
        start = int(place * reach)
        content = content[:start] + piece + content[start + length :]
    _write(tmp_path, name, content)
    with suppress(EctopyError):
        assert np.isfinite(read(tmp_path / name, fs=fs).signal).any()


def _write(folder: Path, name: str, content: bytes) -> None:
    samples = np.round(np.column_stack([MV, MV]) * 1000).astype("<i2")
    folder.joinpath("r.dat").write_bytes(samples.tobytes())
    folder.joinpath("r.hea").write_bytes(SEEDS["r.hea"])
    folder.joinpath("s.hea").write_bytes(SEEDS["r.hea"].replace(b"r 2", b"s 2"))
    folder.joinpath("layout.hea").write_bytes(b"l 2 250 0\n~ 0 1000/mV 0 0 0 0 0 I\n~ 0 1/uV\n")
    folder.joinpath(name).write_bytes(content)
