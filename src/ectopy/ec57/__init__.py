"""Annotations × annotations → the tables of ANSI/AAMI EC57 and IEC 60601-2-47.

>>> from ectopy import ec57
>>> comparison = ec57.compare_files("mitdb/208.atr", "mine/208.csv")    # doctest: +SKIP
>>> print(ec57.beat_matrix(comparison))                                 # doctest: +SKIP

Numbers and lines are those of the reference tools bxb, rxr and sumstats.
"""

from ectopy.ec57.annotation_files import compare_files, read_annotations
from ectopy.ec57.beat_table import BeatTable
from ectopy.ec57.comparison import Comparison, compare
from ectopy.ec57.match import COLUMNS, ROWS, Matches
from ectopy.ec57.runs import RunTable
from ectopy.ec57.summary import Mean, Summary, summarise
from ectopy.ec57.tables import (
    beat_lines,
    beat_matrix,
    beat_summary,
    run_lines,
    run_matrices,
    run_summary,
    shutdown_lines,
    shutdown_report,
    shutdown_summary,
)
from ectopy.ec57.value import FileAnnotations, Score

__all__ = [
    "COLUMNS",
    "ROWS",
    "BeatTable",
    "Comparison",
    "FileAnnotations",
    "Matches",
    "Mean",
    "RunTable",
    "Score",
    "Summary",
    "beat_lines",
    "beat_matrix",
    "beat_summary",
    "compare",
    "compare_files",
    "read_annotations",
    "run_lines",
    "run_matrices",
    "run_summary",
    "shutdown_lines",
    "shutdown_report",
    "shutdown_summary",
    "summarise",
]
