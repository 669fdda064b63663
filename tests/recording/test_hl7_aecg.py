"""HL7 aECG: scales and units, time axes, derived beats, several parts, other spellings."""

from datetime import datetime

import numpy as np
import pytest
from clinical_signals import EIGHT, counts

from ectopy.errors import DamagedFileError, MissingFactError, RecordingError
from ectopy.recording import read

COUNTS = counts()
MV = COUNTS * 0.005


def sequence(code: str, digits: np.ndarray | str, scale: str = "5", unit: str = "uV", **more: str):
    text = digits if isinstance(digits, str) else " ".join(map(str, digits))
    origin = more.get("origin", "0")
    return f"""<component><sequence><code code="{code}" codeSystemName="MDC"/>
      <value xsi:type="SLIST_PQ"><origin value="{origin}" unit="{unit}"/>
      <scale value="{scale}" unit="{unit}"/><digits>{text}</digits></value>
      </sequence></component>"""


def time_axis(head="20210328081530.250", increment='value="0.002" unit="s"', code="TIME_ABSOLUTE"):
    return f"""<component><sequence><code code="{code}"/><value xsi:type="GLIST_TS">
      <head value="{head}"/><increment {increment}/></value></sequence></component>"""


def leads(table=COUNTS, names=EIGHT, **more):
    codes = [f"MDC_ECG_LEAD_{name.upper()}" for name in names]
    return "".join(sequence(c, table[:, i], **more) for i, c in enumerate(codes))


def series(content: str, code: str = "RHYTHM", tag: str = "series"):
    content = f"<component><sequenceSet>{content}</sequenceSet></component>"
    return f'<component><{tag}><code code="{code}"/>{content}</{tag}></component>'


def document(*content: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><!-- made for a test -->
      <AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>
      <id extension="S-17"/><subjectDemographicPerson><name><given>Ada</given>
      <family>Secret</family></name><birthTime value="19900101"/></subjectDemographicPerson>
      </trialSubject></subject></subjectAssignment></componentOf></timepointEvent></componentOf>
      {"".join(content)}</AnnotatedECG>"""


def save(folder, text: str):
    path = folder / "ecg.xml"
    path.write_text(text, encoding="utf-8")
    return path


def test_leads_scale_and_start(tmp_path):
    recording = read(save(tmp_path, document(series(time_axis() + leads()))))
    assert (recording.source.format, recording.fs) == ("HL7 aECG", 500.0)
    assert recording.leads == EIGHT
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30, 250_000)
    assert recording.source.inferred == ()
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)
    assert recording.resolution == pytest.approx((0.005,) * 8)


SPELLINGS = [
    ({"scale": "0,005", "unit": "mV"}, {}),
    ({"scale": "5000", "unit": "nV"}, {}),
    ({"scale": "5"}, {"increment": 'value="2" unit="ms"'}),
    ({"scale": "5"}, {"increment": 'value="0,002" unit="s"', "code": "TIME_RELATIVE", "head": "0"}),
    ({"scale": "5", "origin": "0.0"}, {"increment": 'unit="us" value="2000.0"'}),
]


@pytest.mark.parametrize(("lead", "axis"), SPELLINGS)
def test_units_and_decimal_commas(tmp_path, lead, axis):
    recording = read(save(tmp_path, document(series(time_axis(**axis) + leads(**lead)))))
    assert recording.fs == 500.0
    np.testing.assert_allclose(recording.signal, MV, atol=1e-6)


def test_origin_is_added(tmp_path):
    recording = read(save(tmp_path, document(series(time_axis() + leads(origin="-100")))))
    np.testing.assert_allclose(recording.signal, MV - 0.1, atol=1e-6)


def test_a_rate_that_is_not_whole(tmp_path):
    axis = time_axis(increment='value="0.00390625" unit="s"')
    assert read(save(tmp_path, document(series(axis + leads())))).fs == 256.0
    axis = time_axis(increment='value="0.003" unit="s"')
    assert read(save(tmp_path, document(series(axis + leads())))).fs == pytest.approx(1000 / 3)


def test_average_beats_are_passed_over(tmp_path):
    beat = series(time_axis() + leads(counts(seconds=3)), "REPRESENTATIVE_BEAT")
    derived = f"<derivation>{series(time_axis() + leads(), tag='derivedSeries')}</derivation>"
    recording = read(save(tmp_path, document(beat, series(time_axis() + leads()))))
    assert recording.n_samples == 5000
    for held in (beat, f"<component><series>{derived}</series></component>"):
        with pytest.raises(RecordingError, match="representative beats, but no rhythm"):
            read(save(tmp_path, document(held)))


def test_parts_take_their_places_in_time(tmp_path):
    first = series(time_axis("20210328081530") + leads())
    second = series(time_axis("20210328081545") + leads())
    recording = read(save(tmp_path, document(second, first)))
    assert recording.start == datetime(2021, 3, 28, 8, 15, 30)
    assert (recording.duration_s, len(recording.leads)) == (25.0, 8)
    missing = np.isnan(recording.signal).all(axis=1)
    assert (missing.sum(), missing[5000], missing[7499]) == (2500, True, True)
    np.testing.assert_allclose(recording.signal[7500:], MV, atol=1e-6)
    assert [i.what for i in recording.source.inferred] == ["gaps"]
    far = series(time_axis("20220328081545") + leads())
    with pytest.raises(DamagedFileError, match="export each part by itself"):
        read(save(tmp_path, document(first, far)))


def test_leads_one_after_another(tmp_path):
    """Three leads for 2.5 s, then three others: each has a value in its own stretch only."""
    first = time_axis("20210328081530.000") + leads(COUNTS[:1250], EIGHT[:3])
    second = time_axis("20210328081532.500") + leads(COUNTS[1250:2500, 3:], EIGHT[3:6])
    recording = read(save(tmp_path, document(series(first), series(second))))
    assert recording.signal.shape == (2500, 6)
    assert np.isnan(recording.signal[1250:, :3]).all()
    assert np.isnan(recording.signal[:1250, 3:]).all()
    np.testing.assert_allclose(recording.signal[:1250, 0], MV[:1250, 0], atol=1e-6)


@pytest.mark.parametrize(("mark", "scale"), [(-32768, "2.5"), (-32767, "1"), (-81920, "1")])
def test_lead_off_is_missing(tmp_path, mark, scale):
    table = COUNTS.copy()
    table[100:200, 3] = mark
    recording = read(save(tmp_path, document(series(time_axis() + leads(table, scale=scale)))))
    assert np.flatnonzero(np.isnan(recording.signal[:, 3])).tolist() == list(range(100, 200))
    (note,) = recording.source.inferred
    assert (note.what, note.value) == ("missing samples", "100 samples of 1 leads")


def test_other_signals_are_left_out(tmp_path):
    breath = sequence("MDC_RESP", COUNTS[:, 0])
    recording = read(save(tmp_path, document(series(time_axis() + leads() + breath))))
    assert recording.leads == EIGHT
    assert recording.source.inferred[0].value == "MDC_RESP"


def test_without_increment_or_units(tmp_path):
    axis = time_axis(increment="")
    path = save(tmp_path, document(series(axis + leads(unit=""))))
    with pytest.raises(MissingFactError, match="--fs"):
        read(path)
    recording = read(path, fs=500)
    assert "units" in [i.what for i in recording.source.inferred]
    assert 0.2 < np.ptp(recording.lead("II")) < 3


@pytest.mark.parametrize("digits", ["", "1 2 x", "1 2 0x10"])
def test_digits_that_are_none(tmp_path, digits):
    content = time_axis() + sequence("MDC_ECG_LEAD_I", digits)
    with pytest.raises(DamagedFileError, match="lead I"):
        read(save(tmp_path, document(series(content))))


def test_names_stay_behind(tmp_path):
    path = save(tmp_path, document(series(time_axis() + leads())))
    assert "Secret" not in repr(read(path))
    identity = dict(read(path, keep_identity=True).source.identity)
    assert identity == {"name": "Ada Secret", "birth_date": "19900101", "patient_id": "S-17"}


@pytest.mark.data
@pytest.mark.parametrize("name", ["fda_subject1_0.xml", "hl7_2003_example.xml"])
def test_real_files(data, name):
    from ecgdatakit.parsing.parsers.hl7_aecg import HL7aECGParser

    path = data / "formats" / "hl7_aecg" / name
    recording, known = read(path), HL7aECGParser().parse(path)
    assert (recording.fs, recording.n_samples) == (500.0, 5000)
    assert recording.start == datetime(2002, 11, 22, 9, 10)
    assert set(recording.leads) == {lead.label for lead in known.leads}
    for lead in known.leads:
        uv = lead.samples * lead.resolution + lead.offset
        np.testing.assert_allclose(recording.lead(lead.label), uv / 1000, atol=1e-5)
    assert 0.2 < recording.lead("V2").max() < 3
