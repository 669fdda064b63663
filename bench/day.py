"""A day's recording from the file to JSON, beside what others take for parts of it, in one run.

    python bench/day.py MITDB [--peers PYTHON] [--keras PYTHON] [--runs N] [--lengths 1h 1d …]

MITDB is the folder of the MIT-BIH Arrhythmia Database, whose 48 first leads are laid end to end.
PYTHON is an interpreter that has sleepecg, neurokit2 and wfdb, or keras. Everything is measured as
a whole process: seconds on the clock, seconds of processor time, most memory held. Prints Markdown.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median

FS = 360
HOUR_S = 3600
LENGTHS = ("1h", "6h", "1d", "3d", "7d", "14d")
UNITS = {"h": 1, "d": 24}

READ = "import sys, wfdb; x = wfdb.rdrecord(sys.argv[1]).p_signal[:, 0]; fs = 360\n"
PEERS = {
    "SleepECG": READ + "import sleepecg; print(len(sleepecg.detect_heartbeats(x, fs)))",
    "NeuroKit2": READ
    + "import neurokit2 as nk; clean = nk.ecg_clean(x, sampling_rate=fs)\n"
    + "print(len(nk.ecg_peaks(clean, sampling_rate=fs)[1]['ECG_R_Peaks']))",
}
KERAS = """
import sys, numpy as np, keras
from keras import layers as L
rows = np.load(sys.argv[1])
net = keras.Sequential([keras.Input((187, 1))])
for width, pool in ((6, 3), (3, 2), (3, 2)):
    net.add(L.Conv1D(64, width, activation="relu"))
    net.add(L.BatchNormalization())
    net.add(L.MaxPooling1D(pool, 2, padding="same"))
net.add(L.Flatten())
for units in (64, 32):
    net.add(L.Dense(units, activation="relu"))
net.add(L.Dense(5, activation="softmax"))
print(len(net.predict(rows, batch_size=1024, verbose=0)))
"""


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds on the clock and of processors, most memory, what it said."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def measure(command: list[str]) -> Cost:
    with tempfile.TemporaryFile("w+") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[:3]} ended with {process.returncode}")
        said.seek(0)
        peak = used.ru_maxrss / 1024
        return Cost(wall, used.ru_utime + used.ru_stime, peak, said.read().strip())


def typical(costs: list[Cost]) -> Cost:
    return Cost(
        median(c.wall_s for c in costs),
        median(c.cpu_s for c in costs),
        median(c.peak_mb for c in costs),
        costs[-1].said,
    )


def elsewhere(*words: str | Path) -> str:
    """Run a part of this file as a process of its own: the peak of a child counts its parent's."""
    return measure([sys.executable, __file__, *map(str, words)]).said


def make_day(mitdb: Path, folder: Path) -> None:
    """Lay the first leads end to end as a record in format 212, that of the database itself."""
    import numpy as np
    import wfdb

    records = sorted(path.with_suffix("") for path in mitdb.glob("*.hea"))
    leads = [wfdb.rdrecord(str(r), channels=[0], physical=False).d_signal[:, 0] for r in records]
    pairs = (np.concatenate(leads).astype(np.int16) & 0xFFF).astype(np.uint16).reshape(-1, 2)
    one, two = pairs.T
    packed = np.stack([one & 0xFF, one >> 8 | (two >> 8) << 4, two & 0xFF], axis=1)
    (folder / "day.dat").write_bytes(packed.astype(np.uint8).tobytes())
    write_header(folder / "day", 2 * len(pairs))


def write_header(path: Path, n_samples: int) -> Path:
    signal = f"{path.name}.dat 212 200(1024)/mV 12 1024 0 0 0 MLII"
    path.with_suffix(".hea").write_text(f"{path.name} 1 {FS} {n_samples}\n{signal}\n")
    return path.with_suffix(".hea")


def make_length(day: Path, length: str) -> Path:
    """Cut the day, or repeat it, to a length."""
    n_samples = int(length[:-1]) * UNITS[length[-1]] * HOUR_S * FS
    left, path = n_samples * 3 // 2, day.with_name(f"long{length}")
    with day.with_suffix(".dat").open("rb") as whole, path.with_suffix(".dat").open("wb") as file:
        while left > 0:
            piece = whole.read(min(left, 1 << 20))
            left -= file.write(piece)
            if not piece:
                whole.seek(0)
    return write_header(path, n_samples)


def make_rows(day: Path, beats: Path) -> None:
    """Cut the beats that were found as the rows of the Kaggle files, which others' networks take."""
    import numpy as np

    from ectopy import read
    from ectopy.beats.kaggle_rows import beat_rows

    recording = read(day)
    sample = np.array(json.loads(beats.read_text())["beats"]["sample"])
    rows = beat_rows(recording.signal[:, 0], recording.fs, sample, 0.005)
    np.save(day.with_suffix(".npy"), rows[..., None])


def ours(path: Path) -> list[str]:
    out = str(path.parent / "out")
    return [sys.executable, "-m", "ectopy", "analyze", str(path), "--formats", "json", "-o", out]


def stages(path: str) -> None:
    """Go through the stages one after another and print what each takes."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    taken: dict[str, tuple[float, float]] = {}

    def used() -> tuple[float, float]:
        of_this = resource.getrusage(resource.RUSAGE_SELF)
        return time.perf_counter(), of_this.ru_utime + of_this.ru_stime

    last = time.perf_counter(), 0.0

    def done(name: str) -> None:
        nonlocal last
        now = used()
        taken[name] = now[0] - last[0], now[1] - last[1]
        last = now

    for module in ("onnxruntime", "ectopy.cli"):
        import_module(module)
    from ectopy.analysis import Analysis
    from ectopy.beats import find_beats
    from ectopy.beats.context import context_blocks
    from ectopy.beats.quality import dead_stretches
    from ectopy.labels import DEFAULT_MODEL, classify
    from ectopy.labels.models import load_network
    from ectopy.recording import read
    from ectopy.report import write_report
    from ectopy.rhythm import find_rhythm

    load_network(DEFAULT_MODEL)
    done("start and imports")
    recording = read(path)
    done("reading")
    dead_stretches(recording.signal[:, 0], recording.fs)
    done("dead stretches")
    beats = find_beats(recording)
    done("finding beats")
    blocks = list(context_blocks(recording, beats))
    done("describing beats")
    del blocks
    labels = classify(recording, beats)
    done("naming beats")
    rhythm = find_rhythm(beats, labels, duration_s=recording.duration_s)
    done("rhythm")
    analysis = Analysis(recording, beats, labels, rhythm, {}, "")
    write_report(analysis, Path(path).with_name("stages.json"))
    done("writing JSON")
    # what was done twice to be measured by itself
    for part, whole in (("dead stretches", "finding beats"), ("describing beats", "naming beats")):
        taken[whole] = tuple(a - b for a, b in zip(taken[whole], taken[part], strict=True))
    print(json.dumps(taken))


def print_peers(day: Path, options: argparse.Namespace) -> Cost:
    commands = {"ectopy: beats, classes, rhythm, JSON": ours(day)}
    if options.peers:
        commands |= {
            f"{name}: beats alone": [options.peers, "-c", code, str(day.with_suffix(""))]
            for name, code in PEERS.items()
        }
    measure(ours(day))
    if options.keras:
        elsewhere("--make-rows", day, day.parent / "out" / "day.json")
        rows = day.with_suffix(".npy")
        name = "Keras: classes alone, of beats found and cut by ectopy"
        commands[name] = [options.keras, "-c", KERAS, str(rows)]
    rounds = [{name: measure(words) for name, words in commands.items()}
              for _ in range(options.runs)]  # fmt: skip
    costs = {name: typical([one[name] for one in rounds]) for name in commands}
    own = next(iter(costs.values()))
    print("| what, as a whole process | wall s | × ours | CPU s | × ours | peak MB | × ours |")
    print("|---|---|---|---|---|---|---|")
    for name, cost in costs.items():
        pairs = ((cost.wall_s, own.wall_s, 1), (cost.cpu_s, own.cpu_s, 1),
                 (cost.peak_mb, own.peak_mb, 0))  # fmt: skip
        print(f"| {name} | " + " | ".join(f"{a:.{d}f} | {a / b:.1f}" for a, b, d in pairs) + " |")
    return own


def print_stages(day: Path) -> None:
    taken = json.loads(elsewhere("--stages", day))
    wall, cpu = (sum(both[k] for both in taken.values()) for k in (0, 1))
    print("\n| stage | wall s | share | CPU s | share |\n|---|---|---|---|---|")
    for name, both in taken.items():
        print(f"| {name} | {both[0]:.2f} | {100 * both[0] / wall:.0f} % | {both[1]:.2f} | "
              f"{100 * both[1] / cpu:.0f} % |")  # fmt: skip


def print_lengths(day: Path, lengths: list[str]) -> None:
    print("\n| length | samples | beats | wall s | CPU s | CPU s an hour | peak MB | JSON MB |")
    print("|---|---|---|---|---|---|---|---|")
    costs = {}
    for length in lengths:
        path = make_length(day, length)
        hours = int(length[:-1]) * UNITS[length[-1]]
        cost, result = measure(ours(path)), day.parent / "out" / f"{path.stem}.json"
        beats = int(cost.said.split(": ")[1].split()[0].replace(",", ""))
        costs[length] = hours, beats, cost, result.stat().st_size
        _, beats, _, size = costs[length]
        print(f"| {length} | {hours * HOUR_S * FS:,} | {beats:,} | {cost.wall_s:.1f} | "
              f"{cost.cpu_s:.1f} | {cost.cpu_s / hours:.3f} | {cost.peak_mb:.0f} | "
              f"{size / 1e6:.1f} |", flush=True)  # fmt: skip
        for file in (path, path.with_suffix(".dat"), result):
            file.unlink()
    if {"1d", "7d"} <= costs.keys():
        (_, few, day_cost, small), (_, many, week_cost, large) = costs["1d"], costs["7d"]
        grown = week_cost.peak_mb - day_cost.peak_mb
        cpu_s = (week_cost.cpu_s - day_cost.cpu_s) / 144
        print(
            f"\nFrom a day to a week the peak grows by {grown:.0f} MB, {1e6 * grown / (many - few):.0f}"
            f" bytes for each beat more: {week_cost.peak_mb / day_cost.peak_mb:.2f} times the memory "
            f"for 7 times the signal.\n\n## Cost of an hour of recording\n\n"
            "One lead at 360 Hz, from a day and a week above, so without the start:\n\n"
            f"| processor time | peak memory of a process | JSON | temporary disk |\n|---|---|---|---|\n"
            f"| {cpu_s:.3f} s | {day_cost.peak_mb:.0f} MB for up to a day, {week_cost.peak_mb:.0f} MB "
            f"for a week | {(large - small) / 144 / 1e6:.2f} MB | {HOUR_S * FS * 4 / 1e6:.1f} MB, while "
            "it runs |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mitdb", type=Path)
    parser.add_argument("--peers", help="Python that has sleepecg, neurokit2 and wfdb")
    parser.add_argument("--keras", help="Python that has keras")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lengths", nargs="*", default=LENGTHS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        elsewhere("--make-day", options.mitdb, folder)
        day = Path(folder) / "day.hea"
        print_peers(day, options)
        print_stages(day)
        if options.lengths:
            print_lengths(day, options.lengths)


PARTS = {
    "--stages": lambda day: stages(day),
    "--make-day": lambda mitdb, folder: make_day(Path(mitdb), Path(folder)),
    "--make-rows": lambda day, beats: make_rows(Path(day), Path(beats)),
}
if sys.argv[1:] and sys.argv[1] in PARTS:
    PARTS[sys.argv[1]](*sys.argv[2:])
else:
    main()
