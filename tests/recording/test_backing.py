"""A long signal lies in a file: the same values, hardly any memory, nothing left behind."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ectopy import analyze
from ectopy.recording import Recording, _backing, read
from ectopy.recording._backing import empty_signal, release
from ectopy.recording.write import write
from ectopy.simulate import simulate


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@pytest.fixture
def two_leads() -> Recording:
    one, other = (simulate(120, 200, seed=seed).signal[:, 0] for seed in (1, 2))
    steps = np.round(np.stack([one, other], axis=1) * 200) / 200
    steps[3000:3400, 1] = np.nan
    return Recording(steps.astype(np.float32), 200, ("II", "V1"), resolution=(0.005, 0.005))


@pytest.mark.parametrize("name", ["long", "long.edf"])
def test_a_signal_in_a_file_is_that_in_memory(
    two_leads: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(two_leads, tmp_path / name)
    held = read(tmp_path / name)
    monkeypatch.setattr(_backing, "IN_MEMORY", 0)
    backed = read(tmp_path / name)
    np.testing.assert_array_equal(backed.signal, held.signal)
    expected, found = analyze(held), analyze(backed)
    np.testing.assert_array_equal(found.beats.sample, expected.beats.sample)
    np.testing.assert_array_equal(found.labels.probability, expected.labels.probability)
    assert found.beats.bad == expected.beats.bad


@pytest.mark.skipif(sys.platform != "linux", reason="tells memory as Linux does")
def test_what_was_used_leaves_memory_and_comes_back() -> None:
    mb, step = 256, 1 << 18
    before = resident_mb()
    held = empty_signal(mb * step, 1)
    for at in range(0, len(held), step):
        held[at : at + step] = at
        release(held[:, 0])
    assert resident_mb() - before < mb / 4
    np.testing.assert_array_equal(held[::step, 0], np.arange(0, len(held), step))


def test_changes_of_a_mapped_file_of_the_users_are_not_lost(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1 << 20, 1), np.float32))
    theirs = np.load(tmp_path / "x.npy", mmap_mode="c")
    theirs[:] = 1
    release(theirs)
    assert theirs.min() == 1


def test_a_full_disk_means_memory(
    two_leads: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write(two_leads, tmp_path / "long")
    monkeypatch.setattr(_backing, "IN_MEMORY", 0)
    monkeypatch.setattr(_backing, "_reserve", full)
    np.testing.assert_array_equal(read(tmp_path / "long").signal, two_leads.signal)


@pytest.mark.skipif(sys.platform != "linux", reason="kills as Linux does")
def test_nothing_is_left_of_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "from ectopy.recording._backing import empty_signal\n"
        "import time\nheld = empty_signal(1 << 25, 1)\nheld[:] = 1\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert str(tmp_path) in mapped
    assert not list(tmp_path.iterdir())
