"""The command line: each command a few lines over the library.

Results go to stdout, progress and warnings to stderr. Exit status 0: all good; 1: some recording
could not be analysed, each named with its reason, the others finished; 2: wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ectopy import __version__
from ectopy.errors import EctopyError

if TYPE_CHECKING:
    from ectopy.analysis import Analysis
    from ectopy.recording import Recording
    from ectopy.training.fit import Epoch

NOT_A_DEVICE = "ectopy is not a medical device."

fs_option = click.option(
    "--fs",
    type=click.FloatRange(min=0, min_open=True),
    help="Sampling rate in Hz, for a file that does not state it.",
)
units_option = click.option(
    "--units",
    type=click.Choice(["mV", "uV", "µV", "V", "adu"]),
    help="Units of the values, for a file that does not state them.",
)


class Group(click.Group):
    """A group of commands in which every error of ectopy is one line and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EctopyError as error:
            fail(str(error))
            sys.exit(2)


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=NOT_A_DEVICE,
)
@click.version_option(__version__, prog_name="ectopy")
def main() -> None:
    """Find every heartbeat in any ECG, say what kind it is, how sure that is, and show it.

    \b
    ectopy demo                        a simulated recording, analysed, with its report
    ectopy analyze my-ecg.csv --fs 250 -o results
    ectopy info mitdb/208
    """


@main.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("ectopy-demo"))
@click.option("--seed", default=0, show_default=True, help="Seed of the simulated heart.")
@click.option("--minutes", type=click.FloatRange(0.1, 1440), default=5, show_default=True)
def demo(output: Path, seed: int, minutes: float) -> None:
    """Simulate a recording, analyse it and write its report. Needs nothing but the install."""
    from ectopy.analysis import analyze as analyze_recording
    from ectopy.report import FORMATS
    from ectopy.simulate import simulate

    recording = simulate(60 * minutes, seed=seed)
    with progress_bar("simulated") as progress:
        analysis = analyze_recording(recording, progress=progress)
    written = write_all(analysis, output, "demo", tuple(FORMATS))
    click.echo(summary("simulated recording", analysis))
    click.echo(f"Report: {written[0].resolve()}")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, one object or a list.")
@fs_option
@units_option
def info(files: tuple[Path, ...], as_json: bool, fs: float | None, units: str | None) -> None:
    """Say what a file is: format, leads, rate, units, length, start, and what was inferred.

    \b
    ectopy info mitdb/208
    ectopy info watch.csv --json
    """
    from ectopy.recording import read

    facts, failed = [], False
    for path in files:
        try:
            facts.append({"file": str(path), **describe(read(path, fs=fs, units=units))})
        except EctopyError as error:
            failed = True
            fail(f"{path}: {str(error).removeprefix(f'{path.name} ')}")
            continue
        if not as_json:
            print_facts(facts[-1])
    if as_json:
        click.echo(json.dumps(facts[0] if len(files) == 1 and facts else facts, indent=2))
    sys.exit(1 if failed else 0)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("ectopy-results"),
    show_default=True,
    help="Folder for the results.",
)
@click.option("--formats", default="html,json,csv,atr", show_default=True, help="What to write.")
@click.option("--lead", help="Name or number (from 0) of the lead to analyse.")
@click.option("--model", help="Name of a model (see 'ectopy models') or its directory.")
@fs_option
@units_option
def analyze(
    files: tuple[Path, ...],
    output: Path,
    formats: str,
    lead: str | None,
    model: str | None,
    fs: float | None,
    units: str | None,
) -> None:
    """Find and name every heartbeat of each FILE and write the results.

    One line a file on stdout; results in the output folder as STEM.FORMAT. A file that cannot be
    analysed is named with its reason, the others are finished, and the exit status is 1.

    \b
    ectopy analyze mitdb/208 -o results
    ectopy analyze *.csv --fs 250 --formats json,atr
    """
    from ectopy.analysis import analyze as analyze_recording
    from ectopy.labels import DEFAULT_MODEL, load_card
    from ectopy.recording import read

    wanted = checked_formats(formats)
    load_card(model or DEFAULT_MODEL)
    checked_output(output)
    failed = False
    for path, stem in stems(files):
        try:
            with progress_bar(path.name) as progress:
                analysis = analyze_recording(
                    read(path, fs=fs, units=units), lead=lead, model=model, progress=progress
                )
                written = write_all(analysis, output, stem, wanted)
        except EctopyError as error:
            failed = True
            fail(f"{path}: {str(error).removeprefix(f'{path.name} ')}")
        else:
            click.echo(f"{summary(str(path), analysis)} → {written[0]}")
    sys.exit(1 if failed else 0)


@main.command()
def models() -> None:
    """Say which models are inside, what they learned from and how good they are."""
    from ectopy.labels import DEFAULT_MODEL, list_models, load_card

    for name in list_models():
        card = load_card(name)
        figures, training = card["figures"], card["training"]
        mixed = ", patients mixed" if training["patient_mixed"] else ""
        default = " (default)" if name == DEFAULT_MODEL else ""
        scores = " ".join(
            f"{c} {100 * row['f1']:.1f}" for c, row in figures["classes"].items() if row["support"]
        )
        click.echo(f"{name}{default}\n  {card['says']}")
        click.echo(
            f"  split {training['split']}{mixed}: "
            f"accuracy {100 * figures['accuracy']:.2f} %, "
            f"macro F1 {100 * figures['macro_f1']:.2f} %; F1 % {scores}"
        )
        click.echo(f"  {card['warning']}\n  {NOT_A_DEVICE}")


@main.group()
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


@main.command()
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


def fail(message: str) -> None:
    """Print an error, on one line, to stderr."""
    click.echo(f"ectopy: {' '.join(message.split())}", err=True)


def checked_formats(formats: str) -> tuple[str, ...]:
    """Give the formats of a list such as ``html,json``, or say which there are."""
    from ectopy.report import FORMATS

    wanted = tuple(
        dict.fromkeys(part.strip().lower() for part in formats.split(",") if part.strip())
    )
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise click.UsageError(
            f"--formats has {', '.join(unknown) or 'nothing'}; possible: {', '.join(FORMATS)}"
        )
    return wanted


def checked_output(folder: Path) -> None:
    """Make the output folder, or say at once that nothing can be written there."""
    from tempfile import TemporaryFile

    from ectopy.errors import OutputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"cannot write to {folder}: {error.strerror}; choose another folder with -o"
        ) from error


def stems(files: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Pair each recording with the stem of its results: no recording twice, no stem twice.

    The data and annotation files of a WFDB record are passed over when its header is listed too.
    """
    headers = {path.with_suffix("") for path in files if path.suffix == ".hea"}
    taken: set[str] = set()
    for path in dict.fromkeys(files):
        if path.suffix != ".hea" and path.with_suffix("") in headers:
            continue
        name = path.stem if path.suffix and not path.is_dir() else path.name
        stem = next(s for s in numbered(name) if s not in taken)
        taken.add(stem)
        yield path, stem


def numbered(name: str) -> Iterator[str]:
    """Yield ``name``, ``name-2``, ``name-3`` and on."""
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def write_all(analysis: Analysis, folder: Path, stem: str, formats: tuple[str, ...]) -> list[Path]:
    """Write each format to ``folder/stem.format``."""
    from ectopy.report import write_report

    return [write_report(analysis, folder / f"{stem}.{name}", format=name) for name in formats]


def summary(name: str, analysis: Analysis) -> str:
    """One line: how many beats of each class, over what time, at what rate."""
    counts = " ".join(f"{label} {n:,}" for label, n in analysis.labels.counts().items())
    rate = analysis.rhythm.mean_bpm
    return (
        f"{name}: {len(analysis.beats):,} beats in {clock(analysis.recording.duration_s)}, "
        f"{counts}{f', {rate:.0f}/min' if rate else ''}"
    )


def clock(seconds: float) -> str:
    """Write a length as ``h:mm:ss`` or ``m:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def describe(recording: Recording) -> dict[str, Any]:
    """Facts of a recording under the names of ``info --json``."""
    from dataclasses import asdict

    return {
        "format": recording.source.format,
        "fs": recording.fs,
        "leads": list(recording.leads),
        "units": "mV",
        "n_samples": recording.n_samples,
        "duration_s": recording.duration_s,
        "start": recording.start.isoformat() if recording.start else None,
        "annotations": len(recording.annotations) if recording.annotations else 0,
        "inferred": [asdict(fact) for fact in recording.source.inferred],
    }


def print_facts(facts: dict[str, Any]) -> None:
    """Print the facts of a recording as a table, a mark on everything that was inferred."""
    rows = {
        "format": facts["format"],
        "leads": ", ".join(facts["leads"]),
        "rate": f"{facts['fs']:g} Hz",
        "units": facts["units"],
        "length": f"{clock(facts['duration_s'])} ({facts['n_samples']:,} samples)",
        "start": facts["start"] or "not known",
        "annotations": f"{facts['annotations']:,}",
    }
    click.echo(facts["file"])
    for name, value in rows.items():
        click.echo(f"  {name:<12} {value}")
    for fact in facts["inferred"]:
        override = f"; override with {fact['option']}" if fact["option"] else ""
        click.echo(f"  * {fact['what']}: {fact['value']} — inferred: {fact['why']}{override}")


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[float], None]]:
    """Show a bar on stderr while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def epoch_bar() -> Iterator[Callable[[Epoch, float], None]]:
    """Show each epoch's figures on stderr, and a bar while it runs if that is a terminal."""

    def told(epoch: Epoch) -> str:
        return (
            f"epoch {epoch.epoch}: loss {epoch.train_loss:.4f}, validation loss "
            f"{epoch.validation_loss:.4f}, accuracy {100 * epoch.validation_accuracy:.2f} %, "
            f"macro F1 {100 * epoch.validation_macro_f1:.2f} %"
        )

    if not sys.stderr.isatty():
        yield lambda epoch, share: click.echo(told(epoch), err=True) if share == 1 else None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("epoch 1", total=1.0)

        def report(epoch: Epoch, share: float) -> None:
            if share == 1:
                bar.console.print(told(epoch))
                bar.reset(task, total=1.0, description=f"epoch {epoch.epoch + 1}")
            else:
                bar.update(task, completed=share, description=f"epoch {epoch.epoch}")

        yield report
