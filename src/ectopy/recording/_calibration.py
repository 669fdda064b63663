"""Signals whose converter is known: from its steps to millivolts, and lead off to missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.recording._units import scale_to_mv
from ectopy.recording.value import Inference

INT16_LEAD_OFF: Final = (-32768.0,)
"""What devices with 16 bits write while an electrode is off."""


def mark_lead_off(signal: NDArray[np.float32], values: Sequence[float]) -> list[Inference]:
    """Turn values that stand for an electrode that is off into missing samples, in place.

    Parameters
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``, as it stands in the file.
    values
        The values that are no voltage.

    Returns
    -------
    list of Inference
        What was marked; empty if nothing was.
    """
    off = np.isin(signal, np.asarray(values, np.float32))
    if not off.any():
        return []
    found = sorted({float(value) for value in np.unique(signal[off])})
    signal[off] = np.nan
    listed = " and ".join(f"{value:g}" for value in found)
    why = f"{listed} is what the device writes while an electrode is off"
    return [Inference("missing samples", f"{int(off.sum())} values", why)]


def steps_to_mv(
    signal: NDArray[np.float32],
    fs: float,
    mv_per_step: Sequence[float],
    units: str | None,
) -> tuple[tuple[float | None, ...], list[Inference]]:
    """Bring the steps of a known converter to millivolts, in place.

    Parameters
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``, in steps.
    fs
        Sampling rate in Hz.
    mv_per_step
        What one step of each lead is worth, in mV.
    units
        Unit that the user asked for; unless it is mV the numbers are taken to be in it.

    Returns
    -------
    resolution
        Millivolts per step for each lead.
    inferred
        What was overridden.
    """
    if units in (None, "mV"):
        signal *= np.asarray(mv_per_step, np.float32)
        return tuple(abs(float(step)) for step in mv_per_step), []
    leads = signal.shape[1]
    return scale_to_mv(signal, fs, ["mV"] * leads, units, [True] * leads)
