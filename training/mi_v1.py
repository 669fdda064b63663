"""Train the network that ``ectopy analyze --screen mi`` asks, and measure it.

    python training/mi_v1.py PTBXL RUN

PTBXL is the folder of PTB-XL, RUN a folder for what is made. Lead II of the recordings with a
statement of infarction and of the normal ones, beats as the package finds them, cut as windows
(ectopy.beats.window).

Everything is chosen without fold 10: the network and its plan by the validation folds of a
cross-validation over folds 1 to 9 (docs/transfer.md says what was tried), the temperature and the
threshold by what that cross-validation gives for patients that its networks had not seen. The
network that ships learns from folds 1 to 9; fold 10 is its test, looked at once. Then it is asked
about people with other findings, from whom nothing learned. The same recipe is cross-validated over
all ten folds, each tested by a network that learned from eight others, with the threshold of the
ninth, for figures with a narrower interval.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import torch

from ectopy import __version__
from ectopy.beats.window import BAND_HZ, WINDOW_FS, WINDOW_LENGTH
from ectopy.datasets.cohorts import open_cohort
from ectopy.datasets.infarction import (
    FOLDS,
    QUALITY,
    MiBeats,
    check_apart,
    cut_cohort,
    cut_recording,
)
from ectopy.datasets.ptbxl import TABLE
from ectopy.labels.models import load_card
from ectopy.labels.scores import fit_temperature
from ectopy.labels.screen import positive_probability
from ectopy.labels.two_classes import RATES, best_threshold, by_patient, rates, score_two
from ectopy.recording import read
from ectopy.training.export import export_network
from ectopy.training.fit import predict
from ectopy.training.transfer import over_folds, positive
from ectopy.training.transfer_folder import LIMITS, readme, save_json
from ectopy.training.window_network import WindowNetwork, WindowPlan, fit_windows

NAME, SEEDS, TEST, LEAST = "mi-ptbxl-v1", 3, 10, 5
PLAN = WindowPlan()


def logits(network: WindowNetwork, beats: MiBeats) -> np.ndarray:
    return predict(network, beats.X[:, None])


def trained(beats: MiBeats, learned: list[np.ndarray], seed: int) -> list[WindowNetwork]:
    """A network for each mask; no patient is both in the mask and outside it."""
    for mask in learned:
        check_apart(beats.take(mask), beats.take(~mask))
    networks = [WindowNetwork() for _ in learned]
    fit_windows(networks, beats, learned, PLAN, seed)
    print(len(networks), "networks, seed", seed, flush=True)
    return networks


def chosen(beats: MiBeats) -> tuple[float, float, float]:
    """Temperature, threshold of patients and of beats, by patients that were not learned from."""
    folds = np.unique(beats.fold)
    networks = trained(beats, [beats.fold != fold for fold in folds], 0)
    found = np.zeros((len(beats.y), 2), np.float32)
    for fold, network in zip(folds, networks, strict=True):
        found[beats.fold == fold] = logits(network, beats.take(beats.fold == fold))
    temperature = fit_temperature(beats.y, found)
    probability = positive(found, temperature)
    true, mean, _ = by_patient(beats.y, probability, beats.patient)
    print("folds 1 to 9, unseen:", rates(true, mean, best_threshold(true, mean)), flush=True)
    return temperature, best_threshold(true, mean), best_threshold(beats.y, probability)


def cross_validated(beats: MiBeats) -> dict:
    """Figures over all ten folds; temperature and threshold of each by the fold before it."""
    tests = range(1, FOLDS + 1)
    learned = [~np.isin(beats.fold, (test, (test - 2) % FOLDS + 1)) for test in tests]
    rows = [[] for _ in tests]
    for seed in range(SEEDS):
        for test, network in zip(tests, trained(beats, learned, seed), strict=True):
            _, check, held = beats.parts(test)
            temperature = fit_temperature(check.y, logits(network, check))
            seen, new = (positive(logits(network, part), temperature) for part in (check, held))
            own = best_threshold(*by_patient(check.y, seen, check.patient)[:2])
            true, mean, _ = by_patient(held.y, new, held.patient)
            beat = rates(held.y, new, best_threshold(check.y, seen))
            rows[test - 1].append({"patient": rates(true, mean, own), "beat": beat})
    return {
        unit: {rate: over_folds(rows, unit, rate) for rate in RATES} for unit in ("patient", "beat")
    }


def others_named(source: Path, model: str) -> dict:
    """How many people with other findings, and no infarction, the model names all the same."""
    healthy_or_ill = {r.patient for r in open_cohort(source).recordings}
    found = {}
    with (source / TABLE).open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            patient = str(int(float(row["patient_id"])))
            if patient in healthy_or_ill:
                continue
            windows = cut_recording(read(source / row["filename_lr"]), "beat-window", "II")
            if len(windows) >= LEAST:
                found.setdefault(patient, []).append(positive_probability(model, windows[:, None]))
    means = [np.concatenate(each).mean() for each in found.values()]
    named = int(sum(mean >= load_card(model)["threshold"] for mean in means))
    return {"n": len(means), "named": named}


def with_others(card: dict, others: dict) -> dict:
    """Say in a card what the model makes of people with other findings."""
    figures = card["figures"] | {"others": others}
    share = f"{100 * others['named'] / others['n']:.0f} %"
    told = (
        f"Of {others['n']} people of PTB-XL with other findings and no statement of infarction, "
        f"whom it never saw, it names {share}: it tells infarctions from normal recordings, not "
        "from other diseases of the heart."
    )
    return card | {"figures": figures, "limits": [*card["limits"], told]}


def card_of(beats: MiBeats, learned: MiBeats, choice: tuple, figures: dict) -> dict:
    return {
        "name": NAME,
        "says": "Says how much the beats of lead II look like those of people with a myocardial "
        "infarction: three small dense networks over the 0.8 s around R.",
        "warning": "One lead cannot exclude an infarction, and much else looks like one: it "
        "learned from recordings with a statement of infarction and from normal ones only.",
        "limits": [
            *LIMITS,
            "Learned from 10 s recordings of a hospital's 12-lead ECG in Germany, lead II only; "
            "what it says of a watch, a patch or a Holter is not known.",
        ],
        "software": f"ectopy {__version__}",
        "input": {
            "layout": "beat-window",
            "fs": WINDOW_FS,
            "length": WINDOW_LENGTH,
            "leads": ["II"],
            "least_fs": 100.0,
            "least_beats": LEAST,
            "says": f"lead II at {WINDOW_FS:g} Hz, {BAND_HZ[0]:g} to {BAND_HZ[1]:g} Hz, 0.3 s "
            "before R to 0.5 s after it, median 0 and height 1.",
        },
        "classes": ["normal", "infarction"],
        "output": "logits",
        "temperature": round(choice[0], 6),
        "threshold": round(choice[1], 6),
        "beat_threshold": round(choice[2], 6),
        "abstain": {"quality_below": QUALITY},
        "training": {
            "data": "PTB-XL (Wagner et al. 2020; PhysioNet, CC BY 4.0), a part of it: "
            f"{len(np.unique(beats.recording))} recordings of {len(np.unique(beats.patient))} "
            f"patients, {len(np.unique(beats.patient[beats.y == 1]))} with an infarction",
            "cohort": "PTB-XL",
            "split": "published",
            "split_says": "the publisher's folds, by patient: 1 to 9 to learn from, with "
            "temperature and threshold by cross-validation among them; 10 to test",
            "patient_mixed": False,
            "test_folds": [TEST],
            "recipe": "windows",
            "seed": 0,
            "steps": PLAN.steps,
            "rows": len(learned.y),
            "patients": len(np.unique(learned.patient)),
            "command": "python training/mi_v1.py PTBXL RUN",
        },
        "figures": figures,
        "licence": "MIT",
    }


def main(source: Path, run: Path) -> None:
    torch.set_num_threads(1)
    beats = cut_cohort(open_cohort(source), "beat-window", "II")
    learned, test = beats.take(beats.fold != TEST), beats.take(beats.fold == TEST)
    choice = chosen(learned)
    (network,) = trained(beats, [beats.fold != TEST], 0)
    probability = positive(logits(network, test), round(choice[0], 6))
    figures = score_two(
        test.y,
        probability,
        test.patient,
        round(choice[1], 6),
        beat_threshold=round(choice[2], 6),
    )
    figures["measured"] = "fold 10 of PTB-XL, per patient, the other folds teach"
    figures["cross_validation"] = cross_validated(beats)
    card = card_of(beats, learned, choice, figures)
    card = export_network(network, test.X[:, None], card, run / NAME)
    card = with_others(card, others_named(source, str(run / NAME)))
    save_json(card, run / NAME / "card.json")
    (run / NAME / "README.md").write_text(readme(card), encoding="utf-8")
    save_json(figures, run / "figures.json")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
