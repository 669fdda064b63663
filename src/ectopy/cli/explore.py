"""The command that shows a data set."""

from __future__ import annotations

from pathlib import Path

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
@click.option("--seed", default=0, show_default=True, help="Seed of all that is drawn by chance.")
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
    counts = " ".join(f"{name} {n:,}" for name, n in summary["counts"]["all"].items())
    click.echo(f"{summary['name']}: {summary['rows']:,} rows, {counts}")
    shared = summary["neighbours"]["same_patient"]
    if shared and summary["neighbours"]["divided"]:
        click.echo(
            f"WARNING: patients are mixed, {100 * shared:.1f} % of the test rows are of patients "
            "in training",
            err=True,
        )
    for path in written:
        click.echo(path)
