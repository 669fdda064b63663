import numpy as np
import pytest

from ectopy.errors import MissingFactError, UnknownLeadError
from ectopy.recording import Recording

SIGNAL = np.arange(3000.0).reshape(1000, 3) / 1000


def test_a_lead_is_named_or_numbered():
    recording = Recording(SIGNAL, 250, ("v1", "V1", "0"))
    expected = {"v1": 0, "V1": 1, "0": 2, "2": 2, 0: 0, 2: 2, np.int64(1): 1}
    assert {name: recording.lead_index(name) for name in expected} == expected
    np.testing.assert_array_equal(recording.lead(1), recording.signal[:, 1])
    assert Recording(SIGNAL, 250, ("I", "II", "aVF")).lead_index("AVF") == 2


@pytest.mark.parametrize("name", ["", " ", "V9", "3", "-1", 3, -1, np.int64(-1), None, 0.0])
def test_a_lead_that_is_not_there(name):
    with pytest.raises(UnknownLeadError, match="this recording has I, II, V1"):
        Recording(SIGNAL, 250, ("I", "II", "V1")).lead_index(name)


@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_masked_samples_are_missing(dtype):
    mask = np.zeros(SIGNAL.shape, bool)
    mask[5:9, 1] = True
    values = np.rint(SIGNAL * 1000).astype(dtype)
    recording = Recording(np.ma.masked_array(values, mask), 250, ("I", "II", "V1"))
    assert type(recording.signal) is np.ndarray
    np.testing.assert_array_equal(np.isnan(recording.signal), mask)
    np.testing.assert_array_equal(recording.signal[~mask], values[~mask])


@pytest.mark.parametrize("fs", ["250", None, [250], 250j])
def test_a_rate_that_is_no_number(fs):
    with pytest.raises(MissingFactError, match="a number of hertz"):
        Recording(SIGNAL, fs, ("I", "II", "V1"))
