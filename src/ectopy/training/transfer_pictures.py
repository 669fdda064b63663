"""Pictures of a transfer: learning curves, modes side by side, AUROC over labelled patients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ectopy._files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ectopy.training.fit_two import Epoch

COLOURS: Final = {"scratch": "#999999", "frozen": "#e69f00", "full": "#0072b2"}
SAYS: Final = {
    "scratch": "from scratch",
    "frozen": "convolutions frozen",
    "full": "all layers",
}


def draw_epochs(epochs: Sequence[Epoch], picture: Path) -> None:
    """Draw the loss and the validation AUROC of every epoch."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    at = [epoch.epoch for epoch in epochs]
    for values, label, colour in (
        ([e.train_loss for e in epochs], "train", "#999999"),
        ([e.validation_loss for e in epochs], "validation", "#0072b2"),
    ):
        left.plot(at, values, color=colour, label=label, marker=".", linewidth=1.4)
    for values, label, colour in (
        ([e.validation_auroc_beat for e in epochs], "validation, per beat", "#999999"),
        ([e.validation_auroc_patient for e in epochs], "validation, per patient", "#0072b2"),
    ):
        right.plot(at, values, color=colour, label=label, marker=".", linewidth=1.4)
    left.set(xlabel="epoch", ylabel="loss")
    right.set(xlabel="epoch", ylabel="AUROC")
    for axes in (left, right):
        _plain(axes)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
    _save(figure, picture)


def draw_comparison(summary: dict[str, Any], picture: Path) -> None:
    """Draw the modes side by side, and where it was asked for, AUROC over labelled patients."""
    from matplotlib.figure import Figure

    curve = summary["curve"]
    figure = Figure(figsize=(10 if curve else 5.6, 4.2), layout="constrained")
    plots = figure.subplots(1, 2 if curve else 1, squeeze=False)[0]
    _draw_modes(plots[0], summary)
    if curve:
        _draw_curve(plots[1], curve)
    _save(figure, picture)


def _draw_modes(axes: Axes, summary: dict[str, Any]) -> None:
    """One dot a seed on the published test fold; the bar is the mean of the cross-validation."""
    modes, crossed = list(summary["published"]), summary["cross_validation"]
    for place, mode in enumerate(modes):
        seeds = summary["published"][mode]["seeds"]
        unit = "patient" if "patient" in seeds[0] else "beat"
        values = [each[unit]["auroc"] for each in seeds]
        spread = np.linspace(-0.08, 0.08, len(values)) if len(values) > 1 else [0.0]
        axes.plot(
            place + 0.15 + np.asarray(spread), values, "o", color=COLOURS[mode], alpha=0.75,
            markersize=6, label="test fold, each seed" if not place else None,
        )  # fmt: skip
        if crossed and mode in crossed:
            found = crossed[mode][unit]["auroc"]
            low, high = found["interval"]
            axes.errorbar(
                place - 0.15, found["mean"],
                yerr=[[found["mean"] - low], [high - found["mean"]]], fmt="s", color=COLOURS[mode],
                capsize=4, markersize=6,
                label="ten folds, mean and 95 %" if not place else None,
            )  # fmt: skip
    axes.set_xticks(range(len(modes)), [SAYS[mode] for mode in modes])
    axes.set(ylabel=f"AUROC per {unit}", xlim=(-0.6, len(modes) - 0.4))
    axes.set_ylim(top=min(axes.get_ylim()[1], 1.005))  # no AUROC is above 1
    axes.set_title("What the network begins with", fontsize=10, loc="left")
    legend = axes.legend(frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    _plain(axes)


def _draw_curve(axes: Axes, curve: dict[str, Any]) -> None:
    counts = curve["patients"]
    for mode, points in curve["modes"].items():
        values = [[each["auroc"] for each in point] for point in points]
        means = np.array([np.mean(each) for each in values])
        error = np.array([np.std(each) for each in values])
        axes.plot(counts, means, color=COLOURS[mode], marker="o", markersize=5, label=SAYS[mode])
        axes.fill_between(counts, means - error, means + error, color=COLOURS[mode], alpha=0.15,
                          linewidth=0)  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(n) for n in counts])
    axes.minorticks_off()
    axes.set(xlabel="labelled patients to learn from", ylabel="AUROC per patient")
    axes.set_title("How many patients must be labelled (band: ± 1 SD)", fontsize=10, loc="left")
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    _plain(axes)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e8e8e8", linewidth=0.8)
    axes.set_axisbelow(True)


def _save(figure: object, picture: Path) -> None:
    with replacing(picture) as part:
        figure.savefig(part, dpi=120, format="png")  # type: ignore[attr-defined]
