"""The same on a cluster of Dask: real processes, killed in the middle."""

import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from archives import (
    alive,
    below,
    command_of,
    content,
    many,
    on_linux,
    results,
    start,
    wait_until,
    worker_processes,
)

from ectopy.archive.run import archive

pytestmark = on_linux
COUNT = 16
WORKERS = 2


class Cluster:
    """A scheduler and workers of Dask, each a process as on a cluster."""

    def __init__(self, folder):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.folder = folder
        self.scheduler = self.nanny = None

    def start_scheduler(self):
        self.scheduler = self._run(
            "scheduler", "--host", "127.0.0.1", "--port", self.port, "--no-dashboard"
        )

    def start_workers(self):
        self.nanny = self._run(
            "worker", self.address, "--nworkers", WORKERS, "--nthreads", 1, "--no-dashboard",
            "--local-directory", self.folder, "--memory-limit", 0,
        )  # fmt: skip

    def _run(self, *words):
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def workers(self):
        """Give the worker processes, which nannies start anew when they end."""
        return [p for p in below(self.nanny.pid) if b"spawn_main" in command_of(p)]

    def stop(self):
        for process in (self.nanny, self.scheduler):
            if process is not None:
                left = below(process.pid)
                process.kill()
                process.wait()
                for pid in left:
                    _end(pid)


def _end(pid):
    import os

    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        return


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    cluster.start_scheduler()
    cluster.start_workers()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings that keep two workers busy for a while."""
    return many(tmp_path_factory.mktemp("cluster") / "in", COUNT, seconds=300)


@pytest.fixture(scope="module")
def serial(folder, crew, tmp_path_factory):
    """The data set that one worker of this machine makes."""
    out = tmp_path_factory.mktemp("serial") / "out"
    assert archive(folder, out, crew).statuses == {"ok": COUNT}
    return content(out)


def test_a_worker_killed_in_the_middle_loses_nothing(cluster, folder, serial, tmp_path):
    out = tmp_path / "out"
    process = start(folder, "-o", out, "--scheduler", cluster.address)
    wait_until(lambda: out.exists() and len(results(out)) >= 3)
    killed = cluster.workers()[:1]
    orphans = worker_processes(killed[0])
    assert orphans
    _end(killed[0])
    told, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert len(results(out)) == COUNT
    assert f"{COUNT} recordings (ok {COUNT})" in told
    assert content(out) == serial
    assert not any(map(alive, killed + orphans))
    assert len(cluster.workers()) == WORKERS


def test_the_client_killed_and_resumed(cluster, folder, serial, tmp_path):
    out = tmp_path / "out"
    process = start(folder, "-o", out, "--scheduler", cluster.address)
    wait_until(lambda: out.exists() and len(results(out)) >= 3)
    process.kill()
    process.communicate()
    time.sleep(1)  # what was in the air may still come in
    before = results(out)
    process = start(folder, "-o", out, "--scheduler", cluster.address, "--resume")
    told, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert before.items() <= results(out).items()
    analysed, kept = map(int, re.search(r"(\d+) analysed now, (\d+) kept", told).groups())
    assert analysed + kept == COUNT
    assert kept >= len(before)
    assert content(out) == serial


def test_a_recording_over_its_limit_does_not_end_the_worker(cluster, folder, tmp_path):
    root, out = many(tmp_path / "in", 3), tmp_path / "out"
    from test_limits import greedy

    greedy(root / "001x")
    workers = cluster.workers()
    words = ("--scheduler", cluster.address, "--memory", 300)
    told, said = start(root, "-o", out, *words).communicate(timeout=240)
    assert "4 recordings (memory 1, ok 3)" in told
    assert "ectopy: 001x.hea: memory: needs more than the 300 MB of --memory" in said
    assert cluster.workers() == workers


def test_the_scheduler_restarted(cluster, folder, serial, tmp_path):
    out = tmp_path / "out"
    process = start(folder, "-o", out, "--scheduler", cluster.address)
    wait_until(lambda: out.exists() and len(results(out)) >= 3)
    cluster.stop()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said.splitlines()[-1] == (
        f"ectopy: the scheduler at {cluster.address} went away; what is done is kept: start it "
        "and run again with --resume"
    )
    assert "Traceback" not in said, said
    before = results(out)
    assert 3 <= len(before) < COUNT

    cluster.start_scheduler()
    process = start(folder, "-o", out, "--scheduler", cluster.address, "--resume")
    waits = f"ectopy: the scheduler at {cluster.address} has no worker; waiting for one\n"
    assert waits in iter(process.stderr.readline, "")
    cluster.start_workers()
    told, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert f"{COUNT - len(before)} analysed now, {len(before)} kept" in told
    assert before.items() <= results(out).items()
    assert content(out) == serial


def test_no_scheduler_is_told(tmp_path, folder, monkeypatch):
    from ectopy.archive import cluster
    from ectopy.errors import EctopyError

    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    with pytest.raises(EctopyError, match=r"no scheduler of Dask answers at tcp://127\.0\.0\.1:1;"):
        cluster.DaskCrew("tcp://127.0.0.1:1")
