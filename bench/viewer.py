"""The viewer with a day of two leads at 360 Hz: how soon it shows, and what memory it takes.

ECTOPY_DATA=data python bench/viewer.py     the records of MIT-BIH laid end to end, 24 h
python bench/viewer.py                      a simulated heart instead

Each measure is a function that takes a running viewer and gives rows of the table.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from viewer_frames import browsed

FS, HOURS = 360, 24
Rows = list[tuple[str, str]]


@dataclass
class Viewer:
    """A viewer that runs: its address with the token, its process, and a client of its API."""

    address: str
    pid: int
    api: httpx.Client

    def processor_s(self) -> float:
        """Give the processor time that the server has had."""
        of_process = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(of_process[11]) + int(of_process[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str) -> float:
        """Give VmRSS or VmHWM in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", status).group(1)) / 1024


def make(folder: Path) -> None:
    """Write a day of two leads as a record of WFDB."""
    from ectopy import read
    from ectopy.recording import Recording
    from ectopy.recording.write import write
    from ectopy.simulate import simulate

    if data := os.environ.get("ECTOPY_DATA"):
        names = sorted((Path(data) / "mitdb").glob("???.hea"))
        signal = np.concatenate([read(name).signal for name in names])
    else:
        signal = np.tile(simulate(3600, FS, seed=1).signal, (HOURS, 1))
    signal = np.round(signal[: HOURS * 3600 * FS] * 200) / 200
    recording = Recording(signal, FS, ("MLII", "V1"), resolution=(0.005, 0.005))
    write(recording, folder / "day.hea")


@contextmanager
def viewing(folder: Path) -> Iterator[Viewer]:
    """Run a viewer of a folder."""
    command = [sys.executable, "-m", "ectopy", "view", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            base, token = address.split("/?token=")
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.Client(base_url=base, headers=headers, timeout=600) as api:
                yield Viewer(address, process.pid, api)
        finally:
            process.terminate()


def served(viewer: Viewer) -> Rows:
    """Measure what the server does: analysis, tiles, beats, overview, edits, memory."""
    api, begun, used = viewer.api, time.perf_counter(), viewer.processor_s()
    where = f"/api/analyses/{api.post('/api/analyses', json={'path': 'day'}).json()['id']}"
    while (state := api.get(where).json())["recording"] is None:
        time.sleep(0.02)
    drawn = time.perf_counter() - begun
    api.get(f"{where}/tiles/all/15/0").raise_for_status()
    while (state := api.get(where).json())["status"] == "running":
        time.sleep(0.1)
    done = time.perf_counter() - begun
    rows = [
        ("beats", f"{state['beats']:,}"),
        ("from the click to the first tile, while the analysis runs", f"{drawn:.1f} s"),
        (
            "from the click to the end of the analysis",
            f"{done:.1f} s, {viewer.processor_s() - used:.1f} s of processor time",
        ),
        ("most memory until then", f"{viewer.memory('VmHWM'):.0f} MB"),
    ]
    rows.append(("first strip after the analysis: state, levels, 8 tiles", first_strip(api, where)))
    rows += [
        ("beats of the whole day", timed(viewer, f"{where}/beats")),
        ("overview, the first time", timed(viewer, f"{where}/overview")),
        ("gallery, 60 beats", timed(viewer, f"{where}/gallery?label=V")),
        ("why, the first time", timed(viewer, f"{where}/beats/5000/why")),
        ("a tile of both leads, any level, median of 300", tiles(api, where)),
        ("an edit, on disk, median of 30", edits(api, where)),
    ]
    return rows


def first_strip(api: httpx.Client, where: str) -> str:
    begun = time.perf_counter()
    api.get(where)
    api.get(f"{where}/tiles")
    for level in (0, 3, 7, 15):
        for index in (0, 1):
            api.get(f"{where}/tiles/all/{level}/{index}")
    return f"{1000 * (time.perf_counter() - begun):.0f} ms"


def timed(viewer: Viewer, path: str) -> str:
    begun, used = time.perf_counter(), viewer.processor_s()
    answer = viewer.api.get(path).raise_for_status()
    took, used = time.perf_counter() - begun, viewer.processor_s() - used
    size = len(answer.content) / 2**20
    return f"{took:.2f} s, {used:.2f} s of processor time, {size:.1f} MB before packing"


def tiles(api: httpx.Client, where: str) -> str:
    levels = api.get(f"{where}/tiles").json()["levels"]
    random, took = np.random.default_rng(0), []
    for _ in range(300):
        level = levels[random.integers(len(levels))]
        index = random.integers(level["n_tiles"])
        begun = time.perf_counter()
        api.get(f"{where}/tiles/all/{level['level']}/{index}").raise_for_status()
        took.append(time.perf_counter() - begun)
    worst = 1000 * float(np.quantile(took, 0.99))
    return f"{1000 * statistics.median(took):.1f} ms, 99 of 100 under {worst:.0f} ms"


def edits(api: httpx.Client, where: str) -> str:
    took = []
    for beat in range(1000, 1030):
        begun = time.perf_counter()
        edit = {"action": "relabel", "id": beat, "label": "Q"}
        api.post(f"{where}/edits", json=edit).raise_for_status()
        took.append(time.perf_counter() - begun)
    return f"{1000 * statistics.median(took):.0f} ms"


def remembered(viewer: Viewer) -> Rows:
    """Measure the server's memory; pages of the signal's file count, though they can be had back."""
    return [
        ("memory of the server in the end", f"{viewer.memory('VmRSS'):.0f} MB"),
        ("most memory of the server", f"{viewer.memory('VmHWM'):.0f} MB"),
    ]


MEASURES: tuple[Callable[[Viewer], Rows], ...] = (served, browsed, remembered)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # in a process of its own, so that its memory is not the viewer's
        subprocess.run([sys.executable, __file__, "--make", name], check=True)
        load, cores = os.getloadavg()[0], os.cpu_count()
        print(f"Programs that wanted a processor: {load:.0f} on {cores} cores.\n")
        print("| what | measured |\n|---|---|")
        with viewing(folder) as viewer:
            for measure in MEASURES:
                for what, value in measure(viewer):
                    print(f"| {what} | {value} |", flush=True)


if sys.argv[1:2] == ["--make"]:
    make(Path(sys.argv[2]))
else:
    main()
