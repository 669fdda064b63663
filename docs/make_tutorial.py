"""Run every command of the tutorial, and put what it prints into the pages.

    python docs/make_tutorial.py FOLDER_OF_DATA [PAGE…]

The folder holds `mitdb/` and `ptbxl/`. Each block that begins with ```console is run, command by
command, in one scratch folder for all pages, in their order; what a command printed replaces what
stands below it. Words after `console` say what to do with that: `first=3` and `last=2` keep so
many lines, `hide` keeps none (for what differs from run to run), and `tested` runs nothing (full
trainings: tests/test_docs.py runs them on a few rows). A command that fails stops everything.
Pictures that the commands made are copied into `docs/pictures`.

With names of pages (`tutorial-rows`), only these are run. `--keep FOLDER` works in that folder, takes
what commands printed when they ran there before, and runs only those that did not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

DOCS = Path(__file__).parent
PAGES = tuple(
    DOCS / f"tutorial-{name}.md" for name in ("rows", "train", "evaluate", "transfer", "own-ecg")
)
BLOCK = re.compile(r"^```console(?P<how>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
PICTURES = {
    "pictures/balance.png": "tutorial-balance.png",
    "pictures/density.png": "tutorial-density.png",
    "pictures/lengths.png": "tutorial-lengths.png",
    "pictures/records.png": "tutorial-records.png",
    "pictures/neighbours.png": "tutorial-neighbours.png",
    "runs/first/curves.png": "tutorial-curves.png",
    "runs/first/confusion.png": "tutorial-confusion.png",
}
"""What the commands leave in the scratch folder → its name in `docs/pictures`."""
COLOURS = 128
"""Colours that a picture keeps, so that it stays small."""


@dataclass(frozen=True)
class Block:
    """A block of a page: its commands, and how to show what they print."""

    how: dict[str, str]
    commands: tuple[str, ...]


def read_block(how: str, body: str) -> Block:
    """Take the commands out of a block: the lines that begin with a dollar, and their rest."""
    told = dict(word.partition("=")[::2] for word in how.split())
    whole = re.sub(r" *\\\n *", " ", body)
    return Block(told, tuple(line[2:] for line in whole.splitlines() if line.startswith("$ ")))


def blocks(page: str) -> list[Block]:
    """Give the blocks of a page that are run."""
    return [read_block(found["how"], found["body"]) for found in BLOCK.finditer(page)]


def shortened(printed: str, how: dict[str, str]) -> list[str]:
    """Keep what is asked for of what a command printed."""
    lines = printed.rstrip("\n").splitlines()
    if "hide" in how:
        return []
    first, last = int(how.get("first", 0)), int(how.get("last", 0))
    if (not first and not last) or len(lines) <= first + last + 1:
        return lines
    return [*lines[:first], "…", *(lines[-last:] if last else [])]


def wrapped(command: str, width: int = 88) -> str:
    """Write a command on lines that a page shows whole."""
    lines, line = [], "$"
    for word in re.findall(r"-{1,2}\w[\w-]* (?!-)(?:'[^']*'|\S)+|(?:'[^']*'|\S)+", command):
        if len(line) + len(word) + 3 > width:
            lines.append(f"{line} \\")
            line = "   "
        line += f" {word}"
    return "\n".join([*lines, line])


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Run one command of ectopy, and give what it printed; a second time from memory."""
    memory = folder / "printed.json"
    known: dict[str, str] = json.loads(memory.read_text("utf-8")) if memory.is_file() else {}
    if command not in known:
        known[command] = run_now(command, folder, environment)
        memory.write_text(json.dumps(known, indent=1), "utf-8")
    return known[command]


def run_now(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Run one command of ectopy, and give what it printed."""
    words = shlex.split(command)
    if words[0] != "ectopy":
        raise SystemExit(f"only ectopy is run, not {words[0]}")
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "ectopy", *words[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(f"{time.monotonic() - start:6.0f} s  {command}", flush=True)
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def filled(page: str, folder: Path, environment: dict[str, str]) -> str:
    """Run the commands of a page; give the page with what they printed."""

    def answer(found: re.Match[str]) -> str:
        block = read_block(found["how"], found["body"])
        lines = []
        for command in block.commands:
            lines.append(wrapped(command))
            if "tested" not in block.how:
                lines += shortened(run(command, folder, environment), block.how)
        return f"```console{found['how']}\n" + "\n".join(lines) + "\n```"

    return BLOCK.sub(answer, page)


@contextmanager
def mirror(data: Path, folder: Path) -> Iterator[str]:
    """Serve the raw records on this machine as their publisher does."""
    for name, version, source in (("mitdb", "1.0.0", "mitdb"), ("ptb-xl", "1.0.3", "ptbxl")):
        root = folder / name / version
        root.mkdir(parents=True)
        sums = []
        for path in sorted(p for p in (data / source).rglob("*") if p.is_file()):
            # never a link by the name of the list below: writing it would change the original
            if path.name == "SHA256SUMS.txt":
                continue
            inside = path.relative_to(data / source)
            (root / inside).parent.mkdir(parents=True, exist_ok=True)
            (root / inside).symlink_to(path)
            sums.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {inside.as_posix()}\n")
        (root / "SHA256SUMS.txt").write_text("".join(sums), "utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def write_own_ecg(folder: Path) -> None:
    """Write what stands for the reader's own recording: ten minutes of a simulated heart."""
    import numpy as np

    from ectopy.simulate import simulate

    recording = simulate(600, 250, seed=11)
    values = np.round(1000 * recording.signal[:, 0]).astype(int)
    np.savetxt(folder / "my-ecg.csv", values, fmt="%d", header="ECG (uV)", comments="")


def copy_pictures(folder: Path) -> None:
    """Copy the pictures that the commands made, with fewer colours."""
    from PIL import Image

    for made, name in PICTURES.items():
        if (folder / made).is_file():
            with Image.open(folder / made) as picture:
                small = picture.convert("RGB").quantize(COLOURS)
                small.save(DOCS / "pictures" / name, optimize=True)


def main() -> None:
    """Run all pages, or those that are named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--keep", type=Path, help="a folder that earlier runs have filled")
    given = parser.parse_args()
    wanted = [page for page in PAGES if not given.pages or page.stem in given.pages]
    with TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch) / "work"
        folder.mkdir(exist_ok=True)
        write_own_ecg(folder)
        with mirror(given.data.resolve(), Path(scratch) / "publisher") as url:
            environment = {**os.environ, "ECTOPY_PHYSIONET": url, "COLUMNS": "100"}
            environment.pop("ECTOPY_DATA", None)
            for page in wanted:
                page.write_text(filled(page.read_text("utf-8"), folder, environment), "utf-8")
        copy_pictures(folder)


if __name__ == "__main__":
    main()
