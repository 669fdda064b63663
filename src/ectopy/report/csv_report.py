"""Analysis → CSV, one row for each beat."""

from __future__ import annotations

import csv
from pathlib import Path

from ectopy._files import replacing
from ectopy.analysis import Analysis


def write(analysis: Analysis, path: Path) -> None:
    """Write one row a beat, named as in the JSON, with `p_N` to `p_Q` for the five classes.

    What is not known stays empty; `abstained` is ``true`` or ``false``.
    """
    facts = analysis.to_dict()
    columns = facts["beats"]
    probabilities = columns.pop("probabilities")
    columns["abstained"] = ["true" if each else "false" for each in columns["abstained"]]
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*columns, *(f"p_{name}" for name in facts["classes"])])
        for row, classes in zip(zip(*columns.values(), strict=True), probabilities, strict=True):
            rows.writerow([*row, *classes])
