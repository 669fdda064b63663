"""Recording → Beats: QRS detection in one lead, in pieces, never across missing signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.quality import beat_quality, bridged, dead_stretches, noisy_stretches
from ectopy.beats.value import Beats, Stretch
from ectopy.recording.value import Recording

DETECTION_FS: Final = 120.0
"""Rate in Hz that every signal is brought to before QRS complexes are looked for."""
PIECE_S: Final = 3600.0
"""Seconds of signal that are searched at a time, so that memory does not grow with length."""
OVERLAP_S: Final = 120.0
"""Seconds before and after a piece that are searched with it: the detector adapts within them."""
AGREE_S: Final = 100.0
"""Seconds on both sides of a seam in which two pieces must find the same beats."""
POLARITY_S: Final = 1800.0
"""Seconds from the start of a span that decide which way its complexes point."""
QRS_BAND_HZ: Final = (3.0, 40.0)
"""Band in which the R peak is the largest deflection, whatever the baseline does."""
PEAK_SEARCH_S: Final = 0.075
"""How far from the detected complex its peak may lie."""
REFRACTORY_S: Final = 0.2
"""Two R peaks cannot be nearer than this."""
MIN_SPAN_S: Final = 1.0
"""Stretches of signal shorter than this, between missing ones, are not searched."""


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
    Complexes are detected with SleepECG's modified Pan-Tompkins detector; gain, offset and
    polarity of the signal make no difference. Each is then moved to the largest deflection
    from the baseline within 75 ms, upwards or downwards.
    """
    name = recording.leads[recording.lead_index(lead)] if lead else choose_lead(recording)
    x = recording.lead(name)
    fs = recording.fs
    dead = dead_stretches(x, fs)
    found, quality = [], []
    for start, stop in live_spans(dead, len(x), fs):
        for sample, grade in _search_span(x, start, stop, fs):
            found.append(sample)
            quality.append(grade)
            if progress and len(sample):
                progress(float(sample[-1]) / len(x))
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


def _search_span(
    x: NDArray[np.float32], start: int, stop: int, fs: float
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Search an unbroken span in overlapping pieces, as if it were searched in one.

    A piece begins long enough before its seam that the detector's thresholds have settled: if
    it does not find the beats that the piece before it found around the seam, it is searched
    again from further back, at most from where that piece began.
    """
    size, overlap, agree = (round(s * fs) for s in (PIECE_S, OVERLAP_S, AGREE_S))
    low, before = start, np.empty(0, np.int64)
    upright = _upright(_qrs_band(bridged(x[start : min(stop, start + round(POLARITY_S * fs))]), fs))
    for first in range(start, stop, size):
        last, high = min(first + size, stop), min(first + size + overlap, stop)
        reach, earliest = overlap, low
        while True:
            low = max(earliest, first - reach)
            sample, grade = _search(bridged(x[low:high]), fs, upright)
            sample += low
            theirs, ours = (at[np.abs(at - first) < agree] for at in (before, sample))
            if low == earliest or np.array_equal(theirs, ours):
                break
            reach *= 2
        kept = (sample >= first) & (sample < last)
        yield sample[kept], grade[kept]
        before = sample


def _search(
    x: NDArray[np.float64], fs: float, upright: float
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """R peaks of one unbroken piece of signal, and the quality at each."""
    qrs = _qrs_band(x, fs)
    height = np.abs(qrs)
    sample = _to_peaks(_complexes(qrs * upright, fs), height, fs)
    return sample, beat_quality(height, sample, fs)


def _qrs_band(x: NDArray[np.float64], fs: float) -> NDArray[np.float64]:
    """Keep what is at 3 to 40 Hz, without delay."""
    from scipy.signal import butter, sosfiltfilt

    low, high = QRS_BAND_HZ
    sos = butter(2, (low, min(high, 0.45 * fs)), "bandpass", fs=fs, output="sos")
    filtered: NDArray[np.float64] = sosfiltfilt(sos, x - np.median(x))
    return filtered


def _upright(qrs: NDArray[np.float64]) -> float:
    """Give 1 where the tall deflections go up and -1 where they go down."""
    return 1.0 if np.sum(qrs**3) >= 0 else -1.0


def _complexes(qrs: NDArray[np.float64], fs: float) -> NDArray[np.int64]:
    """Where SleepECG sees QRS complexes, in samples of the signal given."""
    from scipy.signal import resample_poly
    from sleepecg.heartbeats import detect_heartbeats

    ratio = Fraction(DETECTION_FS / fs).limit_denominator(1000)
    slow = resample_poly(qrs, ratio.numerator, ratio.denominator)
    if len(slow) < DETECTION_FS * MIN_SPAN_S or not np.ptp(slow):
        return np.empty(0, np.int64)
    found = detect_heartbeats(slow / np.abs(slow).max(), DETECTION_FS)
    native: NDArray[np.int64] = np.rint(found / float(ratio)).astype(np.int64)
    return np.minimum(native, len(qrs) - 1)


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
