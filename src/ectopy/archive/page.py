"""The rows of the recordings → one HTML page that needs nothing else."""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from ectopy import __version__
from ectopy.archive.job import FAILED, OK, TROUBLES
from ectopy.labels.aami import AAMI_CLASSES, AAMI_NAMES
from ectopy.report.words import count, share

if TYPE_CHECKING:
    import pyarrow as pa

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
    table = _table(folder)
    statuses = Counter(table["status"].to_pylist())
    script = files("ectopy.archive").joinpath("page.js").read_text("utf-8")
    name, weights = model.split()
    counts = {label: int(_sum(table, f"beats_{label}")) for label in AAMI_CLASSES}
    return environment.get_template("page.html").render(
        software=f"ectopy {__version__}",
        model=name,
        weights=weights,
        total=len(table),
        ok=statuses[OK],
        others=others,
        hours=_sum(table, "duration_s") / 3600,
        beats=sum(counts.values()),
        classes=[
            (label, AAMI_NAMES[label], n, share(n, sum(counts.values())))
            for label, n in counts.items()
        ],
        statuses=[(name, SAYS[name], statuses[name]) for name in SAYS if statuses[name]],
        shown=min(len(table), MOST_ROWS),
        data=_data(table),
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        count=count,
    )


def _table(folder: Path) -> pa.Table:
    """Read what the page shows of each recording, those without a result first, then by name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = []
    for path in sorted((folder / "recordings").rglob("*.parquet")):
        with path.open("rb") as file:
            parts.append(pq.read_table(file, columns=list(_COLUMNS)))
    table = pa.concat_tables(parts)
    for name in ("recording", "status"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table[name].cast(pa.string()))
    is_ok = pa.array([status == OK for status in table["status"].to_pylist()])
    order = [("is_ok", "ascending"), ("recording", "ascending")]
    return table.append_column("is_ok", is_ok).sort_by(order)


def _sum(table: pa.Table, column: str) -> float:
    import pyarrow.compute as pc

    return float(pc.sum(table[column]).as_py() or 0)


def _data(table: pa.Table) -> Markup:
    """Give the first rows as JSON that can stand in a page."""
    chosen = table.slice(0, MOST_ROWS).select(list(_COLUMNS)).to_pylist()
    rows = [
        [round(v, 1) if isinstance(v, float) else v for v in map(row.get, _COLUMNS)]
        for row in chosen
    ]
    text = json.dumps({"columns": _COLUMNS, "rows": rows}, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)
