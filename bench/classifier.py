"""What the classifier costs, and what changes of a recording do to its labels.

    python bench/classifier.py MITDB [--model NAME] [--records 100 119 …]

Prints tables. Cost: size, multiplications and additions of a beat, and beats a second of the
network alone on two threads, beside the network of the Kaggle rows in the same run. Agreement:
the share of beats that keep their label when the recording is resampled, turned over, scaled,
shifted or made noisy; beats are found anew each time and matched within 150 ms. Then simulated
hearts (`ectopy.simulate`): healthy ones at rest and in exercise, and ones whose beats follow one
pattern from end to end, each in one lead and in two.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from scipy.signal import resample

from ectopy import Recording, analyze, read
from ectopy.labels import DEFAULT_MODEL, load_card
from ectopy.labels.models import model_folder
from ectopy.simulate import simulate

RECORDS = "100 103 105 111 119 200 202 208 213 221 223 228 231 233".split()
MATCH_S = 0.15


def resampled(recording: Recording, fs: float) -> Recording:
    n = round(recording.n_samples * fs / recording.fs)
    return replace(recording, signal=resample(recording.signal, n).astype(np.float32), fs=fs)


def noisy(recording: Recording, snr_db: float, seed: int = 0) -> Recording:
    """Add white noise below 40 Hz: its power against that of the signal less its baseline."""
    random = np.random.default_rng(seed)
    x = recording.signal.astype(float)
    heart = x - np.median(x, axis=0)
    white = resample(random.normal(size=(int(len(x) * 80 / recording.fs), x.shape[1])), len(x))
    size = heart.std(axis=0) * 10 ** (-snr_db / 20) / white.std(axis=0)
    return replace(recording, signal=(x + white * size).astype(np.float32))


CHANGES = {
    **{f"{fs} Hz": lambda r, fs=fs: resampled(r, fs) for fs in (125, 250, 500, 1000)},
    "upside down": lambda r: replace(r, signal=-r.signal),
    "x 0.1": lambda r: replace(r, signal=r.signal * np.float32(0.1)),
    "x 10": lambda r: replace(r, signal=r.signal * np.float32(10)),
    "+ 5 mV": lambda r: replace(r, signal=r.signal + np.float32(5)),
    "noise 12 dB": lambda r: noisy(r, 12),
    "noise 6 dB": lambda r: noisy(r, 6),
}


def agreement(whole, other) -> tuple[int, int]:
    """Beats of one analysis that the other has with the same label, and how many there are."""
    if not len(other.beats):
        return 0, len(whole.beats)
    mine, theirs = whole.beats.time_s, other.beats.time_s
    right = np.clip(np.searchsorted(theirs, mine), 1, len(theirs) - 1)
    near = np.where(mine - theirs[right - 1] <= theirs[right] - mine, right - 1, right)
    same = (np.abs(theirs[near] - mine) <= MATCH_S) & (other.labels.aami[near] == whole.labels.aami)
    return int(same.sum()), len(mine)


def speed(model: str, inputs: np.ndarray, repeats: int = 7) -> float:
    """Beats a second on two threads, the best of several runs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(model_folder(model) / "model.onnx"), options)
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        for block in np.split(inputs, range(2048, len(inputs), 2048)):
            session.run(None, {session.get_inputs()[0].name: block})
        best = min(best, time.perf_counter() - start)
    return len(inputs) / best


def exercise(top: float, seconds: float) -> Callable[[np.ndarray], np.ndarray]:
    """From 65 a minute up within so many seconds, ten minutes there, and slowly down again."""

    def rate(time_s: np.ndarray) -> np.ndarray:
        rising = np.clip((time_s - 1800) / seconds, 0, 1)
        fading = np.exp(-np.maximum(time_s - 1800 - seconds - 600, 0) / 120)
        return 65 + (top - 65) * rising * fading

    return rate


RATES = {
    "at rest, 66 a minute": 66.0,
    **{
        f"up to {top} a minute within {seconds} s": exercise(top, seconds)
        for top in (110, 140, 160)
        for seconds in (1, 20, 60, 300, 600)
    },
}
PATTERNS = {
    "atrial bigeminy": "NS",
    "every third beat atrial": "NNS",
    "two of three atrial": "NSS",
    "one of eleven atrial": "NNNNNNNNNNS",
    "ventricular bigeminy": "NV",
    "every third beat ventricular": "NNV",
    "ventricular beats alone": "V",
}


def simulated(
    model: str, seconds: float, pattern: str, rate: float | Callable[[np.ndarray], np.ndarray]
) -> list[dict[str, int]]:
    """How many beats of each class are named in a simulated heart, in its first lead and in two."""
    heart = simulate(seconds, 128, seed=11, rate_bpm=rate, pattern=pattern, noise_mv=0.03)
    heart = replace(heart, annotations=None)
    one = replace(heart, signal=heart.signal[:, :1], leads=heart.leads[:1])
    return [dict(analyze(x, model=model).labels.counts()) for x in (one, heart)]


def weights_of(model: str) -> int:
    graph = onnx.load(model_folder(model) / "model.onnx").graph
    return sum(int(np.prod(part.dims)) for part in graph.initializer)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mitdb", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--records", nargs="*", default=RECORDS)
    asked = parser.parse_args()
    random = np.random.default_rng(0)
    shapes = {asked.model: (20480, load_card(asked.model)["input"].get("features", 0))}
    shapes["cvxtz-kaggle-v1"] = (20480, 1, 187)
    print("| model | bytes | weights | beats/s |\n|---|---|---|---|")
    for model, shape in shapes.items():
        inputs = random.random(shape, np.float32)
        size = (model_folder(model) / "model.onnx").stat().st_size
        print(f"| {model} | {size:,} | {weights_of(model):,} | {speed(model, inputs):,.0f} |")
    counts = {name: np.zeros(2, int) for name in CHANGES}
    worst = dict.fromkeys(CHANGES, (1.0, ""))
    for record in asked.records:
        recording = replace(read(asked.mitdb / record), annotations=None)
        whole = analyze(recording, model=asked.model)
        for name, change in CHANGES.items():
            same, n = agreement(whole, analyze(change(recording), model=asked.model))
            counts[name] += same, n
            worst[name] = min(worst[name], (same / n, record))
    print("\n| change | same label % | worst record |\n|---|---|---|")
    for name, (same, n) in counts.items():
        share, record = worst[name]
        print(f"| {name} | {100 * same / n:.2f} | {record} {100 * share:.2f} |")
    print(
        "\n| healthy heart, 2 h at 128 Hz | S or V, one lead | two leads | beats |\n|---|---|---|---|"
    )
    for name, rate in RATES.items():
        counts = simulated(asked.model, 7200, "N", rate)
        false = [count["S"] + count["V"] for count in counts]
        print(f"| {name} | {false[0]} | {false[1]} | {sum(counts[0].values()):,} |")
    print("\n| 10 minutes of | at 60, one / two leads | at 75 | at 95 |\n|---|---|---|---|")
    for name, pattern in PATTERNS.items():
        cells = [name]
        for rate in (60, 75, 95):
            counts = simulated(asked.model, 600, pattern, rate)
            kinds = sorted(set(pattern) - {"N"})
            cells.append(" / ".join(f"{sum(count[k] for k in kinds)}" for count in counts))
            of_all = sum(map(pattern.count, kinds)) / len(pattern) * sum(counts[0].values())
            cells[-1] += f" of {of_all:.0f}"
        print("| " + " | ".join(cells) + " |")


main()
