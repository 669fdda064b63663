"""The last 45 seconds of a stream: beats are searched in it and cut out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.beats.candidates import rate_ratio
from ectopy.beats.context import cut_piece
from ectopy.beats.find import live_spans
from ectopy.beats.qrs import detect
from ectopy.beats.quality import bridged
from ectopy.stream.bad import DeadStretches
from ectopy.stream.tail import Tail

WINDOW_S: Final = 45.0
"""Seconds of the past that beats are searched in: the farthest that the detector looks back."""
CUT_S: Final = 12.0
"""Seconds of the past that are filtered to cut beats out of."""

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Spotted:
    """Beats that were found.

    Attributes
    ----------
    sample
        R peaks, ascending, shape ``(n,)``.
    quality
        Quality of each.
    spans
        For each stretch of live signal that holds some: its start, its stop, how many of the beats
        it holds, and the leads that are alive in it.
    """

    sample: Positions
    quality: NDArray[np.float32]
    spans: tuple[tuple[int, int, int, tuple[int, ...]], ...]

    def leads(self, most: int) -> list[int]:
        """Give those of the first `most` leads that are alive around all of these beats."""
        return [k for k in range(most) if all(k in alive for *_, alive in self.spans)]


class Sight:
    """The newest signal of each lead at one sampling rate, and what is dead in it.

    Parameters
    ----------
    fs
        Sampling rate in Hz.
    n_leads
        Leads, that of the R peaks first.
    most
        Samples that come at a time at most.

    Attributes
    ----------
    count
        Samples of each lead that have come.
    dead
        Dead stretches of each lead.
    """

    def __init__(self, fs: float, n_leads: int, most: int) -> None:
        self.fs = fs
        self.count = 0
        self.dead = [DeadStretches(fs) for _ in range(n_leads)]
        self._window = round(WINDOW_S * fs)
        self._signals = [Tail(self._window + most, None, np.float32) for _ in range(n_leads)]
        self._step = rate_ratio(fs).denominator
        self._looked = 0

    def add(self, leads: list[NDArray[np.float32]]) -> None:
        """Take samples of each lead."""
        for signal, x in zip(self._signals, leads, strict=True):
            signal.add(x)
        self.count = self._signals[0].count

    def look(self, last: int | None) -> bool:
        """Look for dead stretches; False if there are infinite values.

        Parameters
        ----------
        last
            The last final beat.
        """
        low = self._low(self._window)
        for signal, dead in zip(self._signals, self.dead, strict=True):
            x = signal.between(low, self.count)
            if np.isinf(x[self._looked - low :]).any():
                return False
            dead.look(x, low, -1 if last is None else last)
        self._looked = self.count
        return True

    def search(self, since: float) -> Spotted:
        """Find the beats from a sample on."""
        samples, qualities = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        spans = []
        for start, stop in live_spans(self.dead[0].known, self.count, self.fs):
            if stop <= since:
                continue
            first = self._kept_sample(start, self._window)
            alive = tuple(
                k
                for k, dead in enumerate(self.dead)
                if not k or not any(stretch.stop > first for stretch in dead.known)
            )
            leads = [bridged(self._signals[k].between(first, stop)) for k in alive]
            sample, quality = detect(leads, self.fs, first - start)
            new = sample + first >= since
            if new.any():
                samples.append(sample[new] + first)
                qualities.append(quality[new])
                spans.append((start, stop, int(new.sum()), alive))
        return Spotted(np.concatenate(samples), np.concatenate(qualities), tuple(spans))

    def cut(
        self, lead: int, spotted: Spotted, again: Positions
    ) -> tuple[NDArray[np.float32], Positions, NDArray[np.float32]]:
        """Cut beats out of a lead.

        Parameters
        ----------
        lead
            The lead.
        spotted
            Beats that were found just now.
        again
            Beats before them, to be cut anew now that more is seen around them.

        Returns
        -------
        cuts : numpy.ndarray
            One for each beat that was found, float32, shape ``(n, 193)``.
        sample : numpy.ndarray
            Those of `again` that lie in the same stretch of live signal.
        anew : numpy.ndarray
            One for each of these.
        """
        cuts, anew = [], []
        kept = again[again >= spotted.spans[0][0]]
        at = 0
        for start, stop, n, _ in spotted.spans:
            old = kept if not at else kept[:0]
            first = self._kept_sample(start, round(CUT_S * self.fs))
            places = np.concatenate([old, spotted.sample[at : at + n]]) - first
            x = bridged(self._signals[lead].between(first, stop))
            made = cut_piece(x, self.fs, places)
            anew.append(made[: len(old)])
            cuts.append(made[len(old) :])
            at += n
        return np.concatenate(cuts), kept, np.concatenate(anew)

    def _low(self, reach: int) -> int:
        return max(0, self.count - reach)

    def _kept_sample(self, start: int, reach: int) -> int:
        """Give the first sample within reach that resampling keeps of a span from `start` on."""
        return start + -(-max(0, self._low(reach) - start) // self._step) * self._step
