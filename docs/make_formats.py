"""Put the table of example files into docs/formats.md: what ectopy makes of each.

    python docs/make_formats.py FOLDER

FOLDER holds example files in folders of any depth.
"""

import sys
from pathlib import Path

import numpy as np

from ectopy import find_beats, read
from ectopy.beats import survey
from ectopy.errors import EctopyError
from ectopy.recording import Recording

PAGE = Path(__file__).parent / "formats.md"
BEGIN, END = "<!-- files -->\n", "<!-- end of files -->\n"
RATES = {"heartpy_e0103.csv": 250.0, "macteo_ecg_2019-03-28.csv": 512.0}
"""Rates that files without one were recorded with, by those who published them."""


def heights_mv(recording: Recording, lead: str) -> dict[str, float]:
    """Give how far a typical R peak lies from its baseline in each lead, in mV."""
    at = find_beats(recording, lead).sample
    return {name: height_mv(recording.lead(name), at, recording.fs) for name in recording.leads}


def height_mv(x: np.ndarray, at: np.ndarray, fs: float) -> float:
    reach, near = round(0.3 * fs), round(0.06 * fs)
    at = at[(at >= reach) & (at < len(x) - reach)]
    if not len(at):
        return float("nan")
    around = x[at[:, None] + np.arange(-reach, reach + 1)]
    middle = np.median(around, axis=1, keepdims=True)
    qrs = np.abs(around - middle)[:, reach - near : reach + near + 1]
    return float(np.nanmedian(qrs.max(axis=1)))


def row(path: Path, fs: float | None = None) -> str:
    name = f"{path.parent.name}/{path.name}" + (f", with `--fs {fs:g}`" if fs else "")
    try:
        recording = read(path, fs=fs)
    except EctopyError as error:
        reason = " ".join(str(error).split()).replace("|", "\\|")
        return f"| {name} | refused: {reason} | | | | | |"
    lead = survey.survey(recording).lead
    heights = heights_mv(recording, lead)
    highest = max(heights, key=lambda name: heights[name])
    waves = f"{lead} {heights[lead]:.2f}"
    if highest != lead:
        waves += f", {highest} {heights[highest]:.2f}"
    leads = ", ".join(recording.leads)
    facts = [f"{fact.what}: {fact.value} ({fact.why})" for fact in recording.source.inferred]
    inferred = "; ".join(facts).replace("|", "\\|") or "nothing"
    return (
        f"| {name} | {recording.source.format} | {recording.fs:.6g} | {leads} | "
        f"{recording.duration_s:.4g} | {waves} | {inferred} |"
    )


def table(folder: Path) -> str:
    lines = [
        "| file | format | Hz | leads | s | R, mV | inferred or left out |",
        "|---|---|---|---|---|---|---|",
    ]
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        lines.append(row(path))
        if path.name in RATES:
            lines.append(row(path, RATES[path.name]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    head, rest = text.split(BEGIN)
    PAGE.write_text(head + BEGIN + table(Path(sys.argv[1])) + END + rest.split(END)[1], "utf-8")
