"""From the channels of a file, each with its scale and place in time, to one recording."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.errors import DamagedFileError, RecordingError
from ectopy.recording._backing import missing_signal, release
from ectopy.recording._facts import settle_rate
from ectopy.recording._leads import unique_names
from ectopy.recording._units import MV_PER, beat_height, finite_float32, scale_to_mv
from ectopy.recording.value import MIN_FS, Annotations, Inference, Recording, Source

Blocks = Iterator[tuple[int, NDArray[Any]]]
"""Pieces of a signal and the sample that each begins at; what lies between them is missing."""

LEAD_OFF: Final = -32768
"""The 16-bit value that devices write while an electrode is off."""
_RAILS: Final = (-32768, -32767, 32767)
_RAIL_MV: Final = 20.0
"""From this many mV on, the ends of the 16-bit range stand for no voltage."""
_MICROVOLT_MARKS: Final = (-81920, -32768, -32767, 32767)
"""Marks of missing samples that files give already multiplied out, in µV."""
_PIECE: Final = 1 << 20
_LOWEST_MV, _HIGHEST_MV = 0.05, 5.0
"""Heights of beats, peak to peak, outside of which a stated scale is doubted."""
_MAX_GAP: Final = 3.0
"""How much longer than what they hold the stretch of several pieces may be."""
_GAP_ALLOWANCE_S: Final = 60.0
_LIMB: Final = ("I", "II", "III", "aVR", "aVL", "aVF")
_STANDARD: Final = {
    name.casefold(): name
    for name in (*_LIMB, *(f"V{i}" for i in range(1, 10)), *(f"V{i}R" for i in range(2, 10)))
} | {"x": "X", "y": "Y", "z": "Z", "-avr": "-aVR", "vr": "aVR", "vl": "aVL", "vf": "aVF"}


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One signal of a file: ``number * scale + offset`` is its value in `unit`.

    Attributes
    ----------
    name
        As the file gives it.
    fs
        Sampling rate in Hz.
    n_samples
        Its length.
    blocks
        Gives its numbers, integers or floats, piece by piece.
    scale, offset
        The way from a number to a value in `unit`.
    unit
        One of nV, µV, mV, V and adu, or None if the file does not say.
    whole
        Whether the numbers are the integers of a converter.
    start_s
        Where it begins, in seconds from the beginning of the recording.
    missing
        Further numbers that stand for missing samples.
    """

    name: str
    fs: float
    n_samples: int
    blocks: Callable[[], Blocks]
    scale: float = 1.0
    offset: float = 0.0
    unit: str | None = None
    whole: bool = True
    start_s: float = 0.0
    missing: tuple[float, ...] = ()


def blocks_of(values: NDArray[Any]) -> Callable[[], Blocks]:
    """Give the numbers of an array, which may be memory-mapped, in pieces."""

    def blocks() -> Blocks:
        for at in range(0, len(values), _PIECE):
            yield at, values[at : at + _PIECE]

    return blocks


def standard_name(name: str) -> str:
    """Spell a lead the usual way: ``"Lead AVR"`` and ``"avr"`` are aVR."""
    text = " ".join(name.split())
    bare = re.sub(r"^(?:(?:ecg|ekg|lead|ableitung|mdc_ecg_lead_)[\s_-]*)+", "", text, flags=re.I)
    return _STANDARD.get(bare.casefold(), text)


def make_recording(
    channels: Sequence[Channel],
    *,
    path: Path,
    form: str,
    fs: float | None = None,
    units: str | None = None,
    start: datetime | None = None,
    inferred: Iterable[Inference] = (),
    identity: Iterable[tuple[str, str]] = (),
    annotations: Annotations | None = None,
    complete_limb_leads: bool = False,
) -> Recording:
    """Put the ECG channels of a file together.

    Channels of one rate are taken: those of `fs`, or else the longest, or else the most. Channels
    of one name that follow each other become one lead with its gaps missing.

    Parameters
    ----------
    channels
        The ECGs of the file, in its order.
    path, form
        The file and the name of its format.
    fs, units
        What the user says of rate and units.
    start, inferred, identity, annotations
        What is known beside the signal.
    complete_limb_leads
        Compute III, aVR, aVL and aVF where a file stores I and II only.

    Raises
    ------
    RecordingError
        If there is no channel, or the file contradicts `fs`.
    DamagedFileError
        If the scale of a channel makes no sense, or its pieces lie impossibly far apart.
    """
    if not channels:
        raise RecordingError(f"{path.name} ({form}) holds no ECG signal; name another file")
    notes = list(inferred)
    chosen = _of_one_rate(channels, fs, notes)
    rate, about_rate = settle_rate(fs, chosen[0].fs, None, "")
    leads = _by_lead(chosen, rate, notes)
    first = min(channel.start_s for pieces in leads.values() for channel in pieces)
    ends = [
        round((channel.start_s - first) * rate) + channel.n_samples
        for pieces in leads.values()
        for channel in pieces
    ]
    _check_span(max(ends), leads, rate, path)
    signal = missing_signal(max(ends), len(leads))
    missing = [
        sum(_fill(signal[:, i], channel, round((channel.start_s - first) * rate))
            for channel in pieces)
        for i, pieces in enumerate(leads.values())
    ]  # fmt: skip
    whole = [all(_are_counts(channel) for channel in pieces) for pieces in leads.values()]
    stated = [pieces[0].unit for pieces in leads.values()]
    factors, about_units = scale_to_mv(signal, rate, stated, units, whole)
    if all(unit in MV_PER for unit in stated):
        about_units += _doubt_height(signal, rate)
    resolution = tuple(
        None if factor is None else abs(factor * pieces[0].scale)
        for factor, pieces in zip(factors, leads.values(), strict=True)
    )
    names = unique_names(standard_name(name) for name in leads)
    if sum(missing):
        count = f"{sum(missing)} samples of {sum(1 for n in missing if n)} leads"
        why = "the value that the device writes where there is no signal"
        notes.append(Inference("missing samples", count, why))
    if complete_limb_leads:
        signal, names, resolution = _complete(signal, names, resolution, notes)
    return Recording(
        signal,
        rate,
        names,
        start=start,
        source=Source(str(path), form, (*about_rate, *about_units, *notes), tuple(identity)),
        annotations=annotations,
        resolution=resolution,
    )


def _are_counts(channel: Channel) -> bool:
    """Whether the numbers are integers, and still so where their unit must be told from them."""
    return channel.whole and (channel.unit is not None or channel.scale == 1.0)


def _doubt_height(signal: NDArray[np.float32], rate: float) -> list[Inference]:
    """State a doubt where beats are higher or lower than hearts make them."""
    height = beat_height(signal, rate)
    if height == 0 or _LOWEST_MV <= height <= _HIGHEST_MV:
        return []
    why = f"as stated, though beats would be {height:.3g} mV high; the scale in the file may be off"
    return [Inference("units", "mV", why, "--units")]


def _of_one_rate(
    channels: Sequence[Channel], fs: float | None, notes: list[Inference]
) -> list[Channel]:
    """Choose the channels of one rate, and state the others as left out."""
    groups: dict[float, list[Channel]] = {}
    for channel in channels:
        near = next((r for r in groups if abs(r - channel.fs) <= 1e-6 * r), channel.fs)
        groups.setdefault(near, []).append(channel)

    def merit(rate: float) -> tuple[bool, bool, float, int, float]:
        held = groups[rate]
        asked = fs is not None and abs(fs - rate) <= 0.01 * rate
        longest = max(channel.n_samples for channel in held) / rate
        return asked, rate >= MIN_FS, round(longest), len(held), rate

    best = max(groups, key=merit)
    for rate, held in groups.items():
        if rate != best:
            names = ", ".join(dict.fromkeys(channel.name for channel in held))
            why = f"sampled at {rate:g} Hz, the leads that are taken at {best:g} Hz"
            notes.append(Inference("signals left out", names, why, "--fs"))
    return groups[best]


def _by_lead(
    channels: Sequence[Channel], rate: float, notes: list[Inference]
) -> dict[str, list[Channel]]:
    """Group the channels by name: pieces of one lead that do not overlap belong together."""
    leads: dict[str, list[Channel]] = {}
    for channel in sorted(channels, key=lambda channel: channel.start_s):
        name, number = channel.name, 1
        while name in leads and not _follows(leads[name][-1], channel, rate):
            number += 1
            name = f"{channel.name} {number}"
        leads.setdefault(name, []).append(channel)
    gaps = max(
        sum(after.start_s - _end(before, rate) > 1.5 / rate for before, after in pairwise(held))
        for held in leads.values()
    )
    if gaps:
        why = "the file holds the leads in parts, and their times leave room between them"
        notes.append(Inference("gaps", str(gaps), why))
    return leads


def _follows(before: Channel, after: Channel, rate: float) -> bool:
    alike = before.unit == after.unit and before.scale == after.scale
    return alike and after.start_s >= _end(before, rate) - 0.5 / rate


def _end(channel: Channel, rate: float) -> float:
    return channel.start_s + channel.n_samples / rate


def _check_span(n: int, leads: dict[str, list[Channel]], rate: float, path: Path) -> None:
    held = sum(channel.n_samples for pieces in leads.values() for channel in pieces)
    if n > _MAX_GAP * held + _GAP_ALLOWANCE_S * rate:
        raise DamagedFileError(
            f"the parts of {path.name} hold {held / rate:.3g} s of signal, but their times lie "
            f"{n / rate:.3g} s apart; export each part by itself"
        )
    for pieces in leads.values():
        for channel in pieces:
            if not (np.isfinite([channel.scale, channel.offset]).all() and channel.scale):
                raise DamagedFileError(
                    f"{path.name} gives {channel.scale:g} as the value of one step of "
                    f"{channel.name}; correct its scale, or export the file again"
                )


def _fill(column: NDArray[np.float32], channel: Channel, at: int) -> int:
    """Write a channel into its column; give the number of samples marked as missing."""
    marks = _marks(channel)
    missing = 0
    for begin, numbers in channel.blocks():
        values = numbers.astype(np.float64) * channel.scale + channel.offset
        for mark in marks:
            absent = numbers == mark
            missing += int(absent.sum())
            values[absent] = np.nan
        column[at + begin : at + begin + len(numbers)] = finite_float32(values)
        release(column)
    return missing


def _marks(channel: Channel) -> list[float]:
    marks = [*channel.missing]
    if not channel.whole:
        return marks
    step = channel.scale * MV_PER[channel.unit] if channel.unit in MV_PER else 0.0
    marks += _RAILS if abs(step) * 32767 >= _RAIL_MV else (LEAD_OFF,)
    if abs(abs(step) - 1e-3) < 1e-9:
        marks += _MICROVOLT_MARKS
    return list(dict.fromkeys(marks))


def _complete(
    signal: NDArray[np.float32],
    names: tuple[str, ...],
    resolution: tuple[float | None, ...],
    notes: list[Inference],
) -> tuple[NDArray[np.float32], tuple[str, ...], tuple[float | None, ...]]:
    """Add the limb leads that follow from I and II, after these."""
    if "I" not in names or "II" not in names or set(_LIMB[2:]) & set(names):
        return signal, names, resolution
    one, two = signal[:, names.index("I")], signal[:, names.index("II")]
    added = np.stack([two - one, -(one + two) / 2, one - two / 2, two - one / 2], axis=1)
    step = resolution[names.index("I")]
    known = step is not None and step == resolution[names.index("II")]
    steps = (step, *(step / 2,) * 3) if known and step is not None else (None,) * 4
    at = max(names.index("I"), names.index("II")) + 1
    why = f"computed from I and II; the file stores {', '.join(names)}"
    notes.append(Inference("computed leads", ", ".join(_LIMB[2:]), why))
    return (
        np.concatenate([signal[:, :at], added, signal[:, at:]], axis=1),
        (*names[:at], *_LIMB[2:], *names[at:]),
        (*resolution[:at], *steps, *resolution[at:]),
    )
