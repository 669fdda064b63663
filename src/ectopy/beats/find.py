"""Recording → Beats: QRS detection in one lead, in pieces, never across missing signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.qrs import detect_qrs, qrs_band, rate_ratio
from ectopy.beats.quality import beat_quality, bridged, dead_stretches, noisy_stretches
from ectopy.beats.value import Beats, Stretch
from ectopy.recording.value import Recording

PIECE_S: Final = 3600.0
"""Seconds of signal that are searched at a time, so that memory does not grow with length."""
OVERLAP_S: Final = 60.0
"""Seconds before and after a piece that are searched with it."""
PEAK_SEARCH_S: Final = 0.075
"""How far from the detected complex its R peak may lie."""
REFRACTORY_S: Final = 0.2
"""Two R peaks cannot be nearer than this."""
FLOAT32_DUST: Final = 1e-5
"""Deflections below this share of the largest value are rounding errors of single precision."""
MIN_SPAN_S: Final = 1.0
"""Stretches of signal shorter than this, between missing ones, are not searched."""


Positions = NDArray[np.int64]
Quality = NDArray[np.float32]


def find_beats(
    recording: Recording,
    lead: str | None = None,
    *,
    progress: Callable[[float], None] | None = None,
) -> Beats:
    """Find the R peak of every heartbeat in one lead.

    Parameters
    ----------
    recording
        An ECG at 50 Hz or more; 100 to 1000 Hz give the same beats.
    lead
        Name or number of the lead to search; see :func:`choose_lead` for the default.
    progress
        Called with the share of the recording that is done, 0 to 1.

    Returns
    -------
    Beats
        Positions at the recording's own rate, with the quality of the signal at each and the
        stretches that are missing, flat, saturated or noisy. No beats are found in stretches
        that are missing, flat or saturated, and nothing is filtered across them.

    Raises
    ------
    UnknownLeadError
        If the recording has no such lead.

    Notes
    -----
    Complexes are detected by :func:`ectopy.beats.qrs.detect_qrs`; gain, offset and polarity of
    the signal make no difference. Each is then moved to the largest deflection from the baseline
    within 75 ms, upwards or downwards.
    """
    name = recording.leads[recording.lead_index(lead)] if lead else choose_lead(recording)
    x = recording.lead(name)
    fs = recording.fs
    dead = dead_stretches(x, fs)
    found, quality = [], []
    for start, stop in live_spans(dead, len(x), fs):
        for first, last, low, high in pieces(start, stop, fs):
            sample, grade = _search(bridged(x[low:high]), fs, low - start)
            kept = (sample + low >= first) & (sample + low < last)
            found.append(sample[kept] + low)
            quality.append(grade[kept])
            if progress:
                progress(last / len(x))
    if not found:
        return Beats(np.empty(0, np.int64), np.empty(0, np.float32), fs, name, dead)
    sample, grade = np.concatenate(found), np.concatenate(quality)
    bad = sorted(
        (*dead, *noisy_stretches(sample, grade, fs, len(x))), key=lambda s: (s.start, s.stop)
    )
    return Beats(sample, grade, fs, name, tuple(bad))


def choose_lead(recording: Recording) -> str:
    """Name the lead that beats are looked for in when the user names none.

    Lead II where there is one of that name, else the first; one that is missing, flat or
    saturated for more than half of the recording is passed over if another is not.
    """
    order = sorted(recording.leads, key=lambda name: name.casefold() != "ii")
    for name in order:
        dead = dead_stretches(recording.lead(name), recording.fs)
        if sum(s.stop - s.start for s in dead) <= recording.n_samples / 2:
            return name
    return order[0]


def live_spans(dead: tuple[Stretch, ...], n_samples: int, fs: float) -> Iterator[tuple[int, int]]:
    """Yield ``(start, stop)`` of the signal between dead stretches, where it is long enough."""
    start = 0
    for stretch in (*dead, Stretch(n_samples, n_samples, "missing")):
        if stretch.start - start >= MIN_SPAN_S * fs:
            yield start, stretch.start
        start = max(start, stretch.stop)


def pieces(start: int, stop: int, fs: float) -> Iterator[tuple[int, int, int, int]]:
    """Yield ``(first, last, low, high)``: search `low` to `high`, keep `first` to `last`.

    Pieces begin at samples that resampling keeps, so that all see the same resampled signal.
    """
    step = rate_ratio(fs).denominator
    size, overlap = round(PIECE_S * fs), round(OVERLAP_S * fs)
    for first in range(start, stop, size):
        low = start + max(0, (first - overlap - start) // step * step)
        yield first, min(first + size, stop), low, min(first + size + overlap, stop)


def _search(x: NDArray[np.float64], fs: float, offset: int) -> tuple[Positions, Quality]:
    """R peaks of one unbroken piece of signal, and the quality at each."""
    qrs = qrs_band(x, fs)
    height = np.abs(qrs)
    sample = _to_peaks(detect_qrs(qrs, fs, offset), height, fs)
    sample = sample[height[sample] > FLOAT32_DUST * np.abs(x).max()]
    return sample, beat_quality(height, sample, fs)


def _to_peaks(
    sample: NDArray[np.int64], height: NDArray[np.float64], fs: float
) -> NDArray[np.int64]:
    """Move each complex to the highest point near it; keep the higher of two that are too near."""
    reach = max(1, round(PEAK_SEARCH_S * fs))
    around = np.clip(sample[:, None] + np.arange(-reach, reach + 1), 0, len(height) - 1)
    peaks = np.unique(around[np.arange(len(sample)), height[around].argmax(axis=1)])
    while len(peaks) > 1 and (near := np.diff(peaks) < REFRACTORY_S * fs).any():
        pair = int(np.argmax(near))
        lower = pair + int(height[peaks[pair + 1]] < height[peaks[pair]])
        peaks = np.delete(peaks, lower)
    return peaks
