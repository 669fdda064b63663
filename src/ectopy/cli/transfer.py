"""The command that lets a trained network learn something else: it needs the extra `train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ectopy.cli.options import checked_output
from ectopy.cli.terminal import NOT_A_DEVICE, fail, phase_bar

MODES = ("scratch", "frozen", "full")
COUNTS = (10, 20, 40, 80, 160)


@click.command()
@click.option(
    "--from",
    "model",
    default="cvxtz-kaggle-v1",
    show_default=True,
    help="Model to begin with: its name, its directory or the run that made it.",
)
@click.option("--task", type=click.Choice(["mi"]), default="mi", show_default=True)
@click.option(
    "--data",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of PTB-XL, of the PTB Diagnostic ECG Database, or with ptbdb_*.csv of Kaggle.",
)
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(MODES),
    help="How to begin; may be repeated. All three side by side by default.",
)
@click.option("--lead", default="II", show_default=True, help="Lead to look at.")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), help="The most epochs.")
@click.option(
    "--cross-validate", is_flag=True, help="Also test on each of ten folds, for an interval."
)
@click.option("--curve", is_flag=True, help="Also learn from 10, 20, 40, 80, 160 patients and all.")
@click.option("--device", help="Torch device, such as cpu or cuda.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Run folder.")
def transfer(
    model: str,
    task: str,
    source: Path,
    modes: tuple[str, ...],
    lead: str,
    seeds: int,
    epochs: int | None,
    cross_validate: bool,
    curve: bool,
    device: str | None,
    output: Path | None,
) -> None:
    """Let a network that names beats learn to tell people with a myocardial infarction.

    Folds 1 to 8 teach, 9 chooses the epoch and the threshold, 10 tests; no patient is on two
    sides. Modes: scratch begins with random weights; frozen keeps the convolutions of the model
    and learns two new dense layers; full lets all of it learn. A trained model is measured on
    other recordings by 'ectopy evaluate --what mi'.

    \b
    ectopy transfer --from cvxtz-kaggle-v1 --task mi --data ptbxl
    ectopy transfer --mode full --data ptbdb --cross-validate --curve -o runs/ptb
    ectopy transfer --from runs/cvxtz --mode frozen --data kaggle
    """
    try:
        from ectopy.training.transfer import transfer as transfer_network
    except ModuleNotFoundError as error:
        raise click.UsageError(
            f"training needs {error.name}, which is not installed: pip install 'ectopy[train]'"
        ) from error

    run = output or Path("runs") / f"{task}-{Path(model).name}"
    checked_output(run)
    try:
        with phase_bar() as show:

            def report(share: float, line: str) -> None:
                show("training", share)
                click.echo(line, err=True)

            summary = transfer_network(
                model,
                source,
                run,
                modes=tuple(dict.fromkeys(modes)) or MODES,
                lead=lead,
                seeds=seeds,
                epochs=epochs,
                cross_validate=cross_validate,
                curve=COUNTS if curve else None,
                device=device,
                report=report,
                finding=lambda share: show("finding beats", share),
            )
    except KeyboardInterrupt:
        fail(f"interrupted; what was trained so far is in {run}, the same command begins anew")
        sys.exit(1)
    print_transfer(summary)
    click.echo(f"{NOT_A_DEVICE}\nfigures, pictures and models: {run}")


def print_transfer(summary: dict[str, Any]) -> None:
    """Print the modes side by side."""
    data = summary["data"]
    if data["patients"]:
        click.echo(
            f"{data['source']}, lead {summary['lead']}: {data['beats']:,} beats of "
            f"{data['patients']} patients, {data['patients_infarction']} with an infarction"
        )
    else:
        click.echo(f"{data['source']}: {data['beats']:,} rows")
    for reason, count in data["left_out"].items():
        click.echo(f"left out: {count} recording{'s' * (count != 1)}: {reason}")
    for each in data["skipped"]:
        click.echo(f"skipped: {each['recording']}: {each['reason']}", err=True)
    if summary["warning"]:
        click.echo(summary["warning"])
    seeds = f"mean of {summary['seeds']} seeds" if summary["seeds"] > 1 else "one seed"
    click.echo(f"{'test part, ' + seeds:<28}"
               "  AUROC  bal.acc     Se     Sp     F1  %")  # fmt: skip
    for mode, found in summary["published"].items():
        for unit, rates in found["mean"].items():
            _line(f"{mode}, per {unit}", [rates[rate] for rate in _RATES])
    if crossed := summary["cross_validation"]:
        click.echo("ten folds, mean and 95 % interval over folds")
        for mode, units in crossed.items():
            for unit, rates in units.items():
                _line(f"{mode}, per {unit}", [rates[rate]["mean"] for rate in _RATES])
                low, high = rates["auroc"]["interval"]
                click.echo(f"{'':<28}{100 * low:7.1f}–{100 * high:.1f}")
    if curve := summary["curve"]:
        click.echo("AUROC per patient over labelled patients")
        click.echo(f"{'':<28}" + "".join(f"{n:7d}" for n in curve["patients"]))
        for mode, points in curve["modes"].items():
            _line(mode, [sum(e["auroc"] for e in each) / len(each) for each in points])


_RATES = ("auroc", "balanced_accuracy", "se", "sp", "f1")


def _line(name: str, values: list[float]) -> None:
    click.echo(f"{name:<28}" + "".join(f"{100 * value:7.1f}" for value in values))
