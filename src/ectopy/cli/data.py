"""Commands for data sets: list them, build the exact Kaggle rows from the raw database."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy.cli.terminal import progress_bar


@click.group()
def data() -> None:
    """Data sets: list them, build the exact Kaggle rows from the raw database."""


@data.command("list")
def data_list() -> None:
    """List the data sets that can be built."""
    from ectopy.datasets import BUILDS

    for name, says in BUILDS.items():
        click.echo(f"{name}\n  {says}")


@data.command("build")
@click.argument("name")
@click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of the raw records.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
def data_build(name: str, source: Path, output: Path) -> None:
    """Build a data set from raw records.

    \b
    ectopy data build kaggle-mitbih --source mitdb -o kaggle
    """
    from ectopy.datasets import BUILDS
    from ectopy.datasets.kaggle import make_rows, write_rows

    if name not in BUILDS:
        raise click.UsageError(f"no data set named {name!r}; known: {', '.join(BUILDS)}")
    with progress_bar("rows") as progress:
        rows = make_rows(source, progress=progress)
    click.echo("writing", err=True)
    for path in write_rows(rows, output):
        click.echo(path)
    click.echo(f"{(~rows.is_test).sum():,} training rows, {rows.is_test.sum():,} test rows")
