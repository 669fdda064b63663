"""Annotations × annotations → pairs of beats, by the rules of EC57 as the tool bxb applies them.

Both lists are walked in time order. The earlier of the two beats at hand either pairs with the
other one or stands alone. It pairs if the two lie within the match window, and no later beat of
the other one's list suits it better.

A beat of the test that stands alone is paired with ``O``, or with ``X`` where the reference
calls the signal unreadable; where the reference has ventricular flutter it does not count. A
beat of the reference that stands alone is paired with ``o``, or with ``x`` where the test
reports a shutdown. Neither side counts the beats within its own flutter (``[`` to ``]``).

At each step of the walk the RR intervals that end at the two beats at hand are compared; this
includes steps at which one stands alone, so a beat that is missed adds to the error of RR
intervals more than once. Intervals that flutter or a shutdown interrupts do not count.

Sources: ANSI/AAMI EC57:1998, 4.2 and 4.3; bxb(1) in the WFDB Applications Guide.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ectopy.ec57.value import FileAnnotations, Period
from ectopy.labels.aami import BEAT_SYMBOLS, aami_class
from ectopy.recording.value import Annotations

ROWS: Final = ("N", "S", "V", "F", "Q", "O", "X")
"""Rows of the matrix: classes of the reference, none (O), none as it is unreadable (X)."""
COLUMNS: Final = ("n", "s", "v", "f", "q", "o", "x")
"""Columns of the matrix: classes of the test, none (o), none as it shut down (x)."""

UNREADABLE: Final = 0b11_0000
"""Bits of the subtype of ``~`` that say, when both are set, that no lead can be read."""
_FAR: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of a record in time order, both ends included."""

    start: tuple[float, ...]
    stop: tuple[float, ...]

    def hold(self, sample: int) -> bool:
        """Tell whether a sample lies within one of them."""
        last = bisect_right(self.start, sample) - 1
        return last >= 0 and sample <= self.stop[last]

    def total(self, n_samples: int | None) -> float:
        """Give their length together; one without an end lasts to the end of the record."""
        ends = zip(self.start, self.stop, strict=True)
        known = [(one, min(two, inf if n_samples is None else n_samples)) for one, two in ends]
        return sum(two - one for one, two in known if one < two < inf)

    def begin_between(self, first: int, last: int) -> bool:
        """Tell whether one begins at `first` or later, and before `last`."""
        if not self.start:
            return False
        return bisect_left(self.start, first) < bisect_left(self.start, last)


@dataclass(frozen=True, eq=False, slots=True)
class BeatList:
    """The beats of one side that count, and the stretches that do not.

    Attributes
    ----------
    sample, aami, index
        Position, class, and place among the annotations of each beat outside flutter.
    rr
        Samples since the beat before; 0 where that says nothing.
    flutter, unreadable
        Ventricular flutter; stretches without readable signal (of the test: shutdown).
    """

    sample: list[int]
    aami: list[str]
    index: list[int]
    rr: list[int]
    flutter: Stretches
    unreadable: Stretches


@dataclass(frozen=True, eq=False, slots=True)
class Matches:
    """Every step of the comparison in time order.

    Attributes
    ----------
    reference, test
        int64, shape ``(n,)``: place of the beat among the annotations of the reference and of
        the test, -1 where one side has none.
    row, column
        What the step counts as: one of `ROWS` and one of `COLUMNS`; both are ``*`` for a beat
        of the test in flutter, which does not count.
    rr_error
        int64, shape ``(m,)``: RR interval of the reference less that of the test, in samples,
        at each step where both are known.
    """

    reference: NDArray[np.int64]
    test: NDArray[np.int64]
    row: NDArray[np.str_]
    column: NDArray[np.str_]
    rr_error: NDArray[np.int64]

    @property
    def matrix(self) -> NDArray[np.int64]:
        """Number of steps of each kind, shape ``(7, 7)``, `ROWS` × `COLUMNS`."""
        counts = np.zeros((len(ROWS), len(COLUMNS)), np.int64)
        for i, row in enumerate(ROWS):
            of_row = self.column[self.row == row]
            counts[i] = [(of_row == column).sum() for column in COLUMNS]
        return counts


def list_beats(annotations: Annotations, window: int, escape_beats: str = "S") -> BeatList:
    """Pick the beats of one side, and find its flutter and its unreadable stretches."""
    symbols = annotations.symbol.tolist()
    samples = annotations.sample.tolist()
    classes = {symbol: aami_class(symbol, escape_beats) or "Q" for symbol in BEAT_SYMBOLS}
    flutter = _flutter(samples, symbols)
    within = [False] * len(symbols)
    for first, last, _ in flutter:
        within[first : last + 1] = [True] * (last + 1 - first)
    index = [i for i, symbol in enumerate(symbols) if symbol in classes and not within[i]]
    sample = [samples[i] for i in index]
    flutters = Stretches(
        tuple(samples[first] for first, _, _ in flutter), tuple(stop for _, _, stop in flutter)
    )
    unreadable = _unreadable(annotations, samples, within, sample, flutters, window)
    rr = [0] * len(sample)
    for i in range(1, len(sample)):
        ends = sample[i - 1], sample[i]
        if not (flutters.begin_between(*ends) or unreadable.begin_between(*ends)):
            rr[i] = ends[1] - ends[0]
    return BeatList(sample, [classes[symbols[i]] for i in index], index, rr, flutters, unreadable)


def match_beats(reference: BeatList, test: BeatList, period: Period) -> Matches:
    """Pair the beats of the test period; see the module's text for the rules."""
    real, own = [*reference.sample, _FAR, _FAR], [*test.sample, _FAR, _FAR]
    real_rr, own_rr = [*reference.rr, 0, 0], [*test.rr, 0, 0]
    stop = _FAR - 1 if period.stop is None else period.stop
    steps: list[tuple[int, int]] = []
    errors: list[int] = []

    def count(i: int, j: int, *, beat: bool = True, found: bool = True) -> None:
        steps.append((i if beat else -1, j if found else -1))
        if real_rr[i] > 0 and own_rr[j] > 0:
            errors.append(real_rr[i] - own_rr[j])

    i, j, straddles = _begin(real, own, period)
    if straddles:
        count(i, j - 1)
        i += 1
    while real[i] <= stop or own[j] <= stop:
        gap = abs(real[i] - own[j])
        if own[j] < real[i]:
            other, after = abs(real[i] - own[j + 1]), abs(real[i + 1] - own[j + 1])
        else:
            other, after = abs(own[j] - real[i + 1]), abs(own[j + 1] - real[i + 1])
        if gap <= period.window and (gap < other or after < other):
            count(i, j)
            i, j = i + 1, j + 1
        elif own[j] < real[i]:
            count(i, j, beat=False)
            j += 1
        else:
            count(i, j, found=False)
            i += 1
    return _name(steps, errors, reference, test)


def _begin(real: list[int], own: list[int], period: Period) -> tuple[int, int, bool]:
    """Give the first beat of each side, and whether the last one of the learning period counts.

    Two beats that are one may lie on either side of the start of the test period. The pair
    counts if it is the beat of the reference that lies in the test period. If it is that of
    the test, the pair belongs to the learning period and that beat is passed over.
    """
    i, j = bisect_left(real, period.start), bisect_left(own, period.start)
    if j and real[i] - own[j - 1] <= min(period.window, abs(real[i] - own[j]) - 1):
        return i, j, True
    near = own[j] - period.start <= period.window
    if near and abs(real[i] - own[j + 1]) < abs(real[i] - own[j]):
        j += 1
    return i, j, False


def _name(
    steps: list[tuple[int, int]], errors: list[int], reference: BeatList, test: BeatList
) -> Matches:
    places, names = [], []
    for i, j in steps:
        places.append((reference.index[i] if i >= 0 else -1, test.index[j] if j >= 0 else -1))
        if i >= 0 and j >= 0:
            names.append((reference.aami[i], test.aami[j].lower()))
        elif i >= 0:
            names.append((reference.aami[i], "ox"[test.unreadable.hold(reference.sample[i])]))
        elif reference.flutter.hold(test.sample[j]):
            names.append(("*", "*"))
        else:
            names.append(("OX"[reference.unreadable.hold(test.sample[j])], test.aami[j].lower()))
    place = np.array(places, np.int64).reshape(-1, 2)
    name = np.array(names, "<U1").reshape(-1, 2)
    return Matches(place[:, 0], place[:, 1], name[:, 0], name[:, 1], np.array(errors, np.int64))


def _flutter(samples: list[int], symbols: list[str]) -> list[tuple[int, int, float]]:
    """Give first and last annotation of each ``[ … ]`` and the sample where it ends."""
    found: list[tuple[int, int, float]] = []
    i = 0
    while i < len(symbols):
        if symbols[i] == "[":
            close = next((k for k in range(i, len(symbols)) if symbols[k] == "]"), None)
            if close is None:
                return [*found, (i, len(symbols) - 1, inf)]
            found.append((i, close, float(samples[close])))
            i = close
        i += 1
    return found


def _unreadable(
    annotations: Annotations,
    samples: list[int],
    within_flutter: list[bool],
    beats: list[int],
    flutter: Stretches,
    window: int,
) -> Stretches:
    """Find stretches without readable signal.

    One begins at a ``~`` that says that no lead is readable (bits 4 and 5 of its subtype) and
    ends at the next annotation if that is a ``~`` that says otherwise. If it is not, the mark
    stands somewhere inside the stretch, as in the AHA database: then it reaches from one match
    window after the beat or flutter before to one match window before the annotation after.
    """
    subtypes = annotations.subtype if isinstance(annotations, FileAnnotations) else None
    if subtypes is None:
        return Stretches((), ())
    noise = annotations.symbol == "~"
    dark = noise & ((subtypes & UNREADABLE) == UNREADABLE)
    starts: list[float] = []
    stops: list[float] = []
    for i in np.flatnonzero(dark).tolist():
        if within_flutter[i]:
            continue
        start, stop = float(samples[i]), inf
        if i + 1 < len(samples) and noise[i + 1] and not dark[i + 1]:
            stop = float(samples[i + 1])
        elif i + 1 < len(samples):
            stop = float(samples[i + 1] - window)
            start = min(_before(samples[i], beats, flutter) + window, stop)
        starts.append(start)
        stops.append(stop)
    return Stretches(tuple(starts), tuple(stops))


def _before(sample: int, beats: list[int], flutter: Stretches) -> float:
    """Give where the last beat or flutter before `sample` is, 0 if there is none."""
    i = bisect_right(beats, sample)
    j = bisect_right(flutter.stop, sample)
    return max(float(beats[i - 1]) if i else 0.0, flutter.stop[j - 1] if j else 0.0)
