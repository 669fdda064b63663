"""Comparisons → the lines and tables that bxb, rxr and sumstats print, letter for letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ectopy.ec57.comparison import Comparison
from ectopy.ec57.match import ROWS
from ectopy.ec57.summary import Summary, summarise
from ectopy.ec57.value import Score, percent

_LINE_1 = (
    "Record Nn' Sn' Vn' Fn' On'  Ns  Ss  Vs  Fs' Os' Nv  Sv   Vv  Fv' Ov' No' So' Vo' Fo'"
    "  Q Se   Q +P   V Se   V +P   S Se   S +P RR err"
)
_LINE_2 = (
    "Record Nx   Sx   Vx   Fx   Qx  % beats  % N    % S    % V    % F   Total Shutdown\n"
    "                                missed missed missed missed missed      Time"
)
_RUNS = "Record CTs CFN CTp CFP STs SFN STp SFP LTs LFN LTp LFP  CSe C+P SSe S+P LSe L+P"
_LINE_1_CELLS = (
    *("Nn Nf Nq", "Sn Sf Sq", "Vn Vf Vq", "Fn Ff Fq Qn Qf Qq", "On Of Oq Xn Xf Xq"),
    *("Ns", "Ss", "Vs", "Fs Qs", "Os Xs", "Nv", "Sv", "Vv", "Fv Qv", "Ov Xv"),
    *("No Nx", "So Sx", "Vo Vx", "Fo Fx Qo Qx"),
)
_LINE_1_WIDTHS = "3 3 3 3 3 3 3 3 3 3 3 4 3 3 3 3 3 3"


def beat_matrix(comparison: Comparison, reference: str = "atr", test: str = "tst") -> str:
    """Print the matrix and rates of one record as ``bxb -S`` does.

    `reference` and `test` are the names of the two annotators.
    """
    lines = [
        f"Beat-by-beat comparison results for record {comparison.record}",
        f"Reference annotator: {reference}",
        f"     Test annotator: {test}",
        "",
        "               Algorithm",
        "        n    s    v    f    q    o    x",
        "   ____________________________________",
    ]
    for name, row in zip(ROWS, comparison.matrix.tolist(), strict=True):
        cells = row if name not in ("O", "X") else row[:5]
        lines.append(f" {name} |" + "".join(f" {cell:4d}" for cell in cells))
    lines.append("")
    for name in ("QRS", "VEB", "SVEB"):
        score: Score = getattr(comparison, name.lower())
        lines.append(_rate(f"{name} sensitivity", score.tp, score.tp + score.fn))
        lines.append(_rate(f"{name} positive predictivity", score.tp, score.tp + score.fp))
    rr = comparison.rr_error_ms
    lines.append("     RMS RR interval error: " + ("     -" if rr is None else f"{rr:6.2f} ms"))
    return _text(lines)


def shutdown_report(comparison: Comparison) -> str:
    """Print what was missed in shutdown as ``bxb -S`` does below its matrix."""
    lines = [
        _rate(f"{name} missed in shutdown", part, whole)
        for name, part, whole in zip(
            ("Beats", "N", "S", "V", "F"), *_shutdown_counts(comparison), strict=True
        )
    ]
    return _text([*lines, f"       Total shutdown time: {comparison.shutdown_s:5d} seconds"])


def beat_lines(comparisons: Iterable[Comparison]) -> str:
    """Print one line of counts and rates for each record, as ``bxb -L`` does (file 1)."""
    return _text([_LINE_1, *(_beat_line(comparison) for comparison in comparisons)])


def beat_summary(comparisons: Sequence[Comparison]) -> str:
    """Print what sumstats makes of `beat_lines`: the lines, their sum, gross and average."""
    summary = summarise(comparisons)
    sums = [summary.total.cells(names) for names in _LINE_1_CELLS]
    qrs, veb, sveb = (summary.gross[name] for name in ("qrs", "veb", "sveb"))
    gross = [rate for score in (qrs, veb, sveb) for rate in (score.se, score.ppv)]
    means = [summary.average[name] for name in ("qrs", "veb", "sveb")]
    average = [rate for mean in means for rate in (mean.se, mean.ppv)]
    lines = [
        "_" * 132,
        "Sum " + _counts(sums, "6 " + _LINE_1_WIDTHS),
        "Gross".ljust(83) + _rates(gross, 7, 2),
        "Average".ljust(83) + _rates([*average, summary.average_rr_error_ms], 7, 2),
        f"Total QRS complexes: {qrs.tp + qrs.fn}  Total VEBs: {veb.tp + veb.fn}"
        f"  Total SVEBs: {sveb.tp + sveb.fn}",
    ]
    return beat_lines(comparisons) + _text(lines) + _footer(summary)


def shutdown_lines(comparisons: Iterable[Comparison]) -> str:
    """Print what each record missed in shutdown, as ``bxb -L`` does (file 2)."""
    return _text([_LINE_2, *(_shutdown_line(comparison) for comparison in comparisons)])


def shutdown_summary(comparisons: Sequence[Comparison]) -> str:
    """Print what sumstats makes of `shutdown_lines`."""
    summary = summarise(comparisons)
    missed = summary.total.matrix[:5, 6].tolist()
    seconds = sum(comparison.shutdown_s for comparison in comparisons)
    total = "Sum  " + _counts(missed, "4 4 4 4 4") + " " * 38 + f"{seconds:4d} seconds"
    return shutdown_lines(comparisons) + _text(["_" * 72, total]) + _footer(summary)


def run_lines(comparisons: Iterable[Comparison], kind: str) -> str:
    """Print one line of runs for each record, as ``rxr -L`` does.

    `kind` is ``"v"`` for ventricular and ``"s"`` for supraventricular runs.
    """
    title = ["(SVE run detection)"] if kind == "s" else []
    return _text([*title, _RUNS, *(_run_line(comparison, kind) for comparison in comparisons)])


def run_summary(comparisons: Sequence[Comparison], kind: str) -> str:
    """Print what sumstats makes of `run_lines`."""
    summary = summarise(comparisons)
    scores = list(summary.gross_runs[kind].values())
    means = list(summary.average_runs[kind].values())
    counts = [count for score in scores for count in _run_counts(score)]
    totals = [score.tp + score.fn for score in scores]
    lines = [
        "_" * 77,
        "Sum   " + _counts(counts, "4 3 3 3 3 3 3 3 3 3 3 3"),
        "Gross".ljust(55) + _rates([r for s in scores for r in (s.se, s.ppv)], 4, 0),
        "Average".ljust(55) + _rates([r for m in means for r in (m.se, m.ppv)], 4, 0),
        f"Total couplets: {totals[0]}  Total short runs: {totals[1]}  Total long runs: {totals[2]}",
    ]
    return run_lines(comparisons, kind) + _text(lines) + _footer(summary)


def run_matrices(
    comparison: Comparison, kind: str, reference: str = "atr", test: str = "tst"
) -> str:
    """Print runs by their length in reference and test, and rates, as ``rxr -S`` does."""
    table = comparison.runs[kind]
    lines = [
        f"{'S' if kind == 's' else ''}VE run-by-run comparison results for record "
        f"{comparison.record}",
        f"Reference annotator: {reference}",
        f"     Test annotator: {test}",
        "",
    ]
    titles = [
        "\n      (Run Sensitivity Summary Matrix)\n\n",
        "\n (Run Positive Predictivity Summary Matrix)\n",
    ]
    for matrix, title in zip((table.sensitivity, table.ppv), titles, strict=True):
        lines.append("               Algorithm Run Length")
        lines.append("          0    1    2    3    4    5   >5")
        lines.append("     ____________________________________")
        for name, row in zip(("0", "1", "2", "3", "4", "5", ">5"), matrix.tolist(), strict=True):
            cells = [f" {cell:4d}" for cell in row]
            lines.append(
                f"{name:>4} |" + "".join([" " * 5 if name == "0" else cells[0], *cells[1:]])
            )
        lines.append(title)
    for sort, score in table.scores.items():
        name = {"couplets": "Couplet", "short": "Short run", "long": "Long run"}[sort]
        lines.append(_run_rate(f"{name} sensitivity", score.tp, score.tp + score.fn))
        lines.append(
            _run_rate(f"{name} positive predictivity", score.found, score.found + score.fp)
        )
    return _text([*lines, ""])


def _beat_line(comparison: Comparison) -> str:
    cells = [comparison.cells(names) for names in _LINE_1_CELLS]
    counts = _counts(cells, "5 " + _LINE_1_WIDTHS)
    scores = (comparison.qrs, comparison.veb, comparison.sveb)
    rates = _rates([rate for score in scores for rate in (score.se, score.ppv)], 7, 2)
    rr = comparison.rr_error_ms
    return f"{comparison.record:>4} {counts}{rates}" + ("     -" if rr is None else f" {rr:6.2f}")


def _shutdown_line(comparison: Comparison) -> str:
    missed = comparison.matrix[:5, 6].tolist()
    rates = [percent(*counts) for counts in zip(*_shutdown_counts(comparison), strict=True)]
    totals = " ".join(str(total) for total in comparison.matrix[:5].sum(1).tolist())
    return (
        f"{comparison.record:>4} {_counts(missed, '4 4 4 4 4')}  {_rates(rates, 7, 2)}"
        f"{comparison.shutdown_s:5d} seconds {totals}"
    )


def _shutdown_counts(comparison: Comparison) -> tuple[list[int], list[int]]:
    """Give beats missed in shutdown and beats there are: of all classes, then of N S V F.

    The tool leaves S out of those that it sums up over all classes, and so does this.
    """
    missed = comparison.matrix[:5, 6].tolist()
    there = comparison.matrix[:5].sum(1).tolist()
    return [sum(missed) - missed[1], *missed[:4]], [sum(there), *there[:4]]


def _run_line(comparison: Comparison, kind: str) -> str:
    scores = comparison.runs[kind].scores.values()
    counts = [count for score in scores for count in _run_counts(score)]
    rates = [rate for score in scores for rate in (score.se, score.ppv)]
    rounded = [None if rate is None else int(rate + 0.5) for rate in rates]
    name = f"{comparison.record:>4}"
    return f"{name} {_counts(counts, ' '.join(['3'] * 12))} " + _rates(rounded, 4, 0)


def _run_counts(score: Score) -> list[int]:
    return [score.tp, score.fn, score.found, score.fp]


def _counts(counts: Iterable[int], widths: str) -> str:
    return " ".join(
        f"{count:{width}d}" for count, width in zip(counts, widths.split(), strict=True)
    )


def _rates(rates: Iterable[float | None], width: int, digits: int) -> str:
    return "".join(
        "-".rjust(width) if rate is None else f" {rate:{width - 1}.{digits}f}" for rate in rates
    )


def _rate(name: str, part: int, whole: int) -> str:
    rate = percent(part, whole)
    return f"{name:>26}: " + ("     - " if rate is None else f"{rate:6.2f}%") + f" ({part}/{whole})"


def _run_rate(name: str, part: int, whole: int) -> str:
    rate = percent(part, whole)
    return (
        f"{name:>31}:"
        + ("   - " if rate is None else f" {int(rate + 0.5):3d}%")
        + (f" ({part}/{whole})")
    )


def _footer(summary: Summary) -> str:
    n = len(summary.comparisons)
    return f"\nSummary of results from {n} record{'' if n == 1 else 's'}\n"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
