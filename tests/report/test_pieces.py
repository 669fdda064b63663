"""Reports that are written piece by piece say the same as when written at once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.analysis import Analysis
from ectopy.recording import Annotations
from ectopy.report import csv_report, json_report
from ectopy.simulate import simulate


@pytest.mark.parametrize("beats", [True, False])
def test_pieces(
    beats: bool,
    analysis_of: Callable[..., Analysis],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    none = Annotations(np.empty(0, np.int64), np.empty(0, np.str_), np.empty(0, np.str_))
    recording = simulate(60, 250, seed=1)
    analysis = analysis_of(recording if beats else replace(recording, annotations=none))
    assert bool(len(analysis.beats)) is beats
    held = {}
    for rows in (1 << 15, 7):
        for module in (json_report, csv_report):
            monkeypatch.setattr(module, "_ROWS", rows)
            module.write(analysis, tmp_path / "out")
            held[rows, module.__name__] = (tmp_path / "out").read_text("utf-8")
    assert held[7, json_report.__name__] == held[1 << 15, json_report.__name__]
    assert held[7, csv_report.__name__] == held[1 << 15, csv_report.__name__]
    assert json.loads(held[7, json_report.__name__]) == analysis.to_dict()
    assert len(held[7, csv_report.__name__].splitlines()) == 1 + len(analysis.beats)
