"""What the command line shows: lines, tables and progress bars."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ectopy.analysis import Analysis
    from ectopy.ec57 import Comparison
    from ectopy.labels.screen import Screen
    from ectopy.training.fit import Epoch

NOT_A_DEVICE = "ectopy is not a medical device."


def fail(message: str) -> None:
    """Print an error, on one line, to stderr."""
    click.echo(f"ectopy: {' '.join(message.split())}", err=True)


def one_line(name: str, analysis: Analysis) -> str:
    """One line: how many beats of each class, over what time, at what rate."""
    counts = " ".join(f"{label} {n:,}" for label, n in analysis.labels.counts().items())
    rate = analysis.rhythm.mean_bpm
    unsaid = int(analysis.labels.abstained.sum())
    return (
        f"{name}: {len(analysis.beats):,} beats in {clock(analysis.recording.duration_s)}, "
        f"{counts}{f', {rate:.0f}/min' if rate else ''}{f', {unsaid:,} unsure' if unsaid else ''}"
    )


def clock(seconds: float) -> str:
    """Write a length as ``h:mm:ss`` or ``m:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def print_facts(facts: dict[str, Any]) -> None:
    """Print the facts of a recording as a table, a star on everything that was inferred."""
    inferred = {fact["what"]: fact for fact in facts["inferred"]}
    rows = [
        ("format", facts["format"]),
        ("leads", ", ".join(facts["leads"])),
        ("sampling rate", f"{facts['fs']:g} Hz"),
        ("units", "mV"),
        ("length", f"{clock(facts['duration_s'])} ({facts['n_samples']:,} samples)"),
        ("start", facts["start"] or "not known"),
        ("annotations", f"{facts['annotations']:,}"),
    ]
    click.echo(facts["file"])
    for name, value in rows:
        if name in inferred:
            _print_inferred(inferred.pop(name))
        else:
            click.echo(f"    {name:<16} {value}")
    for fact in inferred.values():
        _print_inferred(fact)
    option = "analyze --lead" if len(facts["leads"]) > 1 else ""
    best = {"what": "lead for rhythm", "value": facts["lead"], "why": facts["lead_why"]}
    _print_inferred({**best, "option": option})
    for name, value in _signal_rows(facts):
        click.echo(f"    {name:<16} {value}")
    for fact in facts.get("identity", ()):
        click.echo(f"    {fact['what'].replace('_', ' '):<16} {fact['value']}")
    click.echo("  * inferred, not stated by the file")


def _print_inferred(fact: dict[str, str]) -> None:
    override = f"; override with {fact['option']}" if fact["option"] else ""
    click.echo(f"  * {fact['what']:<16} {fact['value']}   [{fact['why']}{override}]")


def _signal_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Give what was measured in the signal itself."""
    rows = [("QRS in that lead", facts["polarity"] or "too few beats to tell")]
    if mains := facts["mains"]:
        size = f"{1000 * mains['rms_mv']:.3g} µV rms, {100 * mains['share']:.2g} % of the power"
        rows.append(("mains noise", f"{mains['hz']:g} Hz: {size}"))
    for reason in ("missing", "flat", "saturated"):
        of_leads = [each for each in facts["dead"] if each["reason"] == reason]
        if of_leads:
            alike: dict[tuple[int, float], list[str]] = {}
            for each in of_leads:
                alike.setdefault((each["count"], each["seconds"]), []).append(each["lead"])
            told = (
                f"{', '.join(leads)}: {count} × ({_lasting(seconds)} in all)"
                for (count, seconds), leads in alike.items()
            )
            rows.append((reason, "; ".join(told)))
    return rows


def _lasting(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 60 else clock(seconds)


def print_comparison(found: Comparison, reference: str, test: str, learning_s: float) -> None:
    """Print the tables of EC57, and the figures per class."""
    from ectopy import ec57

    click.echo(
        f"reference {reference}, test {test}; escape beats count as {found.escape_beats}; "
        f"the first {learning_s:g} s do not count\n"
    )
    click.echo(ec57.beat_matrix(found, reference, test))
    click.echo(ec57.shutdown_report(found))
    for kind, name in (("v", "ventricular"), ("s", "supraventricular")):
        click.echo(f"\nRuns of {name} beats")
        click.echo(ec57.run_matrices(found, kind, reference, test))
    click.echo("class      Se %     +P %     F1 %")
    for name, score in found.classes.items():
        rates = "".join(percent(rate) for rate in (score.se, score.ppv, score.f1))
        click.echo(f"{name:<5}{rates}")
    kappa = "-" if found.kappa is None else f"{found.kappa:.4f}"
    click.echo(f"\nCohen's kappa over the beats that both have: {kappa}")


def print_evaluation(summary: dict[str, Any]) -> None:
    """Print the leading figures of an evaluation, its warning first."""
    if summary["warning"]:
        click.echo(f"WARNING: {summary['warning']}")
    click.echo(
        f"{summary['model']} on {summary['split']}, beats {summary['beats']}, escape beats count "
        f"as {summary['escape_beats']}, seeds {', '.join(map(str, summary['seeds']))}"
    )
    click.echo(
        f"accuracy {100 * summary['accuracy']:.2f} %, macro F1 {100 * summary['macro_f1']:.2f} %, "
        f"calibration error {100 * summary['ece']:.2f} %"
    )
    click.echo("class      Se %     +P %     F1 %    beats")
    for name, row in summary["classes"].items():
        rates = "".join(percent(row[key], 100) for key in ("se", "ppv", "f1"))
        click.echo(f"{name:<5}{rates}{row['support']:>9,}")
    for name, rates in summary["gross"].items():
        if rates is not None:
            shown = "".join(percent(rates[key], 100) for key in ("se", "ppv", "f1"))
            click.echo(f"EC57 gross {name.upper():<5}{shown}")
    if noise := summary.get("noise"):
        click.echo(f"noise stress, {noise['noise']} on {noise['record']}: QRS Se, +P; VEB Se, +P %")
        levels = ["clean", *(f"{level:g} dB" for level in noise["snr_db"])]
        for place, level in enumerate(levels):
            found = {k: noise[k][place - 1] if place else noise["clean"][k] for k in ("qrs", "veb")}
            line = [percent(found[k][rate], 100) for k in found for rate in ("se", "ppv")]
            click.echo(f"{level:>6}{''.join(line)}")


def print_qrs(summary: dict[str, Any]) -> None:
    """Print how beats are found: the whole, by EC57, and the hardest records."""
    click.echo(f"{summary['records']} records, lead: {summary['lead']}, beats within 150 ms")
    click.echo("                        Se %     +P %     F1 %")
    for part, says in (("whole", "whole records"), ("after_learning", "EC57")):
        for kind in ("gross", "average"):
            shown = [percent(summary[part][kind][rate], 100) for rate in ("se", "ppv", "f1")]
            click.echo(f"{says + ', ' + kind:<22}{''.join(shown)}")
    if summary["bias_ms"] is not None:
        click.echo(f"R position {summary['bias_ms']:+.2f} ± {summary['spread_ms']:.2f} ms")
    worst = sorted(summary["per_record"], key=lambda row: -(row["missed"] + row["extra"]))[:8]
    shown = [f"{row['record']} ({row['missed']}/{row['extra']})" for row in worst]
    click.echo(f"most errors (missed/extra): {', '.join(shown)}")


def screen_line(screen: Screen) -> str:
    """Write the answer to a question about a whole recording on one line."""
    asked = f"screen {screen.name}"
    if screen.probability is None:
        return f"{asked}: no answer: {screen.reason}"
    side = "at or above" if screen.positive else "below"
    likeness = int(100 * screen.probability) / 100
    return (
        f"{asked}: {likeness:.2f}, {side} the threshold of {screen.threshold:.2f} "
        f"({screen.beats:,} beats of lead {screen.lead}). Not a diagnosis: one lead cannot exclude "
        "an infarction."
    )


def print_infarction(summary: dict[str, Any]) -> None:
    """Print how people with an infarction are told, per patient and per beat."""
    figures = summary["figures"]
    click.echo(f"{summary['model']['name']}, lead {summary['lead']}: {summary['test']}")
    names = {"auroc": "AUROC", "balanced_accuracy": "balanced accuracy", "se": "sensitivity",
             "sp": "specificity", "f1": "F1"}  # fmt: skip
    click.echo(f"{'%':<19}{'per patient':>21}{'per beat':>14}")
    for rate, name in names.items():
        interval = figures["patient"][f"{rate}_interval"]
        shown = f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else ""
        own, beat = figures["patient"][rate], figures["beat"][rate]
        click.echo(f"{name:<19}{percent(own, 100)}{shown:<12}{percent(beat, 100):>14}")
    for unit in ("patient", "beat"):
        row = figures[unit]
        click.echo(f"{row['n']:,} {unit}s, {row['positive']:,} with an infarction; "
                   f"threshold {row['threshold']:.3f}")  # fmt: skip
    for reason, count in summary["left_out"].items():
        click.echo(f"left out: {count} recording{'s' * (count != 1)}: {reason}")
    for each in summary["skipped"]:
        click.echo(f"skipped: {each['recording']}: {each['reason']}", err=True)
    click.echo(NOT_A_DEVICE)


def percent(rate: float | None, times: float = 1.0) -> str:
    """Write a rate in nine columns, ``-`` where it is undefined."""
    return f"{'-':>9}" if rate is None else f"{times * rate:>9.2f}"


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
def phase_bar() -> Iterator[Callable[[str, float], None]]:
    """Show on stderr what is being done and how far it is: a bar if that is a terminal.

    Elsewhere there is a line where something begins, and one at each tenth of it.
    """
    told: dict[str, int] = {}

    def tell(name: str, share: float) -> None:
        if (tenth := int(10 * share + 1e-9)) > told.get(name, -1):
            told[name] = tenth
            click.echo(f"{name}: {10 * tenth} %", err=True)

    if not sys.stderr.isatty():
        yield tell
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda name, share: bar.update(task, description=name, completed=share)


@contextmanager
def epoch_bar(epochs: int | None = None) -> Iterator[Callable[[Epoch, float], None]]:
    """Show each epoch's figures on stderr, and a bar while it runs if that is a terminal.

    Parameters
    ----------
    epochs
        The most epochs, so that the bar can say how long all of them would take.
    """

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

    of = f" of at most {epochs}" if epochs else ""
    with Progress(console=Console(stderr=True)) as bar:
        one = bar.add_task("epoch 1", total=1.0)
        every = bar.add_task("at most", total=float(epochs)) if epochs else None

        def report(epoch: Epoch, share: float) -> None:
            if share == 1:
                bar.console.print(told(epoch))
                bar.reset(one, total=1.0, description=f"epoch {epoch.epoch + 1}{of}")
            else:
                bar.update(one, completed=share, description=f"epoch {epoch.epoch}{of}")
            if every is not None:
                bar.update(every, completed=epoch.epoch - 1 + share)

        yield report
