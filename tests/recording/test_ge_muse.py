"""GE MUSE: rhythm before median, eight leads made twelve, checksums and damage."""

import base64
import zlib
from datetime import datetime

import numpy as np
import pytest
from clinical_signals import EIGHT, TWELVE, counts

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording import read

COUNTS = counts(step_uv=4.88)
MV = COUNTS * 0.00488


def lead(name: str, samples: np.ndarray, scale="4.88", unit="MICROVOLTS", crc=None, **more: str):
    data = samples.astype("<i2").tobytes()
    extra = "".join(f"<{tag}>{text}</{tag}>" for tag, text in more.items())
    return f"""<LeadData><LeadByteCountTotal>{len(data)}</LeadByteCountTotal>
      <LeadSampleCountTotal>{more.pop("count", len(samples))}</LeadSampleCountTotal>
      <LeadAmplitudeUnitsPerBit>{scale}</LeadAmplitudeUnitsPerBit>
      <LeadAmplitudeUnits>{unit}</LeadAmplitudeUnits><LeadID>{name}</LeadID>{extra}
      <LeadDataCRC32>{zlib.crc32(data) if crc is None else crc}</LeadDataCRC32>
      <WaveFormData>\n{base64.encodebytes(data).decode()}</WaveFormData></LeadData>"""


def waveform(kind: str, table=COUNTS, names=EIGHT, base="500", exponent="0", **more):
    content = "".join(lead(name, table[:, i], **more) for i, name in enumerate(names))
    return f"""<Waveform><WaveformType>{kind}</WaveformType><SampleBase>{base}</SampleBase>
      <SampleExponent>{exponent}</SampleExponent>{content}</Waveform>"""


def save(folder, *waveforms: str):
    path = folder / "muse.xml"
    text = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
      <!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG><PatientDemographics>
      <PatientID>17</PatientID><PatientLastName>Geheimnis-Müller</PatientLastName>
      <PatientFirstName>Ada</PatientFirstName><DateofBirth>01-01-1990</DateofBirth>
      </PatientDemographics><TestDemographics><AcquisitionTime>08:15:30</AcquisitionTime>
      <AcquisitionDate>03-28-2021</AcquisitionDate></TestDemographics>
      {"".join(waveforms)}</RestingECG>"""
    path.write_text(text, encoding="latin-1")
    return path


def test_rhythm_wins_and_limb_leads_are_computed(tmp_path):
    median = waveform("Median", COUNTS[:600])
    recording = read(save(tmp_path, median, waveform("Rhythm")))
    assert (recording.source.format, recording.fs) == ("GE MUSE (XML)", 500.0)
    assert (recording.leads, recording.n_samples) == (TWELVE, 5000)
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30)
    for i, name in enumerate(EIGHT):
        np.testing.assert_allclose(recording.lead(name), MV[:, i], atol=1e-6)
    one, two = MV[:, 0], MV[:, 1]
    np.testing.assert_allclose(recording.lead("III"), two - one, atol=1e-6)
    np.testing.assert_allclose(recording.lead("aVR"), -(one + two) / 2, atol=1e-6)
    np.testing.assert_allclose(recording.lead("aVL"), one - two / 2, atol=1e-6)
    np.testing.assert_allclose(recording.lead("aVF"), two - one / 2, atol=1e-6)
    (note,) = recording.source.inferred
    assert (note.what, note.value) == ("computed leads", "III, aVR, aVL, aVF")


def test_twelve_stored_leads_stay_as_they_are(tmp_path):
    recording = read(save(tmp_path, waveform("Rhythm", counts(12), TWELVE)))
    assert (recording.leads, recording.source.inferred) == (TWELVE, ())


def test_a_rate_with_an_exponent(tmp_path):
    assert read(save(tmp_path, waveform("Rhythm", base="25", exponent="1"))).fs == 250.0
    assert read(save(tmp_path, waveform("Rhythm", base="2500", exponent="-1"))).fs == 250.0


def test_units(tmp_path):
    volts = waveform("Rhythm", scale="0,00488", unit="MILLIVOLTS")
    np.testing.assert_allclose(read(save(tmp_path, volts)).lead("II"), MV[:, 1], atol=1e-6)
    unknown = read(save(tmp_path, waveform("Rhythm", unit="")))
    assert "units" in [note.what for note in unknown.source.inferred]


def test_median_alone_is_no_recording(tmp_path):
    with pytest.raises(RecordingError, match="one average beat"):
        read(save(tmp_path, waveform("Median", COUNTS[:600])))
    with pytest.raises(RecordingError, match="no waveform"):
        read(save(tmp_path))


def test_damage(tmp_path):
    with pytest.raises(DamagedFileError, match="cut short"):
        read(save(tmp_path, waveform("Rhythm", count=6000)))
    good = waveform("Rhythm")
    with pytest.raises(DamagedFileError, match="Base64"):
        read(save(tmp_path, good.replace("<WaveFormData>\n", "<WaveFormData>\n!")))
    with pytest.raises(MissingFactError, match="--fs"):
        read(save(tmp_path, waveform("Rhythm", base="")))
    assert read(save(tmp_path, waveform("Rhythm", base="")), fs=500).fs == 500


def test_a_wrong_checksum_is_said(tmp_path):
    content = waveform("Rhythm", names=EIGHT[:1], crc=12345)
    recording = read(save(tmp_path, content))
    assert [note.what for note in recording.source.inferred] == ["checksum of I"]


def test_lead_off(tmp_path):
    table = COUNTS.copy()
    table[1000:2000, 4] = -32768
    recording = read(save(tmp_path, waveform("Rhythm", table, LeadOff="TRUE")))
    assert np.isnan(recording.lead("V3")[1000:2000]).all()
    assert "lead off" in [note.what for note in recording.source.inferred]


def test_names_stay_behind(tmp_path):
    path = save(tmp_path, waveform("Rhythm"))
    assert "Geheimnis" not in repr(read(path))
    identity = dict(read(path, keep_identity=True).source.identity)
    assert identity["name"] == "Ada Geheimnis-Müller"


@pytest.mark.data
@pytest.mark.parametrize("name", ["braveheart_example1.xml", "braveheart_example2.xml"])
def test_real_files(data, name):
    from ecgdatakit.parsing.parsers.ge_muse_xml import GEMuseXMLParser

    path = data / "formats" / "ge_muse_xml" / name
    recording, known = read(path), GEMuseXMLParser().parse(path)
    assert (recording.fs, recording.n_samples, recording.leads) == (500.0, 5000, TWELVE)
    for kept in known.leads:
        uv = kept.samples * kept.resolution
        np.testing.assert_allclose(recording.lead(kept.label), uv / 1000, atol=1e-5)
    assert 0.2 < recording.lead("V5").max() < 3
    assert [note.what for note in recording.source.inferred] == ["computed leads"]
