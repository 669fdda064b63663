"""Hearts that were never recorded, composed of beats of real ones, every beat with its class.

Twenty-two patients are too few to learn from what a premature beat looks like in everybody. But
the normal beats of one patient, the ventricular beats of another and a rhythm that is drawn make
a heart nobody has seen, and there is no end of them. Normal beats are cut into P wave and the
rest, so that a beat that comes early can have another P wave or none, on top of the T wave before
it; in atrial fibrillation there is none at all. What is drawn: rate and its variability, rest and
exercise, premature beats, runs and patterns of both kinds, fusion, pauses, fibrillation for good or
for a while, intermittent bundle branch block, noise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import hilbert

from ectopy.beats.context import CONTEXT_FS, REACH
from ectopy.training.rhythms import AAMI, Beat, Rhythm

FS: Final = CONTEXT_FS
GRID: Final = np.arange(-REACH, REACH + 1) / FS
"""Seconds from R of the samples of one cut beat."""
P_END: Final = 10
"""Samples before R where a P wave ends and the QRS may begin."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Donor:
    """Beats of one lead of one patient, upright and of size 1, cut as the context layout does.

    Attributes
    ----------
    wave
        float32, shape ``(n, 2 * REACH + 1)``.
    after
        Interval to the next beat in seconds, shape ``(n,)``.
    sinus
        Whether P waves go before them.
    """

    wave: NDArray[np.float32]
    after: Floats
    sinus: bool = True


class Composer:
    """Draws one heart after another.

    Parameters
    ----------
    normal
        Normal beats, a donor for each lead and patient.
    ventricular
        Ventricular beats likewise, shapes ``(n, 2 * REACH + 1)``, source by source: as many
        hearts have those of one source as of another.
    noise
        Gives noise of unit RMS and of so many samples.
    random
        Where everything is drawn from.
    """

    def __init__(
        self,
        normal: Sequence[Donor],
        ventricular: Sequence[Sequence[NDArray[np.float32]]],
        noise: Callable[[int], Floats],
        random: np.random.Generator,
    ) -> None:
        self.normal, self.ventricular, self.noise, self.random = normal, ventricular, noise, random

    def compose(self, seconds: float) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
        """Draw one heart: its signal at 120 Hz, where its beats are, and their classes."""
        donor = self.normal[int(self.random.integers(len(self.normal)))]
        beats = Rhythm(self.random, donor.sinus).draw(seconds)
        pad = 2 * REACH
        x = np.zeros(int(seconds * FS) + 2 * pad)
        maker = _Maker(self, donor)
        for i, beat in enumerate(beats):
            middle = round(beat[0] * FS) + pad
            before = beat[0] - beats[i - 1][0] if i else beat[2]
            made = maker.beat(beat, before) * self.between(0.96, 1.04)
            x[middle - REACH : middle + REACH + 1] += made
        x = self.disturbed(x, fibrillates(beats, len(x), pad))[pad:-pad]
        at: NDArray[np.int64] = np.array([round(time * FS) for time, _, _ in beats], np.int64)
        return x.astype(np.float32), at, [AAMI.get(kind, kind) for _, kind, _ in beats]

    def disturbed(self, x: Floats, fibrillating: NDArray[np.bool_]) -> Floats:
        """Add breathing, waves where the atria fibrillate, and noise."""
        n, t = len(x), np.arange(len(x)) / FS
        breath = np.sin(2 * np.pi * t / self.between(2.5, 6))
        x = x * np.exp(0.15 * self.random.random() * breath)
        if self.random.random() < 0.5:
            angle = self.scale(0.03, 0.5) * (breath + np.sin(t / self.between(20, 200)))
            x = np.cos(angle) * x + np.sin(angle) * np.imag(hilbert(x, next_fast_len(n))[:n])
        if fibrillating.any() and self.random.random() < 0.8:
            phase = 2 * np.pi * self.between(4.5, 8.5) * t
            phase += np.cumsum(self.random.normal(size=n)) * 0.12
            wave = np.sin(phase) + 0.4 * np.sin(2 * phase)
            swell = 1 + 0.4 * np.sin(2 * np.pi * t / self.between(2, 9))
            x += self.scale(0.01, 0.1) * wave * swell * fibrillating
        if self.random.random() < 0.9:
            loud = np.ones(n)
            if self.random.random() < 0.4:
                steps = np.cumsum(self.random.normal(size=n // int(5 * FS) + 2)) * 0.5
                loud = np.exp(np.clip(np.interp(t, np.arange(len(steps)) * 5.0, steps), -2, 2))
            x += self.scale(0.004, 0.4) * loud * self.noise(n)
        return x + self.random.normal(size=n) * self.scale(0.001, 0.02)

    def between(self, low: float, high: float) -> float:
        """Draw evenly."""
        return float(self.random.uniform(low, high))

    def scale(self, low: float, high: float) -> float:
        """Draw evenly over the logarithm."""
        return float(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def ventricular_shapes(self, normal: Floats) -> list[Floats]:
        """Draw beats of one ventricular shape: of a patient, or a normal QRS made wide."""
        if len(self.ventricular) and self.random.random() < 0.72:
            source = self.ventricular[int(self.random.integers(len(self.ventricular)))]
            pool = source[int(self.random.integers(len(source)))]
            first = self.random.integers(max(1, len(pool) - 6))
            size = self.scale(0.6, 1.6) * (-1 if self.random.random() < 0.3 else 1)
            wide = self.between(0.85, 1.2)
            return [_ventricular(stretched(w * size, wide, wide)) for w in pool[first : first + 12]]
        wide, half = self.between(1.6, 2.8), round(0.16 * FS)
        smooth = np.hanning(self.random.integers(5, 11))[1:-1]
        core = np.convolve(stretched(normal, wide, wide), smooth / smooth.sum(), "same")
        core = core * window(-half - 2, half + 8, 5, 9)
        core *= self.scale(0.6, 1.8) * (-1 if self.random.random() < 0.6 else 1)
        side = -1 if core[REACH - 10 : REACH + 11].sum() > 0 else 1
        t_wave = np.exp(-0.5 * ((GRID - self.between(0.28, 0.4)) / self.between(0.05, 0.09)) ** 2)
        return [core + side * self.between(0.1, 0.6) * np.abs(core).max() * t_wave]


class _Maker:
    """Makes the beats of one heart, after what is drawn once for it."""

    def __init__(self, composer: Composer, donor: Donor) -> None:
        self.composer, self.donor, self.random = composer, donor, composer.random
        between = composer.between
        self.typical = np.median(donor.wave, axis=0).astype(np.float64)
        self.same = self.random.random() < 0.3
        several = self.random.integers(1, 4)
        self.shapes = [composer.ventricular_shapes(self.typical) for _ in range(several)]
        self.takes_turns, self.turn = self.random.random() < 0.15, 0
        self.p_start = round(between(0.27, 0.36) * FS)
        self.p_size = composer.scale(0.3, 1.6) if self.random.random() < 0.5 else 1.0
        self.ectopic_p = self.random.random() < 0.75
        bump = np.exp(-0.5 * ((GRID + between(0.09, 0.22)) / between(0.018, 0.035)) ** 2)
        self.bump = between(-0.15, 0.2) * bump
        self.rest, self.moved = between(-0.5, 0.8), round(between(-0.06, 0.05) * FS)
        self.has_block, self.blocked, self.block_ends = self.random.random() < 0.25, False, 0.0
        self.block = stretched(self.typical, between(0.9, 1.3), between(1.2, 1.9))

    def beat(self, beat: Beat, before: float) -> Floats:
        """Make one beat that follows another after so many seconds."""
        time, kind, _ = beat
        if kind == "V":
            return self.ventricular(before) * self.composer.between(0.92, 1.08)
        made = self.conducted(time, kind, before)
        if kind == "F":
            share = self.composer.between(0.3, 0.7)
            of_shape = self.shapes[0]
            made = share * made + (1 - share) * of_shape[self.random.integers(len(of_shape))]
        return made

    def ventricular(self, before: float) -> Floats:
        """Make a ventricular beat, mostly of the first shape; in some hearts shapes take turns."""
        which = 0 if self.random.random() < 0.75 else int(self.random.integers(len(self.shapes)))
        if self.takes_turns and before < 0.75:
            self.turn = 1 - self.turn
            which = self.turn % len(self.shapes)
        return self.shapes[which][self.random.integers(len(self.shapes[which]))]

    def conducted(self, time: float, kind: str, before: float) -> Floats:
        j = self.random.integers(len(self.donor.wave))
        wave = self.typical if self.same else self.donor.wave[j].astype(np.float64)
        after = float(self.donor.after[j])
        p = wave * window(-self.p_start, -P_END, 6, 4) * self.p_size
        if self.has_block and self.in_block(time):
            wave = self.block
        elif kind == "S" and self.random.random() < 0.04:
            wave = stretched(wave, 1.1, 1.5)
        # the T wave follows the rate a little
        slower = float(np.clip((before / max(after, 0.4)) ** 0.3, 0.75, 1.2))
        wave = np.where(GRID > 0.06, np.interp(0.06 + (GRID - 0.06) / slower, GRID, wave), wave)
        end = round(min(0.56, max(0.3, after - 0.36)) * FS)
        made = wave * window(-P_END - 4, end, 4, 16)
        if kind in "AJ" or not self.donor.sinus:
            return made
        if kind == "S":
            p = self.bump + self.rest * np.roll(p, self.moved) if self.ectopic_p else 0 * p
        return made + p

    def in_block(self, time: float) -> bool:
        """Whether the bundle branch is blocked now; it changes every few beats or minutes."""
        if time > self.block_ends:
            self.blocked = not self.blocked
            self.block_ends = time + self.composer.scale(1, 200)
        return self.blocked


def fibrillates(beats: Sequence[Beat], length: int, pad: int) -> NDArray[np.bool_]:
    """Tell in which samples of a heart the atria fibrillate: around the beats of which they do."""
    made = np.zeros(length, bool)
    for time, kind, rr in beats:
        if kind == "A":
            made[max(0, pad + round((time - rr) * FS)) : pad + round((time + 0.6 * rr) * FS)] = True
    return made


@cache
def window(first: int, last: int, up: int, down: int) -> Floats:
    """Give a window over a cut beat: 1 from `first` to `last` samples from R, with soft edges."""
    made = np.zeros(2 * REACH + 1)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(up) + 0.5) / up)
    fall = 0.5 + 0.5 * np.cos(np.pi * (np.arange(down) + 0.5) / down)
    flat = np.ones(last - first - up - down)
    made[REACH + first : REACH + last] = np.concatenate([rise, flat, fall])
    return made


def stretched(wave: NDArray[np.floating], before: float, after: float) -> Floats:
    """Stretch a cut beat in time, by one factor before R and another after it."""
    made: Floats = np.interp(np.where(GRID < 0, GRID / before, GRID / after), GRID, wave)
    return made


def _ventricular(wave: Floats) -> Floats:
    return wave * window(-22, 72, 7, 18)
