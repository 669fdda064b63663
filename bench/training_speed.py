"""Measure an epoch of `cvxtz` here and in Keras, side by side on the same cores.

    python bench/training_speed.py --data ROWS [--keras PYTHON] [--threads 2] [--steps N] [--write]

ROWS is a folder of ``ectopy data build kaggle-mitbih``, PYTHON an interpreter that has TensorFlow
(a virtual environment of its own). The two take turns, a process each, so that whatever else the
machine does weighs on both; the table has the quickest turn of each. Without ``--steps`` an epoch is all 87,554 rows.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

PAGE = Path(__file__).with_suffix(".md")
ROWS = 87_554

KERAS = """
import json, os, sys, time
import numpy as np
threads, batch, steps, path = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
from tensorflow import keras
L = keras.layers
layers = [keras.Input((187, 1))]
for width, kernel, pool in ((16, 5, 0.1), (32, 3, 0.1), (32, 3, 0.1), (256, 3, None)):
    layers += [L.Conv1D(width, kernel, activation="relu") for _ in range(2)]
    layers += [L.MaxPool1D(2), L.Dropout(pool)] if pool else [L.GlobalMaxPool1D(), L.Dropout(0.2)]
layers += [L.Dense(64, "relu"), L.Dense(64, "relu"), L.Dense(5, "softmax")]
model = keras.Sequential(layers)
assert model.count_params() == 254_901
model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["acc"])
with np.load(path) as stored:
    X, y = stored["X"][..., None], stored["y"]
model.fit(X[: 20 * batch], y[: 20 * batch], batch_size=batch, verbose=0)
X, y = X[: steps * batch], y[: steps * batch]
wall, cpu = time.perf_counter(), time.process_time()
model.fit(X, y, batch_size=batch, verbose=0)
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, len(y)]))
"""


def ours(threads: int, batch: int, steps: int, path: str, bfloat16: bool) -> None:
    """Time an epoch of the package's own loop in this process."""
    from dataclasses import replace

    import torch

    from ectopy.training.fit import _begin, _learn
    from ectopy.training.recipes import find_recipe

    torch.set_num_threads(threads)
    recipe = replace(find_recipe("cvxtz"), batch=batch, bfloat16=bfloat16)
    with np.load(path) as stored:
        X = torch.from_numpy(stored["X"])[:, None]
        y = torch.from_numpy(stored["y"].astype(np.int64))
    course, weights = _begin(recipe, "cpu"), torch.ones(5)
    _learn(recipe, course, X[: 20 * batch], y[: 20 * batch], weights, 0, None)
    X, y = X[: steps * batch], y[: steps * batch]
    wall, cpu = time.perf_counter(), time.process_time()
    _learn(recipe, course, X, y, weights, 0, None)
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu, len(y)]))


def timed(command: list[str], threads: int) -> tuple[float, float]:
    """Run one process; give wall and CPU seconds of an epoch of all rows."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, cpu, rows = json.loads(out.stdout.strip().splitlines()[-1])
    return wall * ROWS / rows, cpu * ROWS / rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--keras", help="a Python that has TensorFlow")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="steps per measurement in place of an epoch")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--batch", type=int, help="only this batch")
    parser.add_argument("--write", action="store_true", help="write the page beside this script")
    parser.add_argument("--inner", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inner:
        threads, batch, steps, path, kind = given.inner
        ours(int(threads), int(batch), int(steps), path, kind == "bfloat16")
        return

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "rows.npz")
        with np.load(given.data / "mitbih.npz") as stored:
            learn = ~stored["is_test"]
            order = np.random.default_rng(0).permutation(int(learn.sum()))
            np.savez(path, X=stored["X"][learn][order], y=stored["y"][learn][order])
        cases = [("ectopy", 32, "float32"), ("ectopy", 256, "float32"), ("ectopy", 256, "bfloat16")]
        if given.keras:
            cases = [("Keras", 32, "float32"), *cases, ("Keras", 256, "float32")]
        cases = [case for case in cases if given.batch in (None, case[1])]
        found: dict[tuple[str, int, str], list[tuple[float, float]]] = {case: [] for case in cases}
        for _ in range(given.turns):
            for who, batch, kind in cases:
                steps = given.steps * 32 // batch if given.steps else -(-ROWS // batch)
                inner = [str(given.threads), str(batch), str(steps), path]
                command = (
                    [given.keras, "-c", KERAS, *inner]
                    if who == "Keras"
                    else [sys.executable, __file__, "--data", path, "--inner", *inner, kind]
                )
                found[who, batch, kind].append(timed(command, given.threads))
                print(who, batch, kind, found[who, batch, kind][-1], flush=True)
    table = ["| | batch | arithmetic | seconds an epoch | CPU seconds |", "|---|---|---|---|---|"]
    for (who, batch, kind), times in found.items():
        wall, cpu = (min(column) for column in zip(*times, strict=True))
        table.append(f"| {who} | {batch} | {kind} | {wall:.1f} | {cpu:.1f} |")
    print("\n".join(table))
    if given.write:
        page = PAGE.read_text("utf-8")
        head, tail = page.split("<!-- table -->\n")[0], page.split("<!-- end -->\n")[1]
        body = "\n".join(table)
        PAGE.write_text(f"{head}<!-- table -->\n{body}\n<!-- end -->\n{tail}", encoding="utf-8")


main()
