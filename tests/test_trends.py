from datetime import datetime

import numpy as np
import pytest

from ectopy.beats.value import Beats, Stretch
from ectopy.labels.aami import AAMI_CLASSES
from ectopy.labels.value import Labels
from ectopy.rhythm import find_rhythm
from ectopy.trends import (
    bin_seconds,
    by_hour,
    fastest_and_slowest,
    heart_rate,
    least_sure,
    poincare,
    tachogram,
)

FS = 250.0


def named(kinds: str, confidence: np.ndarray | None = None) -> Labels:
    aami = np.array(list(kinds), dtype="<U1")
    n = len(aami)
    probability = (aami[:, None] == np.array(AAMI_CLASSES)).astype(np.float32)
    if confidence is not None:
        probability = probability * confidence[:, None] + (1 - probability) * (
            (1 - confidence[:, None]) / 4
        )
    nothing = np.full(n, "")
    return Labels(aami, probability.astype(np.float32), np.zeros(n, bool), nothing, "known", "")


def placed(rr: np.ndarray, bad: tuple[Stretch, ...] = (), quality: np.ndarray | None = None):
    sample = np.rint((1 + np.concatenate([[0], np.cumsum(rr)])) * FS).astype(np.int64)
    return Beats(sample, np.ones(len(sample)) if quality is None else quality, FS, "II", bad)


def day(seed: int = 0) -> tuple[Beats, Labels]:
    rng = np.random.default_rng(seed)
    n = 100_000
    beats = placed(rng.normal(0.85, 0.04, n - 1).clip(0.4))
    kinds = rng.choice(list("NVS"), n, p=[0.97, 0.02, 0.01])
    return beats, named("".join(kinds), rng.uniform(0.5, 1, n))


def test_hours_count_every_beat_once_and_follow_the_clock() -> None:
    beats, labels = day()
    duration_s = float(beats.time_s[-1]) + 1
    for start in (None, datetime(2024, 5, 1, 22, 45)):
        hours = by_hour(beats, labels, duration_s=duration_s, start=start)
        for name, n in labels.counts().items():
            assert sum(hour.counts[name] for hour in hours) == n
        assert [h.stop_s for h in hours[:-1]] == [h.start_s for h in hours[1:]]
        assert hours[0].stop_s == (900 if start else 3600)
        assert hours[-1].stop_s == duration_s
    assert hours[1].mean_bpm == pytest.approx(60 / 0.85, rel=0.01)
    assert hours[1].burden("V") == pytest.approx(0.02, abs=0.01)


def test_bad_signal_of_an_hour_counts_once() -> None:
    second = int(FS)
    bad = (
        Stretch(3500 * second, 3700 * second, "missing"),
        Stretch(3600 * second, 3800 * second, "noisy"),
    )
    beats = placed(np.full(9000, 0.8), bad)
    hours = by_hour(beats, named("N" * 9001), duration_s=7203.0)
    assert [hour.bad_s for hour in hours] == [100, 200, 0]
    assert hours[-1].n_beats == 2


def test_a_thinned_tachogram_keeps_what_stands_out() -> None:
    beats, labels = day()
    duration_s = float(beats.time_s[-1])
    rr = beats.rr_s
    shown = tachogram(beats, labels, duration_s=duration_s)
    assert shown.n == len(beats) - 1
    assert len(shown.beat) <= 4000
    assert (np.diff(shown.beat) > 0).all()
    for name in "NVS":
        of_class = rr[1:][labels.aami[1:] == name]
        kept = shown.rr_s[shown.label == name]
        assert (kept.min(), kept.max()) == (of_class.min(), of_class.max())
    np.testing.assert_array_equal(shown.rr_s, rr[shown.beat])
    few = tachogram(placed(rr[1:500]), named("N" * 500), duration_s=500.0)
    assert len(few.beat) == few.n == 499


def test_every_pair_is_in_the_poincare_plot_and_its_spread_is_known() -> None:
    rng = np.random.default_rng(1)
    rr = 0.8 + rng.normal(0, 0.04, 20_000)
    plot = poincare(placed(rr), named("N" * 20_001))
    assert plot.count.sum() == plot.n == 19_999
    assert len(plot.count) < 3000
    # of independent intervals both spreads are the deviation itself
    assert plot.sd1_ms == pytest.approx(40, rel=0.03)
    assert plot.sd2_ms == pytest.approx(40, rel=0.03)
    early = poincare(placed(np.array([0.8, 0.5, 1.1, 0.8])), named("NNVNN"))
    at = early.label == "V"
    assert (early.before_s[at], early.after_s[at]) == (pytest.approx(0.505), pytest.approx(1.105))
    assert early.sd1_ms is None


def test_the_extremes_are_those_of_the_rhythm() -> None:
    rng = np.random.default_rng(2)
    bad = (Stretch(9000, 9100, "missing"),)
    quality = np.ones(400)
    quality[200:205] = 0
    beats = placed(rng.uniform(0.4, 1.4, 399), bad, quality)
    rhythm = find_rhythm(beats, named("N" * 400))
    fastest, slowest = fastest_and_slowest(beats)
    assert fastest.rate_bpm == pytest.approx(rhythm.max_bpm)
    assert slowest.rate_bpm == pytest.approx(rhythm.min_bpm)
    assert fastest.n_beats == slowest.n_beats == 9
    assert fastest_and_slowest(placed(np.full(7, 0.8))) == ()


def test_the_trend_agrees_with_the_intervals() -> None:
    beats, labels = day()
    duration_s = float(beats.time_s[-1]) + 1
    trend = heart_rate(beats, labels, duration_s=duration_s)
    assert len(trend.mean) <= 300
    assert trend.counts.sum(axis=0).tolist() == list(labels.counts().values())
    assert (trend.low <= trend.high).all()
    inside = (beats.time_s >= trend.width_s) & (beats.time_s < 2 * trend.width_s)
    assert trend.mean[1] == pytest.approx(60 / beats.rr_s[inside].mean())
    assert trend.width_s == bin_seconds(duration_s)


def test_the_least_sure_come_first_and_noise_last() -> None:
    confidence = np.array([0.9, 0.6, 0.7, 0.5, 0.8])
    beats = placed(np.full(4, 0.8), quality=np.array([1, 1, 1, 0, 1.0]))
    chosen = least_sure(beats, named("NNVNN", confidence), 3)
    assert {name: index.tolist() for name, index in chosen.items()} == {"N": [1, 4, 0], "V": [2]}


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_few_beats_are_no_trouble(n: int) -> None:
    beats = Beats(np.arange(n) * 250 + 50, np.ones(n), FS, "I")
    labels = named("V" * n)
    assert np.isnan(heart_rate(beats, labels, duration_s=10).mean).all() == (n < 2)
    assert len(tachogram(beats, labels, duration_s=10).beat) == max(n - 1, 0)
    assert poincare(beats, labels).n == 0
    (hour,) = by_hour(beats, labels, duration_s=10)
    assert hour.n_beats == n
    assert hour.burden("V") == (1 if n else None)
    assert fastest_and_slowest(beats) == ()
    assert sum(map(len, least_sure(beats, labels, 3).values())) == n
