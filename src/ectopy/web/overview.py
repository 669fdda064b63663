"""The whole recording at a glance, as plain values for JSON."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.labels import AAMI_CLASSES
from ectopy.report.quality import in_bad_stretch
from ectopy.report.shapes import AFTER_S, BEFORE_S, MAX_BEATS
from ectopy.trends import by_hour, fastest_and_slowest, heart_rate, poincare, tachogram
from ectopy.web.answers import listed
from ectopy.web.tiles import let_go

MOST_EPISODES: Final = 5000
_HELD: Final = 32
"""Places of a long signal that are looked at before its file need not stay in memory: the system
may take a megabyte into it for each."""
_WEIGHT: Final = {"fastest": 0, "slowest": 0, "pause": 1, "run": 1, "bigeminy": 2, "trigeminy": 3}
"""What is kept first if there are too many; all others come last."""


def overview(found: Analysis) -> dict[str, Any]:
    """Give trend, tachogram, hours, episodes, Poincaré plot and average beats."""
    beats, labels, duration_s = found.beats, found.labels, found.recording.duration_s
    trend = heart_rate(beats, labels, duration_s=duration_s)
    every = tachogram(beats, labels, duration_s=duration_s)
    pairs = poincare(beats, labels)
    episodes, left_out = _episodes(found)
    return {
        "rate": {
            "bin_s": trend.width_s,
            "time_s": listed((np.arange(len(trend.mean)) + 0.5) * trend.width_s),
            "mean_bpm": listed(trend.mean, 2),
            "low_bpm": listed(trend.low, 2),
            "high_bpm": listed(trend.high, 2),
        },
        "tachogram": {
            "time_s": listed(every.time_s, 3),
            "rr_s": listed(every.rr_s),
            "label": "".join(every.label.tolist()),
            "n": every.n,
            "column_s": every.column_s,
        },
        "hours": [
            {
                "start_s": hour.start_s,
                "stop_s": hour.stop_s,
                "beats": hour.n_beats,
                "counts": hour.counts,
                "burden": {label: hour.burden(label) for label in "SV"},
                "mean_bpm": hour.mean_bpm,
                "bad_s": round(hour.bad_s, 3),
            }
            for hour in by_hour(beats, labels, duration_s=duration_s, start=found.recording.start)
        ],
        "episodes": episodes,
        "episodes_left_out": left_out,
        "poincare": {
            "before_s": listed(pairs.before_s),
            "after_s": listed(pairs.after_s),
            "label": "".join(pairs.label.tolist()),
            "count": pairs.count.tolist(),
            "cell_s": pairs.cell_s,
            "n": pairs.n,
            "sd1_ms": pairs.sd1_ms,
            "sd2_ms": pairs.sd2_ms,
        },
        **average_beats(found),
    }


def _episodes(found: Analysis) -> tuple[list[dict[str, Any]], int]:
    """Give episodes in time order, and how many were left out."""
    every = [*found.rhythm.episodes, *fastest_and_slowest(found.beats)]
    kept = sorted(every, key=lambda e: (_WEIGHT.get(e.kind, 4), -e.n_beats))[:MOST_EPISODES]
    kept.sort(key=lambda e: e.start_s)
    said = [
        {
            "kind": each.kind,
            "label": each.label,
            "start_s": round(each.start_s, 4),
            "stop_s": round(each.stop_s, 4),
            "n_beats": each.n_beats,
            "rate_bpm": round(each.rate_bpm, 6),  # a whole number as in the report: 39.497 is 39
        }
        for each in kept
    ]
    return said, len(every) - len(kept)


def average_beats(found: Analysis) -> dict[str, Any]:
    """Give the average beat of each class in each lead, with its spread."""
    fs, leads = found.recording.fs, found.recording.leads
    before, after = round(BEFORE_S * fs), round(AFTER_S * fs)
    good = ~in_bad_stretch(found)
    average = []
    for label in AAMI_CLASSES:
        of_class = found.labels.aami == label
        sample = spread(found.beats.sample[of_class & good], MAX_BEATS)
        windows = cut(found, sample, before, after)
        column = found.recording.lead_index(found.beats.lead)
        used = int(np.isfinite(windows[:, :, column]).all(axis=1).sum())
        if used:
            average.append(
                {
                    "label": label,
                    "n": int(of_class.sum()),
                    "used": used,
                    "leads": [
                        {"lead": lead, **_average(windows[:, :, k])} for k, lead in enumerate(leads)
                    ],
                }
            )
    return {"average": average, "average_time_s": listed(np.arange(-before, after) / fs)}


def _average(windows: NDArray[np.float64]) -> dict[str, list[Any]]:
    """Give mean and percentiles of the windows of one lead that are complete."""
    whole = windows[np.isfinite(windows).all(axis=1)]
    if not len(whole):
        nothing = [None] * windows.shape[1]
        return {"mean": nothing, "p10": nothing, "p90": nothing}
    whole = whole - np.median(whole, axis=1, keepdims=True)
    low, high = np.percentile(whole, [10, 90], axis=0)
    return {"mean": listed(whole.mean(axis=0)), "p10": listed(low), "p90": listed(high)}


def cut(found: Analysis, sample: NDArray[np.int64], before: int, after: int) -> NDArray[np.float64]:
    """Cut all leads around those of these samples that lie far enough from both ends.

    The shape is ``(n, before + after, leads)``.
    """
    signal = found.recording.signal
    inside = (sample >= before) & (sample + after <= len(signal))
    windows = np.empty((int(inside.sum()), before + after, signal.shape[1]))
    for k, at in enumerate(sample[inside].tolist()):
        windows[k] = signal[at - before : at + after]
        if k % _HELD == 0:
            let_go(signal)
    return windows


def spread(values: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Give at most so many of the values, evenly spread."""
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).astype(np.int64)]
