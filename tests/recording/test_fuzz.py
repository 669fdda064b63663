"""Whatever is broken in a file: it is read, or refused in one line, at once."""

import importlib.util
import time
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutate
from small_files import MAKERS, Small, small_file

from ectopy.errors import RecordingError
from ectopy.recording import Recording, read
from ectopy.recording.read import READERS

NEEDS = {"parquet": "pyarrow", "matlab 7.3": "h5py"}
LIMIT_S = 5.0


@cache
def small(name: str) -> Small:
    return small_file(name)


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    needed = NEEDS.get(request.param)
    if needed and importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    return str(request.param)


def reader_of(path: Path) -> str:
    head = path.read_bytes()[: 1 << 18]
    return next(r.__name__.split(".")[-1] for r in READERS if r.matches(head, path))


def test_every_reader_has_a_small_file() -> None:
    readers = {module.__name__.split(".")[-1] for module in READERS}
    assert {each.split()[0] for each in MAKERS} == readers


def test_the_small_file_is_read_by_its_reader(name: str, tmp_path: Path) -> None:
    path = small(name).put(tmp_path)
    assert reader_of(path) == small(name).reader
    assert read(path).duration_s >= 2


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(random=st.randoms())
def test_a_broken_file_is_read_or_refused(
    name: str, tmp_path_factory: pytest.TempPathFactory, random: Random
) -> None:
    folder = tmp_path_factory.getbasetemp() / name.replace(" ", "-")
    folder.mkdir(exist_ok=True)
    path = small(name).put(folder)
    broken = folder / random.choice(sorted(small(name).files))
    broken.write_bytes(mutate(random, broken.read_bytes()))
    begun = time.perf_counter()
    recording, refusal = read_or_refuse(path)
    if recording is None:
        assert refusal.strip()
        assert len(refusal.splitlines()) == 1
    else:
        assert_is_an_ecg(recording)
    assert time.perf_counter() - begun < LIMIT_S


def read_or_refuse(path: Path) -> tuple[Recording | None, str]:
    try:
        return read(path), ""
    except RecordingError as error:
        return None, str(error)


def assert_is_an_ecg(recording: Recording) -> None:
    assert recording.signal.dtype == np.float32
    assert recording.signal.shape == (recording.n_samples, len(recording.leads))
    assert recording.duration_s >= 2
    assert not np.isinf(recording.signal).any()
    assert np.isfinite(recording.signal).any()
    if recording.annotations is not None:
        notes = recording.annotations
        assert len(notes.sample) == len(notes.symbol) == len(notes.aux)
    assert recording.source.identity == ()


@settings(max_examples=60, deadline=None)
@given(content=st.binary(min_size=1, max_size=5000), ending=st.sampled_from([".csv", ".edf", ""]))
def test_mere_bytes_are_no_recording(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"bytes{ending}"
    path.write_bytes(content)
    with pytest.raises(RecordingError):
        read(path)
