"""Of every format: whom a file is about is kept where it is asked for, and else nowhere."""

import importlib.util
import json
from pathlib import Path

import pytest
from small_files import MAKERS, small_file

from ectopy.cli.everyday import describe
from ectopy.recording import read

SAYS_WHO = ("dicom", "ishne", "scp_ecg", "hl7_aecg", "ge_muse", "philips_sierra", "mortara", "mfer",
            "kardia", "opensignals", "apple_watch")  # fmt: skip
NEEDS = {"parquet": "pyarrow", "matlab 7.3": "h5py"}


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_of_a_name_gets_out(name: str, tmp_path: Path) -> None:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    path = small_file(name).put(tmp_path)
    identity = read(path, keep_identity=True).source.identity
    assert bool(identity) or name.split()[0] not in SAYS_WHO
    assert all(what and text for what, text in identity)
    recording = read(path)
    assert recording.source.identity == ()
    shown = repr(recording.source) + json.dumps(describe(recording))
    shown = shown.replace(str(path), "")
    for _, text in identity:
        assert len(text) < 4 or text not in shown
    assert "Secret" not in shown
