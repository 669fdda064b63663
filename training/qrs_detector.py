"""Train the network that decides which candidates are QRS complexes, and cross-validate it.

    python training/qrs_detector.py MITDB NOISE RUN

MITDB is the folder of the MIT-BIH Arrhythmia Database, NOISE a record of electrode motion noise
(see ectopy.evaluation.noise.load_noise), RUN a folder for data, folds and the model directory,
which is then copied to src/ectopy/beats/detector.

Five folds by patient give the figures: no record is scored by a network that saw it. The shipped
network learns from all records. Both leads of each record are used, as they are and with noise of
many kinds at -2 to 16 dB, filters, stretches of flutter and of noise without a heart, and
simulated hearts with early and fast ventricular beats.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from scipy.signal import butter, resample, sosfiltfilt
from torch import nn

from ectopy import __version__
from ectopy.beats.candidates import DETECTION_FS, N_FEATURES, describe, find_candidates, prepare
from ectopy.datasets.mitdb import MITDB_RECORDS, patient_of
from ectopy.evaluation.noise import load_noise
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import read
from ectopy.simulate import simulate
from ectopy.training.export import export_network

FS = 360
FOLDS, EPOCHS, BATCH, RATE = 5, 16, 1024, 4e-3
HIDDEN = (96, 32)
MATCH = 18  # samples at 120 Hz: 150 ms
THRESHOLD = 0.175  # probability; see the card


def network() -> nn.Sequential:
    first, second = HIDDEN
    return nn.Sequential(
        nn.Linear(N_FEATURES, first), nn.ReLU(), nn.Dropout(0.1),
        nn.Linear(first, second), nn.ReLU(), nn.Linear(second, 1), nn.Flatten(0),
    )  # fmt: skip


class Disturbances:
    """Draws noise of many kinds, each of unit RMS over a second."""

    def __init__(self, electrode_motion: np.ndarray, random: np.random.Generator) -> None:
        self.random, self.motion = random, electrode_motion

    def draw(self, n: int) -> np.ndarray:
        kinds = (self.recorded, self.recorded, self.muscle, self.drift, self.bursts, self.mixed)
        noise = self.random.choice(np.array(kinds, object))(n)
        whole = noise[: n // FS * FS].reshape(-1, FS) if n >= FS else noise[None]
        return noise / (np.sqrt(whole.var(axis=1).mean()) + 1e-9)

    def mixed(self, n: int) -> np.ndarray:
        return self.recorded(n) * 2 + self.muscle(n) / 3 + self.bursts(n)

    def recorded(self, n: int) -> np.ndarray:
        """Electrode motion, stretched in time, turned and shifted: never as it was recorded."""
        noise = self.motion[:, self.random.integers(self.motion.shape[1])]
        noise = resample(noise, int(len(noise) * self.random.uniform(0.7, 1.4)))
        noise = noise[:: self.random.choice([-1, 1])] * self.random.choice([-1, 1])
        return np.resize(np.roll(noise, self.random.integers(len(noise))), n)

    def muscle(self, n: int) -> np.ndarray:
        loud = np.exp(np.cumsum(self.random.normal(size=n // FS + 2)) * 0.4)
        return self.band(n, (15, 120)) * np.interp(np.arange(n) / FS, np.arange(len(loud)), loud)

    def drift(self, n: int) -> np.ndarray:
        return self.band(n, (self.random.uniform(0.3, 2), self.random.uniform(6, 25)))

    def band(self, n: int, edges: tuple[float, float]) -> np.ndarray:
        sos = butter(1, edges, "bandpass", fs=FS, output="sos")
        return sosfiltfilt(sos, self.random.normal(size=n))

    def bursts(self, n: int) -> np.ndarray:
        noise = np.zeros(n)
        for _ in range(n // FS // 3 + 1):
            at, width = self.random.integers(n), int(self.random.uniform(0.03, 0.4) * FS)
            shape = np.hanning(2 * width) if self.random.random() < 0.7 else np.ones(2 * width)
            part = noise[at : at + 2 * width]
            part += self.random.normal() * shape[: len(part)]
        return noise

    def flutter(self, n: int) -> np.ndarray:
        """Ventricular flutter or fibrillation: waves without complexes."""
        rate = self.random.uniform(2.8, 6.5)
        if self.random.random() < 0.5:
            wave = self.band(n, (max(1.5, rate - 1.5), rate + 1.5))
            wave /= wave.std()
        else:
            wander = np.cumsum(self.random.normal(size=n)) / FS / 3
            phase = 2 * np.pi * np.cumsum(rate + wander) / FS
            wave = np.sin(phase)
            for k, most in ((2, 0.5), (3, 0.15)):
                turn = self.random.uniform(0, 2 * np.pi)
                wave = wave + self.random.uniform(0, most) * np.sin(k * phase + turn)
        loud = 1 + 0.4 * np.sin(np.cumsum(self.random.normal(size=n)) / FS * 8)
        return wave * loud * self.random.uniform(0.2, 1)


def labelled(x: np.ndarray, beats: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of the candidates of one lead, and whether each is a beat."""
    lead = prepare(x.astype(np.float32), FS)
    at = find_candidates([lead])
    y = np.zeros(len(at), np.int8)
    truth = beats * DETECTION_FS / FS
    right = np.clip(np.searchsorted(at, truth), 1, len(at) - 1)
    nearest = np.where(truth - at[right - 1] <= at[right] - truth, right - 1, right)
    y[nearest[np.abs(at[nearest] - truth) <= MATCH]] = 1
    return describe(lead, at).astype(np.float16), y


def disturbed(x, beats, size, others: Disturbances, kind: int):
    """One lead with noise, filters, and stretches in which there is no heart."""
    random, x = others.random, x.copy()
    for first, last in pairwise(np.linspace(0, len(x), 7).astype(int)):
        level = np.sqrt(size**2 / 8 * 10 ** (-random.uniform(-2, 16) / 10))
        x[first:last] += level * others.draw(last - first)
    x += random.normal(0, size * random.uniform(0, 0.06), len(x))
    if kind == 2 or random.random() < 0.2:
        x = paced(x, beats, size, random)
    if random.random() < 0.4:
        x = sosfiltfilt(butter(2, random.uniform(20, 45), "low", fs=FS, output="sos"), x)
    if random.random() < 0.4:
        x = sosfiltfilt(butter(1, random.uniform(0.3, 1.5), "high", fs=FS, output="sos"), x)
    if kind:
        kept = np.ones(len(beats), bool)
        for _ in range(6):
            n = int(random.uniform(5, 60) * FS)
            at = random.integers(max(1, len(x) - n))
            part = others.flutter(n) if kind == 1 else others.draw(n) * random.uniform(0.01, 0.5)
            x[at : at + n] = part[: len(x) - at] * size
            kept &= (beats < at - 54) | (beats > at + n + 54)
        beats = beats[kept]
    return x, beats


def paced(x, beats, size, random):
    """One lead with the spikes of a pacemaker before its beats, and some that nothing follows."""
    before, width = random.uniform(0.02, 0.25), random.integers(1, 3)
    ahead = (beats - before * FS).astype(int)
    alone = random.integers(0, len(x), len(x) // FS // 8)
    at = np.append(ahead[random.random(len(ahead)) < 0.8], alone)
    at = at[(at >= 0) & (at < len(x) - width)]
    height = size * random.uniform(0.3, 6) * random.choice([-1, 1])
    for k in range(width):
        x[at + k] += height
    return x


def build(mitdb: Path, noise: Path, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    motion = np.nan_to_num(load_noise(noise).signal.astype(float))
    others = Disturbances(motion, random)
    X, y, patient = [], [], []

    def add(x, beats, name, part=1.0):
        features, is_beat = labelled(x, beats)
        first = random.integers(int(len(is_beat) * (1 - part)) + 1)
        chosen = slice(first, first + int(len(is_beat) * part))
        X.append(features[chosen])
        y.append(is_beat[chosen])
        patient.append(np.full(len(y[-1]), name))

    for record in MITDB_RECORDS:
        recording = read(mitdb / record)
        notes = recording.annotations
        beats = notes.sample[np.isin(notes.symbol, list(BEAT_SYMBOLS))]
        for lead in range(2):
            x = recording.signal[:, lead].astype(float)
            size = np.median([np.ptp(x[max(0, b - 18) : b + 18]) for b in beats[50:350]])
            add(x, beats, patient_of(record))
            for kind in range(3):
                add(*disturbed(x, beats, size, others, kind), patient_of(record), 0.5)
        print(record, sum(map(len, y)), flush=True)
    for k in range(60):
        pattern = [None, "NV", "NNV", "V", "N"][k % 5]
        rate = random.uniform(35, 150) if pattern != "V" else random.uniform(100, 180)
        heart = simulate(
            240,
            FS,
            seed=1000 + k,
            rate_bpm=rate,
            pattern=pattern,
            atrial_fibrillation=k % 7 == 0 and pattern is None,
            noise_mv=random.uniform(0, 0.06),
        )
        add(heart.signal[:, k % 2].astype(float), heart.annotations.sample, f"simulated{k % FOLDS}")
    return {"X": np.concatenate(X), "y": np.concatenate(y), "patient": np.concatenate(patient)}


def folds_of(patients: np.ndarray) -> dict[str, int]:
    names = sorted({p for p in patients if not p.startswith("simulated")})
    order = np.random.default_rng(1).permutation(names)
    folds = {str(name): place % FOLDS for place, name in enumerate(order)}
    return folds | {f"simulated{k}": k for k in range(FOLDS)}


def fit(X: torch.Tensor, y: torch.Tensor, chosen: np.ndarray, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    net, lines = network(), torch.from_numpy(np.flatnonzero(chosen))
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-3)
    steps = EPOCHS * -(-len(lines) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    loss_of = nn.BCEWithLogitsLoss()
    for _ in range(EPOCHS):
        for batch in torch.split(lines[torch.randperm(len(lines))], BATCH):
            optimiser.zero_grad()
            loss_of(net(X[batch]), y[batch]).backward()
            optimiser.step()
            schedule.step()
    return net.eval()


def main() -> None:
    mitdb, noise, run = (Path(word) for word in sys.argv[1:4])
    run.mkdir(parents=True, exist_ok=True)
    if not (run / "candidates.npz").is_file():
        np.savez(run / "candidates.npz", **build(mitdb, noise))
    with np.load(run / "candidates.npz") as stored:
        held = {name: stored[name] for name in stored.files}
    X = torch.from_numpy(held["X"].astype(np.float32))
    y = torch.from_numpy(held["y"].astype(np.float32))
    folds = folds_of(held["patient"])
    fold = np.array([folds[p] for p in held["patient"]])
    facts = {
        "says": "Decides which candidates of ectopy.beats.candidates are QRS complexes.",
        "software": f"ectopy {__version__}",
        "input": {"fs": DETECTION_FS, "features": N_FEATURES, "made_by": "ectopy.beats.candidates"},
        "output": "logit of being a beat",
        "threshold": round(float(np.log(THRESHOLD / (1 - THRESHOLD))), 6),
        "threshold_says": f"probability {THRESHOLD}, where in cross-validation over patients "
        "sensitivity and positive predictivity on MIT-BIH, first lead, are about equal",
        "licence": "MIT",
    }
    sample = held["X"][:: max(1, len(held["X"]) // 4096)].astype(np.float32)
    for k in range(FOLDS):
        training = {"patients_left_out": sorted(p for p, f in folds.items() if f == k)}
        net = fit(X, y, fold != k, seed=k)
        name = f"qrs-v1-fold-{k}"
        export_network(net, sample, {"name": name, **facts, "training": training}, run / name)
        print(name, flush=True)
    training = {
        "data": "MIT-BIH Arrhythmia Database 1.0.0, both leads of all 48 records, with noise "
        "added; simulated hearts",
        "candidates": len(held["y"]),
        "seed": 0,
        "epochs": EPOCHS,
        "command": "python training/qrs_detector.py MITDB NOISE RUN",
    }
    net = fit(X, y, np.ones(len(fold), bool), seed=0)
    export_network(net, sample, {"name": "qrs-v1", **facts, "training": training}, run / "detector")
    (run / "folds.json").write_text(json.dumps(folds, indent=1))


main()
