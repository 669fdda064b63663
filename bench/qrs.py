"""QRS detection on all 48 records of MIT-BIH, channel 0, whole records, 150 ms window.

    pip install sleepecg
    python bench/qrs.py FOLDER_OF_MITDB

Prints our detector beside SleepECG (where it is installed), with and without record 207, whose
ventricular flutter has waves but no beats to find.
"""

import sys
import time
from pathlib import Path

import numpy as np

from ectopy.beats import find_beats
from ectopy.datasets.mitdb import MITDB_RECORDS, read_raw_record
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import Recording

FS = 360.0
WINDOW = round(0.150 * FS)


def ours(x: np.ndarray) -> np.ndarray:
    return find_beats(Recording(x[:, None], FS, ("0",))).sample


def hits(truth: np.ndarray, found: np.ndarray) -> list[int]:
    """Distances of beats paired one to one in time order, the nearer of two taken."""
    i = j = 0
    paired = []
    while i < len(truth) and j < len(found):
        gap = found[j] - truth[i]
        if gap < -WINDOW:
            j += 1
        elif gap > WINDOW:
            i += 1
        elif j + 1 < len(found) and abs(found[j + 1] - truth[i]) < abs(gap):
            j += 1
        else:
            paired.append(int(gap))
            i, j = i + 1, j + 1
    return paired


def main() -> None:
    detectors = {"ectopy find_beats": ours}
    try:
        from sleepecg import detect_heartbeats

        detectors["SleepECG"] = lambda x: detect_heartbeats(x.astype(float), FS)
    except ImportError:
        print("SleepECG is not installed; it is left out\n")
    records = {name: read_raw_record(Path(sys.argv[1]), name) for name in MITDB_RECORDS}
    print("| detector | Se % | +P % | +P % without 207 | bias ms | spread ms | s per hour |")
    print("|---|---|---|---|---|---|---|")
    for name, detect in detectors.items():
        found, took = {}, 0.0
        for record, raw in records.items():
            x = ((raw.adc - 1024) / 200).astype(np.float32)
            begun = time.perf_counter()
            found[record] = detect(x)
            took += time.perf_counter() - begun
        truth = {
            r: raw.position[np.isin(raw.symbol, list(BEAT_SYMBOLS))] for r, raw in records.items()
        }
        paired = {r: hits(truth[r], found[r]) for r in records}
        n_hits = sum(map(len, paired.values()))
        n_found = sum(map(len, found.values()))
        n_other = n_found - len(found["207"])
        gaps = np.concatenate(list(paired.values())) / FS * 1000
        hours = sum(len(raw.adc) for raw in records.values()) / FS / 3600
        print(
            f"| {name} | {100 * n_hits / sum(map(len, truth.values())):.3f} "
            f"| {100 * n_hits / n_found:.3f} | {100 * (n_hits - len(paired['207'])) / n_other:.3f} "
            f"| {gaps.mean():+.2f} | {gaps.std():.2f} | {took / hours:.2f} |"
        )


main()
