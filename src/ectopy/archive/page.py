"""The rows of the recordings → one HTML page that needs nothing else."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from ectopy import __version__
from ectopy.archive.job import FAILED, OK, TROUBLES
from ectopy.labels.aami import AAMI_CLASSES, AAMI_NAMES
from ectopy.report.words import count, share

MOST_ROWS: Final = 20_000
"""Rows that the page holds; those without a result come first."""
SAYS: Final = {
    OK: "analysed",
    FAILED: "it cannot be taken as an ECG, or its content is damaged",
    **TROUBLES,
}
_COLUMNS: Final = (
    "recording", "status", "reason", "duration_s", "beats", *(f"beats_{k}" for k in AAMI_CLASSES),
    "unsure", "mean_bpm", "irregular", "format",
)  # fmt: skip


def render(folder: Path, others: int, model: str) -> str:
    """Give the page of a data set as one HTML document that loads nothing.

    Parameters
    ----------
    folder
        The folder of the data set.
    others
        Number of files that are no recordings.
    model
        Name and checksum of the model.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("ectopy.archive", ""), PackageLoader("ectopy.report", "")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = _rows(folder)
    statuses = Counter(row["status"] for row in rows)
    script = files("ectopy.archive").joinpath("page.js").read_text("utf-8")
    name, weights = model.split()
    counts = {label: sum(row[f"beats_{label}"] or 0 for row in rows) for label in AAMI_CLASSES}
    return environment.get_template("page.html").render(
        software=f"ectopy {__version__}",
        model=name,
        weights=weights,
        total=len(rows),
        ok=statuses[OK],
        others=others,
        hours=sum(row["duration_s"] or 0.0 for row in rows) / 3600,
        beats=sum(counts.values()),
        classes=[
            (label, AAMI_NAMES[label], n, share(n, sum(counts.values())))
            for label, n in counts.items()
        ],
        statuses=[(name, SAYS[name], statuses[name]) for name in SAYS if statuses[name]],
        shown=min(len(rows), MOST_ROWS),
        data=_data(rows),
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        count=count,
    )


def _rows(folder: Path) -> list[dict[str, Any]]:
    """Read what the page shows of each recording, by name."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for path in sorted((folder / "recordings").rglob("*.parquet")):
        with path.open("rb") as file:
            rows += pq.read_table(file, columns=list(_COLUMNS)).to_pylist()
    return sorted(rows, key=lambda row: str(row["recording"]))


def _data(rows: list[dict[str, Any]]) -> Markup:
    """Give the rows as JSON that can stand in a page, those without a result first."""
    chosen = sorted(rows, key=lambda row: row["status"] == OK)[:MOST_ROWS]
    table = [
        [round(v, 1) if isinstance(v, float) else v for v in map(row.get, _COLUMNS)]
        for row in chosen
    ]
    text = json.dumps({"columns": _COLUMNS, "rows": table}, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)
