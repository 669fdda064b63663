"""Thousands of recordings by one worker, by two, and by a Dask cluster whose workers are killed.

python bench/archive.py [--recordings 2000] [--folder FOLDER] [--kill-every 20] [--runs one,killed]
python bench/archive.py --parts        what the rest costs: planning, scheduling, building

The recordings are simulated hearts of 30 s to 30 min (as many from 30 s to 1 min as from 15 to 30)
as WFDB, EDF, packed EDF and CSV; they stay in FOLDER, so that a second run need not make them. Needs ``pip install 'ectopy[cluster]'``.
"""

import argparse
import gzip
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

FS = 250
SHORTEST_S, LONGEST_S = 30, 1800
FORMATS = ("", "", "", "", ".edf", ".edf", ".edf", ".edf.gz", ".edf.gz", ".csv")
TOLD = {
    "one": "one worker",
    "killed": "Dask, two workers, one of them killed",
    "two": "two workers",
    "dask": "Dask, two workers",
}
DATA_SET = ("beats", "recordings", "episodes", "index.html")


def make(folder: Path, number: int) -> float:
    """Make one recording unless it is there; give its length in hours."""
    import numpy as np

    from ectopy.recording.write import write
    from ectopy.simulate import simulate

    rng = np.random.default_rng(number)
    seconds = round(SHORTEST_S * (LONGEST_S / SHORTEST_S) ** float(rng.uniform()))
    ending = FORMATS[number % len(FORMATS)]
    path = folder / f"ward-{number % 12:02}" / f"{number:05}{ending}"
    if path.with_name(f"{number:05}{ending or '.hea'}").exists():
        return seconds / 3600
    recording = simulate(seconds, FS, seed=number, rate_bpm=float(rng.uniform(50, 110)))
    plain = path.with_suffix("") if ending.endswith(".gz") else path
    write(recording, plain)
    if plain != path:
        path.write_bytes(gzip.compress(plain.read_bytes(), 1, mtime=0))
        plain.unlink()
    return seconds / 3600


def make_all(folder: Path, count: int) -> float:
    with ProcessPoolExecutor(2) as pool:
        return sum(pool.map(make, [folder] * count, range(count), chunksize=20))


def archive(folder: Path, out: Path, *words: object) -> tuple[float, str]:
    """Run the command; give its seconds and what it said."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ectopy", "archive", str(folder), "-o", str(out), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"ectopy archive ended with status {done.returncode}: {done.stderr[-500:]}")
    return time.perf_counter() - begun, done.stdout.splitlines()[0]


def content(out: Path) -> str:
    """Give one checksum of all names and bytes of a data set."""
    told = hashlib.sha256()
    for part in DATA_SET:
        for path in sorted([out / part, *(out / part).rglob("*")]):
            if path.is_file():
                told.update(f"{path.relative_to(out)}\n".encode() + path.read_bytes())
    return told.hexdigest()


class Cluster:
    """A scheduler and two workers of Dask, each with its nanny, as processes of their own."""

    def __init__(self, folder: str) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.processes = [
            self._run("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"),
            self._run(
                "worker", self.address, "--nworkers", 2, "--nthreads", 1, "--no-dashboard",
                "--local-directory", folder, "--memory-limit", 0,
            ),
        ]  # fmt: skip
        self.killed = 0

    def _run(self, *words: object) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def at_work(self) -> list[int]:
        """Give the workers that have a recording in hand, the oldest first."""
        import psutil

        found = psutil.Process(self.processes[1].pid).children()
        busy = [p for p in found if any("_child" in " ".join(c.cmdline()) for c in p.children())]
        return [p.pid for p in sorted(busy, key=psutil.Process.create_time)]

    def kill_every(self, seconds: float, stop: threading.Event) -> None:
        """Kill one worker after the other for as long as it is wanted; nannies start others."""
        import psutil

        while not stop.wait(seconds):
            with suppress(psutil.NoSuchProcess, IndexError):
                os.kill(self.at_work()[0], signal.SIGKILL)
                self.killed += 1

    def close(self) -> None:
        """End all of it."""
        import psutil

        below = [p for each in self.processes for p in psutil.Process(each.pid).children(True)]
        for each in [*self.processes, *below]:
            each.kill()
        for each in self.processes:
            each.wait()


def row(name: str, count: int, hours: float, seconds: float, said: str, same: str) -> None:
    figures = f"{seconds:.0f} s | {count / seconds:.1f} | {hours / seconds:.2f} | {same}"
    print(f"| {name} | {figures} |", flush=True)
    print(f"  {said}", file=sys.stderr, flush=True)


def main(folder: Path, count: int, every: float, runs: list[str]) -> None:
    hours = make_all(folder / "in", count)
    size = sum(path.stat().st_size for path in (folder / "in").rglob("*") if path.is_file())
    print(f"{count:,} recordings, {hours:,.0f} h of two leads at {FS} Hz, {size / 1e9:.2f} GB\n")
    print("| run | time | recordings/s | hours of ECG/s | data set |")
    print("|---|---|---|---|---|")
    for name in runs:
        shutil.rmtree(folder / name, ignore_errors=True)
        out = folder / name
        told = TOLD[name]
        if name in ("dask", "killed"):
            kill_every_s = every if name == "killed" else 0
            seconds, said, killed = on_dask(folder / "in", out, kill_every_s)
            told += f" {killed} times" if killed else ""
        else:
            seconds, said = archive(folder / "in", out, "--workers", 1 if name == "one" else 2)
        same = "" if name == "one" else compared(out, content(folder / "one"))
        row(told, count, hours, seconds, said, same)
    if "killed" in runs:
        words = ("--resume", "--workers", 1)
        seconds, said = archive(folder / "in", folder / "killed", *words)
        same = compared(folder / "killed", content(folder / "one"))
        row("the same again with --resume", count, hours, seconds, said, same)
    for part in DATA_SET[:3]:
        size = sum(path.stat().st_size for path in (folder / "one" / part).rglob("*.parquet"))
        print(f"{part}: {size / 1e6:.2f} MB" + (beats(folder, size) if part == "beats" else ""))
    size = sum(path.stat().st_size for path in (folder / "one" / "work" / "results").rglob("*.*"))
    print(f"work/results: {size / 1e6:.2f} MB")


def on_dask(root: Path, out: Path, kill_every_s: float) -> tuple[float, str, int]:
    """Run the command on a cluster of its own; give its seconds, its words, and the dead."""
    with tempfile.TemporaryDirectory() as local:
        cluster = Cluster(local)
        stop = threading.Event()
        killer = threading.Thread(target=cluster.kill_every, args=(kill_every_s, stop))
        if kill_every_s:
            killer.start()
        seconds, said = archive(root, out, "--scheduler", cluster.address)
        stop.set()
        if kill_every_s:
            killer.join()
        cluster.close()
    return seconds, said, cluster.killed


def compared(out: Path, wanted: str) -> str:
    found = content(out)
    return "same bytes" if found == wanted else f"OTHER BYTES: {found[:12]}"


def beats(folder: Path, size: int) -> str:
    import pyarrow.dataset as ds

    count = ds.dataset(folder / "one" / "beats").count_rows()
    return f", {count:,} beats, {size / count:.2f} bytes each"


def parts() -> None:
    """Measure what a run does beside the analysis of recordings, in processor time of one core."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _plan(folder / "plan")
        _tasks(folder)
        _build(folder)
        _sums(folder)


def _plan(folder: Path) -> None:
    from ectopy.archive.plan import find, stamp

    count = 20_000
    for number in range(count):
        path = folder / f"{number % 200:03}" / f"{number:05}.edf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    header = "a 1 250 500\na.dat 16 200 16 0 0 0 0 II\n"
    begun = time.process_time()
    plan = find(folder)
    planned = time.process_time() - begun
    begun = time.process_time()
    for item in plan.items:
        stamp(folder, item.files)
    stamped = time.process_time() - begun
    records = folder.with_name("records")
    for number in range(5000):
        path = records / f"{number % 50:03}" / f"{number:05}.hea"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header.replace("a.dat", f"{number:05}.dat"))
        path.with_suffix(".dat").write_bytes(b"")
    begun = time.process_time()
    found = len(find(records).items)
    read = time.process_time() - begun
    print(f"planning: {count / planned:,.0f} files/s, {found / read:,.0f} WFDB records/s")
    print(f"finding out by --resume that nothing changed: {count / stamped:,.0f} files/s")


def _tasks(folder: Path) -> None:
    """Count what a scheduler gives out and takes back a second, where there is nothing to do."""
    import distributed

    from ectopy.archive import cluster as room
    from ectopy.archive.job import Job, Settings

    count = 2000
    own = Cluster(str(folder))
    crew = room.DaskCrew(own.address)
    while len(crew._client.nthreads()) < 2:
        time.sleep(0.1)
    room.work = nothing
    job = Job("in", "out", Settings(), "context")
    request = {"do": "analyse", "files": ["a/b/c.edf"], "size": 1, "member": "", "known": None}
    for _ in crew.each(job, [request] * 200):
        pass
    processes = {"scheduler": own.processes[0].pid, "client": os.getpid()}
    before = {name: _processor_s(pid) for name, pid in processes.items()}
    for _ in crew.each(job, ({**request, "size": n} for n in range(count))):
        pass
    for name, pid in processes.items():
        cost = (_processor_s(pid) - before[name]) / count
        print(f"Dask {distributed.__version__}: {1000 * cost:.2f} ms of the {name} for a request")
    crew.close()
    own.close()


def _processor_s(pid: int) -> float:
    import psutil

    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def nothing(job: str, request: str) -> str:
    return json.dumps({"outcome": "other", "stamp": ""})


def _build(folder: Path) -> None:
    from ectopy.analysis import analyze
    from ectopy.archive import tables
    from ectopy.simulate import simulate

    out = folder / "out"
    (out / "work" / "parts").mkdir(parents=True)
    analysis = analyze(simulate(4 * 3600, FS, seed=1))
    rows = []
    for number in range(100):
        key = hashlib.sha256(bytes([number])).hexdigest()
        tables.write_result(out, key, tables.facts_of(analysis), analysis)
        rows.append({"recording": f"{number:03}.edf", "files": 1, "bytes": 1, "key": key})
    begun = time.process_time()
    tables.build(out, rows, 0, "digest", "model 0")
    seconds = time.process_time() - begun
    count = 100 * len(analysis.beats)
    print(f"building Parquet of results: {count / seconds / 1e6:.1f} million beats/s by one worker")


def _sums(folder: Path) -> None:
    path = folder / "large"
    path.write_bytes(os.urandom(1 << 20) * 256)
    begun = time.process_time()
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    print(f"checksums: {0.268 / (time.process_time() - begun):.2f} GB/s by one core, file cached")


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--recordings", type=int, default=2000)
    options.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "ectopy-archive"
    )
    options.add_argument("--kill-every", type=float, default=20.0)
    options.add_argument("--runs", default=",".join(TOLD))
    options.add_argument("--parts", action="store_true")
    given = options.parse_args()
    if given.parts:
        parts()
    else:
        main(given.folder, given.recordings, given.kill_every, given.runs.split(","))
