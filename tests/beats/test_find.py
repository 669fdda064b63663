"""Beats are where they are, whatever the rate, gain, offset, polarity or length."""

from dataclasses import replace

import numpy as np
import pytest

from ectopy.beats import find, find_beats
from ectopy.errors import ModelError, UnknownLeadError
from ectopy.labels.aami import BEAT_SYMBOLS
from ectopy.recording import Recording, read
from ectopy.simulate import simulate


def lead_of(signal, fs=360.0):
    return Recording(np.asarray(signal, np.float32)[:, None], fs, ("I",))


def matched(reference, found, within):
    """How many of `reference` have their own beat of `found` at most `within` away."""
    gaps = np.abs(reference[:, None] - found[None, :]) <= within
    assert gaps.sum(axis=1).max() <= 1
    return int(gaps.any(axis=1).sum())


@pytest.fixture(scope="module")
def simulated():
    return simulate(300, seed=3)


@pytest.mark.parametrize("fs", [100, 125, 128, 250, 257.3, 500, 1000])
def test_every_beat_is_found_at_any_rate(fs):
    recording = simulate(120, fs, seed=5)
    beats = find_beats(recording)
    truth = recording.annotations.sample / fs
    assert len(truth) - 1 <= len(beats) <= len(truth)
    assert matched(truth, beats.time_s, 0.02) == len(beats)


@pytest.mark.parametrize("fs", [100, 128, 250, 500, 1000])
def test_the_same_beats_are_found_at_any_rate(simulated, fs):
    expected = find_beats(simulated).time_s
    found = find_beats(simulate(300, fs, seed=3)).time_s
    assert matched(expected, found, 0.02) >= 0.99 * max(len(expected), len(found))


@pytest.mark.parametrize(
    "change",
    [lambda x: -x, lambda x: 0.1 * x, lambda x: 10 * x, lambda x: x + 5, lambda x: -3 * x - 2],
    ids=["inverted", "a tenth", "tenfold", "offset", "all"],
)
def test_gain_offset_and_polarity_make_no_difference(simulated, change):
    beats = find_beats(simulated, "II")
    changed = find_beats(lead_of(change(simulated.lead("II"))))
    np.testing.assert_array_equal(beats.sample, changed.sample)
    np.testing.assert_allclose(beats.quality, changed.quality, atol=0.01)


def test_pieces_give_what_one_search_gives(monkeypatch):
    long = simulate(1800, 250, seed=1, noise_mv=0.05)
    whole = find_beats(long)
    monkeypatch.setattr(find, "PIECE_S", 100.0)
    pieces = find_beats(long)
    np.testing.assert_array_equal(whole.sample, pieces.sample)
    np.testing.assert_allclose(whole.quality, pieces.quality, atol=0.02)


@pytest.mark.data
def test_pieces_give_what_one_search_gives_on_real_hearts(data, monkeypatch):
    for record in ("100", "119", "203", "207", "208", "228"):
        recording = read(data / "mitdb" / record)
        whole = find_beats(recording)
        with monkeypatch.context() as patch:
            patch.setattr(find, "PIECE_S", 300.0)
            pieces = find_beats(recording)
        np.testing.assert_array_equal(whole.sample, pieces.sample)


@pytest.mark.data
@pytest.mark.parametrize("record", ["100", "105", "116", "208", "221", "232"])
def test_real_beats_are_found(data, record):
    recording = read(data / "mitdb" / record)
    notes = recording.annotations
    truth = notes.sample[np.isin(notes.symbol, list(BEAT_SYMBOLS))]
    found = find_beats(recording).sample
    hits = matched(truth, found, 54)
    assert hits / len(truth) > 0.99
    assert hits / len(found) > 0.985


@pytest.mark.data
def test_r_peaks_are_where_experts_put_them(data):
    """Median distance over records of different shape within 5 ms."""
    for record in ("100", "103", "105", "119", "208", "213", "221", "233"):
        recording = read(data / "mitdb" / record)
        notes = recording.annotations
        truth = notes.sample[np.isin(notes.symbol, list(BEAT_SYMBOLS))]
        found = find_beats(recording).sample
        nearest = found[np.abs(found[None, :] - truth[:, None]).argmin(axis=1)] - truth
        assert abs(np.median(nearest)) / 360 <= 0.005


def test_missing_signal_holds_no_beats_and_is_not_bridged(simulated):
    signal = simulated.signal.copy()
    signal[30_000:50_000] = np.nan
    beats = find_beats(replace(simulated, signal=signal))
    assert not ((beats.sample >= 30_000) & (beats.sample < 50_000)).any()
    assert [(s.start, s.stop) for s in beats.bad if s.reason == "missing"] == [(30_000, 50_000)]
    after = np.searchsorted(beats.sample, 50_000)
    assert np.isnan(beats.rr_s[after])
    assert np.isfinite(beats.rr_s[after + 1])
    whole = find_beats(simulated).sample
    away = (whole < 29_000) | (whole > 52_000)
    assert matched(whole[away], beats.sample, 2) >= 0.99 * away.sum()


@pytest.mark.parametrize("reason", ["flat", "saturated"])
def test_dead_stretches_are_marked(simulated, reason):
    signal = simulated.lead("II").copy()
    signal[20_000:22_000] = 0.25 if reason == "flat" else signal.max() + 1
    beats = find_beats(lead_of(signal))
    dead = [s for s in beats.bad if s.reason in {"flat", "saturated"}]
    assert len(dead) == 1
    assert abs(dead[0].start - 20_000) <= 1
    assert abs(dead[0].stop - 22_000) <= 1
    assert not ((beats.sample > 20_000) & (beats.sample < 22_000)).any()


def test_noise_lowers_quality(simulated):
    clean = simulated.lead("II")
    noisy = clean.copy()
    random = np.random.default_rng(0)
    noisy[54_000:] += random.normal(0, 1.0, len(noisy) - 54_000).astype(np.float32)
    beats = find_beats(lead_of(noisy))
    early, late = beats.quality[beats.sample < 50_000], beats.quality[beats.sample > 58_000]
    assert early.min() > 0.8
    assert np.median(late) < 0.3
    assert any(s.reason == "noisy" and s.start > 50_000 for s in beats.bad)
    assert not any(s.reason == "noisy" and s.stop < 50_000 for s in beats.bad)


@pytest.mark.parametrize(
    "signal",
    {
        "white noise": np.random.default_rng(0).normal(size=36_000),
        "random walk": np.random.default_rng(0).normal(size=36_000).cumsum(),
        "square wave": np.arange(36_000) // 180 % 2,
        "alternating": np.arange(36_000) % 2,
        "clipped noise": np.random.default_rng(0).normal(0, 5, 36_000).clip(-1, 1),
        "a spike": np.eye(1, 36_000, 18_000)[0] * 1e6,
        "tiny": np.random.default_rng(0).normal(size=36_000) * 1e-30,
        "huge": np.random.default_rng(0).normal(size=36_000) * 1e30,
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_no_ecg_ends_without_confident_beats(signal):
    beats = find_beats(lead_of(signal[1]))
    assert len(beats) < 36_000 / 360 * 5
    assert not len(beats) or np.median(beats.quality) < 0.55


@pytest.mark.parametrize("seconds", [2, 2.5, 5])
def test_short_strips(seconds):
    beats = find_beats(simulate(seconds, seed=2))
    assert len(beats) >= 1


def test_constant_signal_has_no_beats():
    beats = find_beats(lead_of(np.full(3600, 0.7)))
    assert len(beats) == 0
    assert [s.reason for s in beats.bad] == ["flat"]


def test_lead_by_name_number_and_default(simulated):
    assert find_beats(simulated).lead == "II"
    assert find_beats(simulated, "v1").lead == "V1"
    assert find_beats(simulated, "1").lead == "V1"
    assert find_beats(simulated, 1).lead == "V1"
    with pytest.raises(UnknownLeadError, match=r"no lead 'V9'; this recording has II, V1"):
        find_beats(simulated, "V9")


def test_a_dead_lead_is_passed_over(simulated):
    signal = simulated.signal.copy()
    signal[:, 0] = 0
    assert find_beats(replace(simulated, signal=signal)).lead == "V1"


def heart(*parts, fs=250, noise_mv=0.01):
    """Parts of simulated rhythm, or seconds of a line without beats, and where the beats are."""
    random, signals, beats, length = np.random.default_rng(5), [], [], 0
    for k, part in enumerate(parts):
        if isinstance(part, int | float):
            signals.append(np.zeros(int(part * fs)))
        else:
            made = simulate(fs=fs, seed=k, noise_mv=0, wander_mv=0, **part)
            signals.append(made.signal[:, 0])
            beats.append(made.annotations.sample + length)
        length += len(signals[-1])
    signal = np.concatenate(signals) + random.normal(0, noise_mv, length)
    return lead_of(signal, fs), np.concatenate(beats)


def errors(recording, truth, within=0.05):
    found = find_beats(recording).sample
    hits = matched(truth, found, within * recording.fs)
    return len(truth) - hits, len(found) - hits


@pytest.mark.parametrize("seconds", [4, 8, 12, 20, 60])
def test_a_pause_stays_a_pause(seconds):
    rhythm = {"duration_s": 25, "rate_bpm": 75, "pattern": "N"}
    recording, truth = heart(rhythm, seconds, rhythm)
    missed, extra = errors(recording, truth)
    assert missed + extra <= 1


@pytest.mark.parametrize("rate", [30, 40, 150, 180])
@pytest.mark.parametrize("noise_mv", [0, 0.02])
def test_slow_and_fast_hearts(rate, noise_mv):
    recording, truth = heart(
        {"duration_s": 60, "rate_bpm": rate, "pattern": "N"}, noise_mv=noise_mv
    )
    missed, extra = errors(recording, truth)
    assert missed <= max(1, 0.02 * len(truth))
    assert extra <= max(1, 0.02 * len(truth))


@pytest.mark.parametrize("rate", [70, 90, 110])
def test_early_wide_beats_are_not_taken_for_t_waves(rate):
    recording, truth = heart({"duration_s": 60, "rate_bpm": rate, "pattern": "NV"})
    missed, extra = errors(recording, truth)
    assert missed <= 0.03 * len(truth)
    assert extra <= 0.03 * len(truth)


def test_coarse_steps_do_not_make_a_slow_heart_flat():
    recording, truth = heart({"duration_s": 60, "rate_bpm": 35, "pattern": "N"}, noise_mv=0)
    coarse = np.round(recording.signal[:, 0] / 0.02) * 0.02
    beats = find_beats(lead_of(coarse, 250))
    assert abs(len(beats) - len(truth)) <= 1
    assert not beats.bad


def test_a_baseline_on_the_rail_is_not_saturation(simulated):
    clipped = np.maximum(np.round(simulated.lead("II") / 0.01) * 0.01, 0)
    beats = find_beats(lead_of(clipped))
    assert abs(len(beats) - len(find_beats(simulated, "II"))) <= 4


@pytest.mark.parametrize("seconds", [2, 3, 5, 8])
def test_the_end_of_a_strip_makes_no_beats(seconds):
    recording, truth = heart({"duration_s": seconds, "rate_bpm": 60, "pattern": "N"})
    inside = truth[(truth > 30) & (truth < recording.n_samples - 30)]
    found = find_beats(recording).sample
    assert matched(inside, found, 12) == len(inside)
    assert len(found) <= len(truth)


def test_several_leads_decide_better_than_a_noisy_one(simulated):
    random = np.random.default_rng(2)
    signal = simulated.signal.copy()
    signal[:, 0] += random.normal(0, 0.5, len(signal)).astype(np.float32)
    noisy = replace(simulated, signal=signal)
    truth = simulated.annotations.sample
    alone, together = (find_beats(noisy, lead).sample for lead in (0, None))

    def wrong(found):
        hits = matched(truth, found, 54)
        return len(truth) + len(found) - 2 * hits

    assert wrong(together) < wrong(alone)


def test_a_damaged_detector_is_an_error(simulated, tmp_path):
    with pytest.raises(ModelError, match=r"its card\.json cannot be read"):
        find_beats(simulated, detector=tmp_path)


@pytest.mark.parametrize(("height_mv", "ahead_s"), [(3, 0.06), (3, 0.16), (5, 0.2), (2, 0.03)])
@pytest.mark.parametrize("fs", [360, 500])
def test_spikes_of_a_pacemaker_are_no_beats(fs, height_mv, ahead_s):
    rhythm = {"duration_s": 60, "rate_bpm": 70, "pattern": "N"}
    recording, truth = heart(rhythm, fs=fs)
    spiked = recording.signal[:, 0].copy()
    for at in truth - round(ahead_s * fs):
        if at >= 0:
            spiked[at : at + max(1, round(0.004 * fs))] += height_mv
    missed, extra = errors(lead_of(spiked, fs), truth)
    assert missed <= 1
    assert extra <= 1


@pytest.mark.data
def test_what_all_leads_lack_keeps_none_of_them_from_deciding(data):
    """In lead II of this file T waves are taller than the QRS complexes; its end is padding."""
    recording = read(data / "formats" / "philips_sierra_xml" / "1_03_129DYPRG.XML")
    assert [stretch.reason for stretch in find_beats(recording, "I").bad] == ["missing"]
    assert find.choose_leads(recording) == ("II", "I", "III")
    beats = find_beats(recording)
    assert len(beats) == len(find_beats(recording, "I")) == 7
    np.testing.assert_allclose(beats.time_s, find_beats(recording, "I").time_s, atol=0.05)


def noise_of(kind, n, fs):
    random = np.random.default_rng(7)
    if kind == "mains":
        return 0.5 * np.sin(2 * np.pi * 50 * np.arange(n) / fs) + random.normal(0, 0.02, n)
    return np.convolve(random.normal(0, 0.5, n), np.ones(5) / 5, "same")


@pytest.mark.parametrize("kind", ["mains", "muscle"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_lead_that_is_nothing_but_noise_is_left_out(simulated, kind, place):
    good = simulated.signal
    noise = noise_of(kind, len(good), simulated.fs)
    leads = np.delete(["A", "B", "C"], place).tolist()
    names = tuple("NOISE" if k == place else leads.pop(0) for k in range(3))
    beats = find_beats(Recording(np.insert(good, place, noise, axis=1), simulated.fs, names))
    expected = find_beats(replace(simulated, leads=tuple(np.delete(names, place).tolist())))
    assert (beats.lead, beats.others) == (expected.lead, expected.others)
    np.testing.assert_array_equal(beats.sample, expected.sample)
    np.testing.assert_array_equal(beats.quality, expected.quality)


def test_noise_stays_where_there_is_nothing_better_or_it_is_asked_for(simulated):
    good, n = simulated.lead("II"), simulated.n_samples
    noise, other = noise_of("mains", n, simulated.fs), noise_of("muscle", n, simulated.fs)
    signal = np.column_stack([noise, other, np.zeros(n)]).astype(np.float32)
    all_bad = find_beats(Recording(signal, simulated.fs, ("A", "B", "FLAT")))
    assert (all_bad.lead, all_bad.others) == ("A", ("B",))
    assert np.median(all_bad.quality) < 0.3
    signal = np.column_stack([noise, good]).astype(np.float32)
    assert find_beats(Recording(signal, simulated.fs, ("A", "B")), "A").lead == "A"


@pytest.mark.data
def test_a_lead_of_ten_seconds_that_is_noise_is_passed_over(data):
    recording = read(data / "ptbxl" / "records100" / "00000" / "00155_lr")
    beats, of_noise = find_beats(recording), find_beats(recording, "II")
    assert (beats.lead, beats.others) == ("I", ("III", "AVR"))
    assert np.median(of_noise.quality) < 0.3 < 0.9 < np.median(beats.quality)
