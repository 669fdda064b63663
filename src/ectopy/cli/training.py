"""Commands that train: they need the extra `train`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ectopy.cli.terminal import epoch_bar


@click.command()
@click.argument("recipe")
@click.option(
    "--data",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of 'ectopy data build kaggle-mitbih', or the raw MIT-BIH records.",
)
@click.option("--split", default="kaggle", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Run folder.")
@click.option("--seed", default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), help="The most epochs.")
@click.option("--batch", type=click.IntRange(min=1), help="Rows per step.")
@click.option("--device", help="Torch device, such as cpu or cuda.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run.")
def train(
    recipe: str,
    source: Path,
    split: str,
    output: Path | None,
    seed: int,
    epochs: int | None,
    batch: int | None,
    device: str | None,
    resume: bool,
) -> None:
    """Train RECIPE; leave curves, figures and a model directory in the run folder.

    \b
    ectopy train cvxtz --data mitdb --split kaggle -o runs/cvxtz
    ectopy analyze mitdb/208 --model runs/cvxtz/model
    """
    try:
        from ectopy.training.train import train as train_recipe
    except ModuleNotFoundError as error:
        raise click.UsageError(
            f"training needs {error.name}, which is not installed: pip install 'ectopy[train]'"
        ) from error

    run = output or Path("runs") / f"{recipe}-{split}-{seed}"
    with epoch_bar() as report:
        outcome = train_recipe(
            recipe,
            source,
            split,
            run,
            seed=seed,
            epochs=epochs,
            batch=batch,
            device=device,
            resume=resume,
            report=report,
        )
    figures = outcome.figures
    card = json.loads((outcome.model / "card.json").read_text("utf-8"))
    click.echo(
        f"test rows of {split}: accuracy {100 * figures['accuracy']:.2f} %, "
        f"macro F1 {100 * figures['macro_f1']:.2f} %\n{card['warning']}\nmodel: {outcome.model}"
    )
