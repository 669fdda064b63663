"""An ECG with known beats, for the demo and the tests.

A continuous-time model, sampled at the rate that is asked for: each beat is a sum of Gaussian
waves (McSharry et al. 2003, doi:10.1109/TBME.2003.808805), the sinus node is an integral pulse
frequency modulator driven by breathing and slow drift (Mateo & Laguna 2000,
IEEE Trans Biomed Eng 47(8)), and ectopic beats leave that clock as they do in people: a ventricular
beat blocks the next sinus beat but not the clock (compensatory pause), a supraventricular one
resets the clock (no compensatory pause).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import RecordingError
from ectopy.recording.value import MIN_DURATION_S, Annotations, Recording, Source, check_fs

FloatArray = NDArray[np.float64]
Course = Callable[[FloatArray], FloatArray]
"""Something in the course of time: takes times in seconds, gives its value at each."""

LEADS: Final = ("II", "V1")
MIN_RATE_BPM: Final = 30.0
MAX_RATE_BPM: Final = 180.0
_SYMBOLS: Final = {"N": "N", "S": "A", "V": "V", "F": "F"}
"""The MIT annotation symbol of each kind of beat."""


class _Wave(NamedTuple):
    """One Gaussian: centre and spread before and after it (s, R peak at 0), height in each lead."""

    at_s: float
    before_s: float
    after_s: float
    mv: tuple[float, float]


_PARTS: Final = {
    "sinus P": (
        _Wave(-0.168, 0.018, 0.020, (0.080, 0.060)),
        _Wave(-0.138, 0.019, 0.019, (0.070, -0.050)),
    ),
    "ectopic P": (
        _Wave(-0.138, 0.016, 0.016, (-0.090, 0.070)),
        _Wave(-0.112, 0.014, 0.014, (0.025, 0.020)),
    ),
    "narrow QRS": (
        _Wave(-0.027, 0.0065, 0.0075, (-0.11, 0.03)),
        _Wave(0.000, 0.0105, 0.0100, (1.15, 0.00)),
        _Wave(-0.012, 0.0095, 0.0090, (0.00, 0.27)),
        _Wave(0.012, 0.0100, 0.0120, (0.00, -0.98)),
        _Wave(0.027, 0.0080, 0.0105, (-0.24, 0.00)),
    ),
    "narrow T": (
        _Wave(0.268, 0.058, 0.036, (0.25, 0.06)),
        _Wave(0.215, 0.055, 0.050, (0.05, 0.02)),
    ),
    "wide QRS": (
        _Wave(-0.042, 0.0150, 0.0180, (0.25, 0.16)),
        _Wave(0.000, 0.0240, 0.0260, (1.50, -1.05)),
        _Wave(0.050, 0.0170, 0.0200, (0.62, -0.75)),
        _Wave(0.100, 0.0160, 0.0300, (-0.18, 0.10)),
    ),
    "wide T": (
        _Wave(0.185, 0.0420, 0.0800, (-0.20, 0.15)),
        _Wave(0.300, 0.0850, 0.0460, (-0.46, 0.36)),
    ),
}
"""The waves that beats are put together from; `_gains` says which beat has which."""

_COUPLING: Final = {
    "NN": 1.00, "SN": 1.08, "VN": 1.38, "FN": 1.06,
    "NS": 0.68, "SS": 0.60, "VS": 1.10, "FS": 0.70,
    "NV": 0.62, "SV": 0.70, "VV": 0.48, "FV": 0.66,
    "NF": 0.95, "SF": 1.02, "VF": 1.32, "FF": 0.98,
}  # fmt: skip
"""Interval before the second beat of a pair, in sinus periods."""
_MIN_RR_S: Final = 0.3
_QRS_START_S: Final = 0.1
_T_STOP_S: Final = 0.44
"""How long before its R peak a wide QRS begins and how long after a T wave ends, at 60 bpm: a T
wave is over before the next QRS complex begins."""

_PHRASES: Final = (
    *("S", "S", "S", "V", "V", "V", "F", "F", "SS", "VV"),
    *("VVVVV", "VNVNVNVNV", "VNNVNNVNNV", "SSSS"),
)
"""What stands out from the sinus rhythm; each once in about 220 beats, in random order."""

_GRID_HZ: Final = 20.0
_LEAD_IN_S: Final = 6.0
_FIRST_BEAT_S: Final = 0.5


def simulate(
    duration_s: float = 300.0,
    fs: float = 360.0,
    *,
    seed: int = 0,
    rate_bpm: float | Course = 72.0,
    pattern: str | None = None,
    atrial_fibrillation: bool = False,
    noise_mv: float = 0.015,
    wander_mv: float = 0.1,
    mains_mv: float = 0.0,
) -> Recording:
    """Make an ECG of leads II and V1 in which every beat is known.

    The same seed gives the same beats at the same times, and the same curve but for its noise,
    at every sampling rate; a longer duration goes on where a shorter one ends.

    Parameters
    ----------
    duration_s
        Length in seconds, at least 2.
    fs
        Sampling rate in Hz.
    seed
        Seed of everything that is random: beats, shapes, wander and noise.
    rate_bpm
        Sinus rate around which the heart rate varies, 30 to 180 beats per minute; for rest and
        exercise a function that takes times in seconds, shape ``(n,)``, and gives it at each.
    pattern
        Kinds of the beats in order, of the letters ``N S V F``, repeated to the end: ``"N"``
        for sinus rhythm alone, ``"NNV"`` for trigeminy. None for sinus rhythm with single
        ectopic and fusion beats, couplets, runs, bigeminy and trigeminy.
    atrial_fibrillation
        Irregular intervals and fibrillatory waves in place of sinus rhythm and P waves.
    noise_mv
        Root mean square of the muscle noise in mV, which swells and fades; 0 for none.
    wander_mv
        Height of the baseline wander in mV; 0 for none.
    mains_mv
        Height of the 50 Hz mains hum in mV.

    Returns
    -------
    Recording
        float32 signal in mV, with the R peak of each beat in `annotations` (symbols
        ``N A V F``), which is the extreme of its QRS complex in lead II before fibrillatory
        waves, wander, hum and noise are added.

    Raises
    ------
    MissingFactError
        If the sampling rate is not possible.
    RecordingError
        If duration, heart rate or pattern are not possible.

    Examples
    --------
    >>> recording = simulate(10, 250, pattern="NNV")
    >>> recording.signal.shape
    (2500, 2)
    >>> "".join(recording.annotations.symbol[:6])
    'NNVNNV'
    """
    check_fs(fs)
    _check(duration_s, pattern)
    sinus = _sinus_rate(duration_s, rate_bpm)
    rng_kinds, rng_rhythm, rng_shape, rng_slow, rng_noise = np.random.default_rng(seed).spawn(5)
    slow = _Slow(sinus, rng_slow)
    n_beats = math.ceil(slow.periods[-1] / 0.4)
    kinds = _kinds(pattern, n_beats, rng_kinds)
    intervals = _intervals(kinds, float(sinus.max()), atrial_fibrillation, rng_rhythm)
    times = slow.beat_times(intervals)
    inside = times < duration_s + 2
    inside[0] = times[0] < 0
    kinds, times = kinds[inside], times[inside]

    gains, stretches = _shapes(kinds, slow, times, rng_shape)
    if atrial_fibrillation:
        gains["sinus P"][:] = gains["ectopic P"][:] = 0
    n_samples = round(duration_s * fs)
    signal = _render(times, gains, stretches, n_samples, fs)
    clock = np.arange(n_samples) / fs
    for lead, trace in enumerate(signal):
        if wander_mv:
            trace += wander_mv * slow.at(clock, slow.wander[lead])
        if atrial_fibrillation:
            trace += (0.05, 0.09)[lead] * _fibrillation(clock, lead)
        if mains_mv:
            trace += mains_mv * np.sin(2 * np.pi * 50 * clock + lead)
        if noise_mv:
            noise = rng_noise.standard_normal(n_samples, dtype=np.float32)
            trace += noise_mv * slow.at(clock, slow.effort) * noise

    samples = np.rint(times * fs).astype(np.int64)
    annotated = (samples >= 0) & (samples < n_samples)
    symbols = np.array([_SYMBOLS[kind] for kind in kinds[annotated]], dtype=np.str_)
    return Recording(
        np.ascontiguousarray(signal.T),
        fs,
        LEADS,
        source=Source(format="simulated"),
        annotations=Annotations(samples[annotated], symbols, np.full(len(symbols), "")),
    )


def _check(duration_s: float, pattern: str | None) -> None:
    if not (math.isfinite(duration_s) and duration_s >= MIN_DURATION_S):
        raise RecordingError(
            f"cannot simulate {duration_s:g} s; ask for {MIN_DURATION_S:g} or more"
        )
    if pattern is not None and (not pattern or set(pattern) - set(_SYMBOLS)):
        raise RecordingError(
            f"cannot simulate the beats {pattern!r}; use one or more of the letters N S V F"
        )


def _clock(n: int) -> FloatArray:
    """Times of the first values of what changes slowly, in seconds; it begins before the signal."""
    return np.arange(n) / _GRID_HZ - _LEAD_IN_S


def _sinus_rate(duration_s: float, rate_bpm: float | Course) -> FloatArray:
    """Give the sinus rate at the times of the clock, in beats per minute."""
    clock = _clock(math.ceil((duration_s + 2 * _LEAD_IN_S) * _GRID_HZ) + 1)
    given = rate_bpm(clock.clip(0, duration_s)) if callable(rate_bpm) else rate_bpm
    try:
        rate = np.broadcast_to(np.asarray(given, np.float64), clock.shape)
    except ValueError:
        raise RecordingError(
            f"rate_bpm gave {np.shape(given)} values for {clock.shape} times; "
            "let it give one for each"
        ) from None
    wrong = rate[~((rate >= MIN_RATE_BPM) & (rate <= MAX_RATE_BPM))]
    if len(wrong):
        raise RecordingError(
            f"cannot simulate a sinus rate of {wrong[0]:g} beats per minute; "
            f"ask for {MIN_RATE_BPM:g} to {MAX_RATE_BPM:g}"
        )
    return rate


class _Slow:
    """What changes slowly, as functions of time: heart rate, breathing, wander, muscle tone."""

    def __init__(self, sinus_bpm: FloatArray, rng: np.random.Generator) -> None:
        self.clock = t = _clock(len(sinus_bpm))
        phase = rng.uniform(0, 2 * np.pi, 12)

        def wave(hz: float, k: int) -> FloatArray:
            values: FloatArray = np.sin(2 * np.pi * hz * t + phase[k])
            return values

        breath = 2 * np.pi * rng.uniform(0.2, 0.3) * t + 1.2 * wave(0.011, 0) + 0.6 * wave(0.031, 1)
        self.breath = np.sin(breath)
        """Breathing, from -1 (out) to 1 (in)."""
        drift = 0.04 * wave(0.0031, 2) + 0.03 * wave(0.0113, 3) + 0.05 * wave(1 / 7000, 4)
        rate = sinus_bpm / 60 * (1 + 0.035 * self.breath + 0.015 * wave(0.095, 5) + drift)
        self.rate = rate
        """Sinus rate in Hz."""
        self.periods: FloatArray = np.concatenate([[0], np.cumsum(rate[:-1] + rate[1:])])
        self.periods *= 0.5 / _GRID_HZ
        """Sinus periods since the start of the clock."""
        swing = 0.6 * wave(0.05, 6) + 0.4 * wave(0.13, 7)
        self.wander = tuple(
            0.6 * np.sin(breath + turn) * (1 + 0.3 * wave(0.017, 8)) + weight * swing
            for turn, weight in ((0.4, 0.5), (1.9, -0.3))
        )
        """Baseline of each lead, about -1 to 1."""
        tone = np.exp(1.5 * (wave(0.021, 9) + wave(0.0071, 10) + wave(0.053, 11)) - 2.0)
        self.effort = 0.7 + 0.5 * np.minimum(tone, 3)
        """Muscle tone, about 1."""

    def at(self, time_s: FloatArray, values: FloatArray) -> FloatArray:
        interpolated: FloatArray = np.interp(time_s, self.clock, values)
        return interpolated

    def beat_times(self, intervals: FloatArray) -> FloatArray:
        """Turn intervals in sinus periods into times; the second beat is the first to be seen."""
        first = self.at(np.array([_FIRST_BEAT_S]), self.periods)[0]
        beats = np.cumsum(intervals)
        beats += first - beats[1]
        times: FloatArray = np.interp(beats, self.periods, self.clock)
        return times


def _kinds(pattern: str | None, n: int, rng: np.random.Generator) -> NDArray[np.str_]:
    """Name `n` beats; the first comes before the recording begins, or not at all."""
    if pattern is not None:
        return np.array(list(("N" + pattern * (n // len(pattern) + 1))[:n]))
    text = ["N"]
    length = 1
    while length < n:
        for phrase in rng.permutation(_PHRASES):
            text.append("N" * int(rng.integers(6, 20)) + str(phrase))
            length += len(text[-1])
    return np.array(list("".join(text)[:n]))


def _intervals(
    kinds: NDArray[np.str_], fastest_bpm: float, fibrillating: bool, rng: np.random.Generator
) -> FloatArray:
    """Give the interval before each beat, in sinus periods."""
    before = np.concatenate([["N"], kinds[:-1]])
    pairs, which = np.unique(np.char.add(before, kinds), return_inverse=True)
    coupling = np.array([_COUPLING[str(pair)] for pair in pairs])[which]
    jitter, scatter = rng.standard_normal((len(kinds), 2)).T
    ectopic = kinds != "N"
    intervals: FloatArray = coupling + np.where(ectopic, 0.025, 0.008) * jitter.clip(-3, 3)
    if fibrillating:
        conducted = np.exp(0.24 * scatter).clip(0.5, 1.8)
        return np.maximum(np.where(ectopic, intervals, conducted), _MIN_RR_S * fastest_bpm / 60)
    intervals = np.maximum(intervals, min(0.95, _MIN_RR_S * fastest_bpm / 60))
    on_time = np.flatnonzero((kinds[1:] == "N") & np.isin(kinds[:-1], ["V", "F"])) + 1
    intervals[on_time] += 2 - coupling[on_time] - intervals[on_time - 1]
    return intervals


def _shapes(
    kinds: NDArray[np.str_], slow: _Slow, times: FloatArray, rng: np.random.Generator
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Give height and slowness of each part in each beat: gain (beats × leads), stretch (beats)."""
    person = 1 + 0.08 * rng.uniform(-1, 1, (len(_PARTS), len(LEADS)))
    heights, widths, blend = np.split(
        rng.standard_normal((len(kinds), 2 * len(_PARTS) + 1)).clip(-3, 3),
        [len(_PARTS), 2 * len(_PARTS)],
        axis=1,
    )
    narrow = np.where(kinds == "F", 0.5 + 0.04 * blend[:, 0], kinds != "V")
    share = {
        "sinus P": np.isin(kinds, ["N", "F"]),
        "ectopic P": kinds == "S",
        "narrow QRS": narrow,
        "narrow T": narrow,
        "wide QRS": 1 - narrow,
        "wide T": 1 - narrow,
    }
    breath = 1 + 0.04 * slow.at(times, slow.breath)
    rr = 1 / slow.at(times, slow.rate)
    # QT follows the cube root of RR (Fridericia 1920), PR the rate far less, QRS hardly.
    room = (np.diff(times, append=np.inf) - _QRS_START_S) / _T_STOP_S
    slowness = {"T": np.minimum(np.cbrt(rr), room), "P": rr**0.12, "QRS": np.ones_like(rr)}
    gains, stretches = {}, {}
    for k, part in enumerate(_PARTS):
        gain = share[part] * breath * (1 + 0.03 * heights[:, k])
        gains[part] = gain[:, None] * person[k]
        stretches[part] = slowness[part.split()[1]] * (1 + 0.015 * widths[:, k])
    return gains, stretches


def _render(
    times: FloatArray,
    gains: dict[str, FloatArray],
    stretches: dict[str, FloatArray],
    n_samples: int,
    fs: float,
) -> NDArray[np.float32]:
    """Draw the waves of all beats; shape ``(n_leads, n_samples)``."""
    pad = math.ceil(_LEAD_IN_S * fs)
    canvas = np.zeros((len(LEADS), n_samples + 2 * pad), np.float32)
    for part, waves in _PARTS.items():
        drawn = gains[part].any(axis=1)
        gain, stretch = gains[part][drawn].T, stretches[part][drawn]
        if not len(stretch):
            continue
        peak = _peak(waves) if part.endswith("QRS") else 0.0
        for wave in waves:
            centre = times[drawn] + (wave.at_s - peak) * stretch + pad / fs
            heights = [g * mv for g, mv in zip(gain, wave.mv, strict=True)]
            spread = (wave.before_s * stretch, wave.after_s * stretch)
            _draw(canvas, centre, heights, spread, fs)
    return canvas[:, pad : pad + n_samples]


def _draw(
    canvas: NDArray[np.float32],
    centre: FloatArray,
    heights: list[FloatArray],
    spread: tuple[FloatArray, FloatArray],
    fs: float,
) -> None:
    """Add one Gaussian for each beat, sample by sample from 5 spreads before its centre."""
    before, after = (-0.5 / s**2 for s in spread)
    reach = 5 * float(spread[0].max()), 5 * float(spread[1].max())
    first = np.ceil((centre - reach[0]) * fs).astype(np.int64)
    for k in range(math.ceil(sum(reach) * fs) + 1):
        offset = (first + k) / fs - centre
        bell = np.exp(np.where(offset < 0, before, after) * offset**2)
        for trace, height in zip(canvas, heights, strict=True):
            trace[first + k] += height * bell


def _peak(waves: tuple[_Wave, ...]) -> float:
    """Find when a QRS complex is highest in the first lead, in seconds.

    Since every complex is drawn with that moment at 0, and complexes are only scaled and
    added, 0 is also where each beat and each fusion of two is highest.
    """
    low, high = -0.01, 0.01
    for _ in range(5):
        t = np.linspace(low, high, 101)
        total = np.zeros_like(t)
        for wave in waves:
            spread = np.where(t < wave.at_s, wave.before_s, wave.after_s)
            total += wave.mv[0] * np.exp(-0.5 * ((t - wave.at_s) / spread) ** 2)
        best, step = t[total.argmax()], t[1] - t[0]
        low, high = best - step, best + step
    return float(best)


def _fibrillation(clock: FloatArray, lead: int) -> FloatArray:
    """Draw fibrillatory waves of about 6 Hz that wax and wane, about -1 to 1."""
    turn = 2 * np.pi * clock
    tune = 6 * turn + 1.5 * np.sin(0.7 * turn) + 0.9 * np.sin(0.23 * turn + lead)
    wax = 0.75 + 0.25 * np.sin(0.11 * turn + lead)
    waves: FloatArray = wax * (0.8 * np.sin(tune) + 0.2 * np.sin(2 * tune + 1))
    return waves
