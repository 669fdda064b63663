"""Broken files for every reader: thousands of them, those that reach new lines broken further.

python bench/fuzz.py [--files 400] [--seed 0] [--only edf] [--keep FOLDER]

Each kind of file has a process of its own. A file is read within five seconds and 500 MB more than
the process began with; it is read once more with the lines of ectopy.recording traced, and kept to
be broken further if it reached one that none had reached before. What goes wrong (any error but
ectopy's own, too much time or memory, the death of the process) is printed below the table, and the
file kept in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "recording"))

LIMIT_S = 5.0
LIMIT_MB = 500
TRACE_BELOW_S = 0.5
"""Files that take longer than this are not traced, which takes many times as long."""
CORPUS = 300


def read_limited(path: Path) -> tuple[str, str]:
    """Read one file; give what became of it and why."""
    from ectopy.errors import RecordingError
    from ectopy.recording import read

    try:
        recording = read(path)
    except RecordingError as error:
        kind = type(error).__name__
        if isinstance(error.__cause__, MemoryError):
            return "memory", str(error)
        if error.__cause__ is None or isinstance(error.__cause__, OSError):
            return "refused", kind
        frames = traceback.extract_tb(error.__cause__.__traceback__)
        own = [
            f
            for f in frames
            if f"{os.sep}ectopy{os.sep}" in f.filename and "_foreign" not in f.filename
        ]
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
        inside = "ectopy" if own and own[-1] is frames[-1] else "library"
        return "mapped", f"{type(error.__cause__).__name__} in {inside} at {place}"
    except BaseException:
        return "error", traceback.format_exc()
    return "read", "stated" if recording.source.inferred else "plain"


def traced(path: Path) -> set[tuple[str, int]]:
    """Give the lines of ectopy.recording that reading a file reaches."""
    import ectopy.recording

    folder = str(Path(ectopy.recording.__file__).parent)
    lines: set[tuple[str, int]] = set()

    def local(frame, event, arg):
        if event == "line":
            lines.add((frame.f_code.co_filename[len(folder) :], frame.f_lineno))
        return local

    def trace(frame, event, arg):
        return local if frame.f_code.co_filename.startswith(folder) else None

    sys.settrace(trace)
    try:
        read_limited(path)
    finally:
        sys.settrace(None)
    return lines


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def work(name: str, count: int, seed: int, folder: Path) -> None:
    """Break and read `count` files of one kind; a line of JSON on stdout before and after each."""
    from mutations import mutate
    from small_files import small_file

    import ectopy

    small = small_file(name)
    corpus = [dict(small.files)]
    path = small.put(folder)
    ectopy.read(path)
    seen = traced(path)
    begun_with = peak_mb()
    for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
        used = {resource.RLIMIT_DATA: "VmData:", resource.RLIMIT_AS: "VmSize:"}[kind]
        held = int(Path("/proc/self/status").read_text().split(used)[1].split()[0]) * 1024
        resource.setrlimit(kind, (held + LIMIT_MB * 2**20,) * 2)
    random = Random(f"{name} {seed}")
    for _ in range(count):
        files = dict(random.choice(corpus))
        which = random.choice(sorted(files))
        files[which] = mutate(random, files[which], [each[which] for each in corpus[-20:]])
        for each, content in files.items():
            (folder / each).write_bytes(content)
        print(json.dumps({"begin": True}), flush=True)
        begun = time.perf_counter()
        outcome, why = read_limited(path)
        took = time.perf_counter() - begun
        new = 0
        if took < TRACE_BELOW_S:
            lines = traced(path)
            new = len(lines - seen)
            seen |= lines
            if new and len(corpus) < CORPUS:
                corpus.append(files)
        row = {"outcome": outcome, "why": why, "s": took, "mb": peak_mb() - begun_with}
        print(json.dumps({**row, "new": new, "lines": len(seen), "kept": len(corpus)}), flush=True)


class Tally:
    """What became of the files of one kind."""

    def __init__(self, name: str):
        self.name, self.files, self.outcomes, self.mapped = name, 0, Counter(), Counter()
        self.slowest, self.mb, self.lines, self.kept = 0.0, 0.0, 0, 1
        self.failures: list[str] = []

    def add(self, row: dict) -> None:
        """Count one file."""
        self.files += 1
        self.outcomes[row["outcome"]] += 1
        if row["outcome"] == "mapped":
            self.mapped[row["why"]] += 1
        if row["outcome"] == "refused":
            self.outcomes[row["why"]] += 1
        if row["outcome"] == "read" and row["why"] == "stated":
            self.outcomes["stated"] += 1
        self.slowest, self.mb = max(self.slowest, row["s"]), max(self.mb, row["mb"])
        self.lines, self.kept = max(self.lines, row["lines"]), max(self.kept, row["kept"])

    def line(self) -> str:
        """Give the row of the table."""
        o = self.outcomes
        refused = o["refused"] + o["mapped"]
        return (
            f"| {self.name} | {self.files:,} | {o['read']:,} | {refused:,} | {o['mapped']:,} | "
            f"{o['error']} | {o['slow']} | {o['memory']} | {o['died']} | {self.slowest:.2f} | "
            f"{self.mb:.0f} | {self.kept} |"
        )


def fuzz(name: str, count: int, seed: int, keep: Path | None) -> Tally:
    """Run one kind of file, in one process after another where they die."""
    tally, attempt = Tally(name), 0
    while tally.files < count:
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, __file__, "--worker", name]
            words += [str(count - tally.files), str(seed + 1000 * attempt), folder]
            ended = follow(subprocess.Popen(words, stdout=subprocess.PIPE), tally)
            failed = [row for row in tally.failures if row.startswith("new ")]
            for row in failed:
                tally.failures.remove(row)
                tally.failures.append(f"{name}: {row.removeprefix('new ')}")
            if failed and keep:
                shutil.copytree(folder, keep / f"{name.replace(' ', '-')}-{seed}-{attempt}")
            if ended:
                return tally
        attempt += 1
    return tally


def follow(process: subprocess.Popen, tally: Tally) -> bool:
    """Listen to a worker; give whether it did all it was to do."""
    assert process.stdout
    reading, rest, begun = False, b"", time.monotonic()
    while True:
        ready, _, _ = select.select([process.stdout], [], [], 0.5)
        if ready:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                row = json.loads(line)
                begun, reading = time.monotonic(), "begin" in row
                if reading:
                    continue
                if row["s"] > LIMIT_S:
                    row["outcome"] = "slow"
                tally.add(row)
                if row["outcome"] in ("error", "slow", "memory"):
                    tally.failures.append(f"new {row['outcome']}, {row['s']:.1f} s: {row['why']}")
                    process.kill()
        elif reading and time.monotonic() - begun > 8 * LIMIT_S:
            tally.add(
                {"outcome": "slow", "why": "", "s": 8 * LIMIT_S, "mb": 0, "lines": 0, "kept": 0}
            )
            tally.failures.append(f"new slow: not done in {8 * LIMIT_S:g} s")
            process.kill()
            reading = False
    status = process.wait()
    if status not in (0, -9):
        tally.add({"outcome": "died", "why": "", "s": 0, "mb": 0, "lines": 0, "kept": 0})
        tally.failures.append(f"new process died with status {status}")
    return status == 0


def main() -> None:
    from small_files import MAKERS

    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=400, help="files of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="kinds that begin with this")
    parser.add_argument("--keep", type=Path, help="folder for files that something went wrong with")
    options = parser.parse_args()
    names = [name for name in MAKERS if name.startswith(options.only)]
    print(
        "| kind of file | files | read | refused | of these by a library's error | tracebacks | "
        "over 5 s | over 500 MB | dead processes | slowest, s | most memory, MB | kept |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    tallies, whole = [], Tally("all")
    for name in names:
        tallies.append(fuzz(name, options.files, options.seed, options.keep))
        print(tallies[-1].line(), flush=True)
        whole.files += tallies[-1].files
        whole.outcomes += tallies[-1].outcomes
        whole.mapped += tallies[-1].mapped
        whole.slowest = max(whole.slowest, tallies[-1].slowest)
        whole.mb = max(whole.mb, tallies[-1].mb)
        whole.kept += tallies[-1].kept
    print(whole.line())
    stated = whole.outcomes["stated"]
    print(
        f"\nOf {whole.outcomes['read']:,} that were read, {stated:,} state something as inferred."
    )
    if whole.mapped:
        print("\nErrors of libraries that became a refusal, most frequent first:\n")
        for why, number in whole.mapped.most_common(40):
            print(f"- {number:,} × {why}")
    failures = [row for tally in tallies for row in tally.failures]
    print(f"\n{len(failures)} went wrong.")
    for row in failures:
        print(f"\n```\n{row}\n```")


if sys.argv[1:2] == ["--worker"]:
    work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
else:
    main()
