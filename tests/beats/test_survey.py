"""What a look at the signal tells is what was put into it."""

from dataclasses import replace

import numpy as np
import pytest

from ectopy.beats import find_beats
from ectopy.beats.survey import mains_noise, survey
from ectopy.recording import Recording
from ectopy.simulate import simulate

FS = 250


@pytest.fixture(scope="module")
def heart() -> Recording:
    return simulate(60, FS, seed=6)


def test_polarity_turns_with_the_signal(heart: Recording) -> None:
    up = Recording(heart.lead("II"), FS, ("II",))
    down = Recording(3 - 0.2 * heart.lead("II"), FS, ("II",))
    assert (survey(up).polarity, survey(down).polarity) == ("upright", "inverted")
    noise = np.random.default_rng(0).standard_normal(600).astype(np.float32)
    assert survey(Recording(noise, FS, ("II",))).polarity in ("", "biphasic")
    assert survey(Recording(np.zeros(6000), FS, ("II",))).polarity == ""


@pytest.mark.parametrize("hz", [50.0, 60.0])
@pytest.mark.parametrize("fs", [125, 250, 500])
def test_mains_noise_is_measured_in_mv(hz: float, fs: int) -> None:
    clean = simulate(30, fs, seed=6).lead("II")
    hum = 0.1 * np.sqrt(2) * np.sin(2 * np.pi * hz * np.arange(len(clean)) / fs)
    found = mains_noise((clean + hum).astype(np.float32), fs)
    if fs / 2 < hz + 2:
        assert found is None or found.hz != hz
        return
    assert found is not None
    assert (found.hz, found.rms_mv) == (hz, pytest.approx(0.1, rel=0.05))
    before = mains_noise(clean, fs)
    assert before is not None
    assert before.rms_mv < 0.01
    assert before.share < 0.01 < found.share < 1


def test_dead_stretches_are_told_for_each_lead_and_hold_no_beats(heart: Recording) -> None:
    signal = heart.signal.copy()
    signal[2000:4000, 0] = np.nan
    signal[9000:11000, 0] = signal[9000, 0]
    signal[5000:5750, 1] = 5.0
    broken = replace(heart, signal=signal)
    found = survey(broken)
    first = [(s.reason, s.start, s.stop) for s in found.dead[0]]
    assert [name for name, _, _ in first] == ["missing", "flat"]
    assert (first[0][1:], first[1][1:]) == ((2000, 4000), pytest.approx((9000, 11000), abs=2))
    assert [s.reason for s in found.dead[1]] == ["saturated"]
    assert (found.lead, found.why) == ("II", "lead II shows the rhythm best")
    at = find_beats(broken).sample
    assert not (((at >= 2000) & (at < 4000)) | ((at > 9001) & (at < 10999))).any()


def test_nothing_is_filtered_across_a_gap(heart: Recording) -> None:
    """What lies before a gap comes out the same, whatever lies behind it."""
    calm, wild = heart.signal.copy(), heart.signal.copy()
    calm[7000:7500] = wild[7000:7500] = np.nan
    wild[7500:] += 50 * np.random.default_rng(1).standard_normal(wild[7500:].shape)
    beats = [find_beats(replace(heart, signal=signal), "II") for signal in (calm, wild)]
    before = [each.sample < 7000 for each in beats]
    np.testing.assert_array_equal(beats[0].sample[before[0]], beats[1].sample[before[1]])
    np.testing.assert_array_equal(beats[0].quality[before[0]], beats[1].quality[before[1]])
    assert before[0].sum() > 20
    after = np.flatnonzero(beats[0].sample >= 7500)
    assert np.isnan(beats[0].rr_s[after[0]])


def test_two_seconds_are_enough() -> None:
    short = simulate(2.0, FS, seed=6)
    found = survey(short)
    assert found.lead == "II"
    assert found.mains is not None
