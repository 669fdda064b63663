"""Every number that bxb -S, bxb -L, rxr -L and sumstats print for seven records, digit for digit.

207 has ventricular flutter, 104 is paced, 203 is in atrial fibrillation.
"""

from pathlib import Path

import pytest

from ectopy import ec57
from ectopy.ec57 import Comparison

pytestmark = pytest.mark.data

RECORDS = ("100", "119", "203", "207", "208", "222", "104")


@pytest.fixture(scope="module")
def comparisons(data: Path) -> dict[str, Comparison]:
    return {
        record: ec57.compare_files(data / f"mitdb/{record}.atr", data / f"ec57/{record}.tst")
        for record in RECORDS
    }


@pytest.mark.parametrize("record", RECORDS)
def test_the_matrix_of_a_record(
    record: str, comparisons: dict[str, Comparison], data: Path
) -> None:
    printed = (data / f"ec57/bxb_matrix_{record}.txt").read_text()
    assert ec57.beat_matrix(comparisons[record]) == printed


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("bxb_line1", ec57.beat_lines),
        ("bxb_line1_sumstats", ec57.beat_summary),
        ("bxb_line2", ec57.shutdown_lines),
        ("bxb_line2_sumstats", ec57.shutdown_summary),
        ("rxr_v", lambda found: ec57.run_lines(found, "v")),
        ("rxr_v_sumstats", lambda found: ec57.run_summary(found, "v")),
        ("rxr_s", lambda found: ec57.run_lines(found, "s")),
        ("rxr_s_sumstats", lambda found: ec57.run_summary(found, "s")),
    ],
)
def test_the_lines_of_all_records(
    name: str, table, comparisons: dict[str, Comparison], data: Path
) -> None:
    assert table(list(comparisons.values())) == (data / f"ec57/{name}.txt").read_text()


def test_figures_are_those_of_the_tables(comparisons: dict[str, Comparison]) -> None:
    facts = comparisons["208"].to_dict()
    assert facts["matrix"][2] == [10, 7, 766, 10, 11, 20, 0]
    assert (round(facts["veb"]["se"], 2), round(facts["veb"]["ppv"], 2)) == (92.96, 97.33)
    assert round(facts["rr_error_ms"], 2) == 123.95
    assert facts["runs"]["v"]["couplets"] == pytest.approx(
        {"se": 100 * 337 / 370, "ppv": 100 * 312 / 330, "f1": 92.8, "tp": 337}
        | {"fn": 33, "fp": 18, "tp_ppv": 312},
        abs=0.05,
    )
    gross = ec57.summarise(comparisons.values()).to_dict()["gross"]
    assert round(gross["sveb"]["ppv"], 2) == 68.07
