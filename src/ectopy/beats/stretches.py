"""Where a heart's rate changes at once, and the stretches of steady rate between.

A premature beat is early beside its neighbours, but in a run of a hundred all neighbours are as
early. What tells such a run from a sinus rhythm that has become fast is how it begins and ends:
at once, or over many beats.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.candidates import padded, windows_of

Float64 = NDArray[np.float64]
Whole = NDArray[np.int64]

REACH: Final = 5
"""Intervals before and after a place whose medians are compared there."""
STEP: Final = 0.12
"""Difference of their logarithms from which the rate has changed."""
SHORTEST: Final = 3
"""Beats between two changes at least."""
CLIP: Final = 1.5


def stretch_facts(rr: Float64) -> dict[str, Float64]:
    """Describe the stretch of steady rate that each beat lies in, and where it lies in it.

    Parameters
    ----------
    rr
        Interval before each beat in seconds, shape ``(n,)``, all of them positive.

    Returns
    -------
    dict
        Features by name, each ``(n,)``: logarithms of ratios of intervals, clipped to 1.5, and
        of numbers of beats.
    """
    log, at = np.log(rr), np.arange(len(rr))
    bounds = _changes(log)
    number, length = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)), np.diff(bounds)
    ranked = log[np.lexsort((log, number))]
    level = (ranked[bounds[:-1] + (length - 1) // 2] + ranked[bounds[:-1] + length // 2]) / 2
    before, after = np.append(level[:1], level[:-1]), np.append(level[1:], level[-1:])
    first = bounds[1:-1]
    here = (log[first] + log[np.minimum(first + 1, len(log) - 1)]) / 2
    jump = here - (log[first - 3] + log[first - 2] + log[first - 1]) / 3
    jump = np.concatenate([[0.0], jump, [0.0]])
    of_stretch = {
        "stretch over last": level - before,
        "stretch over next": level - after,
        "stretch over both": np.minimum(level - np.maximum(before, after), 0),
        "stretch length": np.log(length) / 4,
        "stretch begins": jump[:-1],
        "stretch ends": jump[1:],
        "stretch over median": level - np.median(log),
        "stretch over mean": level - np.log(rr.mean()),
    }
    facts = {name: values[number] for name, values in of_stretch.items()} | {
        "beats in stretch before": np.log1p(at - bounds[number]) / 4,
        "beats in stretch after": np.log1p(bounds[number + 1] - 1 - at) / 4,
        "interval over stretch": log - level[number],
    }
    return {name: np.clip(values, -CLIP, CLIP) for name, values in facts.items()}


def _changes(log: Float64) -> Whole:
    """First beats of the stretches, and the number of beats; `log` is of the intervals."""
    n, near = len(log), REACH // 2 + 1
    if n < 2 * REACH:
        return np.array([0, n])
    wider = np.concatenate([[log[0]] * REACH, log, [log[-1]] * REACH])
    median = np.sort(windows_of(wider, REACH), axis=1)[:, REACH // 2]
    change = median[REACH : REACH + n] - median[:n]
    change[0] = 0
    size = np.abs(change)
    largest = windows_of(padded(size, near, near), 2 * near + 1).max(axis=1)
    found = [0]
    for peak in map(int, np.flatnonzero((size > STEP) & (size >= largest - 1e-9))):
        # medians change smoothly: the sharpest step nearby is where the stretch begins
        low, high = max(1, peak - near), min(n - 1, peak + near)
        steps = np.sign(change[peak]) * np.diff(log[low - 1 : high + 1])
        first = low + int(np.argmax(steps))
        if first - found[-1] >= SHORTEST:
            found.append(first)
    return np.array([*found, n])
