"""The P wave of the sinus: what it looks like in a patient, and before which beats it stands."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.around import (
    log_ratio,
    mean_around,
    neighbours,
    norm,
    spread_out,
    weighted_mean_around,
)
from ectopy.beats.candidates import quantile_around

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

SAME: Final = 0.8
"""Correlation from which what stands before two beats is the same P wave."""
PLAIN: Final = 0.8
"""Likeness to the typical beat from which a beat may show the P wave of the sinus."""
THERE: Final = 0.7
"""Correlation with the P wave of the sinus from which a beat counts as having it."""
OFFSETS: Final = np.arange(-4, 5)
"""Beats whose P waves are told beside each beat's own."""
_TINY: Final = 1e-9


def find_p_wave(rest: Float32, match: Float64) -> Float32:
    """Find the P wave that most beats agree on.

    It is not that of the mean beat: who fibrillates half of the time has P waves in the other half.

    Parameters
    ----------
    rest
        What stands before each beat when the T wave of the one before is taken away, relative to
        the typical beat, shape ``(n, 19)``.
    match
        Correlation of each beat with the typical one, shape ``(n,)``.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(19,)``, mean 0, in the units of `rest`.
    """
    plain = np.flatnonzero(match > PLAIN)
    lines = spread_out(plain if len(plain) >= 3 else np.arange(len(rest)), 400)
    centred = rest[lines] - rest[lines].mean(axis=1, keepdims=True)
    unit = centred / (norm(centred)[:, None] + 1e-3)
    models = unit[spread_out(np.arange(len(unit)), 60)]
    wave: Float32 = models[int(((np.maximum(unit @ models.T, 0) ** 4).mean(axis=0)).argmax())]
    for _ in range(3):
        likeness = unit @ wave
        alike = likeness >= min(SAME, np.sort(likeness)[-min(5, len(likeness))])
        wave = unit[alike].mean(axis=0)
        wave = wave / (norm(wave) + _TINY)
    p_wave: Float32 = (wave * np.median(centred[alike] @ wave)).astype(np.float32)
    return p_wave


def sinus_facts(rest: Float32, rr: Float64, p_wave: Float32) -> dict[str, NDArray[np.floating]]:
    """Tell whether the P wave of the sinus is there, and the rhythm of the beats that have it.

    Parameters
    ----------
    rest
        As for :func:`find_p_wave`.
    rr
        Interval before each beat in seconds, shape ``(n,)``, all of them positive.
    p_wave
        What :func:`find_p_wave` found.

    Returns
    -------
    dict
        Features by name, each ``(n,)``, ``(n, 9)`` or one number for all beats.
    """
    centred = rest - rest.mean(axis=1, keepdims=True)
    size = float(norm(p_wave))
    along = (centred @ p_wave).astype(np.float64) / (size + _TINY)
    match: Float64 = along / (norm(centred) + 1e-3)
    there = np.clip(match, 0, 1) ** 2
    return {
        "sinus P": neighbours(match, OFFSETS, 0.0),
        "sinus P size": np.clip(along / (size + 0.02), -1, 3),
        "sinus P around": mean_around(match, 5, 5),
        "sinus P far": mean_around(match, 40, 40),
        "sinus P over usual": match - quantile_around(match, 20, 20, 0.5),
        "sinus P before": np.append(0.0, mean_around(match, 7, 0)[:-1]),
        "sinus P after": np.append(mean_around(match, 0, 7)[1:], 0.0),
        "all sinus P": match.mean(),
        "all with sinus P": (match > THERE).mean(),
        "over near sinus": log_ratio(rr / weighted_mean_around(rr, there, 12)),
        "over far sinus": log_ratio(rr / weighted_mean_around(rr, there, 60)),
        "over all sinus": log_ratio(rr * (there.sum() + _TINY) / ((rr * there).sum() + _TINY)),
    }
