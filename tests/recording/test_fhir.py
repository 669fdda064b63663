import json

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import DamagedFileError, RecordingError

FS = 250.0
BEATS = np.rint(beats_in_mv(FS, 6) * 1000).astype(int)


def component(code: str, samples, **facts):
    data = {"origin": {"value": 0, "unit": "uV"}, "period": 4, "dimensions": 1, **facts}
    data["data"] = samples if isinstance(samples, str) else " ".join(map(str, samples))
    coding = {"system": "urn:oid:2.16.840.1.113883.6.24", "code": code}
    return {"code": {"coding": [coding]}, "valueSampledData": data}


def observation(*components, **more):
    code = {"coding": [{"code": "131328", "display": "MDC_ECG_ELEC_POTL"}]}
    return {"resourceType": "Observation", "code": code, "component": list(components), **more}


@pytest.fixture
def write(tmp_path):
    def write(resource, encoding="utf-8"):
        path = tmp_path / "ecg.json"
        path.write_text(json.dumps(resource), encoding=encoding)
        return path

    return write


def test_components_are_leads(write):
    resource = observation(
        component("131330", BEATS),
        component("131389", BEATS * 2, origin={"value": 100, "unit": "uV"}, factor=0.5),
        component("131391", BEATS * 1000, origin={"value": 0, "code": "nV"}),
        effectiveDateTime="2015-02-19T09:30:35+01:00",
        subject={"reference": "Patient/f001", "display": "P. van de Heuvel"},
    )
    recording = read(write(resource), keep_identity=True)
    assert (recording.fs, recording.leads) == (FS, ("II", "III", "aVL"))
    np.testing.assert_allclose(recording.lead("II"), BEATS / 1000, rtol=1e-6)
    np.testing.assert_allclose(recording.lead("III"), BEATS / 1000 + 0.1, atol=1e-6)
    np.testing.assert_allclose(recording.lead("aVL"), BEATS / 1000, rtol=1e-6)
    assert recording.start.isoformat() == "2015-02-19T09:30:35+01:00"
    assert ("patient_id", "Patient/f001") in recording.source.identity
    assert read(write(resource)).source.identity == ()


@pytest.mark.parametrize(
    ("facts", "fs"),
    [
        ({"period": None, "interval": 4, "intervalUnit": "ms"}, 250),
        ({"period": None, "interval": 0.002, "intervalUnit": "s"}, 500),
        ({"period": None, "interval": 2000, "intervalUnit": "us"}, 500),
        ({"period": None, "interval": 500, "intervalUnit": "Hz"}, 500),
        ({"period": 1.953125}, 512),
    ],
)
def test_the_rate_of_r4_and_r5(write, facts, fs):
    assert read(write(observation(component("131329", BEATS, **facts)))).fs == pytest.approx(fs)


def test_errors_and_limits(write):
    samples = [str(n) for n in BEATS]
    samples[10], samples[20], samples[30] = "E", "U", "L"
    resource = observation(component("131329", " ".join(samples), upperLimit=3300))
    recording = read(write(resource))
    assert np.flatnonzero(np.isnan(recording.signal[:, 0])).tolist() == [10, 30]
    assert recording.signal[20, 0] == pytest.approx(3.3)
    assert {"missing samples", "saturation"} <= {f.what for f in recording.source.inferred}


def test_pieces_of_one_lead_follow_each_other(write):
    thirds = np.split(BEATS, 3)
    recording = read(write(observation(*(component("131329", part) for part in thirds))))
    assert recording.leads == ("I",)
    np.testing.assert_allclose(recording.signal[:, 0], BEATS / 1000, rtol=1e-6)


def test_dimensions_are_leads_sample_by_sample(write):
    both = np.stack([BEATS, -BEATS], axis=1).reshape(-1)
    recording = read(write(observation(component("131328", both, dimensions=2))))
    np.testing.assert_allclose(recording.signal, np.stack([BEATS, -BEATS], 1) / 1000, rtol=1e-6)


def test_the_ecg_of_a_bundle_is_found(write):
    pulse = {"coding": [{"display": "MDC_PULS_OXIM_PLETH"}]}
    other = {**observation(component("150452", BEATS)), "code": pulse}
    entries = [{"resource": r} for r in (other, observation(component("131329", BEATS)))]
    bundle = {"resourceType": "Bundle", "entry": entries}
    assert read(write(bundle, "utf-16")).leads == ("I",)
    bundle["entry"].append({"resource": observation(component("131330", BEATS))})
    with pytest.raises(RecordingError, match="2 observations"):
        read(write(bundle))


@pytest.mark.parametrize(
    ("resource", "error", "says"),
    [
        ({"resourceType": "Patient"}, RecordingError, "Patient"),
        (
            observation(component("1", BEATS, origin={"unit": "mm[Hg]"})),
            RecordingError,
            "is an ECG",
        ),
        (observation(component("131329", "1 2 x")), DamagedFileError, "E, U or L"),
        (observation(component("131329", BEATS, factor="much")), DamagedFileError, "factor"),
        (observation(component("131329", BEATS, dimensions=1e9)), DamagedFileError, "dimensions"),
        (observation(component("131329", BEATS, period=1e9)), RecordingError, "Hz"),
        (observation(component("131329", BEATS[:100])), RecordingError, "at least 2 s"),
    ],
)
def test_what_cannot_be_read_is_said(write, resource, error, says):
    with pytest.raises(error, match=says):
        read(write(resource))


def test_json_that_would_fill_the_memory_is_refused(tmp_path):
    path = tmp_path / "ecg.json"
    path.write_text('{"resourceType": "Observation", "x": [' + "[]," * 3_000_000 + "[]]}")
    with pytest.raises(RecordingError, match="too many values"):
        read(path)
    path.write_text('{"resourceType": "Observation", "x": ' + "[" * 100_000)
    with pytest.raises(DamagedFileError, match="JSON"):
        read(path)


@pytest.mark.data
def test_the_example_of_the_standard_is_too_short(data):
    path = data / "formats" / "fhir" / "observation-example-sample-data.json"
    with pytest.raises(RecordingError, match=r"1\.16 s at 100 Hz; at least 2 s"):
        read(path)
