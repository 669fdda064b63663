"""Commands for honest figures."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy.cli.options import checked_output, escape_option
from ectopy.cli.terminal import print_evaluation, print_infarction, print_qrs, progress_bar


@click.command()
@click.option(
    "--what",
    type=click.Choice(["labels", "qrs", "mi"]),
    default="labels",
    show_default=True,
    help="Measure how beats are named, how they are found, or how infarctions are told.",
)
@click.option("--split", "split_name", help="Such as kaggle or ds1-ds2.")
@click.option(
    "--model",
    "models",
    multiple=True,
    help="Name, directory or run folder; repeat it for several seeds.",
)
@click.option(
    "--data",
    "source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of the raw MIT-BIH records; for --what qrs of any annotated WFDB records, for "
    "--what mi of PTB-XL or the PTB Diagnostic ECG Database.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option(
    "--lead",
    help="With --what qrs: lead to search, or 'all'; the first by default. With --what mi: II.",
)
@click.option(
    "--beats",
    type=click.Choice(["detected", "reference"]),
    default="detected",
    show_default=True,
    help="Find the beats first, or take those that experts marked.",
)
@escape_option
@click.option(
    "--noise",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Record of noise for a noise stress test, added to 118 and 119 at 24 to -6 dB.",
)
@click.option(
    "--noise-record", "clean", multiple=True, help="Clean record to use instead; may be repeated."
)
def evaluate(
    what: str,
    split_name: str | None,
    models: tuple[str, ...],
    source: Path,
    output: Path,
    lead: str | None,
    beats: str,
    escape_beats: str,
    noise: Path | None,
    clean: tuple[str, ...],
) -> None:
    """Measure a model on the test side of a split, from the raw recordings.

    Writes summary.json, records.csv and one page, report.html, into the output folder.

    \b
    ectopy evaluate --split ds1-ds2 --data mitdb -o figures
    ectopy evaluate --what qrs --data mitdb -o figures
    ectopy evaluate --what mi --data ptbdb -o figures
    ectopy evaluate --split ds1-ds2 --data mitdb --noise nstdb/em -o figures
    ectopy evaluate --split ds1-ds2 --model run0/model --model run1/model --data mitdb -o figures
    """
    from ectopy.datasets.splits import find_split, list_splits
    from ectopy.evaluation import evaluate_models, noise_stress, write_evaluation
    from ectopy.evaluation.stress import CLEAN_RECORDS
    from ectopy.labels import DEFAULT_MODEL

    if what == "qrs":
        checked_output(output)
        measure_qrs(source, output, lead)
        return
    if what == "mi":
        checked_output(output)
        measure_mi(source, output, models, lead or "II")
        return
    if split_name is None:
        raise click.UsageError(f"--split is missing; known splits: {', '.join(list_splits())}")
    split = find_split(split_name)
    if not split.test_records and beats == "detected":
        click.echo(f"the split {split_name} is of single rows: --beats reference", err=True)
        beats = "reference"
    checked_output(output)
    with progress_bar(split_name) as progress:
        summary, results = evaluate_models(
            models or (DEFAULT_MODEL,),
            split,
            source,
            beats=beats,
            escape_beats=escape_beats,
            progress=progress,
        )
        if noise:
            summary["noise"] = noise_stress(
                models[0] if models else DEFAULT_MODEL,
                source,
                noise,
                records=clean or CLEAN_RECORDS,
                escape_beats=escape_beats,
                progress=progress,
            )
        written = write_evaluation(summary, results, output)
    print_evaluation(summary)
    for path in written:
        click.echo(path)


def measure_qrs(source: Path, output: Path, lead: str | None) -> None:
    """Measure how the beats of all annotated records in a folder are found."""
    from ectopy.evaluation.qrs import evaluate_qrs, summarise_qrs
    from ectopy.evaluation.write import write_figures

    chosen = {None: 0, "all": None}.get(lead, lead)
    with progress_bar("records") as progress:
        results = evaluate_qrs(source, lead=chosen, progress=progress)
    summary = summarise_qrs(results, lead="first" if lead is None else lead)
    print_qrs(summary)
    for path in write_figures(summary, summary["per_record"], output):
        click.echo(path)


def measure_mi(source: Path, output: Path, models: tuple[str, ...], lead: str) -> None:
    """Measure how a model tells people with an infarction, by patient."""
    from ectopy.evaluation.infarction import DEFAULT, evaluate_infarction
    from ectopy.evaluation.write import write_figures

    if len(models) > 1:
        raise click.UsageError("--what mi measures one --model at a time")
    with progress_bar("recordings") as progress:
        summary, patients = evaluate_infarction(
            source, models[0] if models else DEFAULT, lead=lead, progress=progress
        )
    print_infarction(summary)
    for path in write_figures(summary, patients, output):
        click.echo(path)
