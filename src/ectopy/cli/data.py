"""Commands for data sets: list, fetch, check them; build rows and labelled beats from records."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ectopy.cli.options import checked_output, escape_option
from ectopy.cli.terminal import clock, fail, progress_bar
from ectopy.errors import DatasetError, EctopyError

if TYPE_CHECKING:
    from ectopy.datasets.beat_sets import Built
    from ectopy.datasets.fetch import Progress

MOST_NAMED = 20
"""Files or records of one kind that are named on stderr; of more, the number is told."""
LINE_EVERY_S = 15.0
"""Seconds between lines of progress where stderr is no terminal."""


@click.group()
def data() -> None:
    """Data sets: list, fetch and check them, build rows and labelled beats from records."""


@data.command("list")
def data_list() -> None:
    """List the data sets: what is in them, how large, under which terms, what they are good for."""
    from ectopy.datasets import BUILDS
    from ectopy.datasets.published import GOLDBERGER, KAGGLE, PUBLISHED

    click.echo("To fetch from PhysioNet (ectopy data fetch NAME):\n")
    for each in PUBLISHED.values():
        click.echo(f"{each.name}  {each.title} {each.version}")
        click.echo(f"  holds     {each.holds}")
        click.echo(f"  good for  {each.good_for}")
        click.echo(f"  size      about {_bytes(each.size)}; licence {each.licence}")
        click.echo(f"  cite      {each.cite}; https://doi.org/{each.doi}\n")
    click.echo(f"With each of these PhysioNet asks to cite {GOLDBERGER}.\n")
    click.echo("To build from records (ectopy data build NAME):\n")
    for name, says in BUILDS.items():
        click.echo(f"{name}\n  {says}\n")
    click.echo("To check (ectopy data check NAME DIR), all to fetch and from Kaggle:\n")
    for name, files in KAGGLE.items():
        held = ", ".join(f"{file.name} ({_bytes(file.size)})" for file in files)
        click.echo(f"{name}\n  {held}")


@data.command("fetch")
@click.argument("name")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; default: NAME in the folder that ECTOPY_DATA names, else in the "
    "cache folder of the user.",
)
@click.option("--records", help="Only these records: names or patterns, such as 100,208 or '1*'.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first records, so many.")
@click.option("--from", "base_url", help="Another address than https://physionet.org/files.")
def data_fetch(
    name: str, output: Path | None, records: str | None, limit: int | None, base_url: str | None
) -> None:
    """Fetch a data set from its publisher, or what is missing or wrong of it.

    Every file is checked against the publisher's SHA-256 before it takes its name. A run that was
    interrupted goes on where it stopped; what is there and right is not fetched again. The exit
    status is 1 if a file could not be fetched: each is named with the reason.

    \b
    ectopy data fetch mitdb -o mitdb
    ectopy data fetch ptb-xl --records 'records100/*' -o ptb-xl
    """
    from ectopy.datasets.fetch import UnknownRecordError, default_folder, fetch
    from ectopy.datasets.published import GOLDBERGER, PUBLISHED

    if name not in PUBLISHED:
        raise click.UsageError(f"no data set named {name!r}; to fetch: {', '.join(PUBLISHED)}")
    wanted = [each.strip() for each in (records or "").split(",") if each.strip()]
    if records is not None and not wanted:
        raise click.UsageError(
            f"--records {records!r} names no record; give names or patterns, such as 100,208 or "
            "'1*', or leave it away for all"
        )
    folder = output or default_folder(name)
    checked_output(folder)
    try:
        with fetch_bar(name) as progress:
            found = fetch(
                name, folder, records=wanted, limit=limit, base_url=base_url, progress=progress
            )
    except UnknownRecordError:
        raise
    except EctopyError as error:
        fail(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        fail("interrupted; run the same command again, it goes on where it stopped")
        sys.exit(1)
    _name_all(f"{path}: {reason}" for path, reason in found.failed)
    click.echo(folder)
    parts = [f"{_many(found.fetched, 'file')} fetched", f"{found.kept:,} there and right already"]
    if found.failed:
        parts.append(f"{len(found.failed):,} failed")
    if found.left:
        parts.append(f"{found.left:,} not tried")
    click.echo(", ".join(parts))
    about = PUBLISHED[name]
    click.echo(f"Licence {about.licence}. Cite {about.cite}, doi:{about.doi}; {GOLDBERGER}.")
    sys.exit(1 if found.failed or found.left else 0)


@data.command("check")
@click.argument("name")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def data_check(name: str, folder: Path) -> None:
    """Check that the files of a data set in DIR are complete and as published.

    Those of PhysioNet are held against the SHA256SUMS.txt beside them, those of Kaggle against
    their published size and SHA-256. The exit status is 1 if one is wrong, a record is incomplete
    or nothing is there; records and files that are missing altogether are counted.

    \b
    ectopy data check mitdb mitdb
    ectopy data check kaggle-ptbdb downloads
    """
    from ectopy.datasets.checksums import check, known_names

    if name not in known_names():
        raise click.UsageError(f"no data set named {name!r}; known: {', '.join(known_names())}")
    if not folder.is_dir():
        raise click.UsageError(f"there is no folder {folder}")
    try:
        with progress_bar(f"checking {name}") as progress:
            found = check(name, folder, progress)
    except DatasetError as error:
        fail(str(error))
        sys.exit(1)
    _name_all(f"{path}: {reason}" for path, reason in found.wrong)
    _name_all(f"record {record} is incomplete" for record in found.incomplete)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(
        f"{name} in {folder}: {len(found.right):,} right, {len(found.wrong):,} wrong, "
        f"{len(found.missing):,} not there"
    )
    if not found.right and not found.wrong:
        fail(f"nothing of {name} is in {folder}")
    sys.exit(0 if found.good else 1)


@data.command("build")
@click.argument("name")
@click.option(
    "--source",
    "sources",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    multiple=True,
    help="Folder of the raw records; for beats there may be several, subfolders too.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option(
    "--lead",
    default="II",
    show_default=True,
    help="beats: lead by name, by number from 0, or 'first'; several in order of preference, such "
    "as II,first. II also takes a lead named MLII.",
)
@click.option(
    "--layout",
    type=click.Choice(["kaggle-rows", "context"]),
    default="kaggle-rows",
    show_default=True,
    help="beats: how each is cut, as 187 values at 120 Hz or as 200 numbers beside its patient.",
)
@click.option(
    "--annotator",
    default="atr",
    show_default=True,
    help="beats: ending of the annotation files.",
)
@escape_option
@click.pass_context
def data_build(
    context: click.Context,
    name: str,
    sources: tuple[Path, ...],
    output: Path,
    lead: str,
    layout: str,
    annotator: str,
    escape_beats: str,
) -> None:
    """Build a data set from raw records.

    kaggle-mitbih: the exact published rows. beats: one labelled set of beats from any annotated
    WFDB records, with the record and the patient of each; a record without the lead or without
    annotations is left out, which stderr and records.csv tell with the reason.

    \b
    ectopy data build kaggle-mitbih --source mitdb -o kaggle
    ectopy data build beats --source mitdb --source svdb --lead II,first -o beats
    """
    from ectopy.datasets import BUILDS

    if name not in BUILDS:
        raise click.UsageError(f"no data set named {name!r}; known: {', '.join(BUILDS)}")
    if name == "kaggle-mitbih":
        own = ("lead", "layout", "annotator", "escape_beats")
        by_user = click.core.ParameterSource.COMMANDLINE
        if len(sources) > 1 or any(context.get_parameter_source(key) is by_user for key in own):
            raise click.UsageError(
                "kaggle-mitbih is made in one way, from one folder: give one --source and -o only"
            )
        _build_kaggle(sources[0], output)
        return
    from ectopy.datasets.beat_sets import build_beats

    checked_output(output)
    with progress_bar("beats") as progress:
        built = build_beats(
            sources,
            output,
            lead=lead,
            layout=layout,
            annotator=annotator,
            escape_beats=escape_beats,
            progress=progress,
        )
    _tell_built(built)


def _build_kaggle(source: Path, output: Path) -> None:
    from ectopy.datasets.kaggle import make_rows, write_rows

    with progress_bar("rows") as progress:
        rows = make_rows(source, progress=progress)
    click.echo("writing", err=True)
    for path in write_rows(rows, output):
        click.echo(path)
    click.echo(f"{(~rows.is_test).sum():,} training rows, {rows.is_test.sum():,} test rows")


def _tell_built(built: Built) -> None:
    """Say what is in a built set, and which records are not; exit with the status that tells."""
    _name_all(
        f"{each.path}: left out, {each.reason}" for each in built.records if each.status != "used"
    )
    for path in built.paths:
        click.echo(path)
    counts = " ".join(f"{name} {n:,}" for name, n in built.counts.items())
    used = [each for each in built.records if each.status == "used"]
    patients = len({each.patient for each in used})
    click.echo(
        f"{sum(built.counts.values()):,} beats ({counts}) of {_many(len(used), 'record')} of "
        f"{_many(patients, 'patient')}; {_many(len(built.records) - len(used), 'record')} left out"
    )
    leads: dict[str, int] = {}
    for each in used:
        leads[each.lead] = leads.get(each.lead, 0) + 1
    click.echo(f"leads: {', '.join(f'{lead} in {n:,}' for lead, n in sorted(leads.items()))}")
    if any(each.status == "unreadable" for each in built.records):
        sys.exit(1)


def _many(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _name_all(lines: Iterator[str]) -> None:
    """Print each line as an error; of very many only the first, and how many more there are."""
    listed = list(lines)
    for line in listed[:MOST_NAMED]:
        fail(line)
    if len(listed) > MOST_NAMED:
        fail(f"… and {len(listed) - MOST_NAMED:,} more")


@contextmanager
def fetch_bar(name: str) -> Iterator[Callable[[Progress], None]]:
    """Show files, bytes, rate and time left on stderr: a bar, or a line now and then."""
    if not sys.stderr.isatty():
        told = time.monotonic()

        def tell(now: Progress) -> None:
            nonlocal told
            if time.monotonic() - told >= LINE_EVERY_S:
                told = time.monotonic()
                click.echo(f"{name}: {_how_far(now)}", err=True)

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[far]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None, far="looking at what there is")

        def show(now: Progress) -> None:
            expected = now.bytes_expected
            bar.update(task, total=expected, completed=now.bytes_done, far=_how_far(now))

        yield show


def _how_far(now: Progress) -> str:
    parts = [f"{now.files_done:,} of {now.files:,} files", _bytes(now.bytes_done)]
    if now.bytes_per_s:
        parts.append(f"{_bytes(round(now.bytes_per_s))}/s")
    if now.left_s is not None:
        parts.append(f"{clock(now.left_s)} left")
    return ", ".join(parts)


def _bytes(n: int) -> str:
    """Write a number of bytes with three digits, in units of a thousand each."""
    value, units = float(n), ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return (
        f"{value:.0f} {units[0]}" if value >= 100 or units[0] == "B" else f"{value:.3g} {units[0]}"
    )
