"""The command that shows a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ectopy.cli.options import checked_output
from ectopy.cli.terminal import progress_bar


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("explore"),
    show_default=True,
    help="Folder for the page, the pictures and their numbers.",
)
@click.option(
    "--per-class",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="Rows of each class after rebalancing.",
)
@click.option(
    "--noise",
    type=click.FloatRange(min=0),
    default=0.5,
    show_default=True,
    help="Standard deviation of the noise that is added.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of all that is drawn by chance.",
)
def explore(data: Path, output: Path, per_class: int, noise: float, seed: int) -> None:
    """Show a data set: every usual picture, and where it deceives.

    DATA is a folder of 'ectopy data build', the folder of the published Kaggle files
    (mitbih_train.csv and mitbih_test.csv, or ptbdb_*.csv), the raw MIT-BIH records, or one .npz or
    .csv file. Writes explore.html, summary.json and PNG pictures into the output folder.

    \b
    ectopy explore kaggle -o pictures
    ectopy explore mitdb --per-class 5000 --noise 0.05
    """
    from ectopy.explore import explore as look

    checked_output(output)
    with progress_bar("pictures") as progress:
        summary, written = look(
            data, output, per_class=per_class, noise=noise, seed=seed, progress=progress
        )
    click.echo("\n".join(_told(summary)))
    for path in written:
        click.echo(path)


def _told(summary: dict[str, Any]) -> list[str]:
    """Say what is in the set, and what its test part has in common with the training part."""
    counts = " ".join(f"{name} {n:,}" for name, n in summary["counts"]["all"].items())
    lines = [f"{summary['name']}: {summary['rows']:,} rows, {counts}"]
    found = summary["neighbours"]
    if found["divided"] and found["same_patient"]:
        lines.append(
            f"WARNING: patients are mixed, {_percent(found['same_patient'])} of the test rows are "
            "of patients in training"
        )
    if found["in_time"] is not None:
        part = "test beats" if found["divided"] else "beats of a fifth drawn by chance"
        lines.append(f"{_percent(found['in_time'])} of the {part} have a neighbour in training")
    lengths = summary["lengths"]
    if (alone := lengths["by_length_alone"]) and lengths["padding_share"]:
        lines.append(
            "the number of zeros alone tells the classes with a balanced accuracy of "
            f"{_percent(alone['balanced_accuracy'])}, guessing with {_percent(alone['guessing'])}"
        )
    if near := found["nearest"]:
        lines.append(f"copying the class of the nearest training row: {_scores(near['copying'])}")
        if other := near["other_patients"]:
            lines.append(f"the same without the patient's own rows: {_scores(other['copying'])}")
    return lines


def _scores(scores: dict[str, float]) -> str:
    return f"accuracy {_percent(scores['accuracy'])}, macro F1 {_percent(scores['macro_f1'])}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
