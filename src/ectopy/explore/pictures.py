"""Pictures of rows: the ring of classes, examples, densities, noise and lengths."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.explore.theme import Theme
from ectopy.explore.value import BeatSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 7.2
"""Width of a picture in inches."""
_BINS: Final = 90


def new_figure(height: float) -> Figure:
    """Make an empty picture of the usual width."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def draw_balance(theme: Theme, beats: BeatSet, balance: dict[str, Any]) -> Figure:
    """Draw the classes as rings, as they are and after rebalancing; copies are pale."""
    figure = new_figure(2.45)
    before, after = figure.subplots(1, 2)
    rows = balance["classes"]
    total = sum(row["rows"] for row in rows.values())
    drawn = sum(row["drawn"] for row in rows.values())
    present = [name for name in beats.classes if rows[name]["rows"]]
    _ring(theme, before, beats, [(n, rows[n]["rows"], 1.0) for n in present])
    parts = []
    for name in present:
        row = rows[name]
        parts.append((name, row["distinct"], 1.0))
        parts.append((name, row["drawn"] - row["distinct"], 0.3))
    _ring(theme, after, beats, parts)
    heads = (("as they are", total), (f"{balance['per_class']:,} a class", drawn))
    for axes, (says, n) in zip((before, after), heads, strict=True):
        axes.text(0, 0.08, f"{n:,}", ha="center", va="center", fontsize=14, fontweight="bold")
        axes.text(0, -0.14, says, ha="center", va="center", color=theme["faint"], fontsize=8.5)
    return figure


def _ring(theme: Theme, axes: Axes, beats: BeatSet, parts: list[tuple[str, int, float]]) -> None:
    """Draw one ring clockwise from the top, with a letter beside each class."""
    from matplotlib.patches import Wedge

    total = sum(n for _, n, _ in parts) or 1
    turned, middles = 0.0, {}
    for name, n, shade in parts:
        share = 360 * n / total
        start = 90 - turned - share
        colour = theme.of_class(name, beats.classes.index(name))
        axes.add_patch(
            Wedge((0, 0), 1, start, start + share, width=0.36, facecolor=colour, alpha=shade, lw=0)
        )
        if shade == 1.0:
            side, ends = np.deg2rad(start + share), np.array([0.63, 1.01])
            axes.plot(ends * np.cos(side), ends * np.sin(side), color=theme["page"], lw=1.4)
            middles[name] = [turned, turned + share]
        else:
            middles[name][1] = turned + share
        turned += share
    for name, x, y, side in _spread(middles):
        distinct, *more = (n for each, n, _ in parts if each == name)
        copies = (distinct + sum(more)) / distinct
        times = f" × {copies:.2g}" if copies < 100 else f" × {copies:,.0f}"
        times = times if sum(more) else ""
        colour = theme.of_class(name, beats.classes.index(name))
        apart = "\n" if times or len(name) > 2 else "  "
        says = f"{name}{apart}{distinct:,}{times}"
        upright = "bottom" if y > 0.95 else "top" if y < -0.95 else "center"
        text = axes.text(x, y, says, color=colour, ha=side, va=upright, fontweight="bold")
        text.set_in_layout(False)
    axes.set(xlim=(-2.0, 2.0), ylim=(-1.35, 1.25), aspect="equal")
    axes.axis("off")


def _spread(middles: dict[str, list[float]]) -> Iterator[tuple[str, float, float, str]]:
    """Place the names around a ring, those of one side pushed apart where they would touch."""
    far = 1.12
    sides: dict[str, list[list[Any]]] = {"left": [], "right": []}
    for name, (start, stop) in middles.items():
        angle = np.deg2rad(90 - (start + stop) / 2)
        x, y = far * np.cos(angle), far * np.sin(angle)
        sides["left" if x >= 0 else "right"].append([name, x, y])
    for side, names in sides.items():
        names.sort(key=lambda each: -each[2])
        for above, below in pairwise(names):
            below[2] = min(below[2], above[2] - 0.2)
        for name, x, y in names:
            clear = np.sqrt(max(far**2 - min(abs(y), far) ** 2, 0))
            yield name, float(max(clear, abs(x)) * (1 if side == "left" else -1)), y, side


def _panels(
    theme: Theme, beats: BeatSet, names: list[str], height: float, rows: int = 1
) -> tuple[Figure, list[list[Axes]]]:
    """Make one column a class, headed by its letter, with one scale for all."""
    figure = new_figure(height)
    grid = figure.subplots(rows, len(names), sharex=True, sharey=True, squeeze=False)
    for name, axes in zip(names, grid[0], strict=True):
        colour = theme.of_class(name, beats.classes.index(name))
        axes.set_title(name, color=colour, fontweight="bold")
    unit = "s" if beats.fs else "column"
    for axes in grid[-1]:
        axes.set_xlabel(unit)
    return figure, grid.tolist()


def draw_examples(theme: Theme, beats: BeatSet, chosen: dict[str, NDArray[np.int64]]) -> Figure:
    """Draw the typical row of each class, over rows of the same class drawn by chance."""
    figure, grid = _panels(theme, beats, list(chosen), 2.1)
    time = beats.time(beats.X.shape[1])
    for (name, rows), axes in zip(chosen.items(), grid[0], strict=True):
        axes.plot(time, beats.X[rows[1:]].T, color=theme["faint"], lw=0.5, alpha=0.45)
        colour = theme.of_class(name, beats.classes.index(name))
        axes.plot(time, beats.X[rows[0]], color=colour, lw=1.8)
    grid[0][0].set_xlim(time[0], time[-1])
    return figure


def draw_density(theme: Theme, beats: BeatSet, length: NDArray[np.int64]) -> Figure:
    """Draw how often each class has each value at each time, without the padding."""
    from matplotlib.colors import LogNorm

    there = [k for k in range(len(beats.classes)) if (beats.y == k).any()]
    figure, grid = _panels(theme, beats, [beats.classes[k] for k in there], 2.2)
    low, high = np.percentile(beats.X[:: max(len(beats) // 20000, 1)], [0.05, 99.95])
    start, *_, stop = beats.time(beats.X.shape[1] + 1)
    for k, axes in zip(there, grid[0], strict=True):
        share = _density(beats.X[beats.y == k], length[beats.y == k], (float(low), float(high)))
        colour = theme.of_class(beats.classes[k], k)
        axes.imshow(
            np.where(share > 0, share, np.nan),
            origin="lower",
            aspect="auto",
            extent=(float(start), float(stop), low, high),
            cmap=theme.ramp(colour),
            norm=LogNorm(1e-4, 0.3, clip=True),
            interpolation="nearest",
            rasterized=True,
        )
    return figure


def _density(
    X: NDArray[np.float32], length: NDArray[np.int64], span: tuple[float, float]
) -> NDArray[np.float64]:
    """Give for each bin of values and each column the share of the rows, shape (bins, width)."""
    low, high = span
    place = ((np.clip(X, low, high) - low) / (high - low or 1) * (_BINS - 1)).round().astype(int)
    column = np.arange(X.shape[1])
    inside = column < length[:, None]
    flat = (place * X.shape[1] + column)[inside]
    found: NDArray[np.float64] = np.bincount(flat, minlength=_BINS * X.shape[1]) / len(X)
    return found.reshape(_BINS, X.shape[1])


def draw_noise(
    theme: Theme, beats: BeatSet, chosen: dict[str, NDArray[np.int64]], sigma: float, seed: int
) -> Figure:
    """Draw the typical row of each class as it is, with a tenth of the noise, and with all."""
    random = np.random.default_rng(seed)
    figure, grid = _panels(theme, beats, list(chosen), 3.7, rows=3)
    time = beats.time(beats.X.shape[1])
    for column, (name, rows) in enumerate(chosen.items()):
        drawn = random.normal(size=beats.X.shape[1])
        colour = theme.of_class(name, beats.classes.index(name))
        for row, size in enumerate((0, sigma / 10, sigma)):
            axes = grid[row][column]
            axes.plot(time, beats.X[rows[0]] + size * drawn, color=colour, lw=1.0 if row else 1.6)
            if row:
                axes.plot(time, beats.X[rows[0]], color=theme["ink"], lw=0.8, alpha=0.55)
    for axes, says in zip(
        (row[0] for row in grid),
        ("no noise", f"σ = {sigma / 10:g}", f"σ = {sigma:g}"),
        strict=True,
    ):
        axes.set_ylabel(says)
    grid[0][0].set_xlim(time[0], time[-1])
    return figure


def draw_lengths(theme: Theme, beats: BeatSet, length: NDArray[np.int64]) -> Figure:
    """Draw how long the rows of each class truly are, before the zeros."""
    there = [k for k in range(len(beats.classes)) if (beats.y == k).any()]
    figure = new_figure(0.55 + 0.75 * len(there))
    grid = figure.subplots(len(there), 1, sharex=True, squeeze=False)[:, 0]
    width = beats.X.shape[1]
    edges = np.arange(0, width + 2, 1 if width < 400 else 4) - 0.5
    for k, axes in zip(there, grid.tolist(), strict=True):
        share = np.histogram(length[beats.y == k], edges)[0] / max((beats.y == k).sum(), 1)
        colour = theme.of_class(beats.classes[k], k)
        axes.stairs(share, beats.seconds(edges), fill=True, color=colour)
        axes.axvline(
            float(beats.seconds(np.array(width + 0.5))), color=theme["faint"], lw=0.8, ls=":"
        )
        axes.set(yticks=[], ylim=(0, share.max() * 1.12 or 1))
        axes.spines["left"].set_visible(False)
        axes.text(
            0.004, 0.8, beats.classes[k], color=colour, fontweight="bold", transform=axes.transAxes,
            va="center",
        )  # fmt: skip
    unit = "true length, s" if beats.fs else "true length, columns"
    grid[-1].set_xlabel(f"{unit} (dotted: the end of a row; what is longer was cut)")
    grid[-1].set_xlim(0, float(beats.seconds(np.array(width * 1.02))))
    return figure
