"""From named arrays and texts, as MATLAB, NumPy and HDF5 files hold them, to one recording.

Nothing in such a file says which array is the ECG: its name, its shape and the facts beside it do.
Where they leave a choice, the message lists it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import MissingFactError, RecordingError
from ectopy.recording._calibration import INT16_LEAD_OFF, mark_lead_off
from ectopy.recording._channels import standard_name
from ectopy.recording._columns import MAX_LEADS
from ectopy.recording._facts import settle_rate
from ectopy.recording._leads import (
    STANDARD_LEADS,
    is_ecg_name,
    is_other_name,
    obeys_einthoven,
    unique_names,
)
from ectopy.recording._mat import Variables
from ectopy.recording._timeline import Timeline, insert_missing, measure, unit_by_step
from ectopy.recording._units import (
    ADU,
    MV_PER,
    beat_height,
    finite_float32,
    parse_unit,
    scale_to_mv,
)
from ectopy.recording.value import MAX_FS, MIN_FS, Inference, Recording, Source

_MIN_SAMPLES: Final = 100
_HIGHEST_MV: Final = 10.0
"""Typical beats, peak to peak, are lower than this in every heart."""
_MAX_LISTED: Final = 8
_RATE: Final = re.compile(
    r"(s?fs|sf|fsamp|f_?s|s_?freq|s_?rate|freq(uency)?|hz|rate|fsecg|fs_?ecg|ecg_?fs|"
    r"samp\w*_?(rate|freq\w*)|(rate|frequency)_?hz)",
    re.IGNORECASE,
)
_SIGNAL: Final = re.compile(
    r"(val|vals?|ecg\w*|ekg\w*|sig|signals?|data|x|y|p_?signal|d_?signal|leads?|wave\w*|samples?)",
    re.IGNORECASE,
)
_NO_SIGNAL: Final = re.compile(
    r"(ann\w*|time\w*|t|r_?peaks?|qrs\w*|beats?|labels?|rr\w*|peaks?|class\w*|gain|adc_?zero|"
    r"baseline|index|idx|x_?axis)",
    re.IGNORECASE,
)
_TIME: Final = re.compile(r"(t|time\w*|tm|seconds?)", re.IGNORECASE)
_NAMES: Final = re.compile(
    r"(desc\w*|leads?|lead_?(names?|order)|ch(annel)?s?|ch(annel)?_?names?|labels?|sig_?names?|"
    r"signal_?names?)",
    re.IGNORECASE,
)
_UNITS: Final = re.compile(r"(units?|physical_?units?|sig_?units?)", re.IGNORECASE)
_GAIN: Final = re.compile(r"(gain|adc_?gain)", re.IGNORECASE)
_ZERO: Final = re.compile(r"(adc_?zero|baseline)", re.IGNORECASE)


def make_recording(
    variables: Variables,
    path: Path,
    form: str,
    fs: float | None,
    units: str | None,
    start: datetime | None = None,
) -> Recording:
    """Find the ECG among named arrays, and the facts about it.

    Parameters
    ----------
    variables
        Arrays of numbers and lists of texts.
    path, form
        The file and the name of its format.
    fs, units
        What the user says of rate and units.
    start
        When the recording began, if the file says so.

    Raises
    ------
    RecordingError
        If no array can be an ECG, or several can.
    MissingFactError
        If nothing gives the sampling rate.
    """
    chosen, values = _choose(variables, path)
    timeline, about_time = _timeline(variables, chosen, len(values), path)
    stated = _stated_rate(variables, fs, path)
    where = "the array of times"
    rate, inferred = settle_rate(fs, stated, timeline.fs if timeline else None, where)
    inferred += about_time
    names = _lead_names(variables, chosen, values.shape[1])
    keep = [i for i, name in enumerate(names) if not name or not is_other_name(name)]
    left_out = [names[i] for i in range(len(names)) if i not in keep]
    if not keep:
        raise RecordingError(f"none of the signals of {path.name} ({', '.join(names)}) is an ECG")
    if left_out:
        why = "their names are not those of an ECG"
        inferred.append(Inference("signals left out", ", ".join(left_out), why))
    signal, whole = _as_float32(values, keep)
    if values.dtype == np.int16 or values.dtype == np.dtype(">i2"):
        inferred += mark_lead_off(signal, INT16_LEAD_OFF)
    if not any(names) and len(keep) == len(STANDARD_LEADS) and obeys_einthoven(signal):
        names = list(STANDARD_LEADS)
        why = "twelve leads of which the third to sixth follow from the first two as in this order"
        inferred.append(Inference("leads", ", ".join(names), why))
    per_step = _apply_gain(signal, variables, keep, values.shape[1])
    said = _per_lead(_texts(variables, _UNITS), values.shape[1])
    unit_of = [parse_unit(said[i]) for i in keep]
    unit_of, about_units = _plausible(signal, rate, unit_of, units)
    resolution, scaled = scale_to_mv(signal, rate, unit_of, units, [whole] * len(keep))
    inferred += about_units if about_units else scaled
    if timeline is not None and timeline.fs == rate:
        signal = insert_missing(signal, timeline.missing)
    steps = zip(resolution, per_step, strict=True)
    return Recording(
        signal,
        rate,
        unique_names(standard_name(names[i]) or _numbered(i, len(keep)) for i in keep),
        start=start,
        source=Source(str(path), form, tuple(inferred)),
        resolution=tuple(None if mv is None else mv * step for mv, step in steps),
    )


def _plausible(
    signal: NDArray[np.float32], rate: float, stated: list[str | None], units: str | None
) -> tuple[list[str | None], list[Inference]]:
    """Give the units, without those that would make beats higher than hearts do."""
    known = {unit for unit in stated if unit}
    if units is not None or len(known) != 1 or not known <= set(MV_PER):
        return stated, []
    unit = known.pop()
    height = beat_height(signal, rate)
    if height * MV_PER[unit] <= _HIGHEST_MV:
        return stated, []
    why = (
        f"the file states {unit}, but beats would be {height * MV_PER[unit]:.3g} mV high; scaled "
        "so that typical beats are about 1 mV"
    )
    value = f"{height:.4g} units taken as 1 mV"
    return [ADU] * len(stated), [Inference("units", value, why, "--units")]


def _numbered(i: int, count: int) -> str:
    return "ECG" if count == 1 else f"ECG {i + 1}"


def last_word(name: str) -> str:
    """Give the last part of a name such as ``header.freq`` or ``/record/ecg``."""
    return re.split(r"[./]", name)[-1]


def _arrays(variables: Variables) -> dict[str, NDArray[Any]]:
    return {k: v for k, v in variables.items() if isinstance(v, np.ndarray)}


def _as_table(values: NDArray[Any]) -> NDArray[Any] | None:
    """Give an array as samples × leads, the longer way being time; None if it is none."""
    if values.dtype.kind not in "iuf" or values.size < _MIN_SAMPLES:
        return None
    flat = values.squeeze()
    if flat.ndim == 1:
        return flat[:, None]
    if flat.ndim != 2 or min(flat.shape) > MAX_LEADS or max(flat.shape) < _MIN_SAMPLES:
        return None
    return flat if flat.shape[0] >= flat.shape[1] else flat.T


def _choose(variables: Variables, path: Path) -> tuple[list[str], NDArray[Any]]:
    """Give the names of the arrays that are the ECG, and their samples × leads."""
    tables = {
        name: table
        for name, values in _arrays(variables).items()
        if (table := _as_table(values)) is not None
        and not _NO_SIGNAL.fullmatch(last_word(name))
        and not is_other_name(last_word(name))
    }
    if not tables:
        shapes = _listed(_arrays(variables))
        raise RecordingError(
            f"{path.name} holds no array of samples × leads that can be an ECG ({shapes}); an ECG "
            f"has at least {_MIN_SAMPLES} samples and at most {MAX_LEADS} leads"
        )
    if len(tables) > 1:
        leads = {n: t for n, t in tables.items() if t.shape[1] == 1 and is_ecg_name(last_word(n))}
        lengths = {len(table) for table in leads.values()}
        if len(leads) > 1 and len(lengths) == 1:
            return list(leads), np.concatenate(list(leads.values()), axis=1)
        named = {n: t for n, t in tables.items() if is_ecg_name(last_word(n))}
        usual = {n: t for n, t in tables.items() if _SIGNAL.fullmatch(last_word(n))}
        tables = next((some for some in (named, usual) if len(some) == 1), tables)
    if len(tables) > 1:
        raise RecordingError(
            f"{path.name} holds several arrays that can be an ECG ({_listed(tables)}); keep one, "
            "or call it ecg"
        )
    name, table = next(iter(tables.items()))
    return [name], table


def _listed(arrays: dict[str, NDArray[Any]]) -> str:
    shown = [
        f"{name[:40]} {' × '.join(map(str, values.shape))}"
        for name, values in list(arrays.items())[:_MAX_LISTED]
    ]
    return ", ".join(shown) + (", …" if len(arrays) > _MAX_LISTED else "") or "none at all"


def _stated_rate(variables: Variables, fs: float | None, path: Path) -> float | None:
    """Give the rate in Hz that a number of the right name states."""
    rates = {
        float(values.reshape(-1)[0])
        for name, values in _arrays(variables).items()
        if values.size == 1 and values.dtype.kind in "iuf" and _RATE.fullmatch(last_word(name))
    }
    possible = sorted(rate for rate in rates if MIN_FS <= rate <= MAX_FS)
    if len(possible) > 1 and fs not in possible:
        listed = ", ".join(f"{rate:g} Hz" for rate in possible)
        raise MissingFactError(
            f"{path.name} states several sampling rates ({listed}); say which is that of the ECG, "
            f"such as --fs {possible[-1]:g}"
        )
    return fs if fs in possible else (possible[0] if possible else None)


def _timeline(
    variables: Variables, chosen: Sequence[str], n_samples: int, path: Path
) -> tuple[Timeline | None, list[Inference]]:
    """Measure an array of times of the right name and length."""
    for name, values in _arrays(variables).items():
        flat = values.reshape(-1) if values.dtype.kind in "iuf" else values
        fits = flat.ndim == 1 and len(flat) == n_samples and name not in chosen
        if not fits or not _TIME.fullmatch(last_word(name)):
            continue
        times = flat.astype(np.float64)
        step = float(np.median(np.diff(times)))
        seconds = unit_by_step(step)
        if seconds is None:
            why = f"its steps of {step:g} give no rate that an ECG can have"
            return None, [Inference("array of times", "not used", why)]
        timeline = measure(times * seconds, 0.0, f"the array {name[:40]}")
        if not timeline.missing.any():
            return timeline, []
        length = timeline.missing.sum() / timeline.fs
        found = f"{np.count_nonzero(timeline.missing)}, {length:.3g} s in all"
        why = "jumps of the array of times; the samples in them are missing"
        return timeline, [Inference("gaps", found, why)]
    return None, []


def _texts(variables: Variables, pattern: re.Pattern[str]) -> list[str]:
    for name, values in variables.items():
        if isinstance(values, list) and pattern.fullmatch(last_word(name)):
            texts = values
            if len(texts) == 1:
                texts = [part for part in re.split(r"[,;|\s]+", texts[0].strip()) if part]
            return [text.strip() for text in texts]
    return []


def _per_lead(texts: list[str], count: int) -> list[str]:
    return texts * count if len(texts) == 1 else texts if len(texts) == count else [""] * count


def _lead_names(variables: Variables, chosen: Sequence[str], count: int) -> list[str]:
    if len(chosen) > 1:
        return [last_word(name) for name in chosen]
    texts = _texts(variables, _NAMES)
    return texts if len(texts) == count else [""] * count


def _as_float32(values: NDArray[Any], keep: Sequence[int]) -> tuple[NDArray[np.float32], bool]:
    """Give the leads to keep as float32, and whether all of them are integers."""
    signal = np.empty((len(values), len(keep)), np.float32)
    whole = values.dtype.kind in "iu"
    is_whole = True
    for column, i in enumerate(keep):
        lead = np.asarray(values[:, i], np.float64)
        if not whole:
            finite = lead[np.isfinite(lead)]
            is_whole = is_whole and bool((finite == np.rint(finite)).all())
        signal[:, column] = finite_float32(lead)
    return signal, whole or is_whole


def _apply_gain(
    signal: NDArray[np.float32], variables: Variables, keep: Sequence[int], count: int
) -> list[float]:
    """Turn steps to physical units, in place, where gains stand beside them; give unit per step."""
    gain = _numbers(variables, _GAIN, count)
    zero = _numbers(variables, _ZERO, count)
    per_step = [1.0] * len(keep)
    for column, i in enumerate(keep):
        if zero is not None:
            signal[:, column] -= np.float32(zero[i])
        if gain is not None and gain[i] > 0:
            signal[:, column] /= np.float32(gain[i])
            per_step[column] = 1 / float(gain[i])
    return per_step


def _numbers(
    variables: Variables, pattern: re.Pattern[str], count: int
) -> NDArray[np.float64] | None:
    for name, values in _arrays(variables).items():
        if pattern.fullmatch(last_word(name)) and values.dtype.kind in "iuf":
            flat = values.reshape(-1).astype(np.float64)
            if len(flat) in (1, count) and np.isfinite(flat).all():
                return np.broadcast_to(flat, (count,))
    return None
