"""Pictures of a training run: learning curves and confusion matrices."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ectopy._files import replacing
from ectopy.labels.aami import AAMI_CLASSES

MOST_FALLS = 12
PARTS = {"train": "#999999", "validation": "#0072b2"}
LEAK = "LEAK: the epoch was chosen on the test rows"


def draw_curves(metrics: Path, picture: Path, *, leak: bool = False) -> None:
    """Draw loss and accuracy per epoch from ``metrics.csv``; say so if validation is the test."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    with metrics.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    epochs = [int(row["epoch"]) for row in rows]
    rates = [row["learning_rate"] for row in rows]
    falls = [k for k, now, was in zip(epochs[1:], rates[1:], rates, strict=False) if now != was]
    if len(falls) > MOST_FALLS:
        falls = []
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, what in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for part, colour in PARTS.items():
            values = [float(row[f"{part}_{what}"]) for row in rows]
            axes.plot(epochs, values, color=colour, label=part, marker=".", linewidth=1.4)
        for epoch in falls:
            axes.axvline(epoch - 0.5, color="#d55e00", linewidth=0.8, alpha=0.6)
        axes.set(xlabel="epoch", ylabel=what)
        if what == "loss":
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_minor_formatter("")
        elif len(rows) > 5:  # the first epochs would flatten all others
            axes.set_ylim(min(float(row[f"{part}_accuracy"]) for row in rows[2:] for part in PARTS))
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False, loc=f"{'upper' if what == 'loss' else 'lower'} right")
    title = LEAK if leak else "Learning curves"
    figure.suptitle(f"{title}{' (orange: the learning rate falls)' if falls else ''}", fontsize=10)
    _save(figure, picture)


def draw_confusion(table: NDArray[np.int64], picture: Path, *, leak: bool = False) -> None:
    """Draw a confusion matrix, ``(5, 5)``, as counts and as shares of each true class."""
    from matplotlib.figure import Figure

    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    titles = ("beats", "share of the true class, %")
    counts = [[f"{v:,}" for v in row] for row in table]
    percent = [[f"{100 * v:.1f}" for v in row] for row in shares]
    for axes, title, words in zip(figure.subplots(1, 2), titles, (counts, percent), strict=True):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for i, row in enumerate(words):
            for j, word in enumerate(row):
                shade = "white" if shares[i, j] > 0.5 else "#333333"
                axes.text(j, i, word, ha="center", va="center", color=shade, fontsize=8)
        ticks = range(len(AAMI_CLASSES))
        axes.set(title=title, xlabel="named", ylabel="true")
        axes.set_xticks(ticks, AAMI_CLASSES)
        axes.set_yticks(ticks, AAMI_CLASSES)
    if leak:
        figure.suptitle(LEAK, fontsize=10)
    _save(figure, picture)


def _save(figure: object, picture: Path) -> None:
    with replacing(picture) as part:
        figure.savefig(part, dpi=120, format="png")  # type: ignore[attr-defined]
