"""Curves of precision, reliability, risk and noise as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ectopy.evaluation.curves import PrecisionRecall, Reliability, RiskCoverage
from ectopy.report.charts import MARKS

_HISTOGRAM: Final = 46
"""Height of the bars below the reliability diagram."""
_FEW: Final = 20
"""Beats in a bin below which its mark is left hollow."""
_CEILINGS: Final = (0.008, 0.02, 0.04, 0.08, 0.12, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Where the axis of risk may end: shares whose quarters are round percents."""
_KINDS: Final = {"": "all beats", "S": "beats of S", "V": "beats of V"}
_DISC: Final = "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
"""A disc that is larger than the mark of N beats in a trend."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """A square of two shares of 1 with its axes, in units of about a pixel.

    The upright one goes up to `most`.
    """

    side: int
    left: int = 32
    top: int = 8
    right: int = 8
    most: float = 1.0

    @property
    def width(self) -> int:
        """Width of the drawing."""
        return self.left + self.side + self.right

    @property
    def floor(self) -> int:
        """The y of the lower edge."""
        return self.top + self.side

    def x(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.left + share * self.side

    def y(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.floor - share / self.most * self.side

    def levels(self, steps: int) -> Markup:
        """Draw level lines, with their percents at the left."""
        return Markup("").join(
            Markup('<path class="rule" d="M{} {:.1f}h{}"/>').format(self.left, y, self.side)
            + Markup('<text class="end" x="{}" y="{:.1f}">{:.3g}</text>').format(
                self.left - 6, y + 4, 100 * share * self.most
            )
            for share in np.linspace(0, 1, steps + 1).tolist()
            for y in [float(self.floor - share * self.side)]
        )

    def percents(self, steps: int, y: float) -> Markup:
        """Write percents along the lower axis."""
        return Markup("").join(
            Markup('<text x="{:.1f}" y="{:g}">{:.0f}</text>').format(
                self.left + share * self.side, y, 100 * share
            )
            for share in np.linspace(0, 1, steps + 1).tolist()
        )


def _svg(kind: str, says: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="panel {}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{}" '
        'viewBox="0 0 {:g} {:g}">{}</svg>'
    ).format(kind, says, width, height, Markup("").join(parts))


def _path(x: NDArray[np.float64], y: NDArray[np.float64], kind: str) -> Markup:
    """Draw a line that is broken where a value is not known."""
    known = np.isfinite(x) & np.isfinite(y)
    text, pen = "", "M"
    for a, b, there in zip(x.tolist(), y.tolist(), known.tolist(), strict=True):
        text += f"{pen}{a:.1f} {b:.1f}" if there else ""
        pen = "L" if there else "M"
    return Markup('<path class="{}" d="{}"/>').format(kind, text)


def precision_recall_chart(curve: PrecisionRecall) -> Markup:
    """Draw the curve of one class, what a guess would reach, and where the model decides."""
    frame = _Frame(160, left=34, right=12)
    guess = float(frame.y(np.array(curve.prevalence)))
    parts = [
        frame.levels(4),
        frame.percents(2, frame.floor + 16),
        Markup('<path class="guess" d="M{} {:.1f}h{}"/>').format(frame.left, guess, frame.side),
        # the curve starts where the first threshold lets a beat pass, on the level of its height
        _path(
            frame.x(np.concatenate([[0.0], curve.recall])),
            frame.y(np.concatenate([curve.precision[:1], curve.precision])),
            "curve",
        ),
    ]
    if curve.decided:
        recall, precision = np.array(curve.decided)
        parts.append(
            Markup('<path class="mark {}" d="M{:.1f} {:.1f}{}"/>').format(
                curve.label,
                float(frame.x(recall)),
                float(frame.y(precision)),
                _DISC if curve.label == "N" else MARKS[curve.label],
            )
        )
    says = f"Precision over recall of class {curve.label}"
    return _svg(curve.label, says, frame.width, frame.floor + 22, parts)


def reliability_chart(bins: Reliability) -> Markup:
    """Draw accuracy over confidence, bin by bin, and below it how many beats are in each."""
    frame = _Frame(250, left=36, right=12)
    floor = frame.floor + 8 + _HISTOGRAM
    wide = frame.side / len(bins.beats)
    x, y = frame.x(bins.confidence), frame.y(bins.accuracy)
    ideal = frame.y(bins.confidence)
    known = np.flatnonzero(bins.beats).tolist()
    gaps = "".join(f"M{x[k]:.1f} {ideal[k]:.1f}V{y[k]:.1f}" for k in known)
    many = [k for k in known if bins.beats[k] >= _FEW]
    bars = "".join(
        f"M{frame.left + k * wide + 1:.1f} {floor}"
        f"v{-max(1.5, bins.beats[k] / bins.beats.max() * (_HISTOGRAM - 4)):.1f}"
        f"h{wide - 2:.1f}V{floor}"
        for k in known
    )
    parts = [
        frame.levels(4),
        Markup('<path class="guess" d="M{} {}L{} {}"/>').format(
            frame.left, frame.floor, frame.left + frame.side, frame.top
        ),
        Markup('<path class="gap" d="{}"/>').format(gaps),
        _path(x[many], y[many], "curve"),
        *(
            Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3.6"/>').format(
                "bin" if k in many else "bin few", x[k], y[k]
            )
            for k in known
        ),
        Markup('<path class="bars" d="{}"/>').format(bars),
        Markup('<path class="rule" d="M{} {}h{}"/>').format(frame.left, floor, frame.side),
        frame.percents(4, floor + 16),
    ]
    return _svg("reliability", "Accuracy over confidence", frame.width, floor + 22, parts)


def risk_chart(curve: RiskCoverage) -> Markup:
    """Draw the share of wrong names over the share of beats that is kept, surest first.

    The dashes are at the risk of all, which is what leaving out beats by chance would leave; the
    mark is where the model abstains.
    """
    there = curve.abstaining if curve.abstaining and curve.abstaining.risk is not None else None
    risk = there.risk if there and there.risk is not None else 0.0
    highest = max(float(curve.risk.max()), risk)
    most = next(ceiling for ceiling in _CEILINGS if ceiling >= highest)
    frame = _Frame(160, left=34, right=12, most=most)
    parts = [
        frame.levels(4),
        frame.percents(2, frame.floor + 16),
        Markup('<path class="guess" d="M{} {:.1f}h{}"/>').format(
            frame.left, float(frame.y(curve.risk[-1])), frame.side
        ),
        _path(frame.x(curve.coverage), frame.y(curve.risk), "curve"),
    ]
    says = (
        f"Wrong names over the share of {_KINDS[curve.label]} kept, surest first: "
        f"{_percent(curve.risk[0])} of the surest {_percent(curve.coverage[0])} are wrong, "
        f"{_percent(curve.at(0.5))} of the surest half, {_percent(curve.risk[-1])} of all"
    )
    if there:
        x, y = frame.x(np.array(there.coverage)), frame.y(np.array(risk))
        parts.append(
            Markup('<path class="mark {}" d="M{:.1f} {:.1f}{}"/>').format(
                curve.label or "all", float(x), float(y), MARKS.get(curve.label, _DISC)
            )
        )
        says += (
            f"; abstaining keeps {_percent(there.coverage)}, of which {_percent(risk)} are wrong"
        )
    return _svg(f"risk {curve.label}".strip(), says, frame.width, frame.floor + 22, parts)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def noise_chart(
    snr_db: Sequence[float],
    se: Sequence[float | None],
    ppv: Sequence[float | None],
    name: str,
) -> Markup:
    """Draw Se and +P over the ratio of signal to noise, which falls to the right."""
    frame = _Frame(160, left=34, right=14)
    level = np.asarray(snr_db, float)
    most, least = float(level.max()), float(level.min())
    x = frame.x((most - level) / ((most - least) or 1.0))
    parts = [frame.levels(4)]
    for values, kind, mark in ((se, "curve", _DISC), (ppv, "curve ppv", MARKS["V"])):
        y = frame.y(np.array([np.nan if v is None else v for v in values], float))
        parts.append(_path(x, y, kind))
        there = np.flatnonzero(np.isfinite(y)).tolist()
        marks = "".join(f"M{x[k]:.1f} {y[k]:.1f}{mark}" for k in there)
        parts.append(Markup('<path class="dot {}" d="{}"/>').format(kind, marks))
    parts += [
        Markup('<text x="{:.1f}" y="{}">{}</text>').format(
            at, frame.floor + 16, f"{value:g}".replace("-", "−")
        )
        for at, value in zip(x.tolist(), level.tolist(), strict=True)
    ]
    says = f"Sensitivity and positive predictivity of {name} over the ratio of signal to noise"
    return _svg("noise", says, frame.width, frame.floor + 22, parts)
