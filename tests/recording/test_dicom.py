"""DICOM waveforms: codes of leads, groups in time, median beats, padding, other modalities."""

from datetime import datetime

import numpy as np
import pytest
from clinical_signals import TWELVE, counts
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence

from ectopy.errors import DamagedFileError, EctopyError, RecordingError
from ectopy.recording import read
from ectopy.recording._scp_leads import LEAD_NAMES

COUNTS = counts(12, step_uv=2.5)
MV = COUNTS * 0.0025
NUMBER = {name: number for number, name in LEAD_NAMES.items()}
EXPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"


def code(value: str, scheme: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def channel(name: str, way: str, unit: str = "uV", sensitivity: str = "2.5") -> Dataset:
    item = Dataset()
    number = NUMBER.get(name, 0)
    item.ChannelSourceSequence = {
        "SCPECG": lambda: code(f"5.6.3-9-{number}", "SCPECG", "x"),
        "MDC": lambda: code(f"2:{number}", "MDC", "x"),
        "name": lambda: code(f"MDC_ECG_LEAD_{name.upper()}", "MDC", "x"),
        "meaning": lambda: code("9999", "L", f"Lead {name} (of the limbs)"),
    }[way]()
    item.ChannelSensitivity = sensitivity
    item.ChannelSensitivityUnitsSequence = code(unit, "UCUM", "unit")
    item.ChannelSensitivityCorrectionFactor = "1"
    item.ChannelBaseline = "0"
    item.WaveformBitsStored = 16
    return item


def group(table=COUNTS, names=TWELVE, label="RHYTHM", way="SCPECG", start="0", fs="500", **more):
    item = Dataset()
    item.MultiplexGroupTimeOffset, item.MultiplexGroupLabel = start, label
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels, item.NumberOfWaveformSamples = table.shape[1], len(table)
    item.SamplingFrequency = fs
    item.ChannelDefinitionSequence = Sequence([channel(name, way, **more) for name in names])
    item.WaveformBitsAllocated, item.WaveformSampleInterpretation = 16, "SS"
    item.WaveformData = table.astype("<i2").tobytes()
    item["WaveformData"].VR = "OW"
    return item


def save(folder, *groups: Dataset, syntax: str = EXPLICIT, **facts: object):
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.9.1.1", "1.2.3"
    data.Modality, data.PatientName, data.PatientID = "ECG", "Secret^Ada", "17"
    data.PatientBirthDate, data.AcquisitionDateTime = "19900101", "20210328081530.250000"
    if groups:
        data.WaveformSequence = Sequence(groups)
    for name, value in facts.items():
        setattr(data, name, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    path = folder / "ecg.dcm"
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("way", ["SCPECG", "MDC", "name", "meaning"])
def test_leads_by_any_code(tmp_path, way):
    recording = read(save(tmp_path, group(way=way)))
    assert (recording.source.format, recording.fs) == ("DICOM waveform", 500.0)
    assert (recording.leads, recording.source.inferred) == (TWELVE, ())
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30, 250_000)
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    assert recording.resolution == pytest.approx((0.0025,) * 12)


@pytest.mark.parametrize(("unit", "sensitivity"), [("mV", "0.0025"), ("V", "2.5E-6")])
def test_units(tmp_path, unit, sensitivity):
    recording = read(save(tmp_path, group(unit=unit, sensitivity=sensitivity)))
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)


def test_median_beats_are_passed_over(tmp_path):
    median = group(COUNTS[:600], label="MEDIAN BEAT")
    assert read(save(tmp_path, median, group())).n_samples == 5000
    with pytest.raises(RecordingError, match="median beats, but no rhythm"):
        read(save(tmp_path, median))
    unnamed = group(COUNTS[:600], label="2")
    unnamed.WaveformOriginality = "DERIVED"
    assert len(read(save(tmp_path, unnamed, group())).leads) == 12


def test_groups_one_after_another(tmp_path):
    """Twelve leads of 2.5 s in groups of three, beside a rhythm strip of 10 s."""
    groups = [
        group(COUNTS[k * 1250 : (k + 1) * 1250, 3 * k : 3 * k + 3], TWELVE[3 * k : 3 * k + 3],
              start=str(2500 * k))
        for k in range(4)
    ]  # fmt: skip
    recording = read(save(tmp_path, *groups, group(COUNTS[:, 1:2], ("II",))))
    assert recording.n_samples == 5000
    assert set(recording.leads) == {*TWELVE, "II 2"}
    np.testing.assert_allclose(recording.lead("V4")[3750:], MV[3750:, 9], atol=1e-6)
    assert np.isnan(recording.lead("V4")[:3750]).all()
    np.testing.assert_allclose(recording.lead("II 2"), MV[:, 1], atol=1e-6)


def test_padding_is_missing(tmp_path):
    table = COUNTS.copy()
    table[500:600, 2] = -9999
    item = group(table)
    item.add_new("WaveformPaddingValue", "OW", np.array([-9999], "<i2").tobytes())
    recording = read(save(tmp_path, item))
    assert np.isnan(recording.signal[500:600, 2]).all()
    assert np.isnan(recording.signal).sum() == 100


def test_pressures_are_left_out(tmp_path):
    item = group()
    item.ChannelDefinitionSequence[11] = channel("V6", "meaning", "mm[Hg]")
    recording = read(save(tmp_path, item))
    assert len(recording.leads) == 11
    assert recording.source.inferred[0].what == "signals left out"


def test_what_is_no_waveform(tmp_path):
    with pytest.raises(RecordingError, match="modality CT and holds an image"):
        read(save(tmp_path, Modality="CT", Rows=2, Columns=2))
    with pytest.raises(RecordingError, match="holds a document"):
        read(save(tmp_path, Modality="DOC", EncapsulatedDocument=b"%PDF"))


def test_damage(tmp_path):
    item = group()
    item.NumberOfWaveformSamples = 4_000_000_000
    with pytest.raises(DamagedFileError, match="promises"):
        read(save(tmp_path, item))
    with pytest.raises(RecordingError, match="deflated"):
        read(save(tmp_path, group(), syntax=DEFLATED))
    path = save(tmp_path, group())
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(EctopyError):
        read(path)


def test_names_stay_behind(tmp_path):
    path = save(tmp_path, group())
    assert "Secret" not in repr(read(path))
    identity = dict(read(path, keep_identity=True).source.identity)
    assert identity == {"name": "Secret Ada", "patient_id": "17", "birth_date": "19900101"}


@pytest.mark.data
def test_a_real_file(data):
    recording = read(data / "formats" / "dicom_ecg" / "marcodebe_anonymous_ecg.dcm")
    assert (recording.fs, recording.n_samples, recording.leads) == (1000.0, 10_000, TWELVE)
    assert recording.start == datetime(2013, 1, 25, 10, 59, 19)
    assert 0.2 < recording.signal.max() < 3
    three = recording.lead("II") - recording.lead("I")
    np.testing.assert_allclose(recording.lead("III"), three, atol=0.01)
