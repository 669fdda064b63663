"""Philips XML: versions, encodings, XLI, the limb leads within it, the calibration pulse."""

import base64
from datetime import datetime

import numpy as np
import pytest
from clinical_signals import TWELVE, counts
from ecgdatakit.parsing.codecs.xli import xli_decode

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording import read
from ectopy.recording._xli import unpack_xli

COUNTS = counts(12)
MV = COUNTS * 0.005
NAMES = " ".join(TWELVE)


def pack_lead(samples: np.ndarray) -> bytes:
    """XLI of one lead: second differences, high bytes before low, each byte an LZW code."""
    x = samples.astype(np.int64)
    second = 2 * x[1:-1] - x[:-2] - x[2:]
    start = int(second[0])
    codes = [int(x[0]), int(x[1]), *(second[1:] + 64).tolist(), 64]
    words = np.array(codes, np.int16).view(np.uint16)
    raw = bytes((words >> 8).astype(np.uint8)) + bytes((words & 0xFF).astype(np.uint8))
    bits = "".join(f"{byte:010b}" for byte in raw) + f"{1023:010b}"
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return (
        len(data).to_bytes(4, "little") + b"\0\0" + start.to_bytes(2, "little", signed=True) + data
    )


def pack(table: np.ndarray) -> str:
    """XLI of twelve leads, III, aVR, aVL and aVF as what they differ from I and II."""
    stored = table.copy()
    one, two, three = table[:, 0], table[:, 1], table[:, 2]
    stored[:, 2] = two - one - three
    stored[:, 3] = -table[:, 3] - (one + two) // 2
    stored[:, 4] = (one - three) // 2 - table[:, 4]
    stored[:, 5] = (two + three) // 2 - table[:, 5]
    return base64.encodebytes(b"".join(pack_lead(lead) for lead in stored.T)).decode()


def plain(table: np.ndarray) -> str:
    return base64.encodebytes(table.T.astype("<i2").tobytes()).decode()


def waveforms(text: str, n: int = 5000, **more: str) -> str:
    facts = {
        "dataencoding": "Base64", "numberofleads": "12", "leadlabels": NAMES, "resolution": "5",
        "durationperchannel": str(n * 2), "samplespersecond": "500", "signaloffset": "0", **more,
    }  # fmt: skip
    held = " ".join(f'{key}="{value}"' for key, value in facts.items() if value)
    return f"<waveforms><parsedwaveforms {held}>{text}</parsedwaveforms></waveforms>"


OLD = """<signalcharacteristics><samplingrate>500</samplingrate>
  <signalresolution>5</signalresolution><numberchannelsallocated>12</numberchannelsallocated>
  <signalsigned>True</signalsigned></signalcharacteristics>"""
UNSAID = {"numberofleads": "", "leadlabels": "", "resolution": "", "samplespersecond": ""}


def save(folder, content: str, version: str = "1.04.01", encoding: str = "utf-16"):
    path = folder / "sierra.xml"
    text = f"""<?xml version="1.0" encoding="{encoding}"?>
      <restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo>
      <documentversion>{version}</documentversion></documentinfo>
      <dataacquisition date="2021-03-28" time="08:15:30">{OLD if "1.03" in version else ""}
      </dataacquisition><patient><generalpatientdata><patientid>17</patientid><name>
      <lastname>Secret</lastname><firstname>Ada</firstname></name></generalpatientdata></patient>
      {content}</restingecgdata>"""
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("version", ["1.04", "1.04.02", "1.05"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_plain_samples(tmp_path, version, encoding):
    recording = read(save(tmp_path, waveforms(plain(COUNTS)), version, encoding))
    assert (recording.source.format, recording.fs) == ("Philips Sierra (XML)", 500.0)
    assert (recording.leads, recording.source.inferred) == (TWELVE, ())
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30)
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    assert "Secret" not in repr(recording)


def test_compressed_samples_and_their_limb_leads(tmp_path):
    content = waveforms(pack(COUNTS), compression="XLI")
    recording = read(save(tmp_path, content))
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    known = xli_decode(base64.b64decode("".join(pack(COUNTS).split())))
    np.testing.assert_array_equal(known[0][:5000], COUNTS[:, 0])


def test_version_1_03_says_it_elsewhere(tmp_path):
    more = {**UNSAID, "compressflag": "True", "compressmethod": "XLI", "nbitspersample": "16"}
    recording = read(save(tmp_path, waveforms(pack(COUNTS), **more), "1.03", "utf-8"))
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    assert [note.what for note in recording.source.inferred] == ["leads"]
    more |= {"compressflag": "False"}
    recording = read(save(tmp_path, waveforms(plain(COUNTS), **more), "1.03", "utf-8"))
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)


def test_text_offset_and_decimal_comma(tmp_path):
    text = " ".join(map(str, (COUNTS + 1000).T.ravel()))
    more = {"dataencoding": "Plain", "signaloffset": "1000", "resolution": "5,00"}
    recording = read(save(tmp_path, waveforms(text, **more)))
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)


def test_the_calibration_pulse_is_no_ecg(tmp_path):
    table = np.concatenate([COUNTS, np.zeros((250, 12), np.int64)])
    table[5080:5180] = 200
    recording = read(save(tmp_path, waveforms(plain(table), 5250)))
    assert recording.n_samples == 5250
    assert np.isnan(recording.signal[5000:]).all()
    np.testing.assert_allclose(recording.signal[:5000], MV, atol=1e-6)
    assert [note.what for note in recording.source.inferred] == ["calibration pulse"]


def test_average_beats_are_no_rhythm(tmp_path):
    beats = '<waveforms><repbeats><repbeat leadname="I">AAAA</repbeat></repbeats></waveforms>'
    with pytest.raises(RecordingError, match="representative beats, but no rhythm"):
        read(save(tmp_path, beats))


def test_damage(tmp_path):
    short = base64.b64encode(base64.b64decode(pack(COUNTS))[:40_000]).decode()
    with pytest.raises(DamagedFileError, match="cut short"):
        read(save(tmp_path, waveforms(short, compression="XLI")))
    with pytest.raises(DamagedFileError, match="promises"):
        read(save(tmp_path, waveforms(plain(COUNTS), 6000)))
    with pytest.raises(DamagedFileError, match="impossible"):
        read(save(tmp_path, waveforms(plain(COUNTS), 10**15)))
    with pytest.raises(RecordingError, match="only XLI can be read"):
        read(save(tmp_path, waveforms(plain(COUNTS), compression="Huffman")))
    with pytest.raises(MissingFactError, match="--fs"):
        read(save(tmp_path, waveforms(plain(COUNTS), samplespersecond="")))


def test_a_bomb_stops_at_the_length_that_is_stated():
    """Codes that each stand for a longer string than the one before."""
    bits = f"{0:010b}" + "".join(f"{code:010b}" for code in range(256, 1022)) * 20
    data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) // 8 * 8, 8))
    blob = len(data).to_bytes(4, "little") + bytes(4) + data
    (lead,) = unpack_xli(blob, 100, 1)
    assert len(lead) == 100


@pytest.mark.data
@pytest.mark.parametrize("name", ["1_03_129DYPRG.XML", "1_04_01_2020-5-18_15-48-11.xml"])
def test_real_files(data, name):
    from ecgdatakit.parsing.parsers.sierra_xml import SierraXMLParser

    path = data / "formats" / "philips_sierra_xml" / name
    recording, known = read(path), SierraXMLParser().parse(path)
    assert (recording.fs, recording.n_samples, recording.leads) == (500.0, 5500, TWELVE)
    end = int(np.flatnonzero(np.isfinite(recording.signal[:, 0]))[-1]) + 1
    assert end > 5200
    for lead in known.leads:
        uv = lead.samples * lead.resolution
        np.testing.assert_allclose(recording.lead(lead.label)[:end], uv[:end] / 1000, atol=1e-5)
    assert 0.2 < np.nanmax(recording.lead("I")) < 3
