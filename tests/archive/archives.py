"""Small archives, and what the tests want to know of them."""

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ectopy.recording.write import write
from ectopy.simulate import simulate

DATA_SET = ("beats", "recordings", "episodes", "index.html")
NAMES = [
    "a/one.hea",
    "a/two.edf",
    "b/cut.edf",
    "b/four.hea",
    "b/packed.zip::inside/5.csv",
    "b/packed.zip::inside/6.csv",
    "b/three.csv",
]
"""The recordings of `originals`."""


def content(out: Path) -> dict[str, str]:
    """Give the checksum of each file of a data set, by its path."""
    files = [path for part in DATA_SET for path in [out / part, *(out / part).rglob("*")]]
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file()
    }


def table(out: Path, name: str) -> list[dict[str, object]]:
    """Give the rows of a table of a data set, by recording."""
    import pyarrow.dataset as ds

    rows = ds.dataset(out / name, partitioning="hive").to_table().to_pylist()
    return sorted(rows, key=lambda row: row["recording"])


def results(out: Path) -> dict[str, int]:
    """Give when each result was written, in nanoseconds."""
    return {p.name: p.stat().st_mtime_ns for p in (out / "work" / "results").rglob("*.parquet")}


def start(*words: object, **options: object) -> subprocess.Popen:
    """Start ``ectopy archive`` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ectopy", "archive", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def many(root: Path, count: int, seconds: float = 12) -> Path:
    """Make recordings that are all alike but for a name, in files of their own content."""
    root.mkdir(parents=True)
    write(simulate(seconds, 250, seed=1), root / "000.csv")
    text = (root / "000.csv").read_text()
    for number in range(1, count):
        (root / f"{number:03}.csv").write_text(text + "\n" * number)
    return root


def alive(pid: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def below(pid: int) -> list[int]:
    """Give the processes that a process has started, and those they have."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *below(child)]
    return found


def worker_processes(pid: int) -> list[int]:
    """Give the processes below another that work on recordings."""
    return [p for p in below(pid) if b"ectopy.archive._child" in command_of(p)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
