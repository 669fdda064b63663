"""Rhythms that were never recorded: when beats come, and of which kind."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Beat = tuple[float, str, float]
"""Time in seconds, kind, and the interval that the rhythm has there.

Kinds are N S V F, A for a normal beat in atrial fibrillation, J for one of the junction.
"""
AAMI: Final = {"A": "N", "J": "N"}
"""AAMI class of the kinds that are not one."""


class Rhythm:
    """Draws when beats come and of which kind they are, for one heart."""

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
                    if self.always:
                        left = 10**6  # to the end
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
