"""How long `ectopy compare` takes on two annotation files of 100,000 beats, files included.

python bench/compare.py
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

N_BEATS = 100_000


def write(path: Path, sample: np.ndarray, label: np.ndarray) -> None:
    rows = (f"{at},{at / 360:.4f},{name}" for at, name in zip(sample, label, strict=True))
    path.write_text("\n".join(["sample,time_s,label", *rows]) + "\n", encoding="utf-8")


random = np.random.default_rng(0)
truth = np.cumsum(random.integers(200, 400, N_BEATS))
names = random.choice(list("NSVFQ"), N_BEATS, p=[0.8, 0.06, 0.1, 0.02, 0.02])
named = np.where(random.random(N_BEATS) < 0.05, random.choice(list("NSV"), N_BEATS), names)
with TemporaryDirectory() as folder:
    reference, test = Path(folder) / "reference.csv", Path(folder) / "test.csv"
    write(reference, truth, names)
    kept = random.random(N_BEATS) > 0.01
    write(test, (truth + random.integers(-20, 21, N_BEATS))[kept], named[kept])
    print("| command | median s |\n|---|---|")
    for name, words in {
        "ectopy --version": ["--version"],
        "ectopy compare, 100,000 beats": ["compare", str(reference), str(test)],
    }.items():
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "ectopy", *words], check=True, capture_output=True
            )
            taken.append(time.perf_counter() - begun)
        print(f"| `{name}` | {median(taken):.2f} |")
