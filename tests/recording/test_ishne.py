"""ISHNE Holter: layout, lead codes, checksums, headers that lie."""

import binascii
import struct
from datetime import datetime

import numpy as np
import pytest
from clinical_signals import counts
from ecgdatakit.parsing.parsers.ishne_holter import ISHNEHolterParser

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording import read

COUNTS = counts(3, 200, 60)
MV = COUNTS * 0.005


def save(folder, table=COUNTS, variable=b"made for a test", **more):
    facts = {"n": len(table), "leads": table.shape[1], "fs": 200, "crc": None, "size": None} | more
    head = bytearray(522)
    head[:8] = more.get("magic", b"ISHNE1.0")
    size = len(variable) if facts["size"] is None else facts["size"]
    struct.pack_into("<iiiih", head, 10, size, facts["n"], 522, 522 + len(variable), 1)
    head[28:31], head[68:74], head[108:110] = b"Ada", b"Secret", b"17"
    struct.pack_into("<hh3h3h", head, 128, 2, 0, 1, 1, 1990, 28, 3, 2021)
    struct.pack_into("<3h3h", head, 144, 28, 3, 2021, 8, 15, 30)
    struct.pack_into("<h12h", head, 156, facts["leads"], 11, 15, 9, *(-9,) * 9)
    struct.pack_into("<12h", head, 206, *more.get("steps", (5000,) * 3), *(-9,) * 9)
    struct.pack_into("<h", head, 272, facts["fs"])
    crc = binascii.crc_hqx(bytes(head[10:]) + variable, 0xFFFF)
    struct.pack_into("<H", head, 8, crc if facts["crc"] is None else facts["crc"])
    path = folder / "holter.ecg"
    path.write_bytes(bytes(head) + variable + table.astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("variable", [b"", b"made for a test"])
def test_layout(tmp_path, variable):
    path = save(tmp_path, variable=variable)
    recording = read(path)
    assert (recording.source.format, recording.fs) == ("ISHNE Holter", 200.0)
    assert (recording.leads, recording.source.inferred) == (("V1", "V5", "aVL"), ())
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30)
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    assert recording.resolution == pytest.approx((0.005,) * 3)
    for i, lead in enumerate(ISHNEHolterParser().parse(path).leads):
        uv = lead.samples * lead.resolution
        np.testing.assert_allclose(recording.signal[:, i], uv / 1000, atol=1e-6)


def test_lead_faults_are_missing(tmp_path):
    table = COUNTS.copy()
    table[1000:3000, 1] = -32768
    recording = read(save(tmp_path, table))
    assert np.isnan(recording.lead("V5")[1000:3000]).all()
    assert recording.source.inferred[0].value == "2000 samples of 1 leads"


def test_steps_that_are_not_given(tmp_path):
    recording = read(save(tmp_path, steps=(0, 0, 0)))
    assert [note.what for note in recording.source.inferred] == ["units"]


def test_a_wrong_checksum_and_length_are_said(tmp_path):
    recording = read(save(tmp_path, crc=1234, n=999_999))
    assert [note.what for note in recording.source.inferred] == ["checksum", "length"]
    assert recording.n_samples == len(COUNTS)
    assert read(save(tmp_path, n=3 * len(COUNTS))).source.inferred == ()


def test_headers_that_cannot_be_true(tmp_path):
    with pytest.raises(DamagedFileError, match="-5 leads"):
        read(save(tmp_path, leads=-5))
    with pytest.raises(DamagedFileError, match="block of -7 bytes"):
        read(save(tmp_path, size=-7))
    with pytest.raises(DamagedFileError, match="block of 2147483647 bytes"):
        read(save(tmp_path, size=2**31 - 1))
    with pytest.raises(MissingFactError, match="--fs"):
        read(save(tmp_path, fs=0))
    with pytest.raises(RecordingError, match="annotations, no signal"):
        read(save(tmp_path, magic=b"ANN  1.0"))
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DamagedFileError, match="cut short"):
        read(path)
    path.write_bytes(save(tmp_path).read_bytes()[:537])
    with pytest.raises(DamagedFileError, match="no samples"):
        read(path)


def test_names_stay_behind(tmp_path):
    assert "Secret" not in repr(read(save(tmp_path)))
    identity = dict(read(save(tmp_path), keep_identity=True).source.identity)
    assert identity == {"name": "Ada Secret", "patient_id": "17", "birth_date": "1990-01-01"}
