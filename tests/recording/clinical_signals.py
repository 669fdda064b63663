"""A resting ECG as integers, as the files of clinical devices hold it."""

import numpy as np
from numpy.typing import NDArray
from recording_signals import beats_in_mv

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def counts(
    leads: int = 8, fs: float = 500, seconds: float = 10, step_uv: float = 5
) -> NDArray[np.int64]:
    """Leads of different heights, shape ``(n_samples, leads)``, in steps of `step_uv`."""
    uv = beats_in_mv(fs, seconds) * 1000 / step_uv
    return np.rint(uv[:, None] * np.linspace(0.4, 1.4, leads)).astype(np.int64)
