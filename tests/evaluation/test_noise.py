"""The noise stress test: where noise is, how large it is, and what it leaves alone."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ectopy.beats.value import Beats
from ectopy.errors import AnnotationError, DamagedFileError, RecordingError
from ectopy.evaluation.noise import (
    SNRS_DB,
    add_noise,
    load_noise,
    noise_rms,
    noisy_mask,
    rms_at_snr,
)
from ectopy.recording import Annotations, Recording, Source, read

PEAK_TO_PEAK_MV = (2.0, 0.5)
NOISY_S = [(300, 420), (540, 660), (780, 900)]
"""The noisy blocks of a record of 15 minutes."""


def clean(fs: float = 200.0, seconds: int = 900, symbols: str = "N") -> Recording:
    """One beat a second, of known height within 50 ms of its annotation, and a wave beyond."""
    at = np.round((np.arange(seconds) + 0.5) * fs).astype(np.int64)
    signal = np.zeros((round(seconds * fs), 2))
    symbol = np.array(list((symbols * seconds)[:seconds]))
    signal[at] = 0.75 * np.array(PEAK_TO_PEAK_MV)
    signal[at + round(0.04 * fs)] = -0.25 * np.array(PEAK_TO_PEAK_MV)
    signal[at + round(0.06 * fs)] = signal[at - round(0.06 * fs)] = 3.0
    notes = Annotations(at, symbol, np.full(seconds, ""))
    return Recording(signal, fs, ("MLII", "V1"), annotations=notes)


def hum(
    fs: float = 200.0, seconds: float = 1000.0, mv: tuple[float, ...] = (0.3, 4.0)
) -> Recording:
    """Sines of 5 Hz and of known height, which have the same size in every second."""
    t = np.arange(round(seconds * fs)) / fs
    signal = np.sin(2 * np.pi * 5 * t + 0.5)[:, None] * np.array(mv)
    return Recording(signal, fs, tuple(f"noise{k}" for k in range(len(mv))))


def added(noisy: Recording, recording: Recording) -> np.ndarray:
    return noisy.signal.astype(np.float64) - recording.signal


def sizes(noisy: Recording, recording: Recording) -> list[np.ndarray]:
    """RMS in mV of what was added in each noisy block, about its mean, for each lead."""
    noise = added(noisy, recording)
    bounds = [(round(a * noisy.fs), round(b * noisy.fs)) for a, b in NOISY_S]
    return [noise[start:stop].std(axis=0) for start, stop in bounds]


@pytest.mark.parametrize("fs", [128.0, 257.5, 360.0, 1000.0])
def test_blocks_are_two_minutes_each_after_five_at_every_rate(fs: float) -> None:
    mask = noisy_mask(round(800 * fs), fs)
    edges = np.flatnonzero(np.diff(mask.astype(int))) + 1
    np.testing.assert_allclose(edges / fs, [300, 420, 540, 660, 780], atol=0.5 / fs)
    assert not mask[0]
    assert mask[-1]
    assert not noisy_mask(round(300 * fs), fs).any()


@pytest.mark.parametrize("snr_db", SNRS_DB)
def test_the_noise_has_the_power_that_the_ratio_says(snr_db: float) -> None:
    recording = clean()
    wanted = np.array(PEAK_TO_PEAK_MV) / np.sqrt(8) / 10 ** (snr_db / 20)
    for size in sizes(add_noise(recording, hum(), snr_db), recording):
        np.testing.assert_allclose(size, wanted, rtol=1e-4)


def test_size_ignores_the_gain_of_the_noise_and_follows_that_of_the_signal() -> None:
    recording, noise = clean(), hum()
    plain = added(add_noise(recording, noise, 6), recording)
    louder = replace(noise, signal=noise.signal * 7 + 3)
    np.testing.assert_allclose(added(add_noise(recording, louder, 6), recording), plain, atol=1e-5)
    larger = replace(recording, signal=recording.signal * 2)
    np.testing.assert_allclose(added(add_noise(larger, noise, 6), larger), 2 * plain, atol=1e-5)


def test_few_odd_beats_and_bursts_and_all_late_ones_do_not_count() -> None:
    recording, noise = clean(), hum()
    before = rms_at_snr(recording, 0), noise_rms(noise)
    beats = recording.annotations.sample
    signal = recording.signal.copy()
    signal[beats[:280:20]] *= 20
    signal[beats[300:]] *= 20
    burst = noise.signal.copy()
    burst[: 14 * 200] *= 50
    burst[300 * 200 :] *= 50
    after = (
        rms_at_snr(replace(recording, signal=signal), 0),
        noise_rms(replace(noise, signal=burst)),
    )
    np.testing.assert_allclose(after, before, rtol=1e-6)


def test_only_normal_beats_set_the_size_unless_beats_are_given() -> None:
    recording = clean(symbols="NVRF+")
    signal = recording.signal.copy()
    at = recording.annotations.sample
    signal[at[np.isin(recording.annotations.symbol, ["V", "F", "+"])]] *= 5
    wide = replace(recording, signal=signal)
    np.testing.assert_allclose(rms_at_snr(wide, 6), rms_at_snr(recording, 6))
    ventricular = at[1::5]
    found = Beats(ventricular, np.ones(len(ventricular)), recording.fs, "MLII")
    np.testing.assert_allclose(
        rms_at_snr(replace(wide, annotations=None), 6, found) / rms_at_snr(recording, 6), 4
    )


def test_the_first_five_minutes_and_the_other_facts_stay() -> None:
    recording = replace(clean(), start=datetime(2020, 1, 2), source=Source("a.hea", "WFDB"))
    recording.signal[::3] = -0.0
    before = recording.signal.copy()
    noisy = add_noise(recording, hum(), 0)
    assert noisy.signal[: 300 * 200].tobytes() == before[: 300 * 200].tobytes()
    assert recording.signal.tobytes() == before.tobytes()
    assert noisy.annotations is recording.annotations
    assert (noisy.leads, noisy.start, noisy.fs) == (recording.leads, recording.start, 200)
    assert (noisy.source.path, noisy.source.format) == ("a.hea", "WFDB")
    told = noisy.source.inferred[-1]
    assert (told.what, told.value) == ("noise", "noise at 0 dB")
    gain = rms_at_snr(recording, 0) / noise_rms(hum())
    assert f"gain {gain[0]:.4g} on MLII, {gain[1]:.4g} on V1" in told.why


def test_blocks_without_noise_are_constant_and_the_level_never_jumps() -> None:
    recording, noise = clean(), hum()
    change = np.diff(added(add_noise(recording, noise, 0), recording), axis=0)
    noisy = noisy_mask(recording.n_samples, 200)[1:]
    assert np.abs(change[~noisy]).max() < 1e-5
    gain = rms_at_snr(recording, 0) / noise_rms(noise)
    steepest = 2 * np.sin(np.pi * 5 / 200) * np.array([0.3, 4.0]) * gain
    np.testing.assert_allclose(np.abs(change[noisy]).max(axis=0), steepest, rtol=0.01)


def test_noise_runs_on_while_it_is_not_added() -> None:
    recording = clean()
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((recording.n_samples, 2))
    change = np.diff(added(add_noise(recording, noise, 0), recording), axis=0)
    for start, stop in NOISY_S:
        here = slice(start * 200, stop * 200 - 1)
        ratio = change[here] / np.diff(noise, axis=0)[here]
        assert np.median(ratio, axis=0) == pytest.approx(
            rms_at_snr(recording, 0) / noise_rms(Recording(noise, 200, ("a", "b"))), rel=1e-3
        )
        assert np.corrcoef(change[here, 0], np.diff(noise[:, 0])[here])[0, 1] > 0.9999


def test_short_noise_repeats_without_a_step_and_one_lead_serves_all() -> None:
    recording = clean()
    noise = hum(seconds=7.03, mv=(1.0,))
    change = np.diff(added(add_noise(recording, noise, 0), recording), axis=0)
    period = noise.n_samples
    again = change[60_000 : 84_000 - 1 - period]
    np.testing.assert_allclose(change[60_000 + period : 84_000 - 1], again, atol=1e-5)
    np.testing.assert_allclose(change[:, 0], 4 * change[:, 1], atol=1e-5)
    assert np.abs(change[:, 0]).max() <= 2 * np.sin(np.pi * 5 / 200) * 1.01


def test_the_rates_of_signal_and_noise_do_not_matter() -> None:
    at_200 = added(add_noise(clean(200), hum(200), 6), clean(200))
    for fs, noise_fs in ((200.0, 360.0), (500.0, 250.0), (250.0, 1000.0)):
        recording = clean(fs)
        noise = added(add_noise(recording, hum(noise_fs), 6), recording)
        seconds = np.arange(300, 900, 0.02)
        there = noise[np.round(seconds * fs).astype(int)]
        here = at_200[np.round(seconds * 200).astype(int)]
        off = np.abs(there - here).max(axis=0) / np.ptp(here, axis=0)
        assert (off < 0.1).all(), "offsets may differ by the change within one sample"
        for size in sizes(add_noise(recording, hum(noise_fs), 6), recording):
            np.testing.assert_allclose(size, rms_at_snr(clean(200), 6), rtol=2e-3)


def test_the_same_input_gives_the_same_output() -> None:
    first, second = (add_noise(clean(), hum(360), -6) for _ in range(2))
    assert first.signal.tobytes() == second.signal.tobytes()


def test_noise_comes_in_whole_units_of_the_file_and_leaves_gaps_missing() -> None:
    recording = replace(clean(), resolution=(0.005, None))
    recording.signal[70_000:70_100] = np.nan
    noise = hum()
    noise.signal[100_000:100_050] = np.nan
    noisy = add_noise(recording, noise, 6)
    assert noisy.resolution == recording.resolution
    assert (np.isnan(noisy.signal) == np.isnan(recording.signal)).all()
    units = added(noisy, recording)[:, 0] / 0.005
    units = units[np.isfinite(units)]
    np.testing.assert_allclose(units, np.rint(units), atol=1e-3)
    assert np.ptp(units) > 100


def test_a_size_that_is_known_replaces_the_measured_one() -> None:
    recording, noise = clean(), hum()
    double = 2 * noise_rms(noise)
    half = added(add_noise(recording, noise, 6, noise_rms_mv=double), recording)
    np.testing.assert_allclose(
        2 * half, added(add_noise(recording, noise, 6), recording), atol=1e-5
    )


def test_refusals_say_what_is_wrong() -> None:
    recording, noise = clean(seconds=400), hum()
    for snr_db in (np.nan, np.inf, -np.inf):
        with pytest.raises(RecordingError, match="dB is not possible; give a finite number"):
            add_noise(recording, noise, snr_db)
    for notes in (None, clean(seconds=400, symbols="V").annotations):
        with pytest.raises(AnnotationError, match="no normal beats"):
            add_noise(replace(recording, annotations=notes), noise, 6)
    with pytest.raises(AnnotationError, match="at 250 Hz, the recording at 200 Hz"):
        add_noise(recording, noise, 6, beats=Beats(np.array([500]), np.ones(1), 250, "MLII"))
    with pytest.raises(RecordingError, match="silent in lead noise2"):
        add_noise(
            recording, np.column_stack([noise.signal[:, 0], np.full(noise.n_samples, 2.0)]), 6
        )
    with pytest.raises(RecordingError, match="lasts 290 s"):
        add_noise(clean(seconds=290), noise, 6)
    with pytest.raises(RecordingError, match="lead V1 is flat"):
        add_noise(replace(recording, signal=recording.signal * [1, 0]), noise, 6)
    for wrong in ([1.0], [1.0, 0.0], [np.nan, 1.0]):
        with pytest.raises(RecordingError, match="give a size above 0"):
            add_noise(recording, noise, 6, noise_rms_mv=wrong)


def test_noise_is_loaded_from_a_record_or_from_segments(tmp_path: Path) -> None:
    noise = hum(360, seconds=10)
    names, gains = ["noise1", "noise2"], [5000, 5000]
    wfdb.wrsamp("em", 360, ["mV", "mV"], names, noise.signal.astype(float), fmt=["16", "16"],
                adc_gain=gains, baseline=[0, 0], write_dir=str(tmp_path))  # fmt: skip
    np.testing.assert_allclose(load_noise(tmp_path / "em").signal, noise.signal, atol=2e-4)

    units = np.rint(noise.signal * 200).astype(np.int16)
    parts = {f"seg{k}": units[k * 300 : (k + 1) * 300] + 50 * k for k in range(12)}
    archive = tmp_path / "em.npz"
    np.savez(archive, **dict(reversed(parts.items())), fs=360, gain_adu_per_mV=200)
    loaded = load_noise(archive)
    assert (loaded.fs, loaded.n_samples) == (360, 3600)
    steps = np.diff(units / 200, axis=0)
    steps[299::300] = 0
    np.testing.assert_allclose(np.diff(loaded.signal, axis=0), steps, atol=1e-5)

    np.savez(tmp_path / "other.npz", fs=360, x=units)
    with pytest.raises(DamagedFileError, match=r"other.npz holds fs, x; an archive of noise holds"):
        load_noise(tmp_path / "other.npz")
    with pytest.raises(RecordingError, match="nowhere"):
        load_noise(tmp_path / "nowhere.npz")


def published_noise(data: Path, record: str, clean_record: Recording) -> np.ndarray:
    """What a published record differs by from record 118, in units of 1/200 mV.

    The headers state a baseline of 1024, the samples are centred already. The last sample, which
    differs by other amounts than all noise before it, is left out.
    """
    samples = np.fromfile(data / "noise" / f"{record}.dat", "<i2").reshape(-1, 2)
    return (samples - np.rint(clean_record.signal * 200))[:-1]


def decibels_off(ours: np.ndarray, theirs: np.ndarray) -> float:
    return abs(20 * np.log10(np.polyfit(ours, theirs, 1)[0]))


@pytest.mark.data
def test_the_record_at_6_db_and_its_noise_make_the_record_at_24_db(data: Path) -> None:
    recording = read(data / "mitdb" / "118")
    size = rms_at_snr(recording, 6)
    noise = published_noise(data, "118e06", recording) / 200
    noisy = add_noise(recording, noise, 24, noise_rms_mv=size)
    ours = np.rint(added(noisy, recording)[:-1] * 200)
    theirs = published_noise(data, "118e24", recording)
    for n, start in enumerate([0, *range(108_000, 650_000, 43_200)]):
        block = slice(start, 43_200 * n + 108_000)
        off = ours[block] - theirs[block]
        assert np.ptp(off, axis=0).max() <= (3 if n % 2 else 0), "rounding, at most"
        assert np.abs(off).max() <= n + 1, (
            "the tool cuts offsets down to whole units at each switch"
        )
        if n % 2:
            for lead in range(2):
                assert decibels_off(ours[block, lead], theirs[block, lead]) < 0.05


@pytest.mark.data
@pytest.mark.parametrize(("record", "snr_db"), [("118e06", 6.0), ("118e24", 24.0)])
def test_the_measured_gain_is_that_of_the_published_records(
    data: Path, record: str, snr_db: float
) -> None:
    """Measured in V1, where the noise is much the same throughout.

    The published gains rest on the first five minutes of the noise record, which never were added
    to a record and so are not among the noise recovered from one. In MLII the noise recovered from
    later minutes is several dB larger.
    """
    recording = read(data / "mitdb" / "118")
    noise = load_noise(data / "noise" / "em_noise_recovered_from_118e06.npz")
    block = slice(108_000, 151_200)
    theirs = published_noise(data, record, recording)[block, 1] / 200
    gain = (rms_at_snr(recording, snr_db) / noise_rms(noise))[1]
    assert decibels_off(gain * noise.signal[:43_200, 1], theirs) < 0.5
