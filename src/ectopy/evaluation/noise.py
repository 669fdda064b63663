"""Clean record + noise record → noise stress test, by the procedure of the MIT-BIH database.

Moody GB, Muldrow WK, Mark RG. A noise stress test for arrhythmia detectors. Computers in
Cardiology 11:381-384 (1984), as the second edition of the MIT-BIH Noise Stress Test Database was
made (manual pages of the WFDB tools ``nst`` and ``sigamp``):

- no noise for five minutes, then two minutes with noise and two without, to the end;
- signal power S = (peak to peak)² / 8, where peak to peak is the trimmed mean over the first 300
  normal QRS complexes, each measured from 50 ms before to 50 ms after its annotation;
- noise power N = RMS², where RMS is the trimmed mean over the first 300 seconds of the noise,
  each second measured about its own mean;
- the noise of each lead is multiplied by a = √(S/N · 10^(−SNR/10));
- the noise runs on while it is not added, and starts again when it ends;
- the level never jumps: where noise begins, ends or starts again, the signal goes on from the
  offset that it has, so a stretch without noise may lie off the clean signal by a constant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final
from zipfile import is_zipfile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ectopy.beats.value import Beats
from ectopy.errors import AnnotationError, DamagedFileError, RecordingError
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import Inference, Recording, Source, read
from ectopy.recording._foreign import foreign_errors_mapped

FloatArray = NDArray[np.float64]

SNRS_DB: Final = (24, 18, 12, 6, 0, -6)
"""Signal-to-noise ratios of the published records, in dB."""
CLEAN_START_S: Final = 300.0
"""How long a record stays without noise at first, in seconds."""
BLOCK_S: Final = 120.0
"""Length of each stretch with noise, and of each without, in seconds."""
QRS_REACH_S: Final = 0.05
"""How far before and after its annotation a QRS complex is measured, in seconds."""
NOISE_WINDOW_S: Final = 1.0
"""Length of each measurement of the noise, in seconds."""
MAX_MEASUREMENTS: Final = 300
"""How many QRS complexes, and how many windows of noise, are measured."""
TRIMMED: Final = 0.05
"""Share of the measurements that is left out at either end."""
NORMAL_SYMBOLS: Final = BEAT_SYMBOLS - set("VErF?")
"""Beats that set the signal's size: as in ``sigamp``, all but ventricular, fusion and ``?``."""


def add_noise(
    recording: Recording,
    noise: Recording | ArrayLike,
    snr_db: float,
    *,
    beats: Beats | None = None,
    noise_rms_mv: Sequence[float] | FloatArray | None = None,
) -> Recording:
    """Add calibrated noise to a clean recording, in the blocks of the noise stress test.

    Parameters
    ----------
    recording
        The clean recording, longer than five minutes.
    noise
        Noise of any rate and length, or an array of shape ``(samples,)`` or ``(samples, leads)``
        in mV at the recording's rate. Lead ``i`` of the recording gets noise lead ``i`` modulo
        the number of noise leads. Gaps in the noise are bridged by straight lines.
    snr_db
        Signal-to-noise ratio of the noisy blocks in dB, as this procedure defines it.
    beats
        Beats that set the signal's size; None for the normal ones of the annotations.
    noise_rms_mv
        Size of each noise lead in mV where it is known; None to measure it in `noise`. Noise cut
        out of a published record has the size `rms_at_snr` gives for its clean record and SNR.

    Returns
    -------
    Recording
        With noise in whole units of the file's resolution, if that is known; `source.inferred`
        says what was added, with the gain of each lead.

    Raises
    ------
    RecordingError
        If `snr_db` is not finite, the recording is too short or has a flat lead, or the noise
        is silent, too short or given sizes that do not fit it.
    AnnotationError
        If there are no normal beats to measure, or `beats` is of another rate.
    """
    if not isinstance(noise, Recording):
        noise = _as_recording(noise, recording.fs)
    noisy = noisy_mask(recording.n_samples, recording.fs)
    if not noisy.any():
        raise RecordingError(
            f"the recording lasts {recording.duration_s:g} s and noise begins after "
            f"{CLEAN_START_S:g} s; take a longer one"
        )
    sizes = noise_rms(noise) if noise_rms_mv is None else np.asarray(noise_rms_mv, np.float64)
    if sizes.shape != (len(noise.leads),) or not (np.isfinite(sizes) & (sizes > 0)).all():
        raise RecordingError(
            f"noise_rms_mv is {sizes.tolist()}; give a size above 0 for each of {noise.leads}"
        )
    which = np.arange(len(recording.leads)) % len(noise.leads)
    gains = rms_at_snr(recording, snr_db, beats) / sizes[which]
    signal = recording.signal.copy()
    changed = signal[noisy.argmax() :]
    for lead, unit in enumerate(recording.resolution or (None,) * len(gains)):
        steps = _steps(noise.signal[:, which[lead]], recording.fs / noise.fs, len(noisy))
        added = np.cumsum(np.where(noisy, gains[lead] * steps, 0.0))[-len(changed) :]
        changed[:, lead] += np.rint(added / unit) * unit if unit else added
    return replace(recording, signal=signal, source=_told(recording, noise, snr_db, gains))


def noisy_mask(n_samples: int, fs: float) -> NDArray[np.bool_]:
    """Tell which samples lie in a noisy block: boolean, shape ``(n_samples,)``, at `fs` Hz."""
    noisy = np.zeros(n_samples, np.bool_)
    start = CLEAN_START_S
    while start * fs < n_samples:
        noisy[round(start * fs) : round((start + BLOCK_S) * fs)] = True
        start += 2 * BLOCK_S
    return noisy


def rms_at_snr(recording: Recording, snr_db: float, beats: Beats | None = None) -> FloatArray:
    """Give the size of noise at a signal-to-noise ratio: √S · 10^(−SNR/20) in mV, ``(n_leads,)``.

    Raises
    ------
    RecordingError
        If `snr_db` is not finite, or a lead is flat or missing at all beats.
    AnnotationError
        If there are no normal beats to measure, or `beats` is of another rate.
    """
    if not math.isfinite(snr_db):
        raise RecordingError(
            f"a signal-to-noise ratio of {snr_db} dB is not possible; give a finite number, "
            f"such as one of {', '.join(map(str, SNRS_DB))}"
        )
    reach = round(QRS_REACH_S * recording.fs)
    at = _normal_beats(recording, beats)
    at = at[(at >= reach) & (at < recording.n_samples - reach)]
    if not len(at):
        raise AnnotationError(
            "the recording has no normal beats to measure the signal by; read it with its "
            "reference annotations, or give the beats that find_beats finds"
        )
    around = at[:, None] + np.arange(-reach, reach + 1)
    heights = [_trimmed_mean(np.ptp(trace[around], axis=1)) for trace in recording.signal.T]
    for lead, height in zip(recording.leads, heights, strict=True):
        if not height > 0:
            raise RecordingError(
                f"lead {lead} is flat or missing at the normal beats, so nothing has a ratio to "
                "it; leave that lead out"
            )
    return np.array(heights) / math.sqrt(8) * 10 ** (-snr_db / 20)


def noise_rms(noise: Recording) -> FloatArray:
    """Measure the size of noise: √N in mV, shape ``(n_leads,)``.

    Raises
    ------
    RecordingError
        If a lead is silent or missing throughout the part that is measured.
    """
    width = round(NOISE_WINDOW_S * noise.fs)
    n_windows = min(noise.n_samples // width, MAX_MEASUREMENTS)
    windows = noise.signal[: n_windows * width].astype(np.float64).reshape(n_windows, width, -1)
    sizes = np.array([_trimmed_mean(rms) for rms in windows.std(axis=1).T])
    for lead, size in zip(noise.leads, sizes, strict=True):
        if not size > 0:
            raise RecordingError(
                f"the noise is silent in lead {lead}; its first {n_windows} s must hold noise"
            )
    return sizes


def load_noise(path: str | Path) -> Recording:
    """Read noise, in mV, from any recording that `read` takes, or from a NumPy archive.

    The archive holds ``fs`` in Hz, ``gain_adu_per_mV``, and segments ``seg0``, ``seg1`` … of
    shape ``(samples, leads)``, joined in order so that each begins where the one before ended.

    Raises
    ------
    RecordingError
        As `read` does; DamagedFileError also if an archive holds something else.
    """
    path = Path(path)
    with foreign_errors_mapped(path):
        if not (path.is_file() and is_zipfile(path)):
            return read(path)
        with np.load(path, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
        names = [name for name in held if re.fullmatch(r"seg\d+", name)]
        if not names or not {"fs", "gain_adu_per_mV"} <= held.keys():
            raise DamagedFileError(
                f"{path.name} holds {', '.join(held) or 'nothing'}; an archive of noise holds "
                "fs, gain_adu_per_mV, seg0, seg1 …"
            )
        names.sort(key=lambda name: int(name[3:]))
        segments = [held[name].astype(np.float64) for name in names]
        steps = np.concatenate([np.diff(part, axis=0, prepend=part[:1]) for part in segments])
        joined = np.cumsum(steps, axis=0) / float(held["gain_adu_per_mV"])
        noise = _as_recording(joined, float(held["fs"]))
    return replace(noise, source=Source(str(path), "NumPy archive of noise"))


def _as_recording(noise: ArrayLike, fs: float) -> Recording:
    array = np.asarray(noise)
    n_leads = array.shape[1] if array.ndim == 2 else 1
    return Recording(array, fs, tuple(f"noise{k + 1}" for k in range(n_leads)))


def _normal_beats(recording: Recording, beats: Beats | None) -> NDArray[np.int64]:
    if beats is not None:
        if beats.fs != recording.fs:
            raise AnnotationError(
                f"the beats count samples at {beats.fs:g} Hz, the recording at "
                f"{recording.fs:g} Hz; find the beats in this recording"
            )
        return beats.sample
    if recording.annotations is None:
        return np.array([], np.int64)
    normal = np.isin(recording.annotations.symbol, list(NORMAL_SYMBOLS))
    return recording.annotations.sample[normal]


def _trimmed_mean(values: NDArray[np.floating]) -> float:
    """Average the first measurements without the largest and smallest; NaN if there are none."""
    values = np.sort(values[np.isfinite(values)][:MAX_MEASUREMENTS].astype(np.float64))
    left_out = int(len(values) * TRIMMED)
    return float(values[left_out : len(values) - left_out].mean()) if len(values) else math.nan


def _steps(noise: NDArray[np.float32], ratio: float, n_samples: int) -> FloatArray:
    """Give the change of the noise before each of `n_samples` samples, over and over."""
    known = np.flatnonzero(~np.isnan(noise))
    if not len(known):
        raise RecordingError("a noise lead holds no value at all; leave it out")
    track = np.interp(np.arange(len(noise)), known, noise[known].astype(np.float64))
    if ratio != 1:
        from scipy.signal import resample_poly

        terms = Fraction(ratio).limit_denominator(1000)
        track = resample_poly(track, terms.numerator, terms.denominator, padtype="line")
    return np.resize(np.diff(track, prepend=track[:1]), n_samples)


def _told(recording: Recording, noise: Recording, snr_db: float, gains: FloatArray) -> Source:
    name = Path(noise.source.path).stem or "noise"
    each = ", ".join(f"{g:.4g} on {lead}" for lead, g in zip(recording.leads, gains, strict=True))
    why = f"noise stress test, every other 2 min from 5:00 on, gain {each}"
    told = Inference("noise", f"{name} at {snr_db:g} dB", why)
    return replace(recording.source, inferred=(*recording.source.inferred, told))
