"""Samples on stdin, beats on stdout."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ectopy.cli.terminal import NOT_A_DEVICE, fail

if TYPE_CHECKING:
    from ectopy.stream import Stream, Teller

_STDIN = 0
_BYTES = 1 << 16
"""Bytes that are read at a time, as soon as there are any."""


class _StoppedError(Exception):
    """A signal came while the next samples were waited for."""


@click.command(epilog=NOT_A_DEVICE)
@click.option(
    "--fs",
    type=click.FloatRange(min=0, min_open=True),
    required=True,
    help="Sampling rate in Hz.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "int16", "int32", "float32", "float64"]),
    default="text",
    show_default=True,
    help="Text, or binary little-endian numbers with the leads side by side.",
)
@click.option(
    "--leads",
    help="Names of the leads, such as I,II,V5, in the order of the columns. Text can name them "
    "in its first line instead.",
)
@click.option("--lead", help="Name or number (from 0) of the one lead to look at.")
@click.option("--missing", type=float, help="Number that stands for a missing binary sample.")
@click.option("--model", help="Name of a model (see 'ectopy models'), its directory or run.")
def stream(
    fs: float,
    kind: str,
    leads: str | None,
    lead: str | None,
    missing: float | None,
    model: str | None,
) -> None:
    """Name heartbeats while the signal comes in: samples on stdin, beats on stdout.

    One line of JSON a beat, as soon as it is final: at the latest when 3 s of signal have come
    after its R peak. The first line says what the stream is, the last how it ended; lines of type
    "bad" tell of missing, flat, saturated and noisy stretches. Text has a line for each sample,
    with a column for each lead; a blank line or nan is a missing sample. The unit makes no
    difference. Ctrl-C and SIGTERM end it as the end of the input does. Exit status 1: samples
    that cannot be read.

    \b
    ectopy convert 208.edf -o 208.csv && ectopy stream --fs 250 < 208.csv
    rdsamp -r mitdb/208 | cut -f 2- | ectopy stream --fs 360 --leads MLII,V1
    nc monitor 5000 | ectopy stream --fs 500 --format int16 --missing -32768
    ectopy stream --fs 250 < /dev/ttyUSB0 | jq -c 'select(.label == "V")'
    """
    from ectopy.recording.value import check_fs
    from ectopy.stream import read_samples

    names = [name.strip() for name in leads.split(",")] if leads else None
    check_fs(fs)
    samples = read_samples(kind, names, missing)
    live = _Live(fs, lead, model)
    if samples.leads:
        live.begin(samples.leads)
    try:
        why = "end of input"
        for data in _pieces():
            if isinstance(data, str):
                why = data
                break
            rows = samples.feed(data, end=not data)
            if samples.leads and not live.begun and len(rows):
                live.begin(samples.leads)
            live.push(rows)
            if samples.error:
                why = "bad input"
                break
        live.end(why)
    except BrokenPipeError:
        # the reader of stdout has gone; Python would complain again when it flushes at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        fail(f"samples cannot be read or beats written: {error.strerror or error}")
        sys.exit(1)
    if samples.error:
        fail(f"stdin: {samples.error}")
        sys.exit(1)


class _Live:
    """A stream that tells on stdout."""

    def __init__(self, fs: float, lead: str | None, model: str | None) -> None:
        from ectopy.labels import DEFAULT_MODEL, load_card

        load_card(model or DEFAULT_MODEL)
        self._fs, self._lead, self._model = fs, lead, model
        self._stream: Stream | None = None
        self._teller: Teller | None = None

    @property
    def begun(self) -> bool:
        return self._stream is not None

    def begin(self, leads: tuple[str, ...]) -> None:
        from ectopy.stream import Stream, Teller

        self._stream = Stream(self._fs, leads, lead=self._lead, model=self._model)
        self._teller = Teller(self._stream)
        _print([self._teller.begin()])

    def push(self, rows: object) -> None:
        if self._stream is not None and self._teller is not None:
            _print(self._teller.found(self._stream.push(rows)))  # type: ignore[arg-type]

    def end(self, why: str) -> None:
        if self._stream is None or self._teller is None:
            fail("stdin: no samples came")
            sys.exit(1)
        _print([*self._teller.found(self._stream.finish()), self._teller.end(why)])


def _print(lines: list[str]) -> None:
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _pieces() -> Iterator[bytes | str]:
    """Give what comes in on stdin, last of all nothing, or the name of the signal that ends it."""
    with _signals() as state:
        while True:
            try:
                state.waiting = True
                if state.name:
                    break
                data = os.read(_STDIN, _BYTES)
            except _StoppedError:
                break
            finally:
                state.waiting = False
            yield data
            if not data:
                return
        yield state.name


class _State:
    waiting = False
    name = ""


@contextmanager
def _signals() -> Iterator[_State]:
    """Let SIGINT and SIGTERM end the wait for samples, and nothing else."""
    state = _State()

    def stop(number: int, _: object) -> None:
        state.name = signal.Signals(number).name
        if state.waiting:
            state.waiting = False
            raise _StoppedError

    held = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield state
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
