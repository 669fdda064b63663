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

FS: Final = CONTEXT_FS
GRID: Final = np.arange(-REACH, REACH + 1) / FS
"""Seconds from R of the samples of one cut beat."""
AAMI: Final = {"A": "N", "J": "N"}
"""AAMI class of kinds of beats that are not one."""
P_END: Final = 10
"""Samples before R where a P wave ends and the QRS may begin."""

Floats = NDArray[np.float64]
Beat = tuple[float, str, float]
"""Time in seconds, class, and the interval that the rhythm has there."""


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


class Rhythm:
    """Draws when beats come and of which class they are.

    Classes are N S V F, A for a normal beat in atrial fibrillation, J for one of the junction.
    """

    def __init__(self, random: np.random.Generator, sinus: bool) -> None:
        self.random, between = random, random.uniform
        self.rr = self.scale(0.45, 1.25)
        self.jitter, self.breath = self.scale(0.003, 0.05), self.at_times(0.5, 0.005, 0.22)
        self.breath_s = between(2.5, 6.5)
        self.trend = self.draw_trend(self.at_times(0.85, 0.02, 0.4), self.scale(4, 300))
        if sinus and random.random() < 0.12:
            self.trend = self.exercise(self.trend)
        chances = {
            "S": self.at_times(0.65, 0.003, 0.35) / 2,
            "V": self.at_times(0.6, 0.003, 0.35) / 2,
            "F": self.at_times(0.25, 0.002, 0.05),
            "pause": self.at_times(0.2, 0.001, 0.03),
            "dropped": self.at_times(0.1, 0.01, 0.4),
        }
        self.kinds = [*chances, "N"]
        self.chances = np.cumsum([*chances.values()])
        self.patterns = [k for k in "SV" if chances[k] and random.random() < 0.3]
        self.always = bool(self.patterns) and random.random() < 0.15
        self.s_runs = between(0, 0.9) if random.random() < 0.4 else 0.0
        self.v_runs = between(0, 0.6) if random.random() < 0.35 else 0.0
        self.s_coupling, self.v_coupling = between(0.45, 0.9), between(0.42, 0.92)
        self.s_loose, self.v_loose = self.scale(0.01, 0.15), self.scale(0.01, 0.12)
        self.s_rr, self.v_rr = between(0.35, 0.8), between(0.3, 0.75)
        self.compensates, self.slow_v = random.random() < 0.75, random.random() < 0.15
        self.sick_sinus = sinus and random.random() < 0.12
        self.sick_run, self.sick_rest = self.scale(3, 60), self.scale(1.2, 8)
        self.sick_slow, self.sick_pause = between(1.25, 2.2), between(1.2, 4)
        self.escapes = random.random() < 0.12
        self.escape_rr, self.escape_kind = between(1.15, 2.0), "V" if random.random() < 0.5 else "J"
        self.junctional = not sinus and random.random() < 0.3
        self.af_always = (not self.junctional and not sinus) or random.random() < 0.15
        self.af_always &= not self.sick_sinus
        self.af_at_times = random.random() < 0.2
        self.paroxysmal = sinus and not self.sick_sinus and random.random() < 0.12
        if self.paroxysmal:
            self.af_always, self.af_at_times = False, False
            self.sinus_lasts, self.bout_lasts = self.scale(4, 120), self.scale(2, 60)
            self.bout_pause, self.bout_escapes = between(1.0, 2.2), between(0, 0.85)
            chances["S"] = self.scale(0.02, 0.3)
            self.chances = np.cumsum([*chances.values()])
        self.av_block = random.random() < 0.08
        self.flutter = between(0.17, 0.26) if random.random() < 0.25 else 0.0
        self.af_rr, self.af_spread = self.rr * between(0.6, 1.05), between(0.08, 0.3)

    def scale(self, low: float, high: float) -> float:
        """Draw evenly over the logarithm."""
        return float(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def at_times(self, share: float, low: float, high: float) -> float:
        """Draw as :meth:`scale` does in such a share of hearts, nothing in the others."""
        return self.scale(low, high) if self.random.random() < share else 0.0

    def draw(self, seconds: float) -> list[Beat]:
        """Draw the beats of so many seconds."""
        if self.sick_sinus:
            return self.draw_sick_sinus(seconds)
        random, beats, t = self.random, list[Beat](), float(self.random.uniform(0.1, 0.9))
        noise, af, af_ends, pattern, left, every = 0.0, self.af_always, 0.0, "", 0, 2
        inhaled = random.uniform(0, 6)
        blocked, block_ends = bool(random.random() < 0.5), 0.0
        while t < seconds:
            noise = 0.8 * noise + random.normal() * self.jitter
            rr = self.rr * np.exp(noise + np.interp(t, *self.trend))
            inhaled += 2 * np.pi * rr / self.breath_s * np.exp(random.normal() * 0.3)
            rr *= 1 + self.breath * random.uniform(0.6, 1) * np.sin(inhaled)
            if self.af_at_times and not self.af_always and t > af_ends:
                af, af_ends = not af, t + self.scale(10, 300)
            if af and self.flutter:
                rr = self.flutter * random.choice([2, 3, 4, 5], p=[0.35, 0.25, 0.3, 0.1])
            elif af:
                rr = max(0.32, self.af_rr * np.exp(random.normal() * self.af_spread))
            if self.av_block:
                if t > block_ends:
                    blocked, block_ends = not blocked, t + self.scale(5, 300)
                # every other P wave is conducted
                rr *= 2 if blocked and not af else 1
            if self.paroxysmal and t > af_ends:
                if af:  # it stops: a pause, then perhaps some beats of the junction
                    t += rr * (self.bout_pause - 1) * random.uniform(0.6, 1.2)
                    step = self.rr * random.uniform(1.05, 1.5)
                    while random.random() < self.bout_escapes:
                        beats.append((t, "J", step))
                        t += step * float(np.exp(random.normal() * 0.03))
                    rr = self.rr * float(np.exp(np.interp(t, *self.trend)))
                elif t > 1 and random.random() < 0.7:  # a premature beat begins it
                    t = self.add("S", beats, t, rr, "N") - 0.5 * rr
                af = not af
                af_ends = t + random.exponential(self.bout_lasts if af else self.sinus_lasts) + 1
            if self.escapes and not af and random.random() < 0.004:
                t = self.add_escape_rhythm(beats, t, rr)
                continue
            if not left:
                pattern = ""
                if self.patterns and (self.always or random.random() < 0.015):
                    pattern = self.patterns[random.integers(len(self.patterns))]
                    left, every = int(random.integers(6, 80)), int(random.integers(2, 5))
                    left = 10**6 if self.always else left
            else:
                left -= 1
            kind = pattern if pattern and left % every == 0 else self.kind()
            if kind == "S" and (af or self.junctional):
                kind = "N"
            t = self.add(kind, beats, t, rr, "A" if af else "J" if self.junctional else "N")
        return [beat for beat in beats if 0 <= beat[0] < seconds - 0.3]

    def add_escape_rhythm(self, beats: list[Beat], t: float, rr: float) -> float:
        """Add a slow rhythm of the ventricles or the junction that takes over for a while."""
        step = max(self.escape_rr, 1.2 * rr)
        for _ in range(int(self.scale(3, 120))):
            t = (beats[-1][0] if beats else t - rr) + step * np.exp(self.random.normal() * 0.02)
            beats.append((float(t), self.escape_kind, step))
        return float(t + rr * self.random.uniform(0.9, 1.3))

    def draw_sick_sinus(self, seconds: float) -> list[Beat]:
        """Draw runs of premature beats that are most of the rhythm, and a slow sinus between."""
        random, beats, t = self.random, list[Beat](), float(self.random.uniform(0.1, 0.9))
        fast = float(np.clip(self.s_rr * self.rr / 0.8, 0.32, 0.75))
        slow = fast * self.sick_slow
        while t < seconds:
            for _ in range(random.geometric(1 / self.sick_rest)):
                beats.append((t, "N", slow))
                t += slow * float(np.exp(random.normal() * max(self.jitter, self.s_loose)))
            t = beats[-1][0] + float(np.clip(self.s_coupling, 0.45, 0.85)) * slow
            for _ in range(random.geometric(1 / self.sick_run)):
                beats.append((t, "S", slow))
                # faster and slower within a run, but never as slow as the sinus is
                drift = min(float(np.interp(t, *self.trend)), 0.1)
                t += fast * float(np.exp(random.normal() * min(self.s_loose, 0.05) + drift))
            t = beats[-1][0] + max(slow, fast * self.sick_pause) * random.uniform(0.8, 1.2)
        return [beat for beat in beats if 0 <= beat[0] < seconds - 0.3]

    def draw_trend(self, size: float, every: float) -> tuple[Floats, Floats]:
        """Draw how the rate goes up and down over minutes, as it does in rest and exercise."""
        knots = np.arange(0, 3600, every)
        steps = self.random.normal(size=len(knots))
        level = np.zeros(len(knots))
        for k in range(1, len(knots)):
            level[k] = 0.8 * level[k - 1] + 0.6 * size * steps[k]
        return knots, np.clip(level - level[0], np.log(0.4 / self.rr), np.log(1.6 / self.rr))

    def exercise(self, trend: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Let the rate rise to that of exercise on top of a trend, stay there and fall again."""
        most = min(0.0, float(np.log(self.random.uniform(0.33, 0.55) / self.rr)))
        start = self.random.uniform(-300, 600)
        lasts = np.cumsum([start, self.scale(30, 600), self.scale(30, 1200), self.scale(60, 900)])
        at = np.arange(0.0, 3600, 4)
        level = np.interp(at, *trend) * 0.5 + np.interp(at, lasts, [0, most, most, 0])
        return at, np.clip(level - level[0], np.log(0.33 / self.rr), np.log(1.6 / self.rr))

    def kind(self) -> str:
        """Draw what comes next."""
        return self.kinds[int(np.searchsorted(self.chances, self.random.random(), side="right"))]

    def add(self, kind: str, beats: list[Beat], t: float, rr: float, plain: str) -> float:
        """Add what comes next; give the time at which the beat after it is due."""
        last = beats[-1][0] if beats else t - rr
        if kind == "S":
            return self.add_supraventricular(beats, last, rr)
        if kind == "V":
            return self.add_ventricular(beats, last, rr)
        if kind == "F":
            t -= rr * self.random.uniform(-0.02, 0.12)
            beats.append((t, "F", rr))
            return float(t + rr * self.random.uniform(0.95, 1.1))
        waits = {"N": 0.0, "dropped": 1.0, "pause": self.random.uniform(0.4, 2.0)}
        t += rr * waits[kind]
        beats.append((t, plain, rr))
        return t + rr

    def add_supraventricular(self, beats: list[Beat], last: float, rr: float) -> float:
        """Add a premature beat with P wave, or a run of them; the rhythm starts anew after it."""
        random = self.random
        coupling = np.clip(self.s_coupling * np.exp(random.normal() * self.s_loose), 0.4, 0.93)
        at = last + max(0.3, coupling * rr)
        beats.append((at, "S", rr))
        if random.random() < self.s_runs:
            step = max(0.28, min(self.s_rr * self.rr / 0.8, 0.85 * rr, 0.75))
            for _ in range(min(300, random.geometric(1 / self.scale(1.2, 80)))):
                at += step * np.exp(random.normal() * 0.03)
                beats.append((at, "S", rr))
        waits = random.uniform(0.95, 1.3) * (
            random.uniform(1, 1.9) if random.random() < 0.12 else 1
        )
        return float(at + max(0.3, rr * waits))

    def add_ventricular(self, beats: list[Beat], last: float, rr: float) -> float:
        """Add a wide beat, or a run; the rhythm goes on under it, or the beat lies between two."""
        random = self.random
        coupling = random.uniform(0.8, 1.02) if self.slow_v else self.v_coupling
        coupling = np.clip(coupling * np.exp(random.normal() * self.v_loose), 0.38, 1.03)
        at, alone = last + max(0.28, coupling * rr), True
        beats.append((at, "V", rr))
        if random.random() < self.v_runs:
            alone = False
            for _ in range(min(60, random.geometric(1 / self.scale(1.1, 12)))):
                step = rr * random.uniform(0.85, 1.05) if self.slow_v else self.v_rr
                at += step * np.exp(random.normal() * 0.04)
                beats.append((at, "V", rr))
        if alone and random.random() < 0.08 and coupling < 0.75 and rr > 0.6:
            due = last + rr * random.uniform(1.0, 1.1)
        elif alone and self.compensates and random.random() < 0.9:
            due = last + 2 * rr * np.exp(random.normal() * 0.02)
        else:
            due = at + rr * random.uniform(0.9, 1.35)
        return float(max(due, at + 0.35))


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
