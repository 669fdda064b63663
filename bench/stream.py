"""Beats live: a day in blocks of several sizes, and how live beats agree with the whole recording's.

    python bench/stream.py MITDB [--part day|agreement|all] [--hours 24] [--blocks 1 7 125 10000]
                           [--rates 360 250 128] [--work FOLDER]

MITDB is the folder of the MIT-BIH Arrhythmia Database. The day is the first leads of its 48 records
laid end to end, at 360 Hz, streamed in each block size by a process of its own on one thread.
Agreement is that of `ectopy.stream.replay` with `ectopy.analyze` on the records of DS1 (de Chazal's
training records) by the default model and leads, at each rate; not with the reference annotations. Results are kept
in FOLDER as they come, so that a run can be taken up again. Prints Markdown.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

FS = 360
PARTS = ((0, 30), (30, 60), (60, 120), (120, 300), (300, 1806))
CLASSES = "NSVF"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("mitdb", type=Path)
    parser.add_argument("--part", choices=["day", "agreement", "all"], default="all")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--blocks", type=int, nargs="+", default=[1, 7, 125, 10_000])
    parser.add_argument("--rates", type=int, nargs="+", default=[360, 250, 128])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--record", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    folder = args.work or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    if args.one is not None:
        print(json.dumps(streamed(folder / "day.npy", args.one, args.hours)))
    elif args.record:
        print(json.dumps(compared(args.mitdb, args.record[0], int(args.record[1]))))
    else:
        from ectopy.labels import DEFAULT_MODEL

        print(f"Model: {DEFAULT_MODEL}\n")
        if args.part in ("day", "all"):
            print(day(args, folder))
        if args.part in ("agreement", "all"):
            print(agreement(args, folder))


def day(args: argparse.Namespace, folder: Path) -> str:
    """Stream a day in blocks of each size."""
    lay_end_to_end(args.mitdb, folder / "day.npy")
    rows = []
    for size in args.blocks:
        made = kept(folder / f"day-{args.hours:g}-{size}.json", args, ["--one", str(size)])
        rows.append(
            f"| {size:,} | {made['beats']:,} | {made['cpu_s']:,.0f} s | {made['wall_s']:,.0f} s | "
            f"{made['ms_a_tick']:.1f} ms | {made['peak_mb']:,.0f} MB | {made['latest_s']:.3f} s | "
            f"`{made['sha256'][:16]}` |"
        )
    head = (
        "| block | beats | processor | clock | a tick | peak memory | latest beat | SHA-256 of all beats |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, *rows]) + "\n"


def agreement(args: argparse.Namespace, folder: Path) -> str:
    """Hold live beats against those of the whole recording."""
    from ectopy.datasets.splits import find_split

    records = find_split("ds1-ds2").train_records
    lines = [
        "| rate | beats | found by both | only live | only whole | same label | sure in both: same label | "
        + " | ".join(f"{name} of whole" for name in CLASSES)
        + " |",
        "|---|---|---|---|---|---|---|" + "---|" * len(CLASSES),
    ]
    by_part, by_record = {}, {}
    for fs in args.rates:
        found = [
            kept(folder / f"agree-{fs}-{name}.json", args, ["--record", name, str(fs)])
            for name in records
        ]
        total = {
            key: np.sum([each[key] for each in found], axis=0)
            for key in found[0]
            if key != "record"
        }
        shares = " | ".join(
            f"{100 * total['same_of'][k] / max(1, total['of'][k]):.2f} % of {total['of'][k]:,}"
            for k in range(len(CLASSES))
        )
        lines.append(
            f"| {fs} Hz | {total['whole']:,} | {100 * total['both'] / total['whole']:.3f} % | "
            f"{total['live'] - total['both']} | {total['whole'] - total['both']} | "
            f"{100 * total['same'] / total['both']:.2f} % | {100 * total['sure_same'] / total['sure']:.2f} % | {shares} |"
        )
        by_part[fs] = [
            f"{100 * same / n:.2f} %"
            for same, n in zip(total["part_same"], total["part"], strict=True)
        ]
        by_record[fs] = {each["record"]: 100 * each["same"] / each["both"] for each in found}
    lines += [
        "",
        "| since the start | " + " | ".join(f"{a}–{b} s" for a, b in PARTS) + " |",
        "|---|" + "---|" * len(PARTS),
    ]
    lines += [f"| same label, {fs} Hz | " + " | ".join(part) + " |" for fs, part in by_part.items()]
    lines += [
        "",
        "| record | " + " | ".join(f"{fs} Hz" for fs in args.rates) + " |",
        "|---|" + "---|" * len(args.rates),
    ]
    lines += [
        f"| {name} | " + " | ".join(f"{by_record[fs][name]:.2f} %" for fs in args.rates) + " |"
        for name in records
    ]
    return "\n".join(lines) + "\n"


def kept(path: Path, args: argparse.Namespace, options: list[str]) -> dict:
    """Give what an earlier run left, or make it in a process of its own."""
    if not path.is_file():
        command = [sys.executable, __file__, str(args.mitdb), "--work", str(path.parent)]
        command += ["--hours", str(args.hours), *options]
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ECTOPY_THREADS": "1"}
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | threads
        )
        path.write_text(done.stdout)
        print(path.name, done.stdout.strip(), file=sys.stderr, flush=True)
    return json.loads(path.read_text())


def lay_end_to_end(mitdb: Path, path: Path) -> None:
    """Write the first leads of all records as one array."""
    if not path.is_file():
        import ectopy

        leads = [ectopy.read(record).signal[:, 0] for record in sorted(mitdb.glob("*.hea"))]
        np.save(path, np.concatenate(leads))


def streamed(path: Path, size: int, hours: float) -> dict:
    """Stream a lead from a file in blocks of a size."""
    import hashlib

    from ectopy.stream import Stream
    from ectopy.stream.live import HOP_S

    signal = np.load(path, mmap_mode="r")
    n = min(len(signal), round(hours * 3600 * FS))
    stream, digest, beats, latest = Stream(FS), hashlib.sha256(), 0, 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    for piece in range(0, n, 10_000 * 36):
        held = np.array(signal[piece : min(n, piece + 10_000 * 36)])
        for at in range(0, len(held), size):
            for beat in stream.push(held[at : at + size]):
                digest.update(repr(beat).encode())
                beats, latest = beats + 1, max(latest, beat.latency_s)
    for beat in stream.finish():
        digest.update(repr(beat).encode())
        beats, latest = beats + 1, max(latest, beat.latency_s)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "size": size,
        "beats": beats,
        "cpu_s": cpu,
        "wall_s": wall,
        "ms_a_tick": 1000 * cpu / (n / FS / HOP_S),
        "peak_mb": most_memory_mb(),
        "latest_s": latest,
        "sha256": digest.hexdigest(),
    }


def most_memory_mb() -> float:
    """Give the most memory that this program held; what its parent held does not count."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def compared(mitdb: Path, name: str, fs: int) -> dict:
    """Hold the live beats of a record against those of the whole."""
    import ectopy
    from ectopy.stream import replay

    recording = ectopy.read(mitdb / f"{name}.hea")
    if fs != FS:
        from fractions import Fraction

        from scipy.signal import resample_poly

        ratio = Fraction(fs, FS)
        slower = resample_poly(recording.signal, ratio.numerator, ratio.denominator, padtype="line")
        recording = replace(
            recording, signal=slower.astype(np.float32), fs=fs, annotations=None, resolution=None
        )
    whole, live = ectopy.analyze(recording), replay(recording)
    ours, theirs = pairs(live.beats.sample, whole.beats.sample, round(0.15 * fs))
    same = live.labels.aami[ours] == whole.labels.aami[theirs]
    sure = ~live.labels.abstained[ours] & ~whole.labels.abstained[theirs]
    label, time_s = whole.labels.aami[theirs], whole.beats.time_s[theirs]
    in_part = [(time_s >= a) & (time_s < b) for a, b in PARTS]
    return {
        "record": name,
        "whole": len(whole.beats),
        "live": len(live.beats),
        "both": len(ours),
        "same": int(same.sum()),
        "sure": int(sure.sum()),
        "sure_same": int((sure & same).sum()),
        "of": [int((label == kind).sum()) for kind in CLASSES],
        "same_of": [int((same & (label == kind)).sum()) for kind in CLASSES],
        "part": [int(part.sum()) for part in in_part],
        "part_same": [int((same & part).sum()) for part in in_part],
    }


def pairs(a: np.ndarray, b: np.ndarray, within: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair each of `a` with its nearest of `b` where each is the other's nearest."""
    nearest = np.clip(np.searchsorted(b, a), 1, len(b) - 1)
    nearest -= a - b[nearest - 1] < b[nearest] - a
    back = np.clip(np.searchsorted(a, b), 1, len(a) - 1)
    back -= b - a[back - 1] < a[back] - b
    at = np.arange(len(a))
    kept = (np.abs(a - b[nearest]) <= within) & (back[nearest] == at)
    return at[kept], nearest[kept]


if __name__ == "__main__":
    main()
