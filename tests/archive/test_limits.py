"""One recording that hangs, takes too much memory or ends its process does not stop the others."""

import os
import resource
import signal
import threading

import pytest
from archives import (
    alive,
    content,
    many,
    on_linux,
    results,
    start,
    table,
    wait_until,
    worker_processes,
)

from ectopy.archive.crew import LocalCrew
from ectopy.archive.run import archive
from ectopy.recording.write import write
from ectopy.simulate import simulate

pytestmark = on_linux


@pytest.fixture
def hanging(tmp_path):
    """Give a function that makes reading a file wait, as a file server that is gone does."""
    import fcntl

    held = []
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # the system asks to let go of it

    def hang(path):
        descriptor = os.open(path, os.O_RDWR)
        held.append(descriptor)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError as error:
            pytest.skip(f"no leases on this file system: {error}")

    def let_go():
        while held:
            os.close(held.pop())

    hang.let_go = let_go
    yield hang
    let_go()
    signal.signal(signal.SIGIO, before)


def greedy(path, samples=20_000_000):
    """Make a record that takes a gigabyte in memory and next to nothing on the disk.

    Its leads are shifted against each other, so that it cannot be read in pieces.
    """
    leads = "".join(f"{path.name}.dat 16:1 200 16 0 0 0 0 {lead}\n" for lead in ("I", "II", "V1"))
    path.with_suffix(".hea").write_text(f"{path.name} 3 250 {samples}\n{leads}")
    with path.with_suffix(".dat").open("wb") as file:
        file.truncate(6 * samples)


def test_a_recording_that_hangs_is_given_up_and_tried_again_by_resume(tmp_path, crew, hanging):
    root, out = many(tmp_path / "in", 4), tmp_path / "out"
    hanging(root / "001.csv")
    outcome = archive(root, out, crew, timeout_s=8)
    assert outcome.statuses == {"ok": 3, "timeout": 1}
    assert outcome.failed == (("001.csv", "timeout", "took longer than the 8 s of --timeout"),)
    hanging.let_go()
    outcome = archive(root, out, crew, resume=True)
    assert outcome.statuses == {"ok": 4}
    assert (outcome.analysed, outcome.kept) == (1, 3)


def test_a_recording_that_takes_too_much_memory_is_told(tmp_path, crew):
    root, out = many(tmp_path / "in", 3), tmp_path / "out"
    greedy(root / "001x")
    outcome = archive(root, out, crew, memory_mb=300)
    assert outcome.statuses == {"memory": 1, "ok": 3}
    (row,) = (row for row in table(out, "recordings") if row["status"] != "ok")
    assert row["recording"] == "001x.hea"
    assert row["reason"] == "needs more than the 300 MB of --memory"


def test_a_process_that_is_ended_costs_nothing(tmp_path):
    root, out = many(tmp_path / "in", 5, seconds=120), tmp_path / "out"
    crew = LocalCrew(1)
    ended = []

    def end_one():
        wait_until(lambda: len(results(out)) >= 2 if out.exists() else False)
        for pid in worker_processes(os.getpid()):
            os.kill(pid, signal.SIGKILL)
            ended.append(pid)

    thread = threading.Thread(target=end_one)
    thread.start()
    outcome = archive(root, out, crew)
    thread.join()
    crew.close()
    assert ended
    assert outcome.statuses == {"ok": 5}


def test_killed_and_resumed_is_as_if_nothing_had_been(tmp_path, crew):
    root, out = many(tmp_path / "in", 8, seconds=60), tmp_path / "out"
    process = start(root, "-o", out, "--workers", 2)
    wait_until(lambda: out.exists() and len(results(out)) >= 3)
    children = worker_processes(process.pid)
    process.kill()
    process.communicate()
    assert children
    wait_until(lambda: not any(map(alive, children)), 20)  # none is left behind
    assert not (out / "index.html").exists()

    before = results(out)
    assert 3 <= len(before) < 8
    outcome = archive(root, out, crew, resume=True)
    assert (outcome.analysed, outcome.kept) == (8 - len(before), len(before))
    assert before.items() <= results(out).items()  # nothing was done twice
    assert not any((out / "work" / "parts").iterdir())
    archive(root, tmp_path / "fresh", crew)
    assert content(out) == content(tmp_path / "fresh")


def test_a_full_disk_stops_the_run_and_leaves_nothing_half_written(tmp_path, crew):
    root, out = many(tmp_path / "in", 4), tmp_path / "out"
    write(simulate(900, 250, seed=3), root / "002-long.edf")  # its result is the first too large

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (7000, 7000))

    process = start(root, "-o", out, "--workers", 1, preexec_fn=no_room)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 1
    (line,) = (line for line in said.splitlines() if line.startswith("ectopy: "))
    assert "File too large; make room and run again with --resume" in line
    assert "Traceback" not in said
    assert not any((out / "work" / "parts").iterdir())
    assert not (out / "index.html").exists()
    before = results(out)
    assert len(before) >= 2

    outcome = archive(root, out, crew, resume=True)
    assert outcome.statuses == {"ok": 5}
    assert outcome.kept == len(before)
    archive(root, tmp_path / "fresh", crew)
    assert content(out) == content(tmp_path / "fresh")


def test_a_disk_without_room_for_the_data_set_keeps_the_one_before(tmp_path, crew):
    root, out = many(tmp_path / "in", 2), tmp_path / "out"
    archive(root, out, crew)
    before = content(out)
    (root / "moved").mkdir()
    (root / "000.csv").rename(root / "moved" / "000.csv")

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    process = start(root, "-o", out, "--resume", "--workers", 1, preexec_fn=no_room)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 1
    assert "make room" in said
    assert content(out) == before
    assert archive(root, out, crew, resume=True).kept == 2
    assert {row["recording"] for row in table(out, "recordings")} == {"001.csv", "moved/000.csv"}
