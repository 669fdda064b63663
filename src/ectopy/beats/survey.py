"""What a look at the signal shows before any beat is named: best lead, polarity, dead stretches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.find import choose_lead, find_beats, live_spans
from ectopy.beats.quality import bridged, dead_stretches
from ectopy.beats.value import Stretch
from ectopy.recording.value import Recording

LOOK_S: Final = 300.0
"""Seconds of the longest unbroken signal that polarity and mains noise are measured in."""
QRS_REACH_S: Final = 0.06
"""Half the time around an R peak in which the deflections upwards and downwards are measured."""
BASELINE_REACH_S: Final = 0.3
"""Half the time around an R peak whose median is its baseline."""
ONE_SIDED: Final = 1.5
"""Ratio of the two deflections from which a QRS complex counts as upright or inverted."""
MIN_BEATS: Final = 3
"""Beats from which the polarity is told."""
MAINS_HZ: Final = (50.0, 60.0)
BAND_HZ: Final = (1.0, 100.0)
"""Band that the power of the mains is compared with."""
MAINS_HALF_HZ: Final = 1.0
"""Half the width of the line of the mains; as much on both sides tells what lies under it."""


@dataclass(frozen=True, slots=True)
class Mains:
    """Noise of the mains in one lead: its frequency, its RMS in mV, its share of the power."""

    hz: float
    rms_mv: float
    share: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What the signal of a recording looks like.

    Attributes
    ----------
    lead
        The lead that beats are looked for in, unless another is named.
    why
        Why that one.
    polarity
        Which way its QRS complexes point: ``"upright"``, ``"inverted"``, ``"biphasic"``, or empty
        where too few beats are found to tell.
    dead
        Of each lead, the stretches that are missing, flat or saturated.
    mains
        The stronger noise of the mains in `lead`, 50 or 60 Hz; None where the rate is too low to
        tell or the signal too short.
    """

    lead: str
    why: str
    polarity: str
    dead: tuple[tuple[Stretch, ...], ...]
    mains: Mains | None


def survey(recording: Recording) -> Survey:
    """Look at the signal of a recording.

    Parameters
    ----------
    recording
        Any ECG.

    Returns
    -------
    Survey
        Nothing in it is a judgement of the heart.
    """
    dead = tuple(
        dead_stretches(recording.signal[:, i], recording.fs) for i in range(len(recording.leads))
    )
    lead = choose_lead(recording)
    column = recording.leads.index(lead)
    spans = list(live_spans(dead[column], recording.n_samples, recording.fs))
    polarity, mains = "", None
    if spans:
        start, stop = max(spans, key=lambda span: span[1] - span[0])
        stop = min(stop, start + round(LOOK_S * recording.fs))
        x = bridged(recording.signal[start:stop, column])
        mains = mains_noise(x, recording.fs)
        polarity = _polarity(x, recording.fs)
    return Survey(lead, _why(recording, column), polarity, dead, mains)


def mains_noise(x: NDArray[np.float32], fs: float) -> Mains | None:
    """Measure 50 and 60 Hz in a piece of one lead and give the stronger.

    The power in a line of 2 Hz, less that of as much beside it, is held against the power from 1
    to 100 Hz.

    Parameters
    ----------
    x
        float32, shape ``(n_samples,)``, without missing samples.
    fs
        Sampling rate in Hz.
    """
    from scipy.signal import welch

    size = round(2 * fs)
    if len(x) < size or fs < 2 * (MAINS_HZ[0] + 2 * MAINS_HALF_HZ):
        return None
    hz, density = welch(np.asarray(x, np.float64), fs, nperseg=size, detrend="linear")
    step = hz[1]

    def power(low: float, high: float) -> float:
        return float(density[(hz >= low - step / 4) & (hz <= high + step / 4)].sum() * step)

    whole = power(*BAND_HZ)
    found = []
    for line in MAINS_HZ:
        if line + 2 * MAINS_HALF_HZ <= fs / 2:
            inner = power(line - MAINS_HALF_HZ, line + MAINS_HALF_HZ)
            outer = power(line - 2 * MAINS_HALF_HZ, line + 2 * MAINS_HALF_HZ) - inner
            excess = max(0.0, inner - outer)
            found.append(Mains(line, excess**0.5, excess / whole if whole > 0 else 0.0))
    return max(found, key=lambda each: each.rms_mv)


def _polarity(x: NDArray[np.float32], fs: float) -> str:
    """Tell which way the QRS complexes of one lead point, from the medians over its beats."""
    if len(x) < 2 * fs:
        return ""
    piece = Recording(x[:, None], fs, ("ECG",))
    at = find_beats(piece, 0).sample
    near, far = round(QRS_REACH_S * fs), round(BASELINE_REACH_S * fs)
    at = at[(at >= far) & (at < len(x) - far)]
    if len(at) < MIN_BEATS:
        return ""
    around = x[at[:, None] + np.arange(-far, far + 1)]
    baseline = np.median(around, axis=1)
    qrs = around[:, far - near : far + near + 1]
    up = float(np.median(qrs.max(axis=1) - baseline))
    down = float(np.median(baseline - qrs.min(axis=1)))
    if up >= ONE_SIDED * down:
        return "upright"
    return "inverted" if down >= ONE_SIDED * up else "biphasic"


def _why(recording: Recording, column: int) -> str:
    if len(recording.leads) == 1:
        return "the only one"
    if recording.leads[column].casefold() == "ii":
        return "lead II shows the rhythm best"
    return "no lead II that is alive, so the first that is"
