"""What a transfer leaves on disk: settings, figures, pictures, and a model directory each."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from ectopy import __version__
from ectopy._files import replacing
from ectopy.beats.kaggle_rows import ROW_FS, ROW_LENGTH
from ectopy.datasets.infarction import QUALITY, MiBeats
from ectopy.labels.two_classes import RATES
from ectopy.training.export import export_network
from ectopy.training.fit import BEST, METRICS, SETTINGS
from ectopy.training.sources import Source
from ectopy.training.transfer_pictures import draw_comparison, draw_epochs

if TYPE_CHECKING:
    from ectopy.training.transfer import Trained

LIMITS: Final = (
    "Not a medical device and not a diagnosis.",
    "One lead cannot exclude an infarction: most of the heart is not seen in it.",
    "Learned from recordings in which an infarction was stated and from normal ones, nothing in "
    "between; anything else that changes the QRS, the ST segment or the T wave can look alike.",
)
"""What a positive or negative answer does not mean."""
NAMES: Final = {
    "auroc": "AUROC",
    "balanced_accuracy": "balanced accuracy",
    "se": "sensitivity",
    "sp": "specificity",
    "f1": "F1",
}


def write_run(
    trained: Trained,
    parts: tuple[MiBeats, MiBeats, MiBeats],
    summary: dict[str, Any],
    source: Source,
    mode: str,
    seed: int,
    folder: Path,
) -> None:
    """Leave one trained network in a folder of its own, as ``ectopy train`` does."""
    told = {k: summary[k] for k in ("task", "source", "source_sha256", "lead")}
    save_json(
        {**told, "mode": mode, "seed": seed, "plan": summary["plans"][mode]}, folder / SETTINGS
    )
    with replacing(folder / METRICS) as part, part.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(asdict(trained.epochs[0])))
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in trained.epochs)
    with replacing(folder / BEST) as part:
        torch.save(trained.network.state_dict(), part)
    draw_epochs(trained.epochs, folder / "curves.png")
    save_json(trained.figures, folder / "figures.json")
    card = _card(trained, parts, summary, source, mode, seed)
    card = export_network(trained.network, parts[2].X[:, None], card, folder / "model")
    with replacing(folder / "model" / "README.md") as part:
        part.write_text(readme(card), encoding="utf-8")


def write_comparison(summary: dict[str, Any], run: Path) -> None:
    """Write the figures of all modes, and their picture."""
    told = ("task", "source", "source_sha256", "lead", "seeds", "plans")
    save_json({k: summary[k] for k in told}, run / SETTINGS)
    save_json(summary, run / "figures.json")
    draw_comparison(summary, run / "comparison.png")


def save_json(values: Any, path: Path) -> None:
    """Write values as JSON."""
    with replacing(path) as part:
        part.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _card(
    trained: Trained,
    parts: tuple[MiBeats, MiBeats, MiBeats],
    summary: dict[str, Any],
    source: Source,
    mode: str,
    seed: int,
) -> dict[str, Any]:
    """Everything that must be known to use the network, but for the checksum of its weights."""
    lead, data, train = summary["lead"], summary["data"], parts[0]
    rows = not train.knows_patients
    division = "" if rows else "; 1 to 8 to learn from, 9 to choose by, 10 to test"
    learned = sorted({PurePosixPath(name).name for part in parts[:2] for name in part.patient})
    return {
        "name": f"mi-{source.recipe.name}-{mode}-seed{seed}",
        "says": f"Tells beats of people with a myocardial infarction from those of healthy people: "
        f"the `{source.recipe.name}` network under two new dense layers, begun "
        + ("with random weights" if mode == "scratch" else f"with those of {source.name}")
        + (", its convolutions fixed." if mode == "frozen" else "."),
        "warning": summary["warning"] or LIMITS[1],
        "limits": [*LIMITS, *([summary["warning"]] if summary["warning"] else [])],
        "software": f"ectopy {__version__}",
        "input": {
            "layout": "kaggle-rows",
            "fs": ROW_FS,
            "length": ROW_LENGTH,
            "leads": [lead],
            "least_fs": 100.0,
            "least_beats": 3,
            "says": f"lead {lead} at {ROW_FS:g} Hz, from an R peak past the next by a fifth of the "
            f"interval after it, scaled to 0..1, {ROW_LENGTH} values padded with zeros.",
        },
        "classes": ["normal", "infarction"],
        "output": "logits",
        "temperature": round(trained.temperature, 6),
        "threshold": trained.threshold,
        "beat_threshold": trained.beat_threshold,
        "abstain": {"quality_below": QUALITY},
        "training": {
            "data": f"{data['source']}, "
            + ("cut in a way that is not known" if rows else "beats found by the package"),
            "cohort": data["source"],
            "split": "published" if data["source"] == "PTB-XL" else "folds",
            "split_says": f"{data['folds']}{division}",
            **({"learned_from": learned} if data["source"] == "PTB" else {}),
            "patient_mixed": rows,
            "test_folds": [10],
            "recipe": source.recipe.name,
            "mode": mode,
            "source": source.name,
            "source_sha256": source.card["sha256"],
            "seed": seed,
            "epochs": len(trained.epochs),
            "rows": len(train.y),
            "validation_rows": len(parts[1].y),
            "patients": len(np.unique(train.patient)) if train.knows_patients else None,
            "command": f"ectopy transfer --from {source.name} --task mi --mode {mode} "
            f"--lead {lead} --seeds {seed + 1}",
        },
        "figures": trained.figures,
        "licence": "MIT",
    }


def readme(card: dict[str, Any]) -> str:
    """Write the card of a network of two classes out for people, in Markdown."""
    training = card["training"]
    lines = [
        f"# {card['name']}",
        "",
        card["says"],
        "",
        *(f"- {limit}" for limit in card["limits"]),
        "",
        "## Use",
        "",
        f"- Input: {card['input']['says']}",
        f"- Output: logits of {' and '.join(card['classes'])}; softmax temperature "
        f"{card['temperature']:.4f}. Both classes weighed the same in training, so a probability "
        "is that of someone who is as likely to have an infarction as not.",
        f"- Threshold of the mean over the beats of a patient: {card['threshold']:.4f}.",
        f"- Licence: {card['licence']}; sha256 `{card['sha256']}`, {card['bytes']:,} bytes.",
        "",
        "## Training",
        "",
        f"- Data: {training['data']}.",
        f"- Division: {training['split_says']}.",
        f"- Made by `{training['command']}`.",
        "",
        *table(card["figures"]),
        *crossed(card["figures"]),
    ]
    return "\n".join([*lines, ""])


def table(figures: dict[str, Any]) -> list[str]:
    """Give the figures per beat and per patient as lines of a Markdown table."""
    units = [unit for unit in ("patient", "beat") if unit in figures]
    lines = [
        "## Figures",
        "",
        f"| | {' | '.join(f'per {unit}' for unit in units)} |",
        "|---|" + "---|" * len(units),
    ]
    for rate in RATES:
        cells = [told(figures[unit], rate) for unit in units]
        lines.append(f"| {NAMES[rate]} | {' | '.join(cells)} |")
    counts = [f"{figures[u]['n']:,} ({figures[u]['positive']:,})" for u in units]
    return [*lines, f"| tested (with an infarction) | {' | '.join(counts)} |"]


def crossed(figures: dict[str, Any]) -> list[str]:
    """Write what the same recipe comes to over all folds, if the card has it."""
    if "cross_validation" not in figures:
        return []
    found = figures["cross_validation"]
    lines = [
        "",
        "The same recipe cross-validated, each fold tested by networks that learned from others "
        "(mean over folds, 95 % interval by Student's t):",
        "",
        "| | per patient | per beat |",
        "|---|---|---|",
    ]
    for rate in RATES:
        cells = []
        for unit in ("patient", "beat"):
            low, high = found[unit][rate]["interval"]
            mean = found[unit][rate]["mean"]
            cells.append(f"{100 * mean:.1f} % ({100 * low:.1f}–{100 * high:.1f})")
        lines.append(f"| {NAMES[rate]} | {' | '.join(cells)} |")
    return lines


def told(figures: dict[str, Any], rate: str) -> str:
    """Write a rate in percent, with its interval where there is one."""
    if figures[rate] is None:
        return "–"
    interval = figures.get(f"{rate}_interval")
    text = f"{100 * figures[rate]:.1f} %"
    return text + (f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else "")
