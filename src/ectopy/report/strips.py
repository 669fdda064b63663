"""Strips of ECG paper as inline SVG, true to scale: 25 mm/s and 10 mm/mV.

The unit of every drawing is the millimetre, so that a page printed at 100 % can be measured
with a ruler. The curve is drawn in hundredths of it, as whole numbers, to keep the file small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.report.language import catalogue
from ectopy.report.shapes import lead_slice
from ectopy.report.words import SURE, Words, clock, elapsed, probability

MM_PER_S: Final = 25
MM_PER_MV: Final = 10
STRIP_S: Final = 7.0
"""Length of a strip: 175 mm, which with its calibration pulse fits an A4 page."""

PULSE_MM: Final = 10
"""Paper in front of the strip that holds the calibration pulse: 1 mV high, 0.2 s wide."""
MIN_LANE_MM: Final = 25
MAX_LANE_MM: Final = 70
HEAD_MM: Final = 8.5
"""Room above the paper for the class of each beat."""
FOOT_MM: Final = 4.5
"""Room below it for the time."""

POINTS_PER_MM: Final = 20
"""Samples in a millimetre of curve above which only the extremes are drawn."""

BEFORE_R_S: Final = 0.16
AFTER_R_S: Final = 0.44
"""What is coloured around the R peak of an ectopic beat, unless a neighbour is nearer."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A drawn strip: the SVG, its start and length in seconds, and whether it had to be cut."""

    svg: Markup
    start_s: float
    seconds: float
    clipped: bool


@dataclass(frozen=True, slots=True)
class _Lane:
    """The paper: `top` and `bottom` are the millimetres above and below the baseline."""

    width: float
    top: int
    bottom: int
    clipped: bool

    @property
    def base(self) -> float:
        """The y of the baseline."""
        return HEAD_MM + self.top

    @property
    def floor(self) -> float:
        """The y of the lower edge."""
        return self.base + self.bottom


def draw_strip(
    analysis: Analysis,
    start_s: float,
    seconds: float = STRIP_S,
    focus: int | None = None,
    words: Words | None = None,
) -> Strip:
    """Draw a stretch of the analysed lead, with each beat named.

    Parameters
    ----------
    analysis
        What was found.
    start_s, seconds
        The stretch; it is moved and shortened to lie within the recording.
    focus
        Index of the beat that the strip is about; its letter is set off.
    words
        Language of what is written on it; English without.

    Returns
    -------
    Strip
        The drawing; its median is the baseline, and its paper is 25 to 70 mm high.
    """
    words = words or Words(catalogue("en"))
    total_s = analysis.recording.duration_s
    seconds = min(seconds, total_s)
    fs = analysis.beats.fs
    first = round(max(0.0, min(start_s, total_s - seconds)) * fs)
    n = max(round(seconds * fs), 1)
    signal = lead_slice(analysis, first, first + n)
    known = signal[np.isfinite(signal)]
    signal = signal - (np.median(known) if len(known) else 0.0)
    lane = _lane(signal, PULSE_MM + len(signal) / fs * MM_PER_S)
    view = _View(analysis, first, len(signal), lane, focus, words)
    height = lane.floor + FOOT_MM
    layers = [_grid(lane), view.bad(), _pulse(lane), view.guides(), view.curve(signal)]
    layers += [view.beats(), view.seconds()]
    svg = Markup(
        '<svg class="ecg" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" '
        'width="{:g}mm" height="{:g}mm" viewBox="0 0 {:g} {:g}">{}</svg>'
    ).format(
        words.t("strips.about", lead=analysis.beats.lead, at=elapsed(first / fs, total_s, 1)),
        *(round(side, 2) for side in (lane.width, height) * 2),
        Markup("").join(layers),
    )
    return Strip(svg, first / fs, len(signal) / fs, lane.clipped)


def _lane(signal: NDArray[np.float64], width: float) -> _Lane:
    """Choose a paper that holds the curve, or the most of it that 70 mm can."""
    known = signal[np.isfinite(signal)] * MM_PER_MV
    top, bottom = (float(known.max()), -float(known.min())) if len(known) else (0.0, 0.0)
    clipped = _fives(top) + _fives(bottom) > MAX_LANE_MM
    if clipped:
        bottom, top = -np.percentile(known, 0.5), np.percentile(known, 99.5)
        half = MAX_LANE_MM / 2
        top, bottom = (
            min(top, max(half, MAX_LANE_MM - 5 - max(bottom, 0))),
            min(bottom, max(half, MAX_LANE_MM - 5 - max(top, 0))),
        )
    mm_top, mm_bottom = max(_fives(top), 15), max(_fives(bottom), 5)
    return _Lane(width, max(mm_top, MIN_LANE_MM - mm_bottom), mm_bottom, clipped)


def _fives(mm: float) -> int:
    return 5 * int(np.ceil(max(mm, 0.0) / 5))


def _grid(lane: _Lane) -> Markup:
    """Draw the paper, with a line each millimetre and a stronger one each five."""
    width, height = lane.width, lane.top + lane.bottom
    columns, rows = range(int(width) + 1), range(height + 1)

    def lines(strong: bool) -> str:
        return "".join(
            [f"M{x} {HEAD_MM:g}v{height}" for x in columns if (x % 5 == 0) is strong]
            + [f"M0 {HEAD_MM + y:g}h{width:g}" for y in rows if (y % 5 == 0) is strong]
        )

    return Markup(
        '<rect class="paper" y="{:g}" width="{:g}" height="{}"/>'
        '<path class="mm" d="{}"/><path class="cm" d="{}"/>'
    ).format(HEAD_MM, round(width, 2), height, lines(False), lines(True))


def _pulse(lane: _Lane) -> Markup:
    return Markup('<path class="pulse" d="M1.5 {:g}h1v-10h5v10h1"/>').format(lane.base)


@dataclass(frozen=True, slots=True)
class _View:
    """The part of an analysis that one strip shows: samples `first` to `first + n`."""

    analysis: Analysis
    first: int
    n: int
    lane: _Lane
    focus: int | None
    words: Words

    def x(self, sample: float) -> float:
        """Place a sample of the recording on the paper, in mm."""
        return PULSE_MM + (sample - self.first) / self.analysis.beats.fs * MM_PER_S

    def visible(self) -> range:
        """Give the beats on the strip, as indices."""
        sample = self.analysis.beats.sample
        bounds = np.searchsorted(sample, [self.first, self.first + self.n])
        return range(*bounds.tolist())

    def bad(self) -> Markup:
        """Shade the bad stretches and say why they are bad."""
        drawn = []
        for each in self.analysis.beats.bad:
            start, stop = max(each.start, self.first), min(each.stop, self.first + self.n)
            if start < stop:
                left, right = self.x(start), self.x(stop)
                drawn.append(
                    Markup(
                        '<rect class="bad" x="{:.2f}" y="{:g}" width="{:.2f}" height="{}"/>'
                    ).format(left, HEAD_MM, right - left, self.lane.top + self.lane.bottom)
                )
                reason = self.words.told(each.reason)
                if right - left > 2 * len(reason):
                    drawn.append(_text(left + 1, self.lane.floor - 1.2, "why", reason))
        return Markup("").join(drawn)

    def curve(self, signal: NDArray[np.float64]) -> Markup:
        """Draw the curve in ink and the ectopic beats over it in their colours."""
        fs, sample = self.analysis.beats.fs, self.analysis.beats.sample
        drawn = [_path(signal, 0, fs, "ink")]
        for beat in self.visible():
            label = str(self.analysis.labels.aami[beat])
            if label == "N":
                continue
            start, stop = sample[beat] - BEFORE_R_S * fs, sample[beat] + AFTER_R_S * fs
            if beat > 0:
                start = max(start, (sample[beat - 1] + 2 * sample[beat]) / 3)
            if beat + 1 < len(sample):
                stop = min(stop, (sample[beat] + 2 * sample[beat + 1]) / 3)
            a = max(int(start) - self.first, 0)
            b = max(int(stop) - self.first + 1, 0)
            drawn.append(_path(signal[a:b], a, fs, f"ink {label}"))
        return Markup(
            '<svg y="{:g}" width="{:g}" height="{}" viewBox="0 {} {:g} {}">'
            '<g transform="scale(.01)">{}</g></svg>'
        ).format(
            HEAD_MM,
            self.lane.width,
            self.lane.top + self.lane.bottom,
            -self.lane.top,
            self.lane.width,
            self.lane.top + self.lane.bottom,
            Markup("").join(drawn),
        )

    def guides(self) -> Markup:
        """Lead the eye from the letters down to the R peaks."""
        labels = self.analysis.labels.aami
        return Markup("").join(
            Markup('<path class="guide {}" d="M{:.2f} {:g}V{:g}"/>').format(
                labels[beat],
                self.x(self.analysis.beats.sample[beat]),
                HEAD_MM - 1 if labels[beat] == "N" else HEAD_MM,
                HEAD_MM if labels[beat] == "N" else self.lane.floor,
            )
            for beat in self.visible()
        )

    def beats(self) -> Markup:
        """Write the class above each beat, and between beats the interval in milliseconds."""
        beats, labels = self.analysis.beats, self.analysis.labels
        rr = beats.rr_s
        confidence = labels.confidence
        drawn = []
        for beat in self.visible():
            label, x = str(labels.aami[beat]), self.x(beats.sample[beat])
            name = label + ("?" if labels.abstained[beat] else "")
            half = 1.3 * len(name) + 0.3
            at = min(max(x, half), self.lane.width - half)
            if beat == self.focus:
                drawn.append(_patch(at, half + 0.5, label))
            kind = f"letter {label}" + (" focused" if beat == self.focus else "")
            drawn.append(_text(at, 4, kind, name))
            if confidence[beat] < SURE:
                short = probability(float(confidence[beat])).removeprefix("0")
                drawn.append(_text(at, 7.4, "small", short))
            left = x - rr[beat] * MM_PER_S
            if np.isfinite(rr[beat]) and left >= PULSE_MM and x - left > 10:
                drawn.append(_text((left + x) / 2, 3.6, "small rr", f"{1000 * rr[beat]:.0f}"))
        return Markup("").join(drawn)

    def seconds(self) -> Markup:
        """Mark every second below the paper."""
        fs, total_s = self.analysis.beats.fs, self.analysis.recording.duration_s
        start = self.analysis.recording.start
        y = self.lane.floor
        drawn = []
        last = int((self.first + self.n) / fs)
        for second in range(int(np.ceil(self.first / fs)), last + 1):
            x = self.x(second * fs)
            drawn.append(Markup('<path class="tick" d="M{:.2f} {:g}v1"/>').format(x, y))
            if 16 * bool(start) <= x < self.lane.width - 4:
                drawn.append(_text(x, y + 3.7, "small time", elapsed(second, total_s)))
        if start:
            drawn.append(_text(0.3, y + 3.7, "small day", clock(self.first / fs, start)))
        return Markup("").join(drawn)


def _patch(x: float, half: float, kind: str) -> Markup:
    return Markup(
        '<rect class="focus {}" x="{:.2f}" y=".5" width="{:g}" height="4.4" rx="1"/>'
    ).format(kind, x - half, 2 * half)


def _text(x: float, y: float, kind: str, text: str) -> Markup:
    return Markup('<text class="{}" x="{:.2f}" y="{:g}">{}</text>').format(
        kind, x, round(y, 2), escape(text)
    )


def _path(signal: NDArray[np.float64], first: int, fs: float, kind: str) -> Markup:
    """Draw samples from `first` of the strip on, leaving out what is missing."""
    finite = np.isfinite(signal)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
    pieces = []
    for start, stop in edges.reshape(-1, 2).tolist():
        at, mv = _thinned(signal[start:stop], fs)
        x = np.rint((PULSE_MM + (at + start + first) / fs * MM_PER_S) * 100).astype(int)
        y = np.rint(mv * MM_PER_MV * -100).astype(int)
        pieces.append(_relative(x, y))
    return Markup('<path class="{}" d="{}"/>').format(kind, "".join(pieces)) if pieces else Markup()


def _relative(x: NDArray[np.int64], y: NDArray[np.int64]) -> str:
    """Write a line as steps between its points, which takes half the room of the points."""
    steps = zip(np.diff(x, append=x[-1]).tolist(), np.diff(y, append=y[-1]).tolist(), strict=True)
    return f"M{x[0]} {y[0]}l" + " ".join(f"{dx} {dy}" for dx, dy in steps).replace(" -", "-")


def _thinned(
    signal: NDArray[np.float64], fs: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keep the extremes of each twentieth of a millimetre where there are more samples."""
    step = int(fs / MM_PER_S // POINTS_PER_MM) * 2
    whole = len(signal) // step * step if step else 0
    if step < 4 or not whole:
        return np.arange(len(signal)), signal
    folded = signal[:whole].reshape(-1, step)
    extremes = np.sort(np.stack([folded.argmin(axis=1), folded.argmax(axis=1)], axis=1), axis=1)
    at = (extremes + np.arange(0, whole, step)[:, None]).ravel()
    at = np.unique(np.concatenate([[0], at, np.arange(whole, len(signal))]))
    return at, signal[at]
