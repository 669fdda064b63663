"""Commands for everyone: analyse a recording, look at a file, compare two readings."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ectopy.cli.options import (
    checked_output,
    escape_option,
    fs_option,
    identity_option,
    language_option,
    paper_option,
    units_option,
)
from ectopy.cli.terminal import (
    NOT_A_DEVICE,
    fail,
    one_line,
    print_comparison,
    print_facts,
    progress_bar,
    screen_line,
)
from ectopy.errors import EctopyError

if TYPE_CHECKING:
    from ectopy.analysis import Analysis
    from ectopy.recording import Recording

WFDB_ENDINGS = frozenset({"", ".hea", ".dat", ".mat", ".atr", ".qrs", ".ecg"})
"""Endings under which one WFDB record may be named."""


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("ectopy-demo"))
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the simulated heart.",
)
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
    click.echo(one_line("simulated recording", analysis))
    click.echo(f"Report: {written[0].resolve()}")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, one object or a list.")
@fs_option
@units_option
@identity_option
def info(
    files: tuple[Path, ...],
    as_json: bool,
    fs: float | None,
    units: str | None,
    keep_identity: bool,
) -> None:
    """Say what a file is: format, leads, rate, units, length, start, and what was inferred.

    A star marks what the file does not state, with the evidence and the option that overrides it.

    \b
    ectopy info mitdb/208
    ectopy info watch.csv --json
    """
    from ectopy.recording import read

    facts, failed = [], False
    named = tuple(expanded(files))
    for path in named:
        try:
            recording = read(path, fs=fs, units=units, keep_identity=keep_identity)
            facts.append({"file": str(path), **describe(recording)})
        except EctopyError as error:
            failed = True
            fail(f"{path}: {str(error).removeprefix(f'{path.name} ')}")
            continue
        if not as_json:
            print_facts(facts[-1])
    if as_json and (len(named) > 1 or facts):
        click.echo(json.dumps(facts if len(named) > 1 else facts[0], indent=2))
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("ectopy-results"),
    show_default=True,
    help="Folder for the results.",
)
@click.option(
    "--formats",
    default="html,json,csv,atr",
    show_default=True,
    help="What to write; pdf, too.",
)
@click.option("--lead", help="Name or number (from 0) of the lead to analyse.")
@click.option("--model", help="Name of a model (see 'ectopy models'), its directory or run.")
@click.option(
    "--screen",
    type=click.Choice(["mi"]),
    help="Also ask one question of each recording: mi, do its beats look like those of people with "
    "a myocardial infarction? Lead II only; no diagnosis.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Name each beat by what came before it and 3 s after, as 'ectopy stream' does.",
)
@language_option
@paper_option
@fs_option
@units_option
@identity_option
def analyze(
    files: tuple[Path, ...],
    output: Path,
    formats: str,
    lead: str | None,
    model: str | None,
    screen: str | None,
    live: bool,
    language: str,
    paper: str,
    fs: float | None,
    units: str | None,
    keep_identity: bool,
) -> None:
    """Find and name every heartbeat of each FILE and write the results.

    One line a file on stdout; results in the output folder as STEM.FORMAT. Of a folder or a ZIP,
    such as an export of Apple Health, each recording is analysed. A file that cannot be
    analysed is named with its reason, the others are finished, and the exit status is 1.

    \b
    ectopy analyze mitdb/208 -o results
    ectopy analyze *.csv --fs 250 --formats json,atr
    ectopy analyze holter.edf --formats html,pdf --language ko --paper letter
    """
    # pieces of a recording go to threads of ectopy's own, which BLAS must not divide again
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ectopy.analysis import analyze as analyze_recording
    from ectopy.labels import DEFAULT_MODEL, load_card
    from ectopy.recording import read

    if live and screen:
        raise click.UsageError("--screen asks a whole recording; leave out --live, or --screen")
    wanted = checked_formats(formats)
    load_card(model or DEFAULT_MODEL)
    checked_output(output)
    failed = False
    for path, stem in stems(files):
        try:
            with progress_bar(path.name) as progress:
                recording = read(path, fs=fs, units=units, keep_identity=keep_identity)
                if live:
                    from ectopy.stream import replay

                    analysis = replay(recording, lead=lead, model=model, progress=progress)
                else:
                    analysis = analyze_recording(
                        recording, lead=lead, model=model, screen=screen, progress=progress
                    )
                written = write_all(analysis, output, stem, wanted, language, paper)
        except EctopyError as error:
            failed = True
            fail(f"{path}: {str(error).removeprefix(f'{path.name} ')}")
        else:
            click.echo(f"{one_line(str(path), analysis)} → {written[0]}")
            if analysis.screen:
                click.echo(f"  {screen_line(analysis.screen)}")
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write: its ending names the format.",
)
@fs_option
@units_option
@identity_option
def convert(
    file: Path, output: Path, fs: float | None, units: str | None, keep_identity: bool
) -> None:
    """Write FILE anew for other programs: any format in; WFDB, EDF+ or CSV out.

    The ending of the output chooses: .edf, .csv, or .hea or none for a record of WFDB. WFDB and
    EDF+ hold the annotations, too. What was inferred, and what the new format cannot hold, is said
    on stderr.

    \b
    ectopy convert watch.csv -o watch.edf
    ectopy convert holter.edf -o records/holter
    """
    from ectopy.errors import OutputError
    from ectopy.recording import read
    from ectopy.recording.write import format_of, write

    try:
        format_of(output)
    except OutputError as error:
        raise click.UsageError(str(error)) from error
    try:
        recording = read(file, fs=fs, units=units, keep_identity=keep_identity)
        written = write(recording, output)
    except EctopyError as error:
        fail(f"{file}: {str(error).removeprefix(f'{file.name} ')}")
        sys.exit(1)
    for fact in recording.source.inferred:
        option = f"; override with {fact.option}" if fact.option else ""
        click.echo(f"inferred {fact.what}: {fact.value} ({fact.why}){option}", err=True)
    for note in written.notes:
        click.echo(f"note: {note}", err=True)
    for path in written.paths:
        click.echo(path)


@click.command()
def models() -> None:
    """Say which models are inside, what they learned from and how good they are."""
    from ectopy.labels import DEFAULT_MODEL, list_models, load_card
    from ectopy.labels.models import list_screening_models

    for name in list_models():
        card = load_card(name)
        figures, training = card["figures"], card["training"]
        mixed = ", patients mixed" if training["patient_mixed"] else ""
        tested = figures.get("measured", f"split {training['split']}{mixed}")
        default = " (default)" if name == DEFAULT_MODEL else ""
        scores = " ".join(
            f"{c} {100 * row['f1']:.1f}" for c, row in figures["classes"].items() if row["support"]
        )
        click.echo(f"{name}{default}\n  {card['says']}")
        click.echo(
            f"  {tested}: accuracy {100 * figures['accuracy']:.2f} %, "
            f"macro F1 {100 * figures['macro_f1']:.2f} %; F1 % {scores}"
        )
        click.echo(f"  {card['warning']}\n  {NOT_A_DEVICE}")
    for name in list_screening_models():
        card = load_card(name)
        found = card["figures"]["patient"]
        low, high = found["auroc_interval"]
        click.echo(f"{name} (asked by --screen {name.split('-')[0]})\n  {card['says']}")
        click.echo(
            f"  {card['figures']['measured']}: AUROC {found['auroc']:.3f} ({low:.3f}-{high:.3f}), "
            f"sensitivity {100 * found['se']:.1f} %, specificity {100 * found['sp']:.1f} %"
        )
        click.echo(f"  {card['warning']}\n  {NOT_A_DEVICE}")


@click.command()
@click.argument("reference", metavar="REF", type=click.Path(path_type=Path))
@click.argument("test", metavar="TEST", type=click.Path(path_type=Path))
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write the figures here."
)
@click.option("--record", help="Name of the record to print.")
@escape_option
@click.option(
    "--learning",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    help="Seconds at the start that do not count.",
)
@click.option("--fs", type=click.FloatRange(min=0, min_open=True), help="Rate, if no file has it.")
def compare(
    reference: Path,
    test: Path,
    json_file: Path | None,
    record: str | None,
    escape_beats: str,
    learning: float,
    fs: float | None,
) -> None:
    """Hold one set of annotations against another: EC57 tables, confusion matrix, kappa.

    REF and TEST are WFDB annotation files (208.atr), or JSON or CSV written by 'ectopy analyze'.

    \b
    ectopy compare mitdb/208.atr results/208.atr
    ectopy compare expert1.csv expert2.csv --fs 250 --learning 0 --json figures.json
    """
    from ectopy import ec57
    from ectopy._files import replacing

    try:
        found = ec57.compare_files(
            reference, test, fs=fs, escape_beats=escape_beats, learning_s=learning, record=record
        )
    except EctopyError as error:
        fail(str(error))
        sys.exit(1)
    print_comparison(found, reference.name, test.name, learning)
    if json_file:
        with replacing(json_file) as part:
            part.write_text(json.dumps(found.to_dict(), indent=2) + "\n", encoding="utf-8")


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


def expanded(files: tuple[Path, ...]) -> Iterator[Path]:
    """Name the recordings in each folder and ZIP; give everything else as it is."""
    from ectopy.recording.packed import recordings_in

    for path in files:
        try:
            found = recordings_in(path)
        except (EctopyError, OSError):  # reading it says what is wrong with it
            found = ()
        yield from map(Path, found or (str(path),))


def stems(files: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Pair each recording with the stem of its results: no recording twice, no stem twice.

    The header, the data and the annotations of one WFDB record are one recording.
    """
    seen: set[Path] = set()
    taken: set[str] = set()
    for path in expanded(files):
        header = path.parent / f"{path.stem}.hea"
        of_record = path.suffix.lower() in WFDB_ENDINGS and header.is_file()
        whole = header if of_record else path
        if whole in seen:
            continue
        seen.add(whole)
        # a record is named without its ending, so what looks like one is part of its name
        is_file = path.is_file() or "::" in str(path)
        name = path.stem if of_record or is_file else path.name
        stem = next(s for s in numbered(name or "recording") if s not in taken)
        taken.add(stem)
        yield path, stem


def numbered(name: str) -> Iterator[str]:
    """Yield ``name``, ``name-2``, ``name-3`` and on."""
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def write_all(
    analysis: Analysis,
    folder: Path,
    stem: str,
    formats: tuple[str, ...],
    language: str = "en",
    paper: str = "a4",
) -> list[Path]:
    """Write each format to ``folder/stem.format``, none of them if one has no room there."""
    from ectopy.errors import OutputError
    from ectopy.report import check_target, write_report

    targets = {name: folder / f"{stem}.{name}" for name in formats}
    for target in targets.values():
        check_target(analysis, target)
        if target.is_dir():
            raise OutputError(f"{target} is a folder; move it, or choose another folder with -o")
    return [
        write_report(analysis, path, format=name, language=language, paper=paper)
        for name, path in targets.items()
    ]


def describe(recording: Recording) -> dict[str, Any]:
    """Facts of a recording under the names of ``info --json``."""
    from dataclasses import asdict

    from ectopy.beats.survey import survey

    found = survey(recording)
    dead: dict[tuple[str, str], list[float]] = {}
    for lead, stretches in zip(recording.leads, found.dead, strict=True):
        for each in stretches:
            seconds = (each.stop - each.start) / recording.fs
            dead.setdefault((lead, each.reason), []).append(seconds)
    identity = [{"what": what, "value": value} for what, value in recording.source.identity]
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
        "lead": found.lead,
        "lead_why": found.why,
        "polarity": found.polarity or None,
        "mains": asdict(found.mains) if found.mains else None,
        "dead": [
            {"lead": lead, "reason": reason, "count": len(lengths), "seconds": sum(lengths)}
            for (lead, reason), lengths in dead.items()
        ],
        **({"identity": identity} if identity else {}),
    }
