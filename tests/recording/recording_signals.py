import numpy as np
from numpy.typing import NDArray


def beats_in_mv(fs: float, seconds: float) -> NDArray[np.float64]:
    """R waves of 1.2 mV every 0.8 s on a slow wander, rounded to 1 µV."""
    t = np.arange(round(fs * seconds)) / fs
    r_waves = sum(1.2 * np.exp(-(((t - at) / 0.02) ** 2)) for at in np.arange(0.5, seconds, 0.8))
    return np.round(r_waves + 0.1 * np.sin(2 * np.pi * 0.3 * t) + 0.05, 3)
