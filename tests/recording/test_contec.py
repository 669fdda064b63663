import numpy as np
import pytest
from recording_signals import beats_in_mv

from ectopy import read
from ectopy.errors import MissingFactError

FS = 800.0
II = np.rint(beats_in_mv(FS, 5) / 0.005).astype(int)
III = np.rint(-0.3 * II + 7 * np.sin(np.arange(len(II)) / 90)).astype(int)


def half(values):
    return np.trunc(values / 2).astype(int)


def table(avr):
    limbs = [II - III, II, III, avr, half(II) - III, half(II + III)]
    return "".join(",".join(map(str, row)) + ",,,,,,\n" for row in zip(*limbs, strict=True))


def test_rate_and_steps_are_those_of_the_device(tmp_path):
    path = tmp_path / "0000051.ECG.csv"
    path.write_text(table(half(III) - II))
    recording = read(path)
    assert (recording.fs, recording.leads) == (FS, ("I", "II", "III", "aVR", "aVL", "aVF"))
    np.testing.assert_allclose(recording.lead("II"), II * 0.005, rtol=1e-6)
    assert {"sampling rate", "units"} <= {fact.what for fact in recording.source.inferred}
    assert read(path, fs=1000).fs == 1000
    assert read(path, units="uV").lead("II").max() == pytest.approx(II.max() / 1000)


def test_leads_that_are_rounded_otherwise_are_of_another_maker(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(table(np.floor(III / 2).astype(int) - II))
    with pytest.raises(MissingFactError, match="--fs"):
        read(path)


@pytest.mark.data
def test_a_real_file_agrees_with_the_edf_of_the_same_recording(data):
    recording = read(data / "formats" / "contec_ecg90a" / "0000050.ECG.csv")
    assert (recording.fs, recording.n_samples) == (FS, 37855)
    assert 0.5 < np.percentile(recording.lead("I"), 99.9) < 1.5
