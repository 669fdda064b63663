"""Commands that train: they need the extra `train`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ectopy.cli.terminal import epoch_bar, fail


@click.command()
@click.argument("recipe")
@click.option(
    "--data",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of 'ectopy data build kaggle-mitbih', with Kaggle's mitbih_*.csv, or with the "
    "raw MIT-BIH records.",
)
@click.option("--split", default="kaggle", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Run folder.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), help="The most epochs.")
@click.option("--batch", type=click.IntRange(min=1), help="Rows per step.")
@click.option(
    "--rebalance",
    type=click.Choice(["none", "resample", "weights"]),
    help="As many rows of each class, or rare classes weighing more in the loss.",
)
@click.option(
    "--per-class", type=click.IntRange(min=1), help="Rows of each class after resampling."
)
@click.option(
    "--noise",
    type=click.FloatRange(min=0),
    metavar="SIGMA",
    help="White noise on training rows, which are scaled to 0..1.",
)
@click.option(
    "--bfloat16/--float32",
    default=None,
    help="Mixed bfloat16 precision: twice as quick on processors that know it.",
)
@click.option(
    "--validate-on-test",
    is_flag=True,
    help="Choose the epoch on the test rows as many notebooks do: a leak, marked in every figure.",
)
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
    rebalance: str | None,
    per_class: int | None,
    noise: float | None,
    bfloat16: bool | None,
    validate_on_test: bool,
    device: str | None,
    resume: bool,
) -> None:
    """Train RECIPE; leave curves, figures and a model directory in the run folder.

    RECIPE is notebook, kachuee, cvxtz or best. Options left away are the recipe's own.

    \b
    ectopy train notebook --data mitdb --rebalance resample --per-class 20000 --noise 0.5
    ectopy train cvxtz --data mitdb --split kaggle -o runs/cvxtz
    ectopy analyze mitdb/208 --model runs/cvxtz/model
    """
    try:
        from ectopy.training.fit import held_of
        from ectopy.training.recipes import find_recipe
        from ectopy.training.train import Options
        from ectopy.training.train import train as train_recipe
    except ModuleNotFoundError as error:
        raise click.UsageError(
            f"training needs {error.name}, which is not installed: pip install 'ectopy[train]'"
        ) from error

    run = output or Path("runs") / f"{recipe}-{split}-{seed}"
    if resume:
        click.echo(held_of(run), err=True)
    options = Options(epochs, batch, rebalance, per_class, noise, bfloat16, validate_on_test)
    try:
        with epoch_bar(options.applied(find_recipe(recipe)).epochs) as report:
            outcome = train_recipe(
                recipe,
                source,
                split,
                run,
                options=options,
                seed=seed,
                device=device,
                resume=resume,
                report=report,
            )
    except KeyboardInterrupt:
        fail("interrupted; the same command with --resume goes on after the last finished epoch")
        sys.exit(1)
    figures = outcome.figures
    card = json.loads((outcome.model / "card.json").read_text("utf-8"))
    click.echo(
        f"test rows of {split}: accuracy {100 * figures['accuracy']:.2f} %, "
        f"macro F1 {100 * figures['macro_f1']:.2f} %\n{card['warning']}\nmodel: {outcome.model}"
    )
