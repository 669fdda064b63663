import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.errors import EctopyError, RecordingError
from ectopy.recording.value import Recording
from ectopy.simulate import simulate

CLEAN = {"noise_mv": 0.0, "wander_mv": 0.0}


def beats(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Times in seconds and kinds of the annotated beats."""
    assert recording.annotations is not None
    return recording.annotations.sample / recording.fs, recording.annotations.symbol


def around(recording: Recording, lead: int, low_s: float, high_s: float) -> np.ndarray:
    """The signal around each beat that lies whole inside, one row a beat."""
    assert recording.annotations is not None
    offsets = np.arange(round(low_s * recording.fs), round(high_s * recording.fs) + 1)
    index = recording.annotations.sample[:, None] + offsets
    inside = (index[:, 0] >= 0) & (index[:, -1] < recording.n_samples)
    return recording.signal[index[inside], lead]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([50.0, 100.0, 128.0, 257.3, 360.0, 500.0, 1000.0, 2000.0]),
    st.floats(40, 150),
    st.floats(2, 30),
)
def test_each_annotated_beat_is_the_extreme_of_its_qrs(
    seed: int, fs: float, rate: float, duration: float
) -> None:
    recording = simulate(duration, fs, seed=seed, rate_bpm=rate, **CLEAN)
    qrs = np.abs(around(recording, 0, -0.07, 0.07))
    here = qrs.shape[1] // 2
    assert np.abs(qrs.argmax(axis=1) - here).max(initial=0) <= 1
    assert recording.n_samples == round(duration * fs)
    assert recording.source.format == "simulated"
    assert np.abs(recording.signal).max() < 3


@pytest.mark.parametrize("fs", [90.0, 250.0, 333.0, 1800.0])
def test_the_sampling_rate_changes_neither_beats_nor_curve(fs: float) -> None:
    fine, other = simulate(60, 1800, seed=5, noise_mv=0), simulate(60, fs, seed=5, noise_mv=0)
    times, kinds = beats(other)
    fine_times, fine_kinds = beats(fine)
    assert np.array_equal(kinds, fine_kinds)
    assert np.abs(times - fine_times).max() <= 0.5 / fs + 0.5 / 1800
    shared = np.arange(60) * 1.0
    for lead in range(2):
        here = other.signal[np.rint(shared * fs).astype(int), lead]
        assert here == pytest.approx(fine.signal[(shared * 1800).astype(int), lead], abs=2e-5)


def test_a_seed_names_one_recording_and_a_longer_one_goes_on_from_it() -> None:
    short, again = simulate(20, 250, seed=1), simulate(20, 250, seed=1)
    assert np.array_equal(short.signal, again.signal)
    assert not np.array_equal(beats(short)[0], beats(simulate(20, 250, seed=2))[0])
    longer = simulate(90, 250, seed=1, noise_mv=0)
    shorter = simulate(20, 250, seed=1, noise_mv=0)
    assert longer.signal[: shorter.n_samples] == pytest.approx(shorter.signal, abs=1e-5)


def test_ventricular_beats_pause_for_the_sinus_clock_and_supraventricular_beats_reset_it() -> None:
    for kind, symbol in (("V", "V"), ("S", "A")):
        times, kinds = beats(simulate(120, 500, pattern="NNNNN" + kind))
        rr = np.diff(times)
        at = np.flatnonzero(kinds == symbol)
        at = at[(at > 2) & (at < len(rr) - 1)]
        sinus, coupling, pause = rr[at - 2], rr[at - 1], rr[at]
        assert (coupling < 0.8 * sinus).all()
        around_it = (coupling + pause) / sinus
        if kind == "V":
            assert around_it == pytest.approx(2, abs=0.15)
        else:
            assert (around_it < 1.9).all()
            assert (pause > sinus * 0.95).all()


def test_the_waves_have_the_size_and_place_of_an_ecg() -> None:
    normal = around(simulate(60, 1000, pattern="N", rate_bpm=60, **CLEAN), 0, -0.35, 0.5)
    beat = normal.mean(axis=0)
    time = np.arange(-350, 501) / 1000
    p, qrs, t = (beat[(time > a) & (time < b)] for a, b in ((-0.3, -0.06), (-0.06, 0.06), (0.1, 1)))
    assert 0.08 < p.max() < 0.2
    assert 0.9 < qrs.max() < 1.5
    assert -0.35 < qrs.min() < -0.1
    assert 0.15 < t.max() < 0.4
    assert np.abs(beat[(time > 0.06) & (time < 0.09)]).max() < 0.05
    onset = time[(np.abs(beat) > 0.02) & (time < -0.06)].min()
    assert 0.12 < -0.04 - onset < 0.2
    end = time[np.abs(beat) > 0.02].max()
    assert 0.34 < end + 0.04 < 0.44

    wide = around(simulate(60, 1000, pattern="NNNV", rate_bpm=60, **CLEAN), 0, -0.35, 0.5)
    widths = (np.abs(wide[:, 270:431]) > 0.5 * wide[:, 350:351]).sum(axis=1)
    assert np.quantile(widths, 0.95) > 2.5 * np.median(widths)
    ventricular = wide[widths > 2 * np.median(widths)]
    assert (ventricular[:, 550:700].min(axis=1) < -0.3).all()
    assert np.abs(ventricular[:, 150:270]).max() < 0.05


def test_fusion_lies_between_its_two_parents() -> None:
    width = {}
    for pattern, symbol in (("N", "N"), ("NF", "F"), ("NV", "V")):
        recording = simulate(60, 500, pattern=pattern, **CLEAN)
        at = recording.annotations.sample[recording.annotations.symbol == symbol][1:-1]
        areas = [np.abs(recording.signal[k - 35 : k + 45, 0]).sum() for k in at]
        width[symbol] = np.median(areas)
    assert 1.2 * width["N"] < width["F"] < 0.8 * width["V"]


@pytest.mark.parametrize("fibrillating", [False, True])
@pytest.mark.parametrize("rate", [30, 75, 180])
def test_beats_come_in_the_order_of_the_pattern(rate: float, fibrillating: bool) -> None:
    for seed in range(5):
        recording = simulate(
            30, seed=seed, rate_bpm=rate, pattern="VNSFNN", atrial_fibrillation=fibrillating
        )
        text = "".join(beats(recording)[1])
        assert len(text) > 10
        assert text == ("VNAFNN" * len(text))[: len(text)]


def test_five_minutes_hold_every_kind_and_every_episode() -> None:
    for seed in range(5):
        text = "".join(beats(simulate(300, 100, seed=seed))[1])
        assert set(text) == set("NAVF")
        for episode in ("NVVN", "NVVVVVN", "NVNVNVN", "VNNVNNVNNV", "AAAA"):
            assert episode in text


def test_atrial_fibrillation_is_irregular_and_has_no_p_wave() -> None:
    sinus = simulate(60, 250, pattern="N", **CLEAN)
    af = simulate(60, 250, pattern="N", atrial_fibrillation=True, **CLEAN)
    assert np.diff(beats(af)[0]).std() > 4 * np.diff(beats(sinus)[0]).std()
    p_sinus, p_af = (around(r, 0, -0.19, -0.11).mean() for r in (sinus, af))
    assert p_sinus > 0.05
    assert abs(p_af) < 0.02


def test_noise_wander_and_hum_have_the_size_that_was_asked_for() -> None:
    clean = simulate(120, 360, pattern="N", **CLEAN).signal
    noise = simulate(120, 360, pattern="N", noise_mv=0.02, wander_mv=0).signal - clean
    assert 0.01 < noise.std() < 0.035
    wander = simulate(120, 360, pattern="N", noise_mv=0, wander_mv=0.3).signal - clean
    assert 0.15 < np.abs(wander).max() < 0.6
    assert np.abs(np.diff(wander, axis=0)).max() < 0.005
    hum = simulate(120, 360, pattern="N", mains_mv=0.05, **CLEAN).signal - clean
    spectrum = np.abs(np.fft.rfft(hum[:, 0]))
    assert np.fft.rfftfreq(len(hum), 1 / 360)[spectrum.argmax()] == pytest.approx(50)
    assert np.abs(hum).max() == pytest.approx(0.05, rel=0.01)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"duration_s": 1.9}, "1.9 s"),
        ({"duration_s": float("nan")}, "nan s"),
        ({"fs": 20}, "20 Hz"),
        ({"rate_bpm": 300}, "300 beats"),
        ({"pattern": ""}, "''"),
        ({"pattern": "NXV"}, "'NXV'"),
    ],
)
def test_what_cannot_be_simulated_is_said(settings: dict[str, float], said: str) -> None:
    with pytest.raises(EctopyError, match=said) as caught:
        simulate(**settings)
    assert "\n" not in str(caught.value)


def test_a_heart_goes_from_rest_to_exercise() -> None:
    def rate(time_s: np.ndarray) -> np.ndarray:
        return np.where(time_s < 60, 60.0, 150.0)

    at, _ = beats(simulate(120, 125, rate_bpm=rate, pattern="N", **CLEAN))
    for start, bpm in ((5, 60), (65, 150)):
        inside = at[(at >= start) & (at < start + 50)]
        assert 60 / np.diff(inside).mean() == pytest.approx(bpm, rel=0.15)


def test_a_course_that_cannot_be_simulated_is_said() -> None:
    with pytest.raises(RecordingError, match="190 beats"):
        simulate(10, 125, rate_bpm=lambda time_s: 190 + time_s)
    with pytest.raises(RecordingError, match="nan beats"):
        simulate(10, 125, rate_bpm=lambda time_s: time_s * np.nan)
    with pytest.raises(RecordingError, match="one for each"):
        simulate(10, 125, rate_bpm=lambda time_s: time_s[:5])
