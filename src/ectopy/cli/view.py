"""Look at recordings in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from ectopy.cli.terminal import NOT_A_DEVICE


@click.command()
@click.argument("path", metavar="[FILE|DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; else a free one."
)
@click.option("--browser/--no-browser", default=True, help="Open the browser (the default).")
@click.option("--lead", help="Name or number (from 0) of the lead to analyse.")
@click.option("--model", help="Name of a model (see 'ectopy models'), its directory or run.")
def view(path: Path | None, port: int, browser: bool, lead: str | None, model: str | None) -> None:
    """Look at a recording, or a folder of them, in the browser; drag files in.

    A server on this machine only; its address, printed on stdout, holds a token without which it
    answers nobody. Beats can be corrected by hand; edits are saved beside the recording. Ctrl-C
    ends it.

    \b
    ectopy view mitdb/208
    ectopy view recordings/ --no-browser
    """
    import webbrowser
    from threading import Thread

    from ectopy.labels import DEFAULT_MODEL, load_card
    from ectopy.web import Settings, serve

    load_card(model or DEFAULT_MODEL)

    def started(address: str, once: str) -> None:
        click.echo(address)
        click.echo(f"Ctrl-C ends it. {NOT_A_DEVICE}", err=True)
        if browser:
            # not in this thread: some browsers are waited for until they end
            Thread(target=webbrowser.open, args=(once,), daemon=True).start()

    serve(Settings(path=path, port=port, lead=lead, model=model), started)
