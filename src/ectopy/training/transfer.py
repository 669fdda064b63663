"""A trained network → one that knows infarctions: three ways to begin, side by side.

The question is that of the paper that published the rows: does a network that has learned to name
beats need fewer patients to learn something else? So every way is trained on the same patients,
chosen on others and tested on others again, and again with fewer and fewer of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ectopy.datasets.cohorts import holds_kaggle_rows, open_cohort
from ectopy.datasets.infarction import FOLDS, Cohort, MiBeats, cut_cohort
from ectopy.errors import TrainingError
from ectopy.labels.scores import fit_temperature
from ectopy.labels.two_classes import RATES, auroc, best_threshold, by_patient, score_two
from ectopy.training.fit import predict
from ectopy.training.fit_two import PLANS, Epoch, Plan, fit_two
from ectopy.training.kaggle_ptbdb import load_kaggle_ptbdb
from ectopy.training.sources import MODES, Source, load_source, network_for
from ectopy.training.train import find_device
from ectopy.training.transfer_folder import write_comparison, write_run

PUBLISHED_TEST: Final = 10
"""Fold that tests, in the division that the publisher of PTB-XL recommends."""
COUNTS: Final = (10, 20, 40, 80, 160)
"""Numbers of labelled patients on the curve; the last point has all of them."""
STEPS: Final = {"scratch": 300, "frozen": 600, "full": 200}
"""Steps of each mode on the curve, whatever the number of patients."""


@dataclass(frozen=True, eq=False)
class Trained:
    """One trained network with what was chosen on the validation part and found on the test."""

    network: nn.Module
    epochs: list[Epoch]
    temperature: float
    threshold: float
    beat_threshold: float
    figures: dict[str, Any]


def transfer(
    model: str,
    data: Path,
    run: Path,
    *,
    modes: Sequence[str] = MODES,
    lead: str = "II",
    seeds: int = 3,
    epochs: int | None = None,
    cross_validate: bool = False,
    curve: Sequence[int] | None = None,
    device: str | None = None,
    report: Callable[[float, str], None] | None = None,
    finding: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Train a network to tell beats of people with an infarction from those of healthy people.

    Parameters
    ----------
    model
        The network to begin with, see :func:`ectopy.training.sources.load_source`.
    data
        A folder of PTB-XL, of the PTB Diagnostic ECG Database, or with Kaggle's rows of it.
    run
        Folder to fill: ``settings.json``, ``figures.json``, ``comparison.png``, and for each mode
        and seed a folder with ``settings.json``, ``metrics.csv``, ``curves.png``,
        ``figures.json``, ``best.pt`` and ``model/``.
    modes
        Of ``"scratch"``, ``"frozen"`` and ``"full"``.
    lead
        The lead to look at, upper or lower case.
    seeds
        How many networks of each mode.
    epochs
        The most epochs, in place of each mode's own.
    cross_validate
        Also test on every fold in turn, for figures with an interval.
    curve
        Numbers of labelled patients to learn from; none by default.
    device
        Torch device; CUDA where there is one, by default.
    report
        Called with the share of the trainings that are done and a line about what was just
        finished.
    finding
        Called before that with the share of the recordings in which beats have been found.

    Returns
    -------
    dict
        What ``figures.json`` holds.

    Raises
    ------
    ModelError, TrainingError, DatasetError
        If the source, the data or the run folder cannot be used.
    """
    if (run / "figures.json").exists():
        raise TrainingError(f"{run} already holds a run; choose another folder with -o")
    if seeds < 1 or (epochs is not None and epochs < 1):
        raise TrainingError("seeds and epochs must be 1 or more")
    device = find_device(device)
    source = load_source(model)
    for mode in modes:
        network_for(source, mode, 0)
    beats, cohort = load_beats(data, lead, finding)
    if (cross_validate or curve) and not beats.knows_patients:
        raise TrainingError(
            "Kaggle's rows do not say whose they are, so neither folds nor numbers of patients can "
            "be made of them; leave --cross-validate and --curve away"
        )
    for test in range(1, FOLDS + 1) if cross_validate else (PUBLISHED_TEST,):
        beats.parts(test)  # before hours of training, whether each can be divided
    plans = {m: replace(PLANS[m], epochs=epochs or PLANS[m].epochs) for m in modes}
    bench = _Bench(source, beats, plans, seeds, device, report)
    folds = FOLDS if cross_validate else 0
    points = len(curve) + 1 if curve else 0
    bench.trainings = len(modes) * seeds * (1 + folds + points)
    summary: dict[str, Any] = {
        "task": "mi",
        "source": source.name,
        "source_sha256": source.card["sha256"],
        "lead": lead,
        "seeds": seeds,
        "data": described(beats, cohort),
        "warning": beats.warning,
        "plans": {mode: plan.to_dict() for mode, plan in plans.items()},
    }
    summary["published"] = bench.published(run, summary)
    summary["cross_validation"] = bench.cross_validated() if cross_validate else None
    summary["curve"] = bench.curve(curve) if curve else None
    write_comparison(summary, run)
    return summary


def load_beats(
    data: Path, lead: str, progress: Callable[[float], None] | None = None
) -> tuple[MiBeats, Cohort | None]:
    """Load the beats of a folder, cut as Kaggle rows, and the cohort that they come from.

    Raises
    ------
    DatasetError
        If the folder holds none of the known data sets.
    TrainingError
        If another lead than II is wanted of Kaggle's rows.
    """
    if holds_kaggle_rows(data):
        if lead.casefold() != "ii":
            raise TrainingError(
                f"Kaggle's rows of PTB are of one lead, said to be II; leave --lead {lead} away"
            )
        return load_kaggle_ptbdb(data), None
    cohort = open_cohort(data)
    return cut_cohort(cohort, "kaggle-rows", lead, progress), cohort


def described(beats: MiBeats, cohort: Cohort | None) -> dict[str, Any]:
    """Count what there is to learn from, and what was left out and why."""
    ill = np.unique(beats.patient[beats.y == 1]) if beats.knows_patients else None
    return {
        "source": beats.source,
        "beats": len(beats.y),
        "beats_infarction": int(beats.y.sum()),
        "recordings": len(np.unique(beats.recording)) if cohort else None,
        "patients": len(np.unique(beats.patient)) if ill is not None else None,
        "patients_infarction": len(ill) if ill is not None else None,
        "folds": cohort.folds if cohort else "train_test_split(test_size=0.2, random_state=1337)",
        "left_out": cohort.left_out if cohort else {},
        "skipped": [{"recording": name, "reason": why} for name, why in beats.skipped],
    }


def train_one(
    source: Source,
    mode: str,
    parts: tuple[MiBeats, MiBeats, MiBeats],
    plan: Plan,
    seed: int,
    device: str = "cpu",
) -> Trained:
    """Train one network, choose its thresholds on the validation part, test it."""
    train, check, test = parts
    network = network_for(source, mode, seed)
    network, epochs = fit_two(
        network, train, check, plan, frozen=mode == "frozen", seed=seed, device=device
    )
    network = network.cpu()
    logits = predict(network, check.X[:, None])
    temperature = fit_temperature(check.y, logits)
    chosen = positive(logits, temperature)
    beat_threshold = threshold = best_threshold(check.y, chosen)
    if check.knows_patients:
        threshold = best_threshold(*by_patient(check.y, chosen, check.patient)[:2])
    figures = score_two(
        test.y,
        positive(predict(network, test.X[:, None]), temperature),
        test.patient if test.knows_patients else None,
        threshold,
        beat_threshold=beat_threshold,
        seed=seed,
    )
    return Trained(network, epochs, temperature, threshold, beat_threshold, figures)


def positive(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Give the probability of the second of two classes."""
    gap = (logits[:, 1] - logits[:, 0]).astype(np.float64) / temperature
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-gap))
    return probability


@dataclass(eq=False)
class _Bench:
    """Trains every mode and seed on one division after another."""

    source: Source
    beats: MiBeats
    plans: dict[str, Plan]
    seeds: int
    device: str
    report: Callable[[float, str], None] | None
    trainings: int = 1
    done: int = 0

    def tell(self, line: str) -> None:
        self.done += 1
        if self.report:
            self.report(self.done / self.trainings, line)

    def each(self) -> Iterator[tuple[str, int]]:
        for mode in self.plans:
            for seed in range(self.seeds):
                yield mode, seed

    def published(self, run: Path, summary: dict[str, Any]) -> dict[str, Any]:
        """Train on folds 1 to 8, choose on 9, test on 10; leave each network in a folder."""
        parts = self.beats.parts(PUBLISHED_TEST)
        found: dict[str, Any] = {mode: {"seeds": []} for mode in self.plans}
        for mode, seed in self.each():
            trained = train_one(self.source, mode, parts, self.plans[mode], seed, self.device)
            write_run(trained, parts, summary, self.source, mode, seed, run / f"{mode}-seed{seed}")
            found[mode]["seeds"].append({"seed": seed, **trained.figures})
            unit = trained.figures.get("patient", trained.figures["beat"])
            self.tell(f"{mode}, seed {seed}: AUROC {unit['auroc']:.3f}")
        for held in found.values():
            held["mean"] = _mean_of(held["seeds"])
        return found

    def cross_validated(self) -> dict[str, Any]:
        """Test on every fold in turn; seeds are averaged first, the interval is over folds."""
        rows: dict[str, list[list[dict[str, Any]]]] = {mode: [] for mode in self.plans}
        for test in range(1, FOLDS + 1):
            parts = self.beats.parts(test)
            for mode in self.plans:
                rows[mode].append([])
            for mode, seed in self.each():
                plan = self.plans[mode]
                figures = train_one(self.source, mode, parts, plan, seed, self.device).figures
                rows[mode][-1].append(figures)
                self.tell(f"fold {test}, {mode}, seed {seed}: {figures['patient']['auroc']:.3f}")
        return {
            mode: {
                unit: {rate: over_folds(folds, unit, rate) for rate in RATES}
                for unit in ("beat", "patient")
            }
            for mode, folds in rows.items()
        }

    def curve(self, counts: Sequence[int]) -> dict[str, Any]:
        """Learn from fewer of folds 1 to 8, a fixed number of steps; AUROC per patient of 10."""
        pool, _, test = self.beats.parts(PUBLISHED_TEST)
        most = len(np.unique(pool.patient))
        points = [*sorted({n for n in counts if 4 <= n < most}), most]
        found: dict[str, Any] = {mode: [[] for _ in points] for mode in self.plans}
        for place, count in enumerate(points):
            for mode, seed in self.each():
                few = few_patients(pool, count, seed)
                network, _ = fit_two(
                    network_for(self.source, mode, seed),
                    few,
                    None,
                    fixed_steps(self.plans[mode], STEPS[mode], few),
                    frozen=mode == "frozen",
                    seed=seed,
                    device=self.device,
                )
                logits = predict(network.cpu(), test.X[:, None])
                true, mean, _ = by_patient(test.y, positive(logits, 1.0), test.patient)
                found[mode][place].append({"seed": seed, "auroc": auroc(true, mean)})
                self.tell(f"{count} patients, {mode}, seed {seed}: {auroc(true, mean):.3f}")
        return {"patients": points, "test_fold": PUBLISHED_TEST, "steps": STEPS, "modes": found}


def few_patients(pool: MiBeats, count: int, seed: int) -> MiBeats:
    """Draw patients, as many with an infarction as their share in the pool, two at least."""
    random = np.random.default_rng(seed)
    sides = [np.unique(pool.patient[pool.y == k]) for k in (0, 1)]
    total = len(sides[0]) + len(sides[1])
    ill = min(max(2, round(count * len(sides[1]) / total)), len(sides[1]))
    wanted = (min(count - ill, len(sides[0])), ill)
    names = [random.permutation(side)[:n] for side, n in zip(sides, wanted, strict=True)]
    return pool.take(np.isin(pool.patient, np.concatenate(names)))


def fixed_steps(plan: Plan, steps: int, train: MiBeats) -> Plan:
    """Give the plan with as many epochs as make so many steps, and no early stop."""
    _, beats = np.unique(train.recording, return_counts=True)
    drawn = int(np.minimum(beats, plan.beats).sum())
    per_epoch = -(-drawn // plan.batch)
    return replace(plan, epochs=max(1, round(steps / per_epoch)), patience=None)


def over_folds(folds: list[list[dict[str, Any]]], unit: str, rate: str) -> dict[str, Any]:
    """Give the mean of a rate over folds, and its 95 % interval by Student's t."""
    from scipy.stats import t

    values = np.array([np.mean([figures[unit][rate] for figures in fold]) for fold in folds])
    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return {
        "mean": mean,
        "interval": [max(0.0, mean - half), min(1.0, mean + half)],
        "folds": values.tolist(),
    }


def _mean_of(seeds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        unit: {rate: float(np.mean([each[unit][rate] for each in seeds])) for rate in RATES}
        for unit in ("beat", "patient")
        if unit in seeds[0]
    }
