"""A data set → a folder with a page, its pictures and the numbers behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ectopy import __version__
from ectopy._files import replacing
from ectopy.errors import DatasetError
from ectopy.explore import numbers, origins, pictures, words
from ectopy.explore.load import load_beats
from ectopy.explore.neighbours import division, find_nearest, neighbours
from ectopy.explore.page import render
from ectopy.explore.theme import Theme, themes
from ectopy.explore.value import BeatSet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PER_CLASS: Final = 20_000
"""Rows of each class after rebalancing, as in the known notebook."""
NOISE: Final = 0.5
"""σ of the noise that is added, as in the known notebook."""
PAGE: Final = "explore.html"
SUMMARY: Final = "summary.json"
_DPI: Final = 190


def explore(
    data: Path,
    output: Path,
    *,
    per_class: int = PER_CLASS,
    noise: float = NOISE,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, Any], list[Path]]:
    """Draw a data set of heartbeats, and say what each picture shows and where it deceives.

    Parameters
    ----------
    data
        What to look at, see :func:`ectopy.explore.load_beats`.
    output
        Folder for ``explore.html``, ``summary.json`` and the pictures.
    per_class
        Rows of each class after rebalancing.
    noise
        Standard deviation of the Gaussian noise that is added.
    seed
        Seed of everything that is drawn by chance.
    progress
        Called with the share that is done, 0 to 1.

    Returns
    -------
    summary : dict
        What ``summary.json`` holds.
    written : list of pathlib.Path
        The page, the numbers, the pictures.

    Raises
    ------
    DatasetError
        If there is nothing to look at, or a setting makes no sense.
    OutputError
        If the folder cannot be written.
    """
    if per_class < 1 or not noise >= 0:
        raise DatasetError(
            f"{per_class} rows a class and noise of {noise:g} make no picture; take at least one "
            "row and no negative noise"
        )

    def tell(share: float) -> None:
        if progress:
            progress(share)

    beats = load_beats(data, lambda share: tell(0.4 * share))
    tell(0.4)
    summary, drawn = _look(beats, per_class, noise, seed, lambda share: tell(0.4 + 0.6 * share))
    written = [output / PAGE, output / SUMMARY]
    for name, by_theme in drawn.items():
        with replacing(output / f"{name}.png") as part:
            part.write_bytes(by_theme["light"])
        written.append(output / f"{name}.png")
    texts = (render(summary, drawn), json.dumps(summary, indent=2) + "\n")
    for path, text in zip(written[:2], texts, strict=True):
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    return summary, written


def _look(
    beats: BeatSet, per_class: int, sigma: float, seed: int, tell: Callable[[float], None]
) -> tuple[dict[str, Any], dict[str, dict[str, bytes]]]:
    """Count and draw everything."""
    length = numbers.true_lengths(beats.X)
    rows = numbers.rebalance(beats, per_class, seed)
    chosen = numbers.examples(beats, seed)
    is_test = division(beats, seed)
    nearest = find_nearest(beats, is_test, seed)
    tell(0.5)
    summary = {
        "name": beats.name,
        "says": beats.says,
        "rows": len(beats),
        "length": beats.X.shape[1],
        "fs": beats.fs,
        "scaled": bool(beats.X.min() >= 0 and beats.X.max() <= 1),
        "classes": list(beats.classes),
        "patients": numbers.patients(beats),
        "settings": {"per_class": per_class, "noise": sigma, "seed": seed},
        "counts": numbers.counts(beats),
        "balance": numbers.balance(beats, rows, per_class),
        "examples": numbers.origins(beats, chosen),
        "noise": numbers.noise(beats, chosen, length, sigma),
        "lengths": numbers.lengths(beats, length),
        "records": numbers.records(beats),
        "neighbours": neighbours(beats, is_test, nearest),
        "software": f"ectopy {__version__}",
    }

    def draw(theme: Theme) -> dict[str, Figure]:
        found = {
            "balance": pictures.draw_balance(theme, beats, summary["balance"]),
            "examples": pictures.draw_examples(theme, beats, chosen),
            "density": pictures.draw_density(theme, beats, length),
            "noise": pictures.draw_noise(theme, beats, chosen, sigma, seed),
        }
        if summary["lengths"]["padding_share"] >= words.PADDED:
            found["lengths"] = pictures.draw_lengths(theme, beats, length)
        if summary["records"]:
            found["records"] = origins.draw_records(theme, beats, summary["records"])
        if nearest:
            found["neighbours"] = origins.draw_neighbours(theme, beats, is_test, nearest)
        return found

    return summary, _png(draw, tell)


def _png(
    draw: Callable[[Theme], dict[str, Figure]], tell: Callable[[float], None]
) -> dict[str, dict[str, bytes]]:
    """Draw in both themes; picture → theme → PNG."""
    from matplotlib import rc_context

    found: dict[str, dict[str, bytes]] = {}
    for done, (name, theme) in enumerate(themes().items()):
        settings: Any = theme.settings()
        with rc_context(settings):
            for picture, figure in draw(theme).items():
                stream = BytesIO()
                figure.savefig(stream, dpi=_DPI, format="png", metadata={"Software": None})
                found.setdefault(picture, {})[name] = stream.getvalue()
        tell(0.5 + 0.25 * (done + 1))
    return found
