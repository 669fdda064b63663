"""Train the networks that name the beats of patients they never saw, and cross-validate them.

    python training/context_v4.py MITDB NOISE PTBXL RUN donors
    python training/context_v4.py MITDB NOISE PTBXL RUN fold K      for K in 0 1 2 3
    python training/context_v4.py MITDB NOISE PTBXL RUN cross
    python training/context_v4.py MITDB NOISE PTBXL RUN ds1 SEED    for SEED in 0 1 2
    python training/context_v4.py MITDB NOISE PTBXL RUN all
    python training/context_v4.py MITDB NOISE PTBXL RUN figures

MITDB is the folder of the MIT-BIH Arrhythmia Database, NOISE a record of electrode motion noise
(see ectopy.evaluation.noise.load_noise), PTBXL a folder of PTB-XL at 100 Hz, RUN a folder for
what is made. ``donors`` cuts the beats that hearts are composed of; ``fold`` trains on three
quarters of the patients of DS1; ``cross`` puts the four folds together and from them chooses the
temperature, the weights of the classes and what is too unlike; ``ds1`` trains on DS1 and ``all``
on the 44 records without pacemakers, with what ``cross`` chose. ``figures`` runs the networks of
``ds1`` over DS2, once, and writes what came out into cards and READMEs. DS2 is read by ``all`` and
``figures`` only.

Four sources are learned from: beats of MIT-BIH, both leads; of PTB-XL, recordings in which the
publisher names no extra beats, all taken as N, and those in which he does, where a rule over all
leads tells which beats are meant; and composed hearts (ectopy.training.composer).
"""

import ast
import csv
import json
import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt
from scipy.special import softmax
from torch import nn

from ectopy import __version__
from ectopy.beats import Beats, find_beats
from ectopy.beats.candidates import BAND_HZ
from ectopy.beats.context import (
    CONTEXT_FS,
    CORE,
    N_FEATURES,
    context_inputs,
    cut_beats,
    moved,
    typical_beat,
)
from ectopy.beats.quality import beat_quality
from ectopy.datasets.mitdb import MITDB_RECORDS, PACED_RECORDS, patient_of
from ectopy.datasets.splits import find_split
from ectopy.evaluation import evaluate_models
from ectopy.evaluation.noise import load_noise
from ectopy.labels.aami import AAMI_CLASSES, BEAT_SYMBOLS, aami_class
from ectopy.labels.scores import expected_calibration_error, fit_temperature
from ectopy.recording import Recording, read
from ectopy.training.composer import Composer, Donor
from ectopy.training.export import export_network
from ectopy.training.fit import predict
from ectopy.training.networks import ContextNetwork
from ectopy.training.noise import Noise

FOLDS, MEMBERS, EPOCHS, BATCH, RATE = 4, 6, 4, 2048, 5e-3
COMPOSED, SECONDS = 300_000, (20, 1500)  # composed beats that one member learns from
BOTH = 2  # stands for both leads together where leads are numbered
SHARES = {"mitdb": 1.0, "ptb-xl": 0.2, "ptb-xl, extra beats": 0.3, "composed": 4.0}
RARE = 0.7  # exponent of a class's frequency in its weight: 1 as it is, 0 all classes alike
LEADS_OF_PTBXL = 4
NOT_PLAIN = set("PVC PAC BIGU TRIGU PACE SVTAC AFLT PSVT SVARR PRC(S) WPW 2AVB 3AVB EL".split())
# beats of a recording with extra beats, by medians over the leads: likeness to the typical beat
# (correlation) and difference from it (relative to its size); and by the interval before them
LIKE, ALIKE = (0.93, 0.4), (0.9, 0.5)
UNLIKE, TOO_SOON, EARLY = (0.9, 0.8), 0.35, 0.85
RHYTHMS_NOT_TAKEN = {"PACE", "WPW", "2AVB", "3AVB", "SVTAC", "PSVT", "AFLT"}
SINUS = ("N", "SBR", "B", "T", "P")
MATCH_S = 0.15
ALL_SAYS = (
    " This weight learned from all 44 records, so MIT-BIH cannot test it: the figures are those of "
    "the same recipe trained on DS1 and tested on DS2."
)
NAMES = {"ds1": "context-ds1-v4", "all": "context-v4"}


# --- what there is to learn from -------------------------------------------------------------


def classes_of(recording: Recording, beats: Beats) -> np.ndarray:
    """Class index of each found beat, escape beats as N; -1 where the experts marked none."""
    notes = recording.annotations
    marked = np.isin(notes.symbol, list(BEAT_SYMBOLS))
    at, symbols = notes.sample[marked], notes.symbol[marked]
    right = np.clip(np.searchsorted(at, beats.sample), 1, len(at) - 1)
    nearest = np.where(beats.sample - at[right - 1] <= at[right] - beats.sample, right - 1, right)
    y = np.array([AAMI_CLASSES.index(aami_class(s, "N") or "Q") for s in symbols], np.int8)
    return np.where(np.abs(at[nearest] - beats.sample) <= MATCH_S * recording.fs, y[nearest], -1)


def scaled_cuts(recording: Recording, beats: Beats) -> tuple[np.ndarray, np.ndarray]:
    """Beats upright and of size 1, and how well each fits the typical one."""
    cuts, rr = cut_beats(recording, beats), beats.rr_s
    rr = np.where(np.isfinite(rr), rr, np.nanmean(rr))
    typical, upright, shift, match = typical_beat(cuts, rr)
    scaled = moved(cuts, shift) * upright / (np.ptp(typical[CORE]) + 1e-9)
    return np.clip(scaled, -4, 4).astype(np.float32), match


def spread_out(lines: np.ndarray, most: int) -> np.ndarray:
    return lines[np.linspace(0, len(lines) - 1, min(most, len(lines))).astype(int)]


def in_sinus_rhythm(recording: Recording, beats: Beats) -> np.ndarray:
    sinus = np.ones(len(beats), bool)
    for at, text in zip(recording.annotations.sample, recording.annotations.aux, strict=True):
        if text.startswith("("):
            sinus[np.searchsorted(beats.sample, at) :] = text[1:].strip("\0") in SINUS
    return sinus


def of_mitdb(folder: Path) -> Iterator[dict]:
    """Features, classes and donors of both leads of each record without a pacemaker."""
    for name in sorted(set(MITDB_RECORDS) - set(PACED_RECORDS)):
        recording = read(folder / name)
        for lead in range(2):
            # the first lead as the package finds beats by itself, with both leads
            beats = find_beats(recording, lead if lead else None)
            y, inputs = classes_of(recording, beats), context_inputs(recording, beats)
            waves, match = scaled_cuts(recording, beats)
            rr, after = beats.rr_s, np.append(beats.rr_s[1:], np.nan)
            plain = (y == 0) & (match > 0.9) & (rr > 0.55) & (after > 0.55) & (beats.quality > 0.8)
            sinus, donors = in_sinus_rhythm(recording, beats), []
            for mask, has_p in ((plain & sinus, True), (plain & ~sinus, False)):
                lines = spread_out(np.flatnonzero(mask), 60)
                if len(lines) >= 20:
                    donors.append(Donor(waves[lines], after[lines], has_p))
            wide = np.flatnonzero((y == 2) & (beats.quality > 0.5))
            known = y >= 0
            beside = replace(beats, lead=recording.leads[1]) if not lead else beats
            yield {
                "record": name,
                "lead": lead,
                "X": inputs[known],
                # the same beats as the other lead shows them
                "beside": None if lead else context_inputs(recording, beside)[known],
                "y": y[known],
                "normal": donors,
                "ventricular": waves[spread_out(wide, 80)] if len(wide) >= 3 else None,
            }


def of_ptbxl(folder: Path, random: np.random.Generator) -> Iterator[dict]:
    """Features and donors of recordings without extra beats: all leads, each by itself."""
    with (folder / "ptbxl_database.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        codes = set(ast.literal_eval(row["scp_codes"]))
        if row["extra_beats"].strip() or row["pacemaker"].strip() or codes & NOT_PLAIN:
            continue
        recording = read(folder / row["filename_lr"])
        found = find_beats(recording)
        learned = random.choice(len(recording.leads), LEADS_OF_PTBXL, replace=False)
        for lead in range(len(recording.leads)) if len(found) >= 6 else ():
            beats = in_lead(recording, found, lead)
            if beats is None:
                continue
            waves, match = scaled_cuts(recording, beats)
            rr, after = beats.rr_s, np.append(beats.rr_s[1:], np.nan)
            lines = np.flatnonzero(
                (match > 0.9) & (rr > 0.5) & np.isfinite(after) & (beats.quality > 0.7)
            )
            sinus = bool(codes & {"SR", "SBRAD", "STACH", "SARRH"})
            yield {
                "record": row["ecg_id"],
                "healthy": "NORM" in codes,
                "X": context_inputs(recording, beats) if lead in learned else None,
                "normal": [Donor(waves[lines], after[lines], sinus)] if len(lines) >= 4 else [],
            }


def of_ptbxl_with_extra_beats(folder: Path) -> Iterator[dict]:
    """Features, classes and ventricular beats of recordings with extra beats, lead by lead."""
    with (folder / "ptbxl_database.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        codes = set(ast.literal_eval(row["scp_codes"]))
        if row["pacemaker"].strip() or codes & RHYTHMS_NOT_TAKEN or not codes & {"PVC", "PAC"}:
            continue
        recording = read(folder / row["filename_lr"])
        found = find_beats(recording)
        leads = [in_lead(recording, found, lead) for lead in range(len(recording.leads))]
        leads = [beats for beats in leads if beats is not None] if len(found) >= 6 else []
        if len(leads) < 6:
            continue
        y = extra_beats(recording, leads, found.rr_s, codes)
        if (y == 2).mean() > 0.6:
            continue
        for beats in leads:
            waves, _ = scaled_cuts(recording, beats)
            yield {
                "record": row["ecg_id"],
                "X": context_inputs(recording, beats)[y >= 0],
                "y": y[y >= 0],
                "ventricular": waves[y == 2] if (y == 2).any() else None,
            }


def extra_beats(
    recording: Recording, leads: list[Beats], rr: np.ndarray, codes: set[str]
) -> np.ndarray:
    """Tell which beats the publisher means by extra ones; -1 where that is not clear."""
    match, apart = [], []
    for beats in leads:
        cuts, known = cut_beats(recording, beats), beats.rr_s
        known = np.where(np.isfinite(known), known, np.nanmean(known))
        typical, _, shift, likeness = typical_beat(cuts, known)
        off = moved(cuts, shift)[:, CORE] - typical[CORE]
        match.append(likeness)
        apart.append(np.sqrt((off**2).mean(axis=1) / ((typical[CORE] ** 2).mean() + 1e-9)))
    match, apart = np.median(match, axis=0), np.median(apart, axis=0)
    share = rr / np.nanmedian(rr)
    y = np.full(len(rr), -1, np.int8)
    y[(match > LIKE[0]) & (apart < LIKE[1])] = 0
    if "PVC" in codes:
        y[(match < UNLIKE[0]) & (apart > UNLIKE[1]) & ~(share < TOO_SOON)] = 2
    if "AFIB" not in codes:
        early = (match > ALIKE[0]) & (apart < ALIKE[1]) & (share < EARLY)
        y[early] = 1 if "PVC" not in codes else -1
    if "PVC" not in codes:
        y[apart > 0.6] = -1
    return y


def in_lead(recording: Recording, beats: Beats, lead: int) -> Beats | None:
    """The same beats at the largest deflections of another lead."""
    x, reach = recording.signal[:, lead] - np.median(recording.signal[:, lead]), 7
    around = np.clip(beats.sample[:, None] + np.arange(-reach, reach + 1), 0, len(x) - 1)
    at = np.clip(beats.sample + np.abs(x[around]).argmax(axis=1) - reach, 0, len(x) - 1)
    if (np.diff(at) <= 0).any():
        return None
    return Beats(at, beats.quality, beats.fs, recording.leads[lead])


def as_found(x, at, y, random) -> tuple[np.ndarray, np.ndarray]:
    """Beats of a composed heart as a detector gives them: at the peak, a few lost, a few false."""
    reach = 9
    around = np.clip(at[:, None] + np.arange(-reach, reach + 1), 0, len(x) - 1)
    level = np.convolve(x, np.ones(120) / 120, "same")
    at = np.clip(at + np.abs((x - level)[around]).argmax(axis=1) - reach, 0, len(x) - 1)
    if random.random() < 0.05:
        false = random.poisson(len(at) * np.exp(random.uniform(np.log(0.001), np.log(0.01))))
        at = np.append(at, random.integers(0, len(x), false))
        y = np.append(y, np.full(false, -1))
    order = np.argsort(at, kind="stable")
    at, y = at[order], y[order]
    kept = np.append(True, np.diff(at) > 24) & (random.random(len(at)) > 0.001)
    return at[kept], y[kept]


def composed(held: dict, records: set[str], motion: np.ndarray, seed: int) -> tuple:
    """Features and classes of composed hearts; half of their donors are of PTB-XL."""
    random = np.random.default_rng(seed)
    noise = Noise(motion, random)
    own = [part for part in held["mitdb"] if part["record"] in records]
    wide = [
        [part["ventricular"] for part in parts if part["ventricular"] is not None]
        for parts in (own, held["ptb-xl, extra beats"])
    ]
    sources = [
        Composer([donor for part in parts for donor in part["normal"]], wide, noise, random)
        for parts in (own, held["ptb-xl"])
    ]
    X, Y, n = [], [], 0
    band = butter(2, BAND_HZ, "bandpass", fs=CONTEXT_FS, output="sos")
    while n < COMPOSED:
        seconds = float(np.exp(random.uniform(*np.log(SECONDS))))
        x, at, kinds = sources[random.integers(2)].compose(seconds)
        if len(at) < 4:
            continue
        y = np.array([AAMI_CLASSES.index(kind) for kind in kinds], np.int8)
        at, y = as_found(x, at, y, random)
        quality = beat_quality(np.abs(sosfiltfilt(band, x)), at, CONTEXT_FS)
        beats = Beats(at, quality, CONTEXT_FS, "composed")
        inputs = context_inputs(Recording(x, CONTEXT_FS, ("composed",)), beats)
        X.append(inputs[y >= 0])
        Y.append(y[y >= 0])
        n += len(Y[-1])
    return np.concatenate(X), np.concatenate(Y)


# --- learning --------------------------------------------------------------------------------


def weights(y: np.ndarray, patient: np.ndarray | None = None) -> np.ndarray:
    """Weight of each beat: rare classes more, and patients with many beats of one class less."""
    weight = np.zeros(len(y))
    for label in np.unique(y):
        lines = y == label
        share = np.ones(lines.sum())
        if patient is not None:
            _, place, count = np.unique(patient[lines], return_inverse=True, return_counts=True)
            share = count[place] ** -0.5
        weight[lines] = share / share.sum() * lines.sum() ** RARE
    return weight / weight.sum()


def learn(held: dict, records: set[str], motion: np.ndarray, seed: int, healthy_out: int | None):
    """Train the members on some records; give the network, what it learned from, and counts."""
    own = [part for part in held["mitdb"] if part["record"] in records]
    normal = [
        p for p in held["ptb-xl"] if p["X"] is not None and int(p["record"]) % FOLDS != healthy_out
    ]
    real, y = (np.concatenate([part[key] for part in own]) for key in ("X", "y"))
    patient = np.concatenate([np.full(len(p["y"]), patient_of(p["record"])) for p in own])
    plain = np.concatenate([part["X"] for part in normal])
    extra, extra_y = (
        np.concatenate([part[key] for part in held["ptb-xl, extra beats"]]) for key in ("X", "y")
    )
    held_in = np.clip(real, -5, 5)
    torch.manual_seed(seed)
    network = ContextNetwork(
        torch.from_numpy(held_in.mean(axis=0)),
        torch.from_numpy(held_in.std(axis=0) + 0.01),
        MEMBERS,
    )
    counts = dict(zip(SHARES, (len(real), len(plain), len(extra), 0), strict=True))
    for number, member in enumerate(network.members):
        # every member has hearts of its own: what one draw of them happens to teach cancels out
        made, made_y = composed(held, records, motion, 1000 * (number + 1) + seed)
        counts["composed"] += len(made)
        X = torch.from_numpy(np.concatenate([real, plain, extra, made]))
        Y = np.concatenate([y, np.zeros(len(plain), np.int8), extra_y, made_y]).astype(np.int64)
        parts = (
            weights(y, patient),
            weights(np.zeros(len(plain))),
            weights(extra_y),
            weights(made_y),
        )
        W = np.concatenate([w * s for w, s in zip(parts, SHARES.values(), strict=True)])
        W = torch.from_numpy((W / W.mean()).astype(np.float32))
        X.clamp_(-5, 5).sub_(network.mean).div_(network.spread)
        fit(member, X, torch.from_numpy(Y), W)
    return network.eval(), np.concatenate([real, plain, extra]), counts


def fit(member: nn.Sequential, X: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> None:
    optimiser = torch.optim.AdamW(member.parameters(), RATE, weight_decay=1e-2)
    steps = EPOCHS * -(-len(y) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(reduction="none")
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(y)), BATCH):
            optimiser.zero_grad()
            (loss_of(member(X[batch]), y[batch]) * w[batch]).mean().backward()
            optimiser.step()
            schedule.step()


# --- cross-validation ------------------------------------------------------------------------


def fold_of() -> dict[str, int]:
    """Fold of each record of DS1; those rich in S and V are dealt out first."""
    rich = "209 201 118 207 220 223 208 119 203 106 215 124 205 230".split()
    names = find_split("ds1-ds2").train_records
    others = [r for r in np.random.default_rng(1).permutation(names) if r not in rich]
    return {str(name): place % FOLDS for place, name in enumerate([*rich, *others])}


def outside(X: np.ndarray, known: dict) -> np.ndarray:
    """How many features of each beat lie where none of the training data lay."""
    return ((known["low"] > X) | (known["high"] < X)).sum(axis=1)


def range_of(X: np.ndarray) -> dict:
    low, high = np.quantile(X, [0.0005, 0.9995], axis=0)
    margin = 0.1 * (high - low) + 1e-3
    return {"low": low - margin, "high": high + margin}


def run_fold(held: dict, motion: np.ndarray, run: Path, k: int) -> None:
    folds = fold_of()
    network, X, _ = learn(held, {r for r, f in folds.items() if f != k}, motion, 100 + k, k)
    known = range_of(X)
    tested = [part for part in held["mitdb"] if folds.get(part["record"]) == k]
    healthy = [p["X"] for p in held["ptb-xl"] if p["X"] is not None and p["healthy"]
               and int(p["record"]) % FOLDS == k]  # fmt: skip
    labels = predict(network, np.concatenate(healthy)).argmax(axis=1)
    np.savez(
        run / f"fold{k}.npz",
        y=np.concatenate([p["y"] for p in tested]),
        record=np.concatenate([np.full(len(p["y"]), p["record"]) for p in tested]),
        lead=np.concatenate([np.full(len(p["y"]), p["lead"]) for p in tested]),
        logits=np.concatenate([predict(network, p["X"]) for p in tested]),
        beside=np.concatenate([predict(network, p["beside"]) for p in tested if not p["lead"]]),
        outside=np.concatenate([outside(p["X"], known) for p in tested]),
        healthy=np.array([np.isin(labels, (1, 2)).sum(), len(labels)]),
    )


def f1(y: np.ndarray, named: np.ndarray, label: int) -> float:
    return (
        2 * ((y == label) & (named == label)).sum() / ((y == label).sum() + (named == label).sum())
    )


def cross(run: Path) -> None:
    """Put the folds together; choose temperature, class weights and limits on them.

    Each lead alone and both together count alike, for recordings of one lead and of more.
    """
    folds = [dict(np.load(run / f"fold{k}.npz")) for k in range(FOLDS)]
    y, record, lead, logits, out = (
        np.concatenate([fold[key] for fold in folds])
        for key in ("y", "record", "lead", "logits", "outside")
    )
    temperature = fit_temperature(y, logits)
    probability = softmax(logits / temperature, axis=1)
    beside = softmax(np.concatenate([fold["beside"] for fold in folds]) / temperature, axis=1)
    first = lead == 0
    together = (probability[first] + beside) / 2
    probability = np.concatenate([probability, together])
    y, record = np.append(y, y[first]), np.append(record, record[first])
    lead = np.append(lead, np.full(len(together), BOTH))
    rich = [record == r for r in np.unique(record) if ((record == r) & (y == 1)).sum() >= 20]

    def by_record(named: np.ndarray) -> float:
        return float(np.mean([f1(y[lines], named[lines], 1) for lines in rich]))

    # learning gave rare classes more weight than they have, so none is given more again
    grid = (0.25, 0.35, 0.5, 0.7, 1.0)
    best, decide = -1.0, {}
    for s in grid:
        for v in grid:
            for f in (0.1, 0.2, 0.35, 0.5, 0.7, 1.0):
                named = (probability * np.array([1, s, v, f, 1])).argmax(axis=1)
                right = (y == named).mean()
                gain = np.mean([f1(y, named, 1), by_record(named), f1(y, named, 2), right])
                if gain > best + 1e-4:
                    best, decide = gain, {"N": 1.0, "S": s, "V": v, "F": f, "Q": 1.0}
    plain, probability = probability, probability * np.array(list(decide.values()))
    probability /= probability.sum(axis=1, keepdims=True)
    named = probability.argmax(axis=1)
    false, healthy = np.sum([fold["healthy"] for fold in folds], axis=0)
    figures = {"temperature": temperature, "decide": decide,
               "most_outside": int(np.quantile(out, 0.995)),
               "healthy_false": int(false), "healthy_beats": int(healthy),
               "ece": expected_calibration_error(y, probability)}  # fmt: skip
    for k, name in ((0, "lead 0"), (1, "lead 1"), (BOTH, "both leads")):
        m = lead == k
        figures[name] = {
            "as they are": summary(y[m], plain[m].argmax(axis=1)),
            "weighted": summary(y[m], named[m]),
            "ece": expected_calibration_error(y[m], probability[m]),
            "F1 of S by record": {
                r: round(f1(y[m & (record == r)], named[m & (record == r)], 1), 3)
                for r in np.unique(record) if (y[m & (record == r)] == 1).sum() >= 10
            },
        }  # fmt: skip
    (run / "cross.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1))


def summary(y: np.ndarray, named: np.ndarray) -> dict[str, float]:
    scores = {f"F1 of {c}": round(f1(y, named, k), 4) for k, c in enumerate("NSVF")}
    return {"accuracy": round(float((y == named).mean()), 4)} | scores


# --- what ships ------------------------------------------------------------------------------


def ship(held: dict, motion: np.ndarray, run: Path, which: str, seed: int) -> None:
    split = find_split("ds1-ds2")
    records = set(split.train_records)
    if which == "all":
        records |= set(split.test_records)
    network, X, counts = learn(held, records, motion, seed, None)
    chosen = json.loads((run / "cross.json").read_text())
    known = {key: [round(float(v), 3) for v in values] for key, values in range_of(X).items()}
    card = {
        "name": NAMES[which],
        "says": "Six small dense networks over a beat's shape and timing beside its own patient "
        "(`ectopy.beats.context`): one lead or several, any rate of 50 Hz or more, gain, offset "
        "and polarity." + (ALL_SAYS if which == "all" else ""),
        "warning": "Premature beats with aberrant conduction are often named V; runs of "
        "supraventricular tachycardia that last for minutes, and beats of flutter, can be named N; "
        "fusion beats are mostly missed; it knows no paced beats.",
        "software": f"ectopy {__version__}",
        "input": {
            "layout": "context",
            "fs": CONTEXT_FS,
            "features": N_FEATURES,
            "leads": "mean",
            "says": "all beats, in each of up to three leads, over which probabilities are "
            f"averaged; each is described by {N_FEATURES} numbers relative to the patient's "
            "typical beat and rhythm within half an hour.",
        },
        "classes": list(AAMI_CLASSES),
        "output": "logits",
        "temperature": round(chosen["temperature"], 6),
        "decide": chosen["decide"],
        "abstain": {"quality_below": 0.3, "probability_below": 0.5},
        "known": {"most_outside": chosen["most_outside"], **known},
        "training": {
            "data": "MIT-BIH Arrhythmia Database 1.0.0 (Moody and Mark 2001; PhysioNet, ODC-By "
            "1.0), both leads; PTB-XL (Wagner et al. 2020; CC BY 4.0), recordings without extra "
            "beats and with premature ones; hearts composed of beats of both",
            "split": "ds1-ds2" if which == "ds1" else "mitdb-44",
            "split_says": split.says if which == "ds1" else find_split("mitdb-44").says,
            "patient_mixed": False,
            "recipe": "context",
            "seed": seed,
            "epochs": EPOCHS,
            "rows": sum(counts.values()),
            "rows_of": counts,
            "command": f"python training/context_v4.py MITDB NOISE PTBXL RUN {which}"
            + (f" {seed}" if which == "ds1" else ""),
        },
        "cross_validation": chosen,
        "licence": "MIT",
    }
    export_network(network, X[:4096].astype(np.float32), card, run / f"{which}-{seed}")


README = """# {name}

{says}

**Warning.** {warning}

## Use

- Input: {input_says}
- Classes: {classes} (AAMI), escape beats learned as N. Probabilities are weighed
  by class ({decide}); the largest names the beat.
- Softmax temperature {temperature:.4f} and the weights were chosen by cross-validation over the
  patients of DS1 (four folds).
- Abstains on noisy signal (quality below {quality}), below a probability of {unsure}, and where
  more than {most_outside} of the {features} numbers lie outside of what it learned from.
- Licence: {licence}; sha256 `{sha256}`, {bytes:,} bytes.

## Training

- Data: {data}.
- Split: `{split}`, {split_says}.
- Beats learned from: {rows_of}.
- Made by `{command}`, seed {seed}.

## Figures

{measured}:
accuracy {accuracy:.2f} % (95 % interval over patients {low:.1f} to {high:.1f}),
expected calibration error {ece:.2f} %.

| class | beats | Se % | +P % | F1 % |
|---|---|---|---|---|
{rows}

EC57 arithmetic, after five minutes of each record: V F1 {veb:.2f} %; S F1 {sveb:.2f} %, without
record 232 {sveb_without:.2f} %; with escape beats counted as S: {sveb_s:.2f} % and
{sveb_s_without:.2f} %.

Not a medical device.
"""


def figures(mitdb: Path, run: Path) -> None:
    """Run the networks of DS1 over DS2 and write what came out into cards and READMEs."""
    split, folders = find_split("ds1-ds2"), [run / f"ds1-{seed}" for seed in range(3)]
    summaries = {}
    for escape_beats in "NS":
        for number in (0, None):
            models = [str(f) for f in (folders if number is None else folders[:1])]
            summaries[escape_beats, number] = evaluate_models(
                models, split, mitdb, beats="detected", escape_beats=escape_beats
            )[0]
    for folder, number in ((folders[0], 0), (run / "all-0", None)):
        of_n, of_s = summaries["N", number], summaries["S", number]
        card = json.loads((folder / "card.json").read_text())
        card["figures"] = {
            "measured": "DS2, patients apart, beats as the package finds them, escape beats as N"
            + (
                ", mean of seeds 0, 1 and 2 of this recipe trained on DS1" if number is None else ""
            ),
            "rows": sum(row["support"] for row in of_n["classes"].values()),
            "accuracy": of_n["accuracy"],
            "accuracy_interval": of_n["intervals"]["accuracy"],
            "macro_f1": of_n["macro_f1"],
            "macro_f1_interval": of_n["intervals"]["macro_f1"],
            "interval_says": "Intervals by bootstrap over patients.",
            "ece": of_n["ece"],
            "classes": of_n["classes"],
            "ec57": {"escape beats N": of_n["gross"], "escape beats S": of_s["gross"]},
            "ec57_without_232": {
                "escape beats N": of_n["without"]["232"]["gross"],
                "escape beats S": of_s["without"]["232"]["gross"],
            },
        }
        write(card, folder)


def write(card: dict, folder: Path) -> None:
    (folder / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    found, training = card["figures"], card["training"]
    low, high = found["accuracy_interval"]

    def percent(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.2f}"

    rows = [
        f"| {name} | {row['support']:,} | "
        + " | ".join(percent(row[k]) for k in ("se", "ppv", "f1"))
        + " |"
        for name, row in found["classes"].items()
    ]
    text = README.format(
        **{
            key: card[key]
            for key in ("name", "says", "warning", "temperature", "licence", "sha256", "bytes")
        },
        **{key: training[key] for key in ("data", "split", "split_says", "command", "seed")},
        input_says=card["input"]["says"],
        classes=" ".join(card["classes"]),
        decide=", ".join(f"{name} {weight:g}" for name, weight in card["decide"].items()),
        quality=card["abstain"]["quality_below"],
        unsure=card["abstain"]["probability_below"],
        most_outside=card["known"]["most_outside"],
        features=card["input"]["features"],
        rows_of=", ".join(f"{name} {n:,}" for name, n in training["rows_of"].items()),
        measured=found["measured"],
        accuracy=100 * found["accuracy"],
        low=100 * low,
        high=100 * high,
        ece=100 * found["ece"],
        rows="\n".join(rows),
        veb=100 * found["ec57"]["escape beats N"]["veb"]["f1"],
        sveb=100 * found["ec57"]["escape beats N"]["sveb"]["f1"],
        sveb_without=100 * found["ec57_without_232"]["escape beats N"]["sveb"]["f1"],
        sveb_s=100 * found["ec57"]["escape beats S"]["sveb"]["f1"],
        sveb_s_without=100 * found["ec57_without_232"]["escape beats S"]["sveb"]["f1"],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def main() -> None:
    mitdb, noise, ptbxl, run = (Path(word) for word in sys.argv[1:5])
    step, number = sys.argv[5], int(sys.argv[6]) if len(sys.argv) > 6 else 0
    run.mkdir(parents=True, exist_ok=True)
    if step == "cross":
        cross(run)
        return
    if step == "figures":
        figures(mitdb, run)
        return
    stored = run / "donors.pkl"
    if step == "donors":
        held = {
            "mitdb": list(of_mitdb(mitdb)),
            "ptb-xl": list(of_ptbxl(ptbxl, np.random.default_rng(0))),
            "ptb-xl, extra beats": list(of_ptbxl_with_extra_beats(ptbxl)),
        }
        stored.write_bytes(pickle.dumps(held))
        return
    held = pickle.loads(stored.read_bytes())
    motion = load_noise(noise).signal
    if step == "fold":
        run_fold(held, motion, run, number)
    else:
        ship(held, motion, run, step, number)


main()
