"""Time and peak memory of a whole analysis, from the file to the results, by length and format.

python bench/lengths.py [FORMAT LENGTH …]      such as: wfdb 7d csv 1d

Each is one lead at 250 Hz: an hour of a simulated heart over and over, with a gap in each hour.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

FS = 250
ENDINGS = {"wfdb": "", "edf": ".edf", "csv": ".csv"}
UNITS = {"s": 1, "h": 3600, "d": 86400}
PLAN = [("wfdb", "2s"), ("wfdb", "1h"), ("wfdb", "1d"), ("wfdb", "7d"), ("wfdb", "14d")]
PLAN += [("edf", "1d"), ("edf", "7d"), ("csv", "1h"), ("csv", "1d")]


def seconds(length: str) -> int:
    return int(length[:-1]) * UNITS[length[-1]]


def make(path: Path, length: str) -> None:
    from ectopy.recording import Recording
    from ectopy.recording.write import write
    from ectopy.simulate import simulate

    hour = simulate(min(3600, max(10, seconds(length))), FS, seed=1).signal[:, 0]
    hour = np.round(hour * 200) / 200
    if len(hour) > 10 * FS:
        hour[1000:2000] = np.nan
    signal = np.resize(hour.astype(np.float32), seconds(length) * FS)
    write(Recording(signal, FS, ("II",), resolution=(0.005,)), path)


def measure(path: Path) -> None:
    """Print a row: seconds and peak memory of reading, of finding beats, and of all of it."""
    from ectopy import analyze, find_beats, read
    from ectopy.report import FORMATS, write_report

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    begun = time.perf_counter()
    recording = read(path)
    read_s, read_mb = time.perf_counter() - begun, peak()
    begun = time.perf_counter()
    find_beats(recording)
    beats_s, beats_mb = time.perf_counter() - begun, peak()
    begun = time.perf_counter()
    analysis = analyze(recording)
    for name in FORMATS:
        write_report(analysis, path.with_name(f"report.{name}"))
    all_s = time.perf_counter() - begun
    print(
        f"{recording.n_samples:,} | {len(analysis.beats):,} | {read_s:.1f} s, {read_mb:.0f} MB | "
        f"{beats_s:.1f} s, {beats_mb:.0f} MB | {all_s:.1f} s, {peak():.0f} MB"
    )


def run(*words: str) -> str:
    command = [sys.executable, __file__, *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def main(plan: list[tuple[str, str]]) -> None:
    print("| format | length | samples | beats | read | find beats | analyse, all reports |")
    print("|---|---|---|---|---|---|---|")
    for kind, length in plan:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"long{ENDINGS[kind]}"
            run("--make", str(path), length)
            print(f"| {kind} | {length} | {run('--measure', str(path))} |", flush=True)


if sys.argv[1:2] == ["--make"]:
    make(Path(sys.argv[2]), sys.argv[3])
elif sys.argv[1:2] == ["--measure"]:
    measure(Path(sys.argv[2]))
else:
    words = sys.argv[1:]
    main(list(zip(words[::2], words[1::2], strict=True)) or PLAN)
