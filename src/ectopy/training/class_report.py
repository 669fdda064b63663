"""The classification report of a run, for people."""

from __future__ import annotations

from typing import Any

import numpy as np

RATES = ("ppv", "se", "f1")


def class_report(figures: dict[str, Any]) -> str:
    """Write precision, recall and F1 of each class, and their means, as a table.

    Parameters
    ----------
    figures
        What :func:`ectopy.labels.scores.score` gave, with ``leak`` where the test rows also chose
        the epoch.
    """
    classes = figures["classes"]
    support = np.array([row["support"] for row in classes.values()])
    table = np.array([[row[rate] or 0.0 for rate in RATES] for row in classes.values()])
    present = support > 0

    def line(name: str, cells: list[str], count: int) -> str:
        return f"{name:<14}{''.join(f'{cell:>11}' for cell in cells)}{count:>11,}"

    def shown(row: dict[str, Any]) -> list[str]:
        return ["-" if row[rate] is None else f"{row[rate]:.4f}" for rate in RATES]

    means = {
        "macro mean": table[present].mean(axis=0),
        "weighted mean": np.average(table, axis=0, weights=support),
    }
    total = int(support.sum())
    lines = [
        *([figures["leak"], ""] if "leak" in figures else []),
        f"{'':<14}{'precision':>11}{'recall':>11}{'F1':>11}{'beats':>11}",
        *(line(name, shown(row), row["support"]) for name, row in classes.items()),
        "",
        line("accuracy", ["", "", f"{figures['accuracy']:.4f}"], total),
        *(line(name, [f"{v:.4f}" for v in mean], total) for name, mean in means.items()),
        "",
        "Recall is sensitivity (Se), precision positive predictivity (+P). The macro mean is over "
        "the classes that occur.",
        "Not a medical device.",
    ]
    return "\n".join(lines) + "\n"
