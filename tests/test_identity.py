"""Names, birth dates and identifiers stay out of every result unless they are asked for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ectopy import analyze, read
from ectopy.analysis import Analysis
from ectopy.report import FORMATS, write_report
from ectopy.simulate import simulate

NAME = "Ada Secret"
BEATS = simulate(20, 250, seed=3).signal[:, 0]


def apple_watch(folder: Path) -> Path:
    head = f"""Name,{NAME}\nDate of Birth,"Jan 1, 1990"\nRecorded Date,2021-03-28 08:00:00 +0200
Classification,Sinus Rhythm\nDevice,"Watch6,7"\nSample Rate,250 hertz\nLead,Lead I\nUnit,µV\n\n"""
    path = folder / "watch.csv"
    path.write_text(head + "\n".join(f"{1000 * x:.3f}" for x in BEATS), encoding="utf-8")
    return path


def wfdb_record(folder: Path) -> Path:
    wfdb.wrsamp(
        "record",
        250,
        ["mV"],
        ["I"],
        p_signal=BEATS[:, None].astype(np.float64),
        fmt=["16"],
        comments=[f"{NAME} 1990"],
        write_dir=str(folder),
    )
    return folder / "record.hea"


@pytest.mark.parametrize("make", [apple_watch, wfdb_record])
def test_a_name_gets_into_results_only_where_it_is_asked_for(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    path = make(tmp_path)
    for keep in (False, True):
        analysis = analyze(read(path, keep_identity=keep))
        saved = tmp_path / "saved.npz"
        analysis.save(saved)
        assert Analysis.load(saved).recording.source == analysis.recording.source
        analysis = Analysis.load(saved)
        held = {}
        for name in FORMATS:
            target = write_report(analysis, tmp_path / "out" / f"{keep}.{name}")
            held[name] = "Secret" in target.read_bytes().decode("latin-1")
        assert "1990" in repr(analysis.recording.source) or not keep
        assert "Secret" in repr(analysis.recording.source) or not keep
        assert held == {name: keep and name in ("html", "json") for name in FORMATS}
