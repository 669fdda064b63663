"""Noise of many kinds for signals at 120 Hz, to learn with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfiltfilt

from ectopy.training.composer import FS

Floats = NDArray[np.float64]


class Noise:
    """Draws stretches of noise of unit RMS: electrode motion, muscle, drift, and both together.

    Parameters
    ----------
    motion
        Recorded electrode motion at 360 Hz, shape ``(n, leads)``.
    random
        Where everything is drawn from.
    """

    def __init__(self, motion: NDArray[np.floating], random: np.random.Generator) -> None:
        self.motion = resample_poly(np.nan_to_num(motion).astype(float), 1, 3, axis=0)
        self.random = random

    def __call__(self, n: int) -> Floats:
        """Draw so many samples."""
        kinds = (self.electrode, self.muscle, self.drift, self.mixed)
        drawn = kinds[self.random.integers(len(kinds))](n)
        noise: Floats = drawn / (drawn.std() + 1e-9)
        return noise

    def electrode(self, n: int) -> Floats:
        """Electrode motion as recorded, but shifted, turned over or backwards."""
        noise = self.motion[:, self.random.integers(self.motion.shape[1])]
        noise = np.roll(noise, self.random.integers(len(noise))) * self.random.choice([-1, 1])
        return np.resize(noise[:: self.random.choice([-1, 1])], n)

    def muscle(self, n: int) -> Floats:
        """Muscle noise that swells and fades."""
        steps = np.cumsum(self.random.normal(size=int(n / FS) + 2)) * 0.2
        loud: Floats = np.exp(np.interp(np.arange(n) / FS, np.arange(len(steps)), steps))
        return self.band(n, 15, 55) * loud

    def drift(self, n: int) -> Floats:
        """Slow waves."""
        return self.band(n, self.random.uniform(0.3, 2), self.random.uniform(6, 25))

    def mixed(self, n: int) -> Floats:
        """Electrode motion and muscle."""
        noise = self.electrode(n)
        motion: Floats = noise / (noise.std() + 1e-9)
        return motion + self.band(n, 10, 50) * self.random.uniform(0.3, 2)

    def band(self, n: int, low: float, high: float) -> Floats:
        """White noise between two frequencies."""
        sos = butter(1, (low, high), "bandpass", fs=FS, output="sos")
        noise: Floats = sosfiltfilt(sos, self.random.normal(size=n))
        return noise
