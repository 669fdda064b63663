"""QRS detectors side by side in one run: MIT-BIH, CPSC 2019 strips, noise stress.

    pip install sleepecg neurokit2
    python bench/qrs.py DATA [--folds RUN] [--slow]

DATA holds mitdb/, qrs/cpsc2019/ and noise/. RUN is the folder that training/qrs_detector.py
filled: with it each record of MIT-BIH is also searched by a network that never saw its patient.
--slow adds the detectors of wfdb, which take minutes. Peers that are not installed are left out.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from ectopy.beats import Beats, find_beats
from ectopy.datasets.mitdb import patient_of
from ectopy.datasets.splits import find_split
from ectopy.ec57 import compare, summarise
from ectopy.evaluation.noise import SNRS_DB, add_noise, load_noise, rms_at_snr
from ectopy.evaluation.qrs import compare_beats, summarise_qrs
from ectopy.evaluation.run import as_annotations
from ectopy.labels import classify
from ectopy.recording import Annotations, Recording, read

warnings.simplefilter("ignore")


def peers(slow: bool) -> dict:
    found = {}
    try:
        from sleepecg import detect_heartbeats

        found["SleepECG 0.6"] = lambda r: detect_heartbeats(r.signal[:, 0].astype(float), r.fs)
    except ImportError:
        pass
    try:
        import neurokit2

        def neurokit(method):
            def find(r):
                clean = neurokit2.ecg_clean(r.signal[:, 0], int(r.fs), method=method)
                peaks = neurokit2.ecg_peaks(clean, int(r.fs), method=method)[1]
                return np.asarray(peaks["ECG_R_Peaks"], np.int64)

            return find

        found["NeuroKit2 default"] = neurokit("neurokit")
        found["NeuroKit2 pantompkins1985"] = neurokit("pantompkins1985")
    except ImportError:
        pass
    if slow:
        from wfdb.processing import gqrs_detect, xqrs_detect

        found["wfdb xqrs"] = lambda r: xqrs_detect(
            r.signal[:, 0].astype(float), r.fs, verbose=False
        )
        found["wfdb gqrs"] = lambda r: gqrs_detect(r.signal[:, 0].astype(float), r.fs)
    return found


def one_lead(recording: Recording, **options) -> np.ndarray:
    return find_beats(recording, 0, **options).sample


def strips(folder: Path) -> list[Recording]:
    recordings = []
    for path in sorted((folder / "data").glob("*.mat")):
        signal = next(v for k, v in loadmat(path).items() if not k.startswith("_")).squeeze()
        reference = folder / "ref" / path.name.replace("data_", "R_")
        at = next(v for k, v in loadmat(reference).items() if not k.startswith("_")).squeeze()
        symbols = np.full(len(at), "N")
        notes = Annotations(at.astype(np.int64), symbols, np.full(len(at), ""))
        recordings.append(Recording(signal[:, None], 500, ("?",), annotations=notes))
    return recordings


def percent(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * rate:.2f}"


def row(name: str, summary: dict, seconds: float | None = None, unit: float | None = None) -> str:
    gross, counted = summary["whole"]["gross"], summary["after_learning"]["gross"]
    cells = [name, *(percent(gross[k]) for k in ("se", "ppv", "f1"))]
    cells += [percent(counted[k]) for k in ("se", "ppv")]
    cells += [percent(summary["whole"]["average"][k]) for k in ("se", "ppv")]
    cells.append(f"{summary['bias_ms']:+.1f} ± {summary['spread_ms']:.1f}")
    if seconds is not None:
        cells += [f"{seconds:.3f}", f"{seconds / unit:.2f}" if unit else "–"]
    return f"| {' | '.join(cells)} |"


def mitdb_table(data: Path, found: dict, folds: Path | None) -> None:
    print("## MIT-BIH, all 48 records, whole, 150 ms\n")
    print("First lead unless said otherwise. Seconds for an hour of one 360 Hz lead.\n")
    print("| detector | Se % | +P % | F1 % | EC57 Se | EC57 +P | mean Se | mean +P | bias ms | s/h | × SleepECG |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    loaded = {path.stem: read(data / path.stem) for path in sorted(data.glob("*.atr"))}
    hours = sum(r.duration_s for r in loaded.values()) / 3600
    one_lead(loaded["100"])

    def timed(find) -> tuple[float, dict]:
        took = 1e9
        for _ in range(3 if find in (one_lead, found.get("SleepECG 0.6")) else 1):
            begun = time.perf_counter()
            beats = {name: find(recording) for name, recording in loaded.items()}
            took = min(took, (time.perf_counter() - begun) / hours)
        results = [compare_beats(name, loaded[name], at) for name, at in beats.items()]
        return took, summarise_qrs(results)

    unit, sleepecg = timed(found["SleepECG 0.6"]) if "SleepECG 0.6" in found else (None, None)
    if folds:
        of = json.loads((folds / "folds.json").read_text())
        for says, lead in (("first lead", 0), ("both leads", None)):
            results = []
            for name, recording in loaded.items():
                network = folds / f"qrs-v1-fold-{of[patient_of(name)]}"
                at = find_beats(recording, lead, detector=network).sample
                results.append(compare_beats(name, recording, at))
            summary = summarise_qrs(results)
            print(row(f"**ectopy, patients never seen**, {says}", summary, 0.0).replace("| 0.000 | – |", "| | |"))  # fmt: skip
    took, summary = timed(one_lead)
    print(row("ectopy, as shipped", summary, took, unit), flush=True)
    if sleepecg:
        print(row("SleepECG 0.6", sleepecg, unit, unit), flush=True)
    for name, find in found.items():
        if name != "SleepECG 0.6":
            took, other = timed(find)
            print(row(name, other, took, unit), flush=True)
    worst = sorted(summary["per_record"], key=lambda r: -(r["missed"] + r["extra"]))[:8]
    shown = ", ".join(f"{r['record']} ({r['missed']} / {r['extra']})" for r in worst)
    print(f"\nHardest records for ectopy as shipped (missed / extra): {shown}.\n")


def strips_table(folder: Path, found: dict) -> None:
    recordings = strips(folder)
    print(f"## CPSC 2019, {len(recordings)} strips of 10 s, 500 Hz, 150 ms\n")
    print("None of them was learned from.\n")
    print("| detector | Se % | +P % | F1 % |\n|---|---|---|---|")
    for name, find in {"ectopy": one_lead, **found}.items():
        results = []
        for k, recording in enumerate(recordings):
            try:
                at = np.asarray(find(recording), np.int64)
            except Exception:
                at = np.empty(0, np.int64)
            results.append(compare_beats(str(k), recording, at))
        gross = summarise_qrs(results)["whole"]["gross"]
        print(f"| {name} | {' | '.join(percent(gross[k]) for k in ('se', 'ppv', 'f1'))} |")
    print()


def noise_table(data: Path, found: dict, folds: Path | None) -> None:
    print("## Noise stress, record 118, after the first five minutes, Se / +P %\n")
    clean = read(data / "mitdb" / "118")
    noise = load_noise(data / "noise" / "em_noise_recovered_from_118e06.npz")
    size = rms_at_snr(clean, 6.0)
    noisy = {f"{s:g} dB": add_noise(clean, noise, s, noise_rms_mv=size) for s in SNRS_DB}
    for name in ("118e24", "118e06"):
        published = read(data / "noise" / name)
        noisy[name] = Recording(
            published.signal - np.nanmedian(published.signal, axis=0), 360, ("0", "1"),
            annotations=clean.annotations,
        )  # fmt: skip
    detectors = {
        "ectopy, first lead": one_lead,
        "ectopy, both leads": lambda r: find_beats(r).sample,
    }
    if folds:
        fold = json.loads((folds / "folds.json").read_text())["118"]
        network = folds / f"qrs-v1-fold-{fold}"
        detectors = {
            "ectopy, 118 never seen, first lead": lambda r: one_lead(r, detector=network),
            "ectopy, 118 never seen, both leads": lambda r: find_beats(r, detector=network).sample,
        } | detectors
    print(f"| detector | {' | '.join(noisy)} |\n|---{'|---' * len(noisy)}|")
    for name, find in (detectors | found).items():
        cells = []
        for recording in noisy.values():
            at = np.asarray(find(recording), np.int64)
            gross = summarise_qrs([compare_beats("118", recording, at)])["after_learning"]["gross"]
            cells.append(f"{percent(gross['se'])} / {percent(gross['ppv'])}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def labels_table(data: Path, found: dict) -> None:
    print("\n## What it does for the classifier: DS2, EC57 gross, escape beats as N\n")
    print("The shipped models on the beats that each detector found (first lead).\n")
    print(
        "| model | detector | QRS Se / +P % | VEB F1 % | SVEB F1 % | rightly named, of all beats % |"
    )
    print("|---|---|---|---|---|---|")
    loaded = {name: read(data / name) for name in find_split("ds1-ds2").test_records}
    for model in ("cvxtz-kaggle-v1", "cvxtz-ds1-ds2-v1"):
        for name, find in {"ectopy": one_lead, **found}.items():
            compared = []
            for recording in loaded.values():
                at = np.unique(np.asarray(find(recording), np.int64))
                beats = Beats(at, np.ones(len(at), np.float32), recording.fs, recording.leads[0])
                test = as_annotations(beats, classify(recording, beats, model))
                compared.append(compare(recording.annotations, test, fs=recording.fs,
                                        escape_beats="N", n_samples=recording.n_samples))  # fmt: skip
            summary = summarise(compared)
            gross, matrix = summary.gross, summary.total.matrix
            right = 100 * np.trace(matrix[:5, :5]) / matrix[:5].sum()
            print(
                f"| {model} | {name} | {gross['qrs'].se:.2f} / {gross['qrs'].ppv:.2f} "
                f"| {gross['veb'].f1:.2f} | {gross['sveb'].f1:.2f} | {right:.2f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--slow", action="store_true")
    given = parser.parse_args()
    found = peers(given.slow)
    mitdb_table(given.data / "mitdb", found, given.folds)
    strips_table(given.data / "qrs" / "cpsc2019", found)
    noise_table(given.data, found, given.folds)
    labels_table(given.data / "mitdb", peers(slow=False))


main()
