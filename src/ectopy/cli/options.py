"""Options that several commands share, and what they are checked for."""

from __future__ import annotations

from pathlib import Path

import click

fs_option = click.option(
    "--fs",
    type=click.FloatRange(min=0, min_open=True),
    help="Sampling rate in Hz, for a file that does not state it.",
)
units_option = click.option(
    "--units",
    type=click.Choice(["mV", "uV", "µV", "μV", "V", "adu"]),
    help="Units of the values, for a file that does not state them.",
)
identity_option = click.option(
    "--keep-identity",
    is_flag=True,
    help="Keep names, birth dates and identifiers that the file holds; without it none gets out.",
)

language_option = click.option(
    "--language",
    type=click.Choice(["en", "ko", "ja"]),
    default="en",
    show_default=True,
    help="What HTML and PDF are written in: English, Korean or Japanese.",
)
paper_option = click.option(
    "--paper",
    type=click.Choice(["a4", "letter"], case_sensitive=False),
    default="a4",
    show_default=True,
    help="Pages of the PDF, which has strips at true scale.",
)

escape_option = click.option(
    "--escape-beats",
    type=click.Choice(["S", "N"]),
    default="S",
    show_default=True,
    help="Class that escape beats count as: S as EC57 tools do, N as de Chazal and Kaggle do.",
)


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
