import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.beats.value import Beats, Stretch
from ectopy.errors import ModelError
from ectopy.labels.aami import AAMI_CLASSES, aami_class
from ectopy.labels.value import Labels
from ectopy.recording.value import Annotations
from ectopy.rhythm import Rhythm, find_rhythm
from ectopy.simulate import simulate
from ectopy.trends import fastest_and_slowest

FS = 250.0


def name(kinds: str) -> Labels:
    aami = np.array(list(kinds), dtype="<U1")
    n = len(aami)
    probability = (aami[:, None] == np.array(AAMI_CLASSES)).astype(np.float32)
    nothing = np.full(n, "")
    return Labels(aami, probability, np.zeros(n, bool), nothing, "known", "")


def place(rr: list[float] | np.ndarray, fs: float = FS, bad: tuple[Stretch, ...] = ()) -> Beats:
    """Beats with these intervals between them, the first at 1 s."""
    sample = np.rint((1 + np.concatenate([[0], np.cumsum(rr)])) * fs).astype(np.int64)
    return Beats(sample, np.ones(len(sample), np.float32), fs, "II", bad)


def rhythm_of(kinds: str, gap_before: int | None = None) -> Rhythm:
    """The rhythm of beats every 0.8 s, with missing signal before one of them."""
    beats = place([0.8] * (len(kinds) - 1))
    if gap_before is not None:
        start = int(beats.sample[gap_before - 1]) + 50
        beats = place([0.8] * (len(kinds) - 1), bad=(Stretch(start, start + 9, "missing"),))
    return find_rhythm(beats, name(kinds))


def found(rhythm: Rhythm) -> list[tuple[str, int, int]]:
    return [(e.kind + e.label, e.first, e.last) for e in rhythm.episodes]


def of_annotations(annotations: Annotations, fs: float) -> Rhythm:
    classes = [aami_class(symbol) for symbol in annotations.symbol]
    sample = annotations.sample[[kind is not None for kind in classes]]
    beats = Beats(sample, np.ones(len(sample), np.float32), fs, "II")
    return find_rhythm(beats, name("".join(kind for kind in classes if kind)))


@pytest.mark.parametrize(
    ("kinds", "episodes"),
    [
        ("NNNNNNNN", []),
        ("NNVNNSNN", []),
        ("NNVVNN", [("coupletV", 2, 3)]),
        ("NVVVNSSN", [("runV", 1, 3), ("coupletS", 5, 6)]),
        ("VVVVV", [("runV", 0, 4)]),
        ("NVSVSN", []),
        ("NVVFVVN", [("coupletV", 1, 2), ("coupletV", 4, 5)]),
        ("NVNVN", []),
        ("NNVNVNVNN", [("bigeminyV", 1, 6)]),
        ("VNSNSNSNSNNN", [("bigeminyS", 1, 8)]),
        ("NVNSNVNSNV", []),
        ("NVNVNVVN", [("coupletV", 5, 6)]),
        ("NVNVNVNVVN", [("bigeminyV", 0, 5), ("coupletV", 7, 8)]),
        ("NNNVNNVNNVNNN", [("trigeminyV", 1, 9)]),
        ("NNVNNVNNN", []),
        ("NNVNNVNNVNVNVN", [("trigeminyV", 0, 8), ("bigeminyV", 7, 12)]),
    ],
)
def test_patterns_are_found_where_they_are(
    kinds: str, episodes: list[tuple[str, int, int]]
) -> None:
    assert found(rhythm_of(kinds)) == episodes


@pytest.mark.parametrize(
    ("kinds", "gap_before", "episodes"),
    [
        ("NVVVVVN", 3, [("coupletV", 1, 2), ("runV", 3, 5)]),
        ("NVVN", 2, []),
        ("NVNVNVNVNVNV", 6, [("bigeminyV", 0, 5), ("bigeminyV", 6, 11)]),
        ("NVNVNVNV", 4, []),
        ("NNVNNVNNV", 8, []),
    ],
)
def test_missing_signal_breaks_a_pattern(
    kinds: str, gap_before: int, episodes: list[tuple[str, int, int]]
) -> None:
    assert found(rhythm_of(kinds, gap_before)) == episodes


@given(st.text("NVSF", min_size=1, max_size=60))
def test_runs_and_couplets_are_the_groups_of_equal_ectopic_beats(kinds: str) -> None:
    expected = []
    for kind, group in itertools.groupby(enumerate(kinds), key=lambda pair: pair[1]):
        places = [place for place, _ in group]
        if kind in "VS" and len(places) > 1:
            what = "couplet" if len(places) == 2 else "run"
            expected.append((what + kind, places[0], places[-1]))
    episodes = rhythm_of(kinds).episodes
    assert [
        (e.kind + e.label, e.first, e.last) for e in episodes if e.kind in ("run", "couplet")
    ] == expected
    for e in episodes:
        word = kinds[e.first : e.last + 1]
        assert e.n_beats == len(word)
        if e.kind == "bigeminy":
            assert word == ("N" + e.label) * (len(word) // 2)
        if e.kind == "trigeminy":
            assert word == ("NN" + e.label) * (len(word) // 3)


def test_an_episode_tells_its_time_and_rate() -> None:
    beats = place([0.8, 0.5, 0.4, 0.4, 2.5, 0.8])
    run, pause = find_rhythm(beats, name("NNVVVNN")).episodes
    assert (run.kind, run.n_beats, run.start_s, run.stop_s) == ("run", 3, 2.3, 3.1)
    assert run.rate_bpm == pytest.approx(150)
    assert (pause.kind, pause.label, pause.first, pause.last) == ("pause", "", 4, 5)
    assert pause.rate_bpm == pytest.approx(24)


def test_a_pause_is_longer_than_two_seconds_of_signal_that_is_there() -> None:
    rr = [0.8, 2.0, 0.8, 2.1, 0.8, 3.0, 0.8]
    beats = place(rr)
    silent = int(beats.sample[5]) + 100
    for reason, expected in (("flat", [(3, 4)]), ("noisy", [(3, 4), (5, 6)])):
        marked = place(rr, bad=(Stretch(silent, silent + 300, reason),))
        pauses = find_rhythm(marked, name("N" * 8)).episodes
        assert [(e.first, e.last) for e in pauses] == expected


def test_rates_are_means_of_intervals() -> None:
    slow, fast = [1.0] * 10, [0.4] * 10
    rhythm = find_rhythm(place(slow + fast), name("N" * 21))
    assert rhythm.mean_bpm == pytest.approx(60 / 0.7)
    assert rhythm.min_bpm == pytest.approx(60)
    assert rhythm.max_bpm == pytest.approx(150)
    short = find_rhythm(place([1.0, 0.5, 0.6]), name("NVN" + "N"))
    assert (short.mean_bpm, short.min_bpm, short.max_bpm) == pytest.approx((60 / 0.7,) * 3)


def test_extremes_of_a_few_good_stretches_are_not_those_of_the_recording() -> None:
    # eight fast intervals follow on each other; noise breaks up all the slow ones around them
    rr = [1.0] * 20 + [0.6] * 8 + [1.0] * 20
    quality = np.ones(len(rr) + 1, np.float32)
    quality[[k for k in range(len(quality)) if k % 4 == 3 and not 20 <= k <= 28]] = 0.1
    beats = replace(place(rr), quality=quality)
    rhythm = find_rhythm(beats, name("N" * len(beats)))
    assert rhythm.mean_bpm is not None
    assert rhythm.mean_bpm < 90
    assert (rhythm.min_bpm, rhythm.max_bpm) == (None, None)
    assert fastest_and_slowest(beats) == ()


def test_lost_signal_does_not_slow_the_heart() -> None:
    rr = [0.8] * 12 + [30.0] + [0.8] * 12
    beats = place(rr)
    gap = Stretch(int(beats.sample[12]) + 100, int(beats.sample[13]) - 100, "missing")
    rhythm = find_rhythm(place(rr, bad=(gap,)), name("N" * 26))
    assert (rhythm.mean_bpm, rhythm.min_bpm, rhythm.max_bpm) == pytest.approx((75,) * 3)
    assert rhythm.episodes == ()
    assert rhythm.irregularity == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_beats_say_nothing(n: int) -> None:
    beats = Beats(np.arange(n), np.ones(n, np.float32), FS, "II")
    rhythm = find_rhythm(beats, name("N" * n))
    assert rhythm == Rhythm(None, None, None, None, False, None, None, ())


def test_labels_of_other_beats_are_refused() -> None:
    with pytest.raises(ModelError, match="3 labels do not fit 2 beats"):
        find_rhythm(place([0.8]), name("NNN"))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(75, 500), st.sampled_from("NNNVSFQ")), min_size=1, max_size=80),
    st.sampled_from([1, 2, 4]),
    st.integers(0, 1000),
)
def test_neither_the_sampling_rate_nor_the_start_changes_a_rhythm(
    intervals: list[tuple[int, str]], factor: int, later: int
) -> None:
    sample = np.cumsum([rr for rr, _ in intervals])
    labels = name("".join(kind for _, kind in intervals))
    quality = np.ones(len(sample), np.float32)
    here = find_rhythm(Beats(sample, quality, FS, "II"), labels).to_dict()
    there = find_rhythm(
        Beats((sample + later) * factor, quality, FS * factor, "II"), labels
    ).to_dict()
    for facts in (here, there):
        del facts["counted_6s_bpm"], facts["counted_3s_bpm"]
        for episode in facts["episodes"]:
            episode["length"] = pytest.approx(episode.pop("stop_s") - episode.pop("start_s"))
            episode["rate_bpm"] = pytest.approx(episode["rate_bpm"])
    for key in ("mean_bpm", "min_bpm", "max_bpm", "irregularity"):
        here[key] = pytest.approx(here[key])
    assert here == there
    if (low := there["min_bpm"]) is not None:
        assert low * (1 - 1e-6) <= there["mean_bpm"] <= there["max_bpm"] * (1 + 1e-6)


def test_breathing_and_single_ectopic_beats_are_regular_and_fibrillation_is_not() -> None:
    for seed, rate in itertools.product(range(4), (50, 75, 110)):
        for pattern in ("N", "NNNNNNV", None):
            recording = simulate(300, seed=seed, rate_bpm=rate, pattern=pattern)
            assert recording.annotations is not None
            assert not of_annotations(recording.annotations, recording.fs).irregular
        recording = simulate(30, seed=seed, rate_bpm=rate, atrial_fibrillation=True, pattern="N")
        assert recording.annotations is not None
        assert of_annotations(recording.annotations, recording.fs).irregular


def test_a_few_missed_beats_do_not_make_sinus_rhythm_irregular() -> None:
    recording = simulate(300, pattern="N")
    assert recording.annotations is not None
    sample = np.delete(recording.annotations.sample, np.arange(50, 350, 60))
    beats = Beats(sample, np.ones(len(sample), np.float32), recording.fs, "II")
    assert not find_rhythm(beats, name("N" * len(sample))).irregular


def test_simulated_patterns_are_found_again() -> None:
    recording = simulate(300, seed=3)
    assert recording.annotations is not None
    rhythm = of_annotations(recording.annotations, recording.fs)
    kinds = {episode.kind + episode.label for episode in rhythm.episodes}
    assert kinds >= {"runV", "runS", "coupletV", "coupletS", "bigeminyV", "trigeminyV"}
    assert rhythm.mean_bpm == pytest.approx(72, rel=0.15)


def test_beats_are_counted_in_whole_windows_of_signal_that_is_there() -> None:
    rr = np.tile([0.5, 1.0], 40)
    beats = place(rr)
    in_6s, in_3s = (
        np.array([((beats.time_s >= a) & (beats.time_s < a + width)).sum() for a in starts])
        for width, starts in ((6, range(0, 60, 6)), (3, range(0, 60, 3)))
    )
    counted = find_rhythm(beats, name("N" * 81), duration_s=60.5)
    assert counted.irregular
    assert counted.counted_6s_bpm == pytest.approx(10 * in_6s.mean())
    assert counted.counted_3s_bpm == pytest.approx(20 * in_3s.mean())

    lost = Stretch(round(18.5 * FS), round(25 * FS), "saturated")
    kept = (beats.sample < lost.start) | (beats.sample >= lost.stop)
    holed = Beats(beats.sample[kept], beats.quality[kept], FS, "II", (lost,))
    rhythm = find_rhythm(holed, name("N" * int(kept.sum())), duration_s=60.5)
    assert rhythm.counted_6s_bpm == pytest.approx(10 * np.delete(in_6s, [3, 4]).mean())
    assert rhythm.counted_3s_bpm == pytest.approx(20 * np.delete(in_3s, [6, 7, 8]).mean())

    short = find_rhythm(place(rr[:20]), name("N" * 21), duration_s=5.9)
    assert short.irregular
    assert short.counted_6s_bpm is None
    assert short.counted_3s_bpm is not None
    even = find_rhythm(place([0.8] * 80), name("N" * 81))
    assert (even.counted_6s_bpm, even.counted_3s_bpm) == (None, None)


def test_a_rhythm_becomes_json_and_comes_back() -> None:
    rhythm = find_rhythm(place(np.tile([0.5, 1.1, 2.3], 20)), name("NVV" * 20 + "N"))
    facts = json.loads(json.dumps(rhythm.to_dict(), allow_nan=False))
    assert facts == rhythm.to_dict()
    assert {e["kind"] for e in facts["episodes"]} == {"couplet", "pause"}
    assert facts["irregularity"] is None
    assert facts["irregular"] is False


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb 4.3 with pandas 3.1
@pytest.mark.parametrize(
    ("records", "irregular"),
    [("201 202 203 210 219 221 222", True), ("100 101 103 105 113 115 119 122 123 209", False)],
)
def test_fibrillation_is_told_from_sinus_rhythm_on_mit_bih(
    data: Path, records: str, irregular: bool
) -> None:
    import wfdb

    for record in records.split():
        read = wfdb.rdann(str(data / "mitdb" / record), "atr")
        annotations = Annotations(read.sample, np.array(read.symbol), np.array(read.aux_note))
        rhythm = of_annotations(annotations, 360)
        assert rhythm.irregular == irregular, (record, rhythm.irregularity)
        if irregular:
            assert rhythm.counted_6s_bpm == pytest.approx(rhythm.mean_bpm, rel=0.03)
            assert rhythm.counted_3s_bpm == pytest.approx(rhythm.mean_bpm, rel=0.03)


def test_intervals_between_beats_in_noise_say_nothing() -> None:
    beats = place([0.8] * 20 + [0.3] * 20 + [0.8] * 20)
    quality = np.ones(61, np.float32)
    quality[20:41] = 0.1
    noisy = Beats(beats.sample, quality, FS, "II")
    assert find_rhythm(beats, name("N" * 61)).max_bpm == pytest.approx(200)
    assert find_rhythm(noisy, name("N" * 61)).max_bpm == pytest.approx(75)
    assert find_rhythm(noisy, name("N" * 61)).mean_bpm == pytest.approx(75)
