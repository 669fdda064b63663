"""Samples in, beats out: each beat is final within three seconds of its R peak.

Everything is decided on a grid of the stream's own samples, every 1.5 s, whatever the blocks are
that samples come in. At each of these ticks the detector that searches recordings searches the
last 45 seconds; R peaks that lie between 1.4 and 2.9 seconds back become final, are described
beside the patient's last beats by the code that describes those of a recording, and named by the
same network.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ectopy.beats.find import MOST_LEADS
from ectopy.beats.value import Stretch
from ectopy.errors import RecordingError, UnknownLeadError
from ectopy.recording.value import check_fs
from ectopy.stream.bad import NoisyStretches, crossed
from ectopy.stream.patient import Heard, Named, Patient
from ectopy.stream.sight import Sight, Spotted
from ectopy.stream.value import Beat

LATENCY_S: Final = 3.0
"""Seconds of signal after its R peak within which a beat is given."""
HOP_S: Final = 1.5
"""Seconds between two ticks: a beat is seen with 1.4 to 2.9 s of what comes after it."""
LATE_S: Final = 0.1
"""How far before the border of a tick an R peak may still be that the tick before did not see."""
REFRACTORY_S: Final = 0.18
"""No beat is nearer to the one before: the detector's 0.2 s, less what an R peak may move."""
RENEW_S: Final = 6.0
"""Seconds for which a final beat is cut anew at each tick, now that more is seen around it."""
MOST_BAD: Final = 10_000
"""Bad stretches that wait to be taken; if nobody takes them the oldest go."""

Positions = NDArray[np.int64]


class Stream:
    """Find and name heartbeats while the signal comes in.

    Parameters
    ----------
    fs
        Sampling rate in Hz.
    leads
        Name of each lead. Up to three decide together where the beats are.
    lead
        Name or number of the one lead to look at. Without it the R peaks are those of lead II
        where there is one of that name, else of the first.
    model
        Name of a model, see :func:`ectopy.list_models`, or path of a model directory.

    Raises
    ------
    MissingFactError
        If the rate is no number between 50 Hz and 20 kHz.
    RecordingError
        If the lead names are not different.
    UnknownLeadError
        If there is no lead of that name.
    ModelError
        If there is no such model, it is damaged, or cannot name beats while they come.

    Examples
    --------
    >>> stream = Stream(250, ["II"])                           # doctest: +SKIP
    >>> for block in blocks:                                   # doctest: +SKIP
    ...     for beat in stream.push(block):
    ...         print(beat.time_s, beat.label)
    >>> last = stream.finish()                                 # doctest: +SKIP

    Not a medical device.
    """

    def __init__(
        self,
        fs: float,
        leads: Sequence[str] = ("ECG",),
        *,
        lead: str | int | None = None,
        model: str | None = None,
    ) -> None:
        self.leads = (leads,) if isinstance(leads, str) else tuple(leads)
        if not self.leads or len(set(self.leads)) != len(self.leads):
            raise RecordingError(f"leads need different names, got {self.leads}")
        self._columns = _columns(self.leads, lead)
        self._patient = Patient(len(self._columns), model)
        self._bad: deque[Stretch] = deque(maxlen=MOST_BAD)
        self._finished = False
        self._origin, self._origin_s = 0, 0.0
        self._ticks = self._next = self._held_back = self._until = 0
        self._begin(check_fs(fs))

    @property
    def fs(self) -> float:
        """Sampling rate in Hz, now."""
        return self._fs

    @property
    def lead(self) -> str:
        """Name of the lead that R peaks are taken from."""
        return self.leads[self._columns[0]]

    @property
    def model(self) -> dict[str, Any]:
        """Name and checksum of the model."""
        return {name: self._patient.card[name] for name in ("name", "sha256")}

    @property
    def n_samples(self) -> int:
        """Samples of each lead that have come in, missing ones included."""
        return self._origin + self._sight.count

    @property
    def duration_s(self) -> float:
        """Seconds that have come in."""
        return self._origin_s + self._sight.count / self._fs

    def push(self, block: ArrayLike) -> list[Beat]:
        """Take samples.

        Parameters
        ----------
        block
            Any number of samples, shape ``(n,)`` of one lead or ``(n, n_leads)``, in any unit,
            NaN or masked where missing.

        Returns
        -------
        list of Beat
            The beats that have become final, in time order. Which ones a push gives depends on
            what has come in by then, what they are does not depend on the blocks.

        Raises
        ------
        RecordingError
            If the block is of another shape, or holds infinite values, or the stream is finished.
        """
        values = self._values(block)
        sight, found, at = self._sight, [], 0
        while len(values) - at >= self._next - sight.count:
            stop = at + self._next - sight.count
            self._keep(values[at:stop])
            at = stop
            found += self._tick(self._next - self._held_back)
            self._ticks += 1
            self._next = round(self._ticks * HOP_S * self._fs)
        if at < len(values):
            self._keep(values[at:])
        return found

    def gap(self, samples: int | None = None, *, seconds: float | None = None) -> list[Beat]:
        """Take note that samples are missing: the same as pushing so many NaN.

        Less than 0.1 s is bridged by a straight line, as in recordings. From 0.1 s on nothing is
        filtered across the gap, no interval spans it, and what is known of the patient is kept.

        Parameters
        ----------
        samples, seconds
            How much is missing: one of the two.

        Returns
        -------
        list of Beat
            As :meth:`push`.
        """
        if (samples is None) == (seconds is None):
            raise RecordingError("say how long a gap is in samples or in seconds, one of the two")
        left = round(seconds * self._fs) if samples is None else samples  # type: ignore[operator]
        if left < 0:
            raise RecordingError(f"a gap cannot be {left} samples long")
        found: list[Beat] = []
        missing = np.full((max(1, round(HOP_S * self._fs)), len(self.leads)), np.nan, np.float32)
        while left > 0:
            found += self.push(missing[:left])
            left -= len(missing)
        return found

    def change_rate(self, fs: float) -> list[Beat]:
        """Go on at another sampling rate.

        What came before is finished as at the end of a recording; what is known of the patient
        is kept. The first interval after the change is not known.

        Parameters
        ----------
        fs
            Sampling rate in Hz of what comes next.

        Returns
        -------
        list of Beat
            Those that were not final yet.
        """
        check_fs(fs)
        if fs == self._fs:
            return []
        found = self._close()
        self._origin, self._origin_s = self.n_samples, self.duration_s
        self._begin(fs)
        return found

    def finish(self) -> list[Beat]:
        """End the stream and give the beats that were not final yet."""
        if self._finished:
            return []
        found = self._close()
        self._finished = True
        return found

    def take_bad(self) -> list[Stretch]:
        """Give stretches of missing, flat, saturated or noisy signal that have ended.

        Returns
        -------
        list of Stretch
            Those that are known since the last call, counted as `Beat.sample` is. A stretch is
            known some seconds after its end. If nobody asks, the last 10,000 are kept.
        """
        taken = list(self._bad)
        self._bad.clear()
        return taken

    def _begin(self, fs: float) -> None:
        """Begin to count at a rate."""
        self._fs = float(fs)
        hop = round(HOP_S * self._fs)
        self._sight = Sight(self._fs, len(self._columns), 2 * hop)
        self._noisy = NoisyStretches(self._fs)
        self._ticks, self._next = 1, hop
        self._held_back = round((LATENCY_S - HOP_S - LATE_S) * self._fs)
        self._until = 0
        self._final = np.empty(0, np.int64)

    def _values(self, block: ArrayLike) -> NDArray[np.float32]:
        """Give a block as ``(n, n_leads)``, or ``(n,)`` where there is one lead only."""
        if self._finished:
            raise RecordingError("this stream is finished; begin another")
        if isinstance(block, np.ma.MaskedArray):
            block = np.ma.filled(block.astype(np.float32), np.nan)
        values = np.asarray(block, np.float32)
        one = len(self.leads) == 1
        if values.ndim == 2 and values.shape[1] == len(self.leads):
            return values[:, 0] if one else values
        if values.ndim == 1 and (one or not len(values)):
            return values
        raise RecordingError(
            f"a block of {len(self.leads)} leads has the shape (samples, {len(self.leads)}), this "
            f"one has {values.shape}"
        )

    def _keep(self, values: NDArray[np.float32]) -> None:
        one = values.ndim == 1
        self._sight.add([values] if one else [values[:, column] for column in self._columns])

    def _close(self) -> list[Beat]:
        """Make all beats final, as at the end of a recording."""
        count = self._sight.count
        found = self._tick(count) if count else []
        ended = [*self._sight.dead[0].ended(), *self._noisy.ended(count, end=True)]
        self._bad.extend(self._shifted(ended))
        return found

    def _tick(self, until: int) -> list[Beat]:
        """Make the beats before `until` final."""
        sight, late = self._sight, round(LATE_S * self._fs)
        last = int(self._final[-1]) if len(self._final) else None
        if not sight.look(last):
            raise RecordingError(
                f"there are infinite values before sample {self.n_samples}; mark missing samples "
                "as NaN"
            )
        since = self._until - late
        if last is not None:
            since = max(since, last + round(REFRACTORY_S * self._fs))
        spotted = sight.search(since)
        n = int(np.searchsorted(spotted.sample, until))
        found = self._named(spotted, n) if n else []
        self._until = until
        ended = [*sight.dead[0].ended(sight.count), *self._noisy.ended(until - late)]
        self._bad.extend(self._shifted(ended))
        return found

    def _named(self, spotted: Spotted, n: int) -> list[Beat]:
        """Name the first `n` beats of those that were found; they are final."""
        count, old, new = self._sight.count, slice(n), slice(n, None)
        rr = self._intervals(spotted.sample)
        recent = self._final[self._final >= count - RENEW_S * self._fs]
        heard = {}
        for lead in spotted.leads(self._patient.n_leads):
            cuts, again, anew = self._sight.cut(lead, spotted, recent)
            self._patient.renew(lead, again + self._origin, anew)
            heard[lead] = tuple(
                Heard(
                    spotted.sample[part] + self._origin, cuts[part], rr[part], spotted.quality[part]
                )
                for part in (old, new)
            )
        named = self._patient.name(heard, self.duration_s)
        fresh = heard[0][0]
        for at, grade in zip(spotted.sample[:n].tolist(), fresh.quality.tolist(), strict=True):
            self._noisy.add(at, grade)
        self._final = np.concatenate([recent, spotted.sample[:n]])
        return self._beats(spotted.sample[:n], fresh, named)

    def _intervals(self, sample: Positions) -> NDArray[np.float64]:
        """Interval before each beat in seconds, NaN where it is not known."""
        known = len(self._final) > 0
        before = self._final[-1:] if known else sample[:1]
        joined = np.concatenate([before, sample])
        rr: NDArray[np.float64] = np.diff(joined) / self._fs
        rr[crossed(joined, self._sight.dead[0].known)] = np.nan
        if not known:
            rr[0] = np.nan
        return rr

    def _beats(self, sample: Positions, heard: Heard, named: Named) -> list[Beat]:
        rr = heard.rr.tolist()
        return [
            Beat(
                sample=self._origin + at,
                time_s=self._origin_s + at / self._fs,
                label=named.label[k],
                probability=float(named.confidence[k]),
                rr_s=None if np.isnan(rr[k]) else rr[k],
                quality=float(heard.quality[k]),
                abstained=named.reason[k] != "",
                reason=named.reason[k],
                probabilities=tuple(named.probability[k].tolist()),
                latency_s=(self._sight.count - at) / self._fs,
            )
            for k, at in enumerate(sample.tolist())
        ]

    def _shifted(self, stretches: list[Stretch]) -> list[Stretch]:
        o = self._origin
        return [Stretch(o + s.start, o + s.stop, s.reason) for s in stretches]


def _columns(leads: tuple[str, ...], lead: str | int | None) -> list[int]:
    """Columns to look at, that of the R peaks first."""
    if lead is None:
        return sorted(range(len(leads)), key=lambda k: leads[k].casefold() != "ii")[:MOST_LEADS]
    names = [name.casefold() for name in leads]
    if isinstance(lead, str) and lead.casefold() in names:
        return [leads.index(lead) if lead in leads else names.index(lead.casefold())]
    number = int(lead) if str(lead).isdecimal() else -1
    if 0 <= number < len(leads):
        return [number]
    raise UnknownLeadError(f"no lead {lead!r}; this stream has {', '.join(leads)}")
