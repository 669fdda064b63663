"""The columns of the three tables, with the unit and the meaning of each."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from ectopy.labels.aami import AAMI_CLASSES, AAMI_NAMES

if TYPE_CHECKING:
    import pyarrow as pa

RECORDING: Final = (
    "recording", "name", "",
    "Path of the recording below the folder; in a ZIP, ZIP::NAME. Joins the three tables",
)  # fmt: skip
_BAD: Final = ("missing", "flat", "saturated", "noisy")

BEATS: Final = (
    RECORDING,
    ("sample", "int64", "sample", "R peak, counted from 0 at the recording's own rate"),
    ("fs", "float64", "Hz", "That rate: sample / fs is the time from the start, in seconds"),
    ("label", "class", "", "Class by AAMI: " + ", ".join(f"{k} {AAMI_NAMES[k]}" for k in "NSVFQ")),
    ("probability", "float32", "1", "Probability of that class, to four digits"),
    ("rr_s", "float32", "s", "Interval from the beat before; null if beats may be lost between"),
    ("quality", "float32", "1", "1 clean signal, 0 signal that says nothing, to four digits"),
    ("abstained", "bool", "", "The model would rather not say; the label is a mere guess"),
    ("reason", "name", "", "Why it abstained; null where it did not"),
)
"""Name, kind, unit and meaning of each column; one row a beat, by recording and time."""

EPISODES: Final = (
    RECORDING,
    ("kind", "name", "", "run, couplet, bigeminy, trigeminy or pause"),
    ("label", "class", "", "V or S; null for a pause"),
    ("first", "int64", "beat", "Index of its first beat among the beats of the recording, from 0"),
    ("last", "int64", "beat", "Index of its last beat, included"),
    ("start_s", "float64", "s", "Time of its first beat"),
    ("stop_s", "float64", "s", "Time of its last beat"),
    ("n_beats", "int64", "beat", "Number of beats; of a run, the ectopic ones"),
    ("rate_bpm", "float64", "1/min", "Mean rate between its first and last beat"),
)
"""The same for the episodes; one row each."""

RECORDINGS: Final = (
    RECORDING,
    ("status", "name", "", "ok, or why there is no result: see the statuses"),
    ("reason", "string", "", "What was wrong, in one line; null if ok"),
    ("key", "string", "", "Key of the result: digest of files, settings, model and version"),
    ("files", "int32", "file", "Files that the recording consists of"),
    ("bytes", "int64", "B", "Size of these files"),
    ("format", "name", "", "Format of the file"),
    ("start", "string", "", "When it began, ISO 8601, as the file says; null if it does not"),
    ("duration_s", "float64", "s", "Length"),
    ("n_samples", "int64", "sample", "Samples of each lead"),
    ("fs", "float64", "Hz", "Sampling rate"),
    ("leads", "strings", "", "Names of the leads"),
    ("lead", "string", "", "The lead that the beats were found in"),
    ("inferred", "strings", "", "What the file does not state: what, value and evidence"),
    ("annotations", "int64", "", "Reference annotations in the file"),
    ("beats", "int64", "beat", "Beats that were found"),
    *((f"beats_{k}", "int64", "beat", f"Those of class {k}") for k in AAMI_CLASSES),
    ("unsure", "int64", "beat", "Those that the model abstained on"),
    ("episodes", "int64", "", "Episodes that were found"),
    ("mean_bpm", "float64", "1/min", "Heart rate over the whole recording"),
    ("min_bpm", "float64", "1/min", "Lowest mean of eight intervals"),
    ("max_bpm", "float64", "1/min", "Highest mean of eight intervals"),
    ("irregularity", "float64", "1", "Spread of successive normal intervals over their mean"),
    ("irregular", "bool", "", "Whether that is more than sinus rhythm shows"),
    *((f"{k}_s", "float64", "s", f"Signal of that lead that is {k}") for k in _BAD),
)
"""The same for the recordings; one row each."""

TABLES: Final = {"beats": BEATS, "recordings": RECORDINGS, "episodes": EPISODES}


@cache
def schema(table: str) -> pa.Schema:
    """Give the schema of a table of the data set; fields say ``unit`` and ``says``."""
    import pyarrow as pa

    kinds = {
        "name": pa.dictionary(pa.int32(), pa.string()),
        "class": pa.dictionary(pa.int8(), pa.string()),
        "strings": pa.list_(pa.string()),
        "bool": pa.bool_(),
    }
    fields = []
    for name, kind, unit, says in TABLES[table]:
        told = {"says": says, **({"unit": unit} if unit else {})}
        whole = kinds[kind] if kind in kinds else getattr(pa, kind)()
        fields.append(pa.field(name, whole, metadata=told))
    return pa.schema(fields)
