"""``ectopy archive``: a folder of recordings to one data set."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ectopy.cli.options import fs_option, units_option
from ectopy.cli.terminal import NOT_A_DEVICE, clock, fail

if TYPE_CHECKING:
    from ectopy.archive.crew import Crew
    from ectopy.archive.run import Outcome, Progress

_SHOWN: Final = 20
"""Recordings without a result that are named; the page names all."""
_EVERY_S: Final = {True: 0.2, False: 10.0}
"""Seconds between progress lines: on a terminal, which shows the last one only, and in a log."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for the data set and its page.",
)
@click.option("--resume", is_flag=True, help="Go on in an output folder that holds results.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Recordings worked on at a time on this machine; as many as cores by default.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Scheduler of a Dask cluster that runs.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds that one recording may take.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    help="Megabytes that one recording may take, the libraries included (Linux).",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Paths below DIR to leave out, such as 'old/*'; may be given again.",
)
@click.option("--lead", help="Name or number (from 0) of the lead to analyse.")
@click.option("--model", help="Name of a model (see 'ectopy models'), its directory or run.")
@fs_option
@units_option
def archive(
    folder: Path,
    output: Path,
    resume: bool,
    workers: int | None,
    scheduler: str | None,
    timeout: float,
    memory: int,
    exclude: tuple[str, ...],
    lead: str | None,
    model: str | None,
    fs: float | None,
    units: str | None,
) -> None:
    """Analyse all recordings in DIR, of any format, and make one data set of the results.

    Parquet files of beats, recordings and episodes, and index.html with the status of each
    recording. Killed at any moment, the same command with --resume goes on where it was; files
    that changed since are read again. A recording that cannot be analysed is named with its
    reason, the others are finished, and the exit status is 1.

    \b
    ectopy archive recordings -o results
    ectopy archive recordings -o results --resume --timeout 3600
    ectopy archive /share/ecg -o /share/beats --scheduler tcp://10.0.0.5:8786
    """
    from ectopy.archive.job import Settings, StoppedError
    from ectopy.archive.run import archive as run
    from ectopy.archive.run import need_pyarrow

    if scheduler and workers:
        raise click.UsageError("--workers is for this machine; a Dask cluster has its own workers")
    need_pyarrow()
    progress = ProgressLine()
    crew: Crew | None = None
    try:
        crew = _crew(workers, scheduler)
        outcome = run(
            folder,
            output,
            crew,
            Settings(lead, model, fs, units),
            resume=resume,
            exclude=exclude,
            timeout_s=timeout,
            memory_mb=memory,
            tell=progress,
        )
    except StoppedError as error:
        progress.end()
        fail(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        progress.end()
        fail("stopped; what is done is kept: run again with --resume")
        sys.exit(1)
    finally:
        if crew is not None:
            crew.close()
    progress.end()
    _report(outcome)
    sys.exit(1 if outcome.failed else 0)


def _crew(workers: int | None, scheduler: str | None) -> Crew:
    if scheduler:
        import logging

        from ectopy.archive.cluster import DaskCrew

        # what Dask writes about lost connections is said by the errors, in one line
        logging.disable(logging.ERROR)
        return DaskCrew(scheduler, say=fail)
    from ectopy.archive.crew import LocalCrew, cores

    return LocalCrew(workers or cores())


def _report(outcome: Outcome) -> None:
    """Name what failed, then say what came out."""
    for name, status, reason in outcome.failed[:_SHOWN]:
        fail(f"{name}: {reason}" if status == "failed" else f"{name}: {status}: {reason}")
    if len(outcome.failed) > _SHOWN:
        fail(f"and {len(outcome.failed) - _SHOWN:,} more, all in {outcome.page}")
    total = sum(outcome.statuses.values())
    statuses = ", ".join(f"{name} {n:,}" for name, n in outcome.statuses.items())
    others = f"; {outcome.others:,} files are no recordings" if outcome.others else ""
    click.echo(
        f"{total:,} recordings ({statuses}), {outcome.analysed:,} analysed now, {outcome.kept:,} "
        f"kept; {outcome.beats:,} beats in {outcome.hours:,.1f} h{others}"
    )
    click.echo(f"Data set: {outcome.page.parent}")
    click.echo(f"Page: {outcome.page}")
    click.echo(NOT_A_DEVICE)


class ProgressLine:
    """A line on stderr with what is done, how fast, and the time that is left.

    Parameters
    ----------
    now
        The clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._shown = -1e9
        self._begun: tuple[float, Progress] | None = None
        self._on_terminal = sys.stderr.isatty()
        self._open = False

    def __call__(self, progress: Progress) -> None:
        """Show the line, if it is time to."""
        from dataclasses import replace

        now = self._now()
        if self._begun is None or self._begun[1].stage != progress.stage:
            self._begun = (now, replace(progress))
        elif now - self._shown < _EVERY_S[self._on_terminal] and progress.done < progress.total:
            return
        self._shown = now
        line = progress_text(progress, self._begun[1], now - self._begun[0])
        if self._on_terminal:
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)
            self._open = True
        else:
            click.echo(line, err=True)

    def end(self) -> None:
        """End the line."""
        if self._open:
            click.echo(err=True)
            self._open = False


def progress_text(progress: Progress, begun: Progress, elapsed_s: float) -> str:
    """Say how far a run is.

    Parameters
    ----------
    progress
        How far it is.
    begun
        How far it was when this stage of it began: what was kept from before is not counted in
        its rate.
    elapsed_s
        Seconds since then.
    """
    share = f" ({100 * progress.done / progress.total:.1f} %)" if progress.total else ""
    text = f"{progress.stage} {progress.done:,}/{progress.total:,}{share}"
    done = progress.done - begun.done
    if not done or elapsed_s <= 0:
        return text
    if progress.stage == begun.stage == "recordings":
        hours = progress.hours - begun.hours
        text += f", {done / elapsed_s:.1f}/s, {hours / elapsed_s:.2f} h of ECG/s"
        if progress.failed:
            text += f", {progress.failed:,} failed"
        made = progress.bytes_done - begun.bytes_done
        left = elapsed_s * (progress.bytes_total - progress.bytes_done) / made if made else 0.0
    else:
        left = elapsed_s * (progress.total - progress.done) / done
    return f"{text}, {clock(left)} left" if progress.done < progress.total else text
