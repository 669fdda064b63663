"""The QRS detector: candidates from the slope, decided by a small network, R peaks refined.

Every decision rests on what lies within a minute of it, so that a recording searched in
overlapping pieces gives the beats of one searched whole, and neither an artefact nor a change of
amplitude blinds the detector for what comes later.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy._onnx import start_network
from ectopy.beats.candidates import (
    APART,
    DETECTION_FS,
    Positions,
    Prepared,
    describe,
    find_candidates,
    prepare,
    rate_ratio,
)
from ectopy.beats.quality import beat_quality
from ectopy.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PEAK_SEARCH: Final = 9
"""Samples at 120 Hz (75 ms) within which the R peak of a detected complex lies."""
FINE_SEARCH_S: Final = 0.010
"""How far from its place at 120 Hz the R peak may lie at the recording's own rate."""
DETECTOR: Final = Path(__file__).parent / "detector"

Float32 = NDArray[np.float32]


def detect(
    leads: list[Float32], fs: float, offset: int = 0, detector: Path = DETECTOR
) -> tuple[Positions, Float32]:
    """Find the R peaks in an unbroken piece of signal.

    Parameters
    ----------
    leads
        One or more leads of the same piece, each ``(n_samples,)`` without missing samples; R
        peaks are those of the first.
    fs
        Sampling rate in Hz.
    offset
        Sample at which the piece begins in its unbroken signal; a multiple of the denominator
        of :func:`ectopy.beats.candidates.rate_ratio`.
    detector
        Directory of the network that decides; that of the package by default.

    Returns
    -------
    sample : numpy.ndarray
        R peaks in samples of the piece, int64, ascending.
    quality : numpy.ndarray
        float32, from 0 to 1: how clean the signal is (`ectopy.beats.quality.beat_quality`) or
        how sure the network is of a beat, whichever is less.
    """
    sample, quality, _ = detect_and_grade(leads, fs, offset, detector, each=False)
    return sample, quality


def detect_and_grade(
    leads: list[Float32],
    fs: float,
    offset: int = 0,
    detector: Path = DETECTOR,
    *,
    each: bool = True,
) -> tuple[Positions, Float32, Float32]:
    """Find R peaks as :func:`detect` does, and tell how clean each lead is at the beats.

    Parameters
    ----------
    leads, fs, offset, detector
        As for :func:`detect`.
    each
        Whether to tell it.

    Returns
    -------
    sample, quality : numpy.ndarray
        As of :func:`detect`.
    clean : numpy.ndarray
        float32, shape ``(n_leads, k)``: `ectopy.beats.quality.beat_quality` of each lead at its
        own peaks of the complexes that were found; empty if nobody asks.
    """
    nothing = np.empty((len(leads), 0), np.float32)
    if len(leads[0]) < fs:
        return np.empty(0, np.int64), nothing[0], nothing
    prepared = [prepare(lead, fs, offset) for lead in leads]
    at = find_candidates(prepared)
    if not len(at):
        return np.empty(0, np.int64), nothing[0], nothing
    slow_offset = int(offset * rate_ratio(fs))
    evidence = np.mean(
        [_evidence(describe(lead, at, slow_offset), detector) for lead in prepared], axis=0
    )
    chosen = evidence > float(card(detector)["threshold"])
    kept, sure = at[chosen], 1 / (1 + np.exp(-evidence[chosen]))
    first = prepared[0]
    height = np.abs(first.band)
    peaks = _merged(np.unique(_highest(height, kept, PEAK_SEARCH)), height)
    of_peak = np.clip(np.searchsorted(kept, peaks - PEAK_SEARCH), 0, max(0, len(kept) - 1))
    quality = np.minimum(beat_quality(height, peaks, DETECTION_FS), sure[of_peak])
    heights = [np.abs(lead.band) for lead in prepared] if each else []
    clean = [beat_quality(h, _highest(h, kept, PEAK_SEARCH), DETECTION_FS) for h in heights]
    return _at_own_rate(leads[0], fs, first, peaks), quality, np.stack(clean) if each else nothing


@cache
def card(detector: Path = DETECTOR) -> dict[str, Any]:
    """Give the card of the network that decides: its threshold, its training, its figures.

    Raises
    ------
    ModelError
        If there is none.
    """
    try:
        found: dict[str, Any] = json.loads((detector / "card.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"no detector in {detector}: its card.json cannot be read") from error
    return found


@cache
def _network(detector: Path) -> InferenceSession:
    return start_network(detector, card(detector)["name"], card(detector)["sha256"])


def _evidence(features: Float32, detector: Path) -> Float32:
    """Logit of each candidate being a beat."""
    network = _network(detector)
    logits: Float32 = network.run(None, {network.get_inputs()[0].name: features})[0]
    return logits


def _highest(height: NDArray[np.floating], at: Positions, reach: int) -> Positions:
    """Move each place to the highest point within reach."""
    around = np.clip(at[:, None] + np.arange(-reach, reach + 1), 0, len(height) - 1)
    best: Positions = around[np.arange(len(at)), height[around].argmax(axis=1)]
    return best


def _merged(peaks: Positions, height: NDArray[np.floating]) -> Positions:
    """Of two peaks nearer than 0.2 s keep the higher."""
    while len(peaks) > 1 and (near := np.diff(peaks) < APART).any():
        pair = int(np.argmax(near))
        peaks = np.delete(peaks, pair + int(height[peaks[pair + 1]] < height[peaks[pair]]))
    return peaks


def _at_own_rate(x: Float32, fs: float, lead: Prepared, peaks: Positions) -> Positions:
    """Find the sample of each peak at the recording's own rate."""
    ratio = float(rate_ratio(fs))
    native = np.rint(peaks / ratio).astype(np.int64)
    reach = max(1, round(FINE_SEARCH_S * fs))
    around = np.clip(native[:, None] + np.arange(-reach, reach + 1), 0, len(x) - 1)
    height = np.abs(x[around] - lead.baseline[peaks][:, None])
    place: Positions = around[np.arange(len(peaks)), height.argmax(axis=1)]
    return place
