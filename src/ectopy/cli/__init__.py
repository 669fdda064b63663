"""The command line: each command a few lines over the library.

Results go to stdout, progress and warnings to stderr. Exit status 0: all good; 1: some recording
could not be analysed, each named with its reason, the others finished; 2: wrong usage.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from ectopy import __version__
from ectopy.cli import (
    archive,
    data,
    everyday,
    explore,
    laboratory,
    stream,
    training,
    transfer,
    view,
)
from ectopy.cli.terminal import NOT_A_DEVICE, fail
from ectopy.errors import EctopyError


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


for command in (
    everyday.demo,
    everyday.info,
    everyday.analyze,
    everyday.convert,
    everyday.compare,
    everyday.models,
    data.data,
    explore.explore,
    training.train,
    transfer.transfer,
    laboratory.evaluate,
    archive.archive,
    stream.stream,
    view.view,
):
    main.add_command(command)
