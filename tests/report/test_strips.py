import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ectopy.analysis import Analysis
from ectopy.beats.value import Stretch
from ectopy.recording.value import Annotations, Recording
from ectopy.report.shapes import average_beats, examples
from ectopy.report.strips import Strip, draw_strip
from ectopy.simulate import simulate

Curve = NDArray[np.float64]


def ink(strip: Strip) -> Curve:
    """Give the points of the curve in mm from its start and baseline, up positive."""
    points = []
    drawn = re.search(r'<path class="ink" d="([^"]*)"', strip.svg)
    for piece in re.findall(r"M[^M]+", drawn.group(1) if drawn else ""):
        numbers = [int(number) for number in re.findall(r"-?\d+", piece)]
        points.append(np.cumsum(np.reshape(numbers, (-1, 2)), axis=0))
    return np.concatenate(points) / 100 * [1, -1] - [10, 0]


def side(strip: Strip, name: str) -> float:
    return float(re.search(rf'{name}="([\d.]+)mm"', strip.svg).group(1))


def spikes(fs: float, seconds: float, mv: float = 1.0) -> Recording:
    """One sample of `mv` each full second."""
    signal = np.zeros(int(seconds * fs), np.float32)
    signal[:: int(fs)] = mv
    at = np.arange(0, len(signal), int(fs))
    annotations = Annotations(at, np.full(len(at), "N"), np.full(len(at), ""))
    return Recording(signal[:, None], fs, ("I",), annotations=annotations)


@pytest.mark.parametrize("fs", [50, 250, 1000, 5000])
def test_a_strip_is_true_to_scale_at_any_rate(
    analysis_of: Callable[..., Analysis], fs: float
) -> None:
    strip = draw_strip(analysis_of(spikes(fs, 7)), 0)
    curve = ink(strip)
    peaks = curve[curve[:, 1] > 5]
    np.testing.assert_allclose(peaks, [[25 * s, 10] for s in range(7)], atol=0.01)
    assert side(strip, "width") == pytest.approx(10 + 175)
    assert f'viewBox="0 0 {side(strip, "width"):g} {side(strip, "height"):g}"' in strip.svg
    assert len(curve) < 175 * 45


def test_offset_does_not_show_and_gain_does(analysis_of: Callable[..., Analysis]) -> None:
    analysis = analysis_of(simulate(10, 250, seed=5))
    recording = analysis.recording
    shifted = replace(analysis, recording=replace(recording, signal=recording.signal + 16))
    louder = replace(analysis, recording=replace(recording, signal=recording.signal * 2))
    plain = ink(draw_strip(analysis, 1))
    np.testing.assert_allclose(ink(draw_strip(shifted, 1)), plain, atol=0.011)
    np.testing.assert_allclose(ink(draw_strip(louder, 1)), plain * [1, 2], atol=0.011)


def test_missing_signal_stays_blank_and_says_so(analysis_of: Callable[..., Analysis]) -> None:
    recording = simulate(10, 250, seed=5)
    recording.signal[500:1000] = np.nan
    strip = draw_strip(analysis_of(recording, bad=(Stretch(500, 1000, "missing"),)), 0)
    x = ink(strip)[:, 0]
    assert not ((x > 50) & (x < 100)).any()
    assert (x < 50).any()
    assert (x > 100).any()
    assert '<rect class="bad" x="60.00"' in strip.svg
    assert ">missing</text>" in strip.svg
    lost = draw_strip(analysis_of(recording, bad=(Stretch(500, 1000, "missing"),)), 2.5, 1)
    assert '<path class="ink"' not in lost.svg


def test_paper_grows_with_the_curve_until_it_must_cut(
    analysis_of: Callable[..., Analysis],
) -> None:
    heights = []
    for mv in (0.1, 1, 3, 5, 20):
        strip = draw_strip(analysis_of(spikes(250, 7, mv)), 0)
        heights.append(side(strip, "height") - 13)
        assert strip.clipped == (mv == 20)
    assert heights[0] == heights[1] == 25
    assert 25 < heights[2] < heights[3] <= 70
    assert heights[4] <= 70


def test_beats_are_named_where_they_are(five_minutes: Analysis) -> None:
    strip = draw_strip(five_minutes, 20, 7)
    shown = re.findall(r'<text class="letter [NSVFQ]" x="([\d.]+)" y="4">([NSVFQ])\??<', strip.svg)
    time_s = five_minutes.beats.time_s
    inside = (time_s >= 20) & (time_s < 27)
    assert [name for _, name in shown] == five_minutes.labels.aami[inside].tolist()
    expected = np.clip(10 + 25 * (time_s[inside] - 20), 0, 185 - 1.6)
    np.testing.assert_allclose([float(x) for x, _ in shown], expected, atol=0.01)


def test_examples_show_typical_and_doubtful_beats_apart(five_minutes: Analysis) -> None:
    shapes = average_beats(five_minutes)
    labels, time_s = five_minutes.labels, five_minutes.beats.time_s
    for label in "NSVF":
        chosen = examples(five_minutes, shapes, label)
        beats = [example.beat for example in chosen]
        assert set(labels.aami[beats]) == {label}
        assert min(np.diff(np.sort(time_s[beats])), default=7) >= 7
        confidence = labels.confidence[labels.aami == label]
        for example in chosen:
            if example.kind == "typical":
                assert labels.confidence[example.beat] >= np.median(confidence)
                assert not labels.abstained[example.beat]
            else:
                assert labels.confidence[example.beat] <= np.median(confidence)
    assert examples(five_minutes, shapes, "Q") == []


def test_the_average_beat_comes_through_noise(analysis_of: Callable[..., Analysis]) -> None:
    clean = simulate(120, 250, seed=2, pattern="NNV", noise_mv=0, wander_mv=0)
    noisy = simulate(120, 250, seed=2, pattern="NNV", noise_mv=0.1, wander_mv=0)
    wanted, found = average_beats(analysis_of(clean)), average_beats(analysis_of(noisy))
    assert list(found) == ["N", "V"]
    for label, shape in found.items():
        assert np.abs(shape.mean - wanted[label].mean).max() < 0.06
        assert (shape.low <= shape.high).all()
        assert len(shape.mean) == len(shape.time_s) == 200
