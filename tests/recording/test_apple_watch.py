from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy.errors import MissingFactError, RecordingError
from ectopy.recording import read

MV = beats_in_mv(512, 30)

ENGLISH = """Name,Ada Secret
Date of Birth,"Jan 1, 1990"
Recorded Date,2021-03-28 08:00:00 +0200
Classification,Sinus Rhythm
Symptoms,
Software Version,1.90
Device,"Watch6,7"
Sample Rate,512 hertz


Lead,Lead I
Unit,µV


"""
GERMAN = """Name;Ada Secret
Geburtsdatum;01.01.1990
Aufnahmedatum;2021-03-28 08:00:00 +0200
Klassifizierung;Sinusrhythmus
Symptome;
Softwareversion;2,0
Gerät;"Watch6,7"
Messrate;"512,0 Hertz"


Ableitung;Ableitung I
Einheit;µV


"""
FRENCH = """Nom,Ada Secret
Date de naissance,"1 janv. 1990"
Date d’enregistrement,2021-03-28 08:00:00 +0200
Classification,Rythme sinusal
Symptômes,
Version du logiciel,1.9
Appareil,"Watch6,7"
Taux d’échantillonnage,512 hertz


Dérivation,Dérivation I
Unité,µV


"""
CHINESE = """姓名,Ada Secret
出生日期,1990年1月1日
记录日期,2021-03-28 08:00:00 +0200
分类,窦性心律
症状,
软件版本,1.9
设备,"Watch6,7"
采样率,512赫兹


导联,I导联
单位,µV


"""


def export(folder: Path, head: str, form: str = "{:.3f}", decimal: str = ".") -> Path:
    path = folder / "ecg_2021-03-28.csv"
    values = "".join(form.format(v).replace(".", decimal) + "\n" for v in MV * 1000)
    path.write_text(head + values, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "form", "decimal"),
    [
        (ENGLISH, "{:.3f}", "."),
        ("\ufeff" + ENGLISH, "{:.0f}", "."),
        (GERMAN, '"{:.3f}"', ","),
        (GERMAN, "{:.3f}", ","),
        (FRENCH, "{:.3f}", ","),
        (CHINESE, "{:.3f}", "."),
    ],
)
def test_exports_in_many_languages(tmp_path, head, form, decimal):
    recording = read(export(tmp_path, head, form, decimal))
    assert recording.source.format.startswith("Apple Watch")
    assert (recording.fs, recording.leads) == (512.0, ("I",))
    assert recording.start == datetime(2021, 3, 28, 8, tzinfo=timezone(timedelta(hours=2)))
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)
    assert recording.source.inferred == ()


def test_fractional_rate(tmp_path):
    text = GERMAN.replace("512,0", "511,543")
    assert read(export(tmp_path, text)).fs == 511.543


def test_name_and_birth_date_stay_behind(tmp_path):
    recording = read(export(tmp_path, ENGLISH))
    assert "Secret" not in repr(recording)
    assert "1990" not in repr(recording)


def test_rate_of_the_user_must_agree(tmp_path):
    with pytest.raises(RecordingError, match="512 Hz, --fs says 250 Hz"):
        read(export(tmp_path, ENGLISH), fs=250)


def test_export_without_values(tmp_path):
    path = tmp_path / "ecg.csv"
    path.write_text(ENGLISH)
    with pytest.raises(RecordingError) as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.data
def test_real_exports(data):
    folder = data / "formats" / "apple_watch"
    native = read(folder / "native_layout_en_us.csv")
    assert (native.fs, native.leads, native.n_samples) == (512.0, ("I",), 15_314)
    assert native.resolution == pytest.approx((0.001,))
    assert native.start.isoformat() == "2019-03-28T08:00:00+01:00"
    bare = folder / "macteo_ecg_2019-03-28.csv"
    with pytest.raises(MissingFactError, match="--fs"):
        read(bare)
    recording = read(bare, fs=512)
    np.testing.assert_array_equal(recording.signal, native.signal)
    inferred = {i.what: i.value for i in recording.source.inferred}
    assert inferred == {"columns left out": "point", "units": "µV"}


def facts(
    rate: str, key: str = "Sample Rate", lead: str = "Lead I", device: str = "Watch6,7"
) -> str:
    return (
        f'Name,Ada\nBirth,x\nDate,2021-03-28 08:00:00 +0200\nKind,Sinus\nDevice,"{device}"\n'
        f"{key},{rate}\n\nLead,{lead}\nUnit,µV\n\n"
    )


@pytest.mark.parametrize(
    ("rate", "key", "lead"),
    [
        ("512 hercios", "Frecuencia de muestreo", "Derivación I"),
        ("512 herców", "Częstotliwość próbkowania", "Odprowadzenie I"),
        ("512 hertsiä", "Näytetaajuus", "Kytkentä I"),
        ("512 герц", "Частота дискретизации", "Отведение I"),
        ("512 χερτζ", "Ρυθμός δείγματος", "Απαγωγή I"),
        ("512ヘルツ", "サンプルレート", "第I誘導"),
        ("512헤르츠", "샘플 속도", "유도 I"),
        ("512 เฮิรตซ์", "อัตราตัวอย่าง", "ลีด I"),
        ("512 हर्ट्ज़", "सैंपल रेट", "लीड I"),
        ("٥١٢ هرتز", "معدل العينة", "I"),
    ],
)
def test_hertz_in_more_languages(tmp_path, rate, key, lead):
    recording = read(export(tmp_path, facts(rate, key, lead), "{:.3f}", ","))
    assert recording.source.format.startswith("Apple Watch")
    assert (recording.fs, recording.leads) == (512.0, ("I",))
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)


def test_a_spreadsheet_adds_empty_columns(tmp_path):
    path = export(tmp_path, facts("512 hertz"), "{:.3f},,")
    assert read(path).source.format.startswith("Apple Watch")
    np.testing.assert_allclose(read(path).signal[:, 0], MV, atol=1e-6)


@pytest.mark.parametrize(
    ("device", "maker"), [("Samsung Galaxy Watch6", "Samsung"), ("ScanWatch", "Withings")]
)
def test_other_watches_with_such_a_header(tmp_path, device, maker):
    recording = read(export(tmp_path, facts("512 Hz", device=device)))
    assert recording.source.format.startswith(maker)
    np.testing.assert_allclose(recording.signal[:, 0], MV, atol=1e-6)
