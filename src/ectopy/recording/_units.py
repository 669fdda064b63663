"""Units: their names, what the numbers themselves say of them, and the way to millivolts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import RecordingError
from ectopy.recording._backing import release
from ectopy.recording.value import Inference

MV_PER: Final = {"nV": 1e-6, "µV": 1e-3, "mV": 1.0, "V": 1e3}
"""Millivolts in one of each unit."""
ADU: Final = "adu"
"""The steps of an analogue-digital converter whose gain is not known."""

_SPELLINGS: Final = {
    "nV": r"n(ano)?v(olts?)?",
    "µV": r"(u|µ|μ|mc|mi[ck]ro[\s_-]?)v(olts?)?|мкв",
    "mV": r"m(illi[\s_-]?)?v(olts?)?|мв",
    "V": r"v(olts?)?",
    ADU: r"adu|lsb|raw|counts?|(raw )?adc( (units?|counts?))?|digital( units?)?",
}
_WINDOW_S: Final = 1.5
"""Long enough to hold at least one beat at 40 a minute and more, in seconds."""
_MAX_WINDOWS: Final = 240
_PIECE: Final = 1 << 20
LARGEST: Final = 1e30
"""Larger numbers than this are damage, not ECG."""


def parse_unit(text: str) -> str | None:
    """Give the unit that `text` names: one of nV, µV, mV, V and adu, else None."""
    folded = text.strip(" \t\"'()[]{}:=,;.").casefold()
    for unit, spelling in _SPELLINGS.items():
        if re.fullmatch(spelling, folded):
            return unit
    return None


def check_units(units: str) -> str:
    """Give the unit that the user named.

    Raises
    ------
    RecordingError
        If it is none that an ECG has.
    """
    unit = parse_unit(units)
    if unit is None:
        raise RecordingError(f"units {units!r} are not known; give mV, µV (or uV), V, nV or adu")
    return unit


def finite_float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give `values` as float32, with NaN for what is infinite or beyond any signal."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(np.abs(values) < LARGEST, values, np.nan).astype(np.float32)


def beat_height(signal: NDArray[np.float32], fs: float) -> float:
    """Measure how high a typical beat is, in the units of `signal`.

    The peak-to-peak height within 1.5 s, its median over the recording for each lead, and the
    median of the leads. Slow wander hardly counts in so short a time, and a few artefacts do not
    move a median. Flat stretches are left out.

    Parameters
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``.
    fs
        Sampling rate in Hz.

    Returns
    -------
    float
        0 if no lead ever moves.
    """
    width = min(len(signal), max(2, int(_WINDOW_S * fs)))
    count = len(signal) // width
    chosen = np.linspace(0, count - 1, min(count, _MAX_WINDOWS)).astype(np.int64)
    windows = signal[: count * width].reshape(count, width, -1)[chosen]
    heights = np.fmax.reduce(windows, axis=1) - np.fmin.reduce(windows, axis=1)
    moving = [lead[lead > 0] for lead in heights.T]
    medians = [float(np.median(lead)) for lead in moving if len(lead)]
    return float(np.median(medians)) if medians else 0.0


def infer_unit(signal: NDArray[np.float32], fs: float, *, whole: bool) -> tuple[str, str]:
    """Tell the unit from the numbers.

    Parameters
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``, as it stands in the file.
    fs
        Sampling rate in Hz.
    whole
        Whether all values are integers.

    Returns
    -------
    unit, why
        One of mV, µV, V and adu, and the evidence in a few words.
    """
    height = beat_height(signal, fs)
    if height == 0:
        return "mV", "the signal never moves, so that its numbers tell nothing"
    why = f"beats are about {height:.3g} high"
    middle = float(np.nanmedian(signal[:: max(1, len(signal) // 10_000)]))
    if whole and np.nanmin(signal) >= 0 and middle > height / 2:
        return ADU, f"{why}, all values are integers from 0 upwards around {middle:.0f}"
    if whole and height < 100:
        return ADU, f"{why}, in integers"
    if height < 0.02:
        return "V", why
    if height < 30:
        return "mV", why
    if 80 <= height <= 30_000:
        return "µV", why
    return ADU, f"{why}, which fits no usual unit"


def scale_to_mv(
    signal: NDArray[np.float32],
    fs: float,
    stated: Sequence[str | None],
    units: str | None,
    whole: Sequence[bool],
) -> tuple[tuple[float | None, ...], list[Inference]]:
    """Bring `signal` to millivolts, in place.

    Parameters
    ----------
    signal
        float32, shape ``(n_samples, n_leads)``, as it stands in the file.
    fs
        Sampling rate in Hz.
    stated
        Unit that the file states for each lead, or None.
    units
        Unit that the user asked for; it wins over what the file states.
    whole
        Whether the values of each lead are all integers.

    Returns
    -------
    resolution
        Millivolts per unit for each lead whose values are integers, else None.
    inferred
        What was inferred or overridden.
    """
    inferred: list[Inference] = []
    unit_of: list[str | None] = [units or unit for unit in stated]
    other = sorted({unit for unit in stated if unit and units and unit != units})
    if other:
        why = f"as --units says, though the file states {' and '.join(other)}"
        inferred.append(Inference("units", str(units), why, "--units"))
    unknown = [i for i, unit in enumerate(unit_of) if unit is None]
    why = "as the file states" if not units else "as --units says"
    if unknown:
        unit, why = infer_unit(signal[:, unknown], fs, whole=all(whole[i] for i in unknown))
        for i in unknown:
            unit_of[i] = unit
        if unit != ADU:
            inferred.append(Inference("units", unit, why, "--units"))
    counts = [i for i, unit in enumerate(unit_of) if unit == ADU]
    mv_per_adu = 1.0
    if counts:
        height = beat_height(signal[:, counts], fs) or 1.0
        mv_per_adu = 1.0 / height
        value = f"ADC units, {height:.4g} of them taken as 1 mV"
        why = f"{why}; gain unknown, scaled so that typical beats are about 1 mV"
        inferred.append(Inference("units", value, why, "--units"))
    factors = [mv_per_adu if unit == ADU else MV_PER[str(unit)] for unit in unit_of]
    for i, factor in enumerate(factors):
        if i in counts:
            offset = np.nanmedian(signal[:, i]) if np.isfinite(signal[:, i]).any() else 0.0
            signal[:, i] -= offset
        for at in range(0, len(signal) if factor != 1.0 else 0, _PIECE):
            signal[at : at + _PIECE, i] *= np.float32(factor)
            release(signal)
    pairs = zip(factors, whole, strict=True)
    return tuple(factor if is_whole else None for factor, is_whole in pairs), inferred
