"""Make the pictures of the documentation.

    python docs/make_pictures.py FOLDER_OF_MITDB

Needs the records of MIT-BIH for the figure on preprocessing, and Chromium and pdftoppm for the
pictures of the report; prints the numbers that the texts quote.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.figure import Figure

from ectopy import analyze, write_report
from ectopy.beats.kaggle_rows import cut_rows, row_bounds
from ectopy.beats.paper_windows import PAPER_FS, R_THRESHOLD, paper_windows
from ectopy.datasets.mitdb import MITDB_RECORDS, read_raw_record
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.simulate import simulate

PICTURES = Path(__file__).parent / "pictures"
INK, LOST, FOUND, GREY = "#1b2733", "#d55e00", "#0072b2", "#8a949e"


def paper_steps(mitdb: Path, record: str = "208", window: int = 1) -> Figure:
    """Draw each step of the paper on one 10 s window, and what the published rows do there."""
    raw = read_raw_record(mitdb, record)
    beats = raw.position[np.isin(raw.symbol, list(BEAT_SYMBOLS))]
    step = paper_windows(raw.adc, 360)[window]
    seconds = np.arange(len(step.signal)) / PAPER_FS
    here = beats[(beats >= window * 3600) & (beats < (window + 1) * 3600)] / 360 - 10 * window

    figure = Figure(figsize=(10, 9.6), layout="constrained")
    grid = figure.add_gridspec(4, 1, height_ratios=[1, 1, 1, 0.9])
    drawn = [figure.add_subplot(grid[k]) for k in range(3)]
    for axes in drawn:
        axes.plot(seconds, step.signal, color=INK, linewidth=0.9)
        axes.set(xlim=(0, 10), ylim=(-0.05, 1.12), yticks=[0, 0.5, 1])
        axes.spines[["top", "right"]].set_visible(False)
    drawn[0].plot(here, np.full(len(here), 1.07), "v", color=FOUND, markersize=5)
    drawn[0].set_title(
        f"1  Ten seconds of record {record} at 125 Hz, scaled to 0..1. "
        f"Triangles: the {len(here)} beats that experts marked",
        **TITLE,
    )
    drawn[1].plot(step.maxima / PAPER_FS, step.signal[step.maxima], ".", color=GREY, markersize=5)
    drawn[1].axhline(R_THRESHOLD, color=LOST, linewidth=1, linestyle="--")
    drawn[1].plot(step.r_peaks / PAPER_FS, step.signal[step.r_peaks], "o", color=LOST)
    drawn[1].set_title(
        f"2  All {len(step.maxima)} local maxima; the {len(step.r_peaks)} that reach "
        f"{R_THRESHOLD} are taken for R peaks",
        **TITLE,
    )
    period = 1.2 * (step.median_rr or 0) / PAPER_FS
    for r in step.r_peaks / PAPER_FS:
        drawn[2].axvspan(r, min(r + period, 10), color=LOST, alpha=0.18, linewidth=0)
    drawn[2].set_title(
        f"3  From each, 1.2 median intervals = {period:.2f} s, because the beats between the "
        "peaks were lost",
        **TITLE,
    )
    drawn[2].set_xlabel("s")
    compare_rows(figure, grid[3], raw, step, window)
    return figure


TITLE = {"fontsize": 10, "loc": "left", "color": INK}


def compare_rows(figure, cell, raw, step, window) -> None:
    """Draw one row as the paper describes it beside the published rows of the same seconds."""
    inner = cell.subgridspec(1, 2)
    start, stop = row_bounds(raw.position, len(raw.adc))
    kept = np.isin(raw.symbol[:-1], list(BEAT_SYMBOLS))
    kept &= (start >= window * 3600) & (start < (window + 1) * 3600)
    published = cut_rows(raw.adc, start[kept], stop[kept])
    for place, (rows, colour, title) in enumerate(
        (
            (step.rows, LOST, f"4  The paper's {len(step.rows)} rows (125 Hz)"),
            (published, FOUND, f"The {len(published)} rows of the published files (120 Hz)"),
        )
    ):
        axes = figure.add_subplot(inner[place])
        axes.plot(rows.T, color=colour, linewidth=0.8, alpha=0.7)
        axes.set(xlim=(0, 187), ylim=(-0.05, 1.05), yticks=[0, 1], xlabel="column")
        axes.set_title(title, **TITLE)
        axes.spines[["top", "right"]].set_visible(False)


def report_pictures() -> None:
    """Take pictures of the demo's report: the top of the page, and a page of the PDF."""
    analysis = analyze(simulate(300))
    with TemporaryDirectory() as folder:
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        if browser is None:
            print("no chromium: the picture of the report was left as it is")
        else:
            page = write_report(analysis, Path(folder) / "demo.html")
            subprocess.run(
                [
                    browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--force-device-scale-factor=1.5", "--window-size=860,2360",
                    f"--screenshot={PICTURES / 'report.png'}", page.as_uri(),
                ],
                check=True,
                capture_output=True,
            )  # fmt: skip
        poppler = shutil.which("pdftoppm")
        if poppler is None:
            print("no pdftoppm: the picture of the PDF was left as it is")
        else:
            paper = write_report(analysis, Path(folder) / "demo.pdf")
            subprocess.run(
                [
                    poppler, "-png", "-r", "110", "-f", "4", "-singlefile",
                    paper, PICTURES / "report-pdf",
                ],
                check=True,
            )  # fmt: skip


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    if len(sys.argv) > 1:
        mitdb = Path(sys.argv[1])
        paper_steps(mitdb).savefig(PICTURES / "paper-preprocessing.png", dpi=110)
        raw = read_raw_record(mitdb, "208")
        early = raw.position[np.isin(raw.symbol, list(BEAT_SYMBOLS))] < 300 * 360
        rows = sum(len(w.rows) for w in paper_windows(raw.adc[: 300 * 360], 360))
        print(f"208, first five minutes: {early.sum()} beats, {rows} rows by the paper")
        beats = kept = 0
        for record in MITDB_RECORDS:
            raw = read_raw_record(mitdb, record)
            beats += int(np.isin(raw.symbol, list(BEAT_SYMBOLS)).sum())
            kept += sum(len(w.rows) for w in paper_windows(raw.adc, 360))
        print(f"all 48 records: {beats:,} beats, {kept:,} rows by the paper")
    report_pictures()


main()
