"""Pictures of where rows come from: records, and neighbours across the split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.explore.neighbours import Nearest
from ectopy.explore.pictures import new_figure
from ectopy.explore.theme import Theme
from ectopy.explore.value import BeatSet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAMED: Final = 60
"""Up to so many records are named below their bars."""
_STRIP: Final = 16
"""Beats in a row that the strip shows."""


def draw_records(theme: Theme, beats: BeatSet, records: dict[str, Any]) -> Figure:
    """Draw the rows of each class in each record, and name the record with most."""
    table = records["records"]
    there = [name for name in beats.classes if name in records["most"]]
    figure = new_figure(0.75 + 0.85 * len(there))
    grid = figure.subplots(len(there), 1, sharex=True, squeeze=False)[:, 0]
    names = list(table)
    for name, axes in zip(there, grid.tolist(), strict=True):
        height = np.array([table[record][name] for record in names])
        colour = theme.of_class(name, beats.classes.index(name))
        axes.bar(np.arange(len(names)), height, width=0.8, color=colour)
        axes.set(yticks=[0, height.max()], ylim=(0, height.max() * 1.5))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="both", length=0)
        most = records["most"][name]
        at = int(height.argmax())
        side = "left" if at < len(names) / 2 else "right"
        axes.annotate(
            f"{most['record']}: {100 * most['share']:.0f} % of {name}",
            (at, height.max()),
            (0, 8),
            textcoords="offset points",
            ha=side,
            va="center",
            color=colour,
            fontsize=8.5,
            fontweight="bold",
        )
    grid[-1].set_xlim(-0.8, len(names) - 0.2)
    if len(names) <= _NAMED:
        grid[-1].set_xticks(np.arange(len(names)), names, rotation=90, fontsize=7)
    else:
        grid[-1].set_xticks([])
    grid[-1].set_xlabel("record" if len(names) <= _NAMED else f"{len(names):,} records")
    return figure


def draw_neighbours(
    theme: Theme, beats: BeatSet, is_test: NDArray[np.bool_], nearest: Nearest
) -> Figure:
    """Draw beats that follow each other, test beats in colour, and how like the rows are."""
    strip = _stretch(beats, is_test)
    figure = new_figure(4.4 if strip is not None else 2.6)
    if strip is None:
        _draw_distances(theme, figure.subplots(), nearest)
        return figure
    halves = figure.add_gridspec(2, 1, height_ratios=[1, 1.35])
    upper, lower = figure.add_subfigure(halves[0]), figure.add_subfigure(halves[1])
    panels = upper.subplots(2, _STRIP // 2, sharex=True, sharey=True)
    for row, axes in zip(strip.tolist(), panels.ravel().tolist(), strict=True):
        colour = theme["ink"] if is_test[row] else theme["faint"]
        filled = np.flatnonzero(beats.X[row])
        stop = filled[-1] + 1 if len(filled) else beats.X.shape[1]
        axes.plot(beats.X[row, :stop], color=colour, lw=2.0 if is_test[row] else 0.8)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
        part = "test" if is_test[row] else "training"
        axes.set_title(part, color=colour, fontsize=8, fontweight="bold" if is_test[row] else None)
    first = strip[0]
    where = f"record {beats.record[first]}" if beats.record is not None else ""
    upper.suptitle(
        f"{_STRIP} beats that follow each other in {where}", fontsize=9, x=0.01, ha="left"
    )
    _draw_distances(theme, lower.subplots(), nearest)
    return figure


def _stretch(beats: BeatSet, is_test: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Choose beats in a row with about the usual share of test beats; None if not known."""
    if beats.record is None or beats.sample is None:
        return None
    order = np.lexsort((beats.sample, beats.record))
    if len(order) < _STRIP:
        return None
    test = is_test[order].astype(float)
    window = np.convolve(test, np.ones(_STRIP), mode="valid")
    start_record, stop_record = (
        beats.record[order][: len(window)],
        beats.record[order][_STRIP - 1 :],
    )
    usual = np.abs(window - _STRIP * test.mean()) + 100 * (start_record != stop_record)
    best = np.flatnonzero(usual == usual.min())
    start = int(best[len(best) // 2])
    return order[start : start + _STRIP] if usual[start] < 100 else None


def _draw_distances(theme: Theme, axes: Axes, nearest: Nearest) -> None:
    """Draw how far test rows are from the nearest training row: of anyone, of other patients."""
    drawn = [(nearest.any_distance, "ink", "nearest training row of anyone")]
    if nearest.other_distance is not None:
        drawn.append((nearest.other_distance, "faint", "nearest training row of another patient"))
    most = max(float(np.percentile(distance, 99)) for distance, _, _ in drawn) or 1.0
    edges = np.linspace(0, most, 80)
    for (distance, colour, says), shade in zip(drawn, (0.8, 0.35), strict=False):
        share = np.histogram(distance, edges)[0] / len(distance)
        axes.stairs(share, edges, fill=True, color=theme[colour], alpha=shade, label=says)
        axes.stairs(share, edges, color=theme[colour], lw=1)
    axes.set(xlabel="root mean square difference of the two rows", yticks=[], xlim=(0, most))
    axes.spines["left"].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)
