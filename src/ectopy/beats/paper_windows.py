"""Beats cut as the paper describes it, to show how many that loses.

Kachuee, Fazeli and Sarrafzadeh, "ECG Heartbeat Classification: A Deep Transferable
Representation" (2018, arXiv 1805.00794), section III.A, as tutorials rebuild it. The published
Kaggle rows were **not** made this way, see :mod:`ectopy.beats.kaggle_rows`; nothing in ectopy
classifies beats that were cut like this.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

PAPER_FS: Final = 125.0
"""Rate in Hz that the paper resamples to."""
WINDOW_S: Final = 10.0
R_THRESHOLD: Final = 0.9
"""Share of the window's range that a local maximum must reach to count as an R peak."""
PERIODS: Final = 1.2
"""Length of a beat in median RR intervals of its window."""
ROW_LENGTH: Final = 187


@dataclass(frozen=True, eq=False, slots=True)
class PaperWindow:
    """One 10 s window and what each step of the paper makes of it.

    Attributes
    ----------
    signal
        The window at 125 Hz, scaled to 0..1, shape ``(1250,)``.
    maxima
        Samples of all local maxima.
    r_peaks
        Those of them that reach 0.9.
    median_rr
        Median interval between them in samples; None with fewer than two.
    rows
        One row for each R peak, from it on for 1.2 median intervals, padded with zeros: float32,
        shape ``(n, 187)``; none where there is no interval.
    """

    signal: NDArray[np.float64]
    maxima: NDArray[np.int64]
    r_peaks: NDArray[np.int64]
    median_rr: float | None
    rows: NDArray[np.float32]


def paper_windows(signal: ArrayLike, fs: float) -> list[PaperWindow]:
    """Cut a lead into beats by the steps that the paper describes.

    Parameters
    ----------
    signal
        One lead, shape ``(n_samples,)``, any unit, no missing values.
    fs
        Its sampling rate in Hz.

    Returns
    -------
    list of PaperWindow
        Every whole window of 10 s.
    """
    from scipy.signal import resample_poly

    ratio = Fraction(PAPER_FS / fs).limit_denominator(1000)
    x = np.asarray(signal, np.float64)
    slow = resample_poly(x, ratio.numerator, ratio.denominator, padtype="line")
    length = round(WINDOW_S * PAPER_FS)
    return [_window(slow[at : at + length]) for at in range(0, len(slow) - length + 1, length)]


def _window(x: NDArray[np.float64]) -> PaperWindow:
    height = np.ptp(x)
    scaled = (x - x.min()) / height if height else np.zeros_like(x)
    rising = np.diff(scaled) > 0
    maxima = np.flatnonzero(rising[:-1] & ~rising[1:]) + 1
    r_peaks = maxima[scaled[maxima] >= R_THRESHOLD]
    median_rr = float(np.median(np.diff(r_peaks))) if len(r_peaks) > 1 else None
    rows = np.zeros((len(r_peaks) if median_rr else 0, ROW_LENGTH), np.float32)
    for row, r in zip(rows, r_peaks, strict=False):
        beat = scaled[r : r + int(PERIODS * (median_rr or 0))][:ROW_LENGTH]
        row[: len(beat)] = beat
    return PaperWindow(scaled, maxima, r_peaks, median_rr, rows)
