import warnings
from pathlib import Path

import numpy as np
import pytest

from ectopy.datasets.splits import Split
from ectopy.evaluation import evaluate
from ectopy.simulate import simulate


@pytest.fixture(scope="session")
def hearts(tmp_path_factory) -> Path:
    """Simulated records under names of MIT-BIH, with their annotations, as WFDB files."""
    folder = tmp_path_factory.mktemp("hearts")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import wfdb

    for seed, record in enumerate(("100", "103", "232")):
        recording = simulate(420, 360, seed=seed)
        digital = np.rint(recording.signal * 200 + 1024).astype(np.int64)
        wfdb.wrsamp(
            record, 360, ["mV", "mV"], ["II", "V1"], d_signal=digital, fmt=["212", "212"],
            adc_gain=[200, 200], baseline=[1024, 1024], write_dir=str(folder),
        )  # fmt: skip
        notes = recording.annotations
        wfdb.wrann(record, "atr", notes.sample, notes.symbol, write_dir=str(folder), fs=360)
    return folder


@pytest.fixture(scope="session")
def tiny_split() -> Split:
    return Split("tiny", "two made-up records", False, ("101",), ("100", "103", "232"))


@pytest.fixture(scope="session")
def tiny_results(hearts, tiny_split):
    return evaluate("cvxtz-ds1-ds2-v1", tiny_split, hearts)
