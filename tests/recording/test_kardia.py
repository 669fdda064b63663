import struct
import zlib

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import DamagedFileError, RecordingError

FS = 300.0
MV_PER_STEP = 0.0005
BEATS = np.rint(beats_in_mv(FS, 10) / MV_PER_STEP).astype("<i2")
FMT = struct.pack("<BHHBBB", 1, 300, 500, 0b0100110, 0, 0)


def block(identifier: bytes, data: bytes, checksum=lambda content: sum(content)) -> bytes:
    content = struct.pack("<4sI", identifier, len(data)) + data
    return content + struct.pack("<I", checksum(content))


def info(date=b"2020-12-08T15:54:23.245+10:00") -> bytes:
    return block(b"info", date.ljust(32, b"\0") + b"58E0A7D7-EEBC".ljust(232, b"\0"))


def atc(*blocks: bytes, version: int = 5) -> bytes:
    return b"ALIVE\0\0\0" + struct.pack("<I", version) + b"".join(blocks)


@pytest.fixture
def write(tmp_path):
    def write(content: bytes):
        path = tmp_path / "kardia.atc"
        path.write_bytes(content)
        return path

    return write


def test_one_lead(write):
    recording = read(write(atc(info(), block(b"fmt ", FMT), block(b"ecg ", BEATS.tobytes()))))
    assert (recording.fs, recording.leads) == (FS, ("I",))
    assert recording.start.isoformat() == "2020-12-08T15:54:23.245000+10:00"
    assert recording.resolution == pytest.approx((MV_PER_STEP,))
    np.testing.assert_allclose(recording.lead("I"), BEATS * MV_PER_STEP, rtol=1e-6)
    filters = {fact.what: fact for fact in recording.source.inferred}["filters applied by the app"]
    assert "mains" in filters.value
    assert "60 Hz" in filters.why


def test_twelve_leads_in_the_order_of_the_file(write):
    identifiers = [b"ecg ", *(b"ecg%x" % n for n in range(2, 13))]
    blocks = [block(i, (BEATS + n).astype("<i2").tobytes()) for n, i in enumerate(identifiers)]
    average = block(b"avg ", BEATS[:450].tobytes())
    recording = read(write(atc(info(), block(b"fmt ", FMT), *blocks[::-1], average)))
    assert ",".join(recording.leads) == "I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6"
    steps = np.rint(recording.signal[0] / MV_PER_STEP) - BEATS[0]
    assert steps.tolist() == list(range(12))


def test_an_average_beat_is_no_recording(write):
    content = atc(info(), block(b"fmt ", FMT), block(b"avg ", BEATS.tobytes()))
    with pytest.raises(DamagedFileError, match="no ECG samples"):
        read(write(content))


def test_beats_of_the_app_become_annotations(write):
    ticks = b"".join(struct.pack("<IH", at, kind) for at, kind in ((500, 2), (250, 1), (9999, 1)))
    ann = block(b"ann ", struct.pack("<I", 600) + ticks)
    content = atc(block(b"fmt ", FMT), block(b"ecg ", BEATS.tobytes()), ann)
    annotations = read(write(content)).annotations
    assert annotations.sample.tolist() == [125, 250]
    assert annotations.symbol.tolist() == ["N", "V"]


def test_a_crc32_is_a_checksum_too(write):
    blocks = (block(b"fmt ", FMT, zlib.crc32), block(b"ecg ", BEATS.tobytes(), zlib.crc32))
    assert read(write(atc(*blocks))).n_samples == len(BEATS)


@pytest.mark.parametrize("at", [20, 300, 330, 1500])
def test_a_flipped_bit_is_found(write, at):
    content = bytearray(atc(info(), block(b"fmt ", FMT), block(b"ecg ", BEATS.tobytes())))
    content[at] ^= 4
    with pytest.raises(DamagedFileError, match=r"checksum|promises"):
        read(write(bytes(content)))


@pytest.mark.parametrize("cut", [1, 5, 3000, 6010])
def test_a_file_that_breaks_off_is_found(write, cut):
    content = atc(info(), block(b"fmt ", FMT), block(b"ecg ", BEATS.tobytes()))
    with pytest.raises(DamagedFileError, match=r"cut short|breaks off"):
        read(write(content[:-cut]))


def test_lead_off_is_missing(write):
    signal = BEATS.copy()
    signal[100:200] = -32768
    recording = read(write(atc(block(b"fmt ", FMT), block(b"ecg ", signal.tobytes()))))
    assert np.flatnonzero(np.isnan(recording.signal[:, 0])).tolist() == list(range(100, 200))
    assert "missing samples" in [fact.what for fact in recording.source.inferred]


def test_who_recorded_it_stays_out_unless_asked_for(write):
    path = write(atc(info(), block(b"fmt ", FMT), block(b"ecg ", BEATS.tobytes())))
    assert read(path).source.identity == ()
    assert ("recording_id", "58E0A7D7-EEBC") in read(path, keep_identity=True).source.identity


@pytest.mark.data
def test_real_files(data):
    folder = data / "formats" / "alivecor_kardia_atc"
    one, six = read(folder / "1_lead.atc"), read(folder / "6_lead_ab.atc")
    assert (one.fs, one.duration_s, one.leads) == (FS, 30.0, ("I",))
    assert six.leads == ("I", "II", "III", "aVR", "aVL", "aVF")
    np.testing.assert_allclose(six.lead("III"), six.lead("II") - six.lead("I"), atol=0.002)
    with pytest.raises(DamagedFileError, match="checksum of the block 'ecg'"):
        read(folder / "broken_checksum.atc")


def test_a_rate_that_contradicts_the_file_is_refused(write):
    path = write(atc(block(b"fmt ", FMT), block(b"ecg ", BEATS.tobytes())))
    with pytest.raises(RecordingError, match="300 Hz"):
        read(path, fs=250)
