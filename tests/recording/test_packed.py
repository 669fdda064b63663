import gzip
import json
import struct
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.cli import main
from ectopy.errors import DamagedFileError, RecordingError, UnknownFormatError
from ectopy.recording.packed import recordings_in

FS = 250
BEATS = beats_in_mv(FS, 8)
CSV = f"fs = {FS}\n" + "\n".join(f"{v:.3f}" for v in BEATS) + "\n"
WATCH = (
    "Name,Ada Lovelace\nDate of Birth,Dec 10 1815\nRecorded Date,2020-01-0{} 08:00:00 +0100\n"
    "Classification,Sinus Rhythm\nDevice,Watch6\nSample Rate,512 hertz\nLead,Lead I\nUnit,µV\n\n"
    + "\n".join(f"{v:.3f}" for v in beats_in_mv(512, 8) * 1000)
    + "\n"
)
FOLDER = "apple_health_export/electrocardiograms"
EXPORT = {
    "apple_health_export/export.xml": "<HealthData/>",
    "apple_health_export/workout-routes/route.gpx": "<gpx/>",
    "apple_health_export/steps.csv": CSV,
    "__MACOSX/._ecg.csv": "x",
    f"{FOLDER}/ecg_2020-01-01.csv": WATCH.format(1),
    f"{FOLDER}/ecg_2020-01-02.csv": WATCH.format(2),
}


def save_zip(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_gzip(tmp_path):
    path = tmp_path / "ecg.csv.gz"
    path.write_bytes(gzip.compress(CSV.encode()))
    recording = read(path)
    assert (recording.fs, recording.source.path) == (FS, str(path))
    np.testing.assert_allclose(recording.signal[:, 0], BEATS, atol=1e-6)


def test_a_zip_with_one_recording_beside_other_things(tmp_path):
    files = {
        "readme.md": "# Notes",
        "notes.txt": "Ada's ECG\n",
        "a/ecg.csv": CSV,
        "scan.pdf": b"%PDF",
    }
    path = save_zip(tmp_path / "one.zip", files)
    recording = read(path)
    assert recording.n_samples == len(BEATS)
    assert recording.source.path == f"{path}::a/ecg.csv"


def test_an_export_of_apple_health(tmp_path):
    path = save_zip(tmp_path / "export.zip", EXPORT)
    with pytest.raises(RecordingError, match=r"holds 2 recordings; name one.*ecg_2020-01-02\.csv"):
        read(path)
    names = recordings_in(path)
    assert names == tuple(f"{path}::{FOLDER}/ecg_2020-01-0{n}.csv" for n in (1, 2))
    assert [read(name).start.day for name in names] == [1, 2]
    assert read(f"{path}::ecg_2020-01-02.csv").start.day == 2
    assert read(names[0]).source.identity == ()
    assert ("name", "Ada Lovelace") in read(names[0], keep_identity=True).source.identity
    with pytest.raises(RecordingError, match=r"no 'ecg_2021.csv' in export.zip; there are"):
        read(f"{path}::ecg_2021.csv")


def test_the_folder_of_an_export(tmp_path):
    with zipfile.ZipFile(save_zip(tmp_path / "export.zip", EXPORT)) as archive:
        archive.extractall(tmp_path / "x")
    names = recordings_in(tmp_path / "x")
    assert [read(name).start.day for name in names] == [1, 2]
    for folder in ("x", "x/apple_health_export", f"x/{FOLDER}"):
        with pytest.raises(RecordingError, match=r"name one recording in it, there are .*01-01"):
            read(tmp_path / folder)
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    with pytest.raises(
        RecordingError, match=r"folder without recordings; .* one of the folders in"
    ):
        read(tmp_path / "empty")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_wfdb_record_in_a_zip_is_one_recording(tmp_path, method):
    samples = np.rint(BEATS * 200).astype("<i2").tobytes()
    files = {
        "db/r1.hea": f"r1 1 {FS} {len(BEATS)}\nr1.dat 16 200/mV 16 0 0 0 0 II\n",
        "db/r1.dat": samples,
    }
    path = save_zip(tmp_path / "db.zip", files, method)
    assert recordings_in(path) == (f"{path}::db/r1.hea",)
    for name in (path, f"{path}::db/r1", f"{path}::r1.hea", f"{path}::db/r1.dat"):
        np.testing.assert_allclose(read(name).signal[:, 0], BEATS, atol=0.003)


def test_what_is_no_container_is_given_back(tmp_path):
    path = tmp_path / "ecg.csv"
    path.write_text(CSV)
    np.savez(tmp_path / "ecg.npz", ecg=BEATS)
    assert recordings_in(path) == (str(path),)
    assert recordings_in(tmp_path / "ecg.npz") == (str(tmp_path / "ecg.npz"),)
    assert recordings_in("mitdb/208") == ("mitdb/208",)


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "c:\\x.csv"])
def test_names_that_lead_outside_are_refused(tmp_path, name):
    path = save_zip(tmp_path / "evil.zip", {name: CSV})
    with pytest.raises(RecordingError, match="outside"):
        read(path)
    with pytest.raises(RecordingError, match="outside"):
        read(f"{path}::{name}")
    assert not list(tmp_path.parent.glob("evil.csv"))


def test_bombs_are_refused(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(400 * gzip.compress(bytes(1 << 20)))
    with pytest.raises(RecordingError, match="unpacks from"):
        read(path)
    content = bytearray(save_zip(tmp_path / "bomb.zip", {"a.csv": CSV}).read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 0xFFFFFFF0)
    (tmp_path / "bomb.zip").write_bytes(content)
    with pytest.raises(RecordingError, match="unpacks from"):
        read(tmp_path / "bomb.zip")


def test_an_archive_in_an_archive_is_named(tmp_path):
    inner = gzip.compress(gzip.compress(CSV.encode()))
    (tmp_path / "twice.gz").write_bytes(inner)
    with pytest.raises(UnknownFormatError, match="gzip"):
        read(tmp_path / "twice.gz")


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_what_is_cut_short_is_said(tmp_path, keep):
    packed = gzip.compress(CSV.encode())
    (tmp_path / "cut.gz").write_bytes(packed[: int(keep * len(packed))])
    with pytest.raises(DamagedFileError, match="unpacked"):
        read(tmp_path / "cut.gz")
    whole = save_zip(tmp_path / "cut.zip", {"ecg.csv": CSV}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(DamagedFileError, match="complete ZIP"):
        read(tmp_path / "cut.zip")


def test_an_encrypted_zip_is_said(tmp_path):
    content = bytearray(save_zip(tmp_path / "secret.zip", {"ecg.csv": CSV}).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(content)
    with pytest.raises(RecordingError, match="encrypted"):
        read(tmp_path / "secret.zip")


def test_documents_are_no_archives_of_recordings(tmp_path):
    path = save_zip(tmp_path / "table.xlsx", {"[Content_Types].xml": "<x/>", "xl/a.xml": "<x/>"})
    with pytest.raises(UnknownFormatError, match="Office"):
        read(path)


def test_the_command_line_takes_every_recording_of_an_export(tmp_path):
    path = save_zip(tmp_path / "export.zip", EXPORT)
    result = CliRunner().invoke(main, ["info", "--json", str(path)])
    facts = json.loads(result.stdout)
    assert [fact["start"][:10] for fact in facts] == ["2020-01-01", "2020-01-02"]
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["analyze", str(path), "-o", str(out), "--formats", "json"])
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in out.iterdir()) == ["ecg_2020-01-01.json", "ecg_2020-01-02.json"]
