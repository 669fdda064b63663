"""Edits by hand: what they change, that they last, and that nothing is ever lost."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ectopy
from ectopy.analysis import Analysis
from ectopy.beats import Beats
from ectopy.errors import AnnotationError, OutputError
from ectopy.labels import Labels
from ectopy.recording import Recording
from ectopy.review import Review
from ectopy.rhythm import find_rhythm


def made(path: Path | None = None, *, shift: int = 0, n: int = 40) -> Analysis:
    """An analysis of a signal with a spike at each beat."""
    fs, sample = 250.0, 100 + 200 * np.arange(n) + shift
    signal = np.zeros((200 * n + 200, 1), np.float32)
    signal[sample - shift] = 1.0
    recording = Recording(signal, fs, ("II",))
    if path is not None:
        recording = replace(recording, source=replace(recording.source, path=str(path)))
    beats = Beats(sample, np.full(n, 0.9, np.float32), fs, "II")
    probability = np.tile(np.array([0.6, 0.1, 0.2, 0.1, 0.0], np.float32), (n, 1))
    abstained = np.arange(n) % 3 == 0
    reason = np.where(abstained, "no class is likely enough", "")
    labels = Labels(np.full(n, "N"), probability, abstained, reason, "a-model", "ab" * 32)
    return Analysis(recording, beats, labels, find_rhythm(beats, labels), {}, "ectopy 0")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "watch.csv"


def state(review: Review) -> list[tuple[int, str]]:
    now = review.beats()
    return list(zip(now.sample.tolist(), now.label.tolist(), strict=True))


def test_each_kind_of_edit_and_what_the_reviewed_analysis_says(file: Path) -> None:
    review = Review.open(made(file))
    review.relabel(300, "V")
    review.delete(500)
    review.add(800, "S")
    found = review.apply()
    assert found.labels.counts() == {"N": 38, "S": 1, "V": 1, "F": 0, "Q": 0}
    at = {s: k for k, s in enumerate(found.beats.sample.tolist())}
    assert 500 not in at
    assert found.labels.probability[at[300]].tolist() == pytest.approx([0.6, 0.1, 0.2, 0.1, 0.0])
    assert found.labels.confidence[at[800]] == 1
    assert not found.labels.abstained[[at[300], at[800]]].any()
    assert found.labels.abstained[at[100]]
    assert found.edited.counts() == {"renamed": 1, "added": 1, "deleted": 1, "confirmed": 0}
    assert found.beats.sample[found.edited.by_hand].tolist() == [300, 800]
    assert found.facts()["edited"] == found.edited.counts()
    found.save(file.with_suffix(".npz"))
    loaded = Analysis.load(file.with_suffix(".npz")).edited
    assert loaded.counts() == found.edited.counts()
    assert (loaded.by_hand == found.edited.by_hand).all()
    # the rhythm is that of the beats as they are now
    assert found.rhythm == find_rhythm(
        found.beats, found.labels, duration_s=found.recording.duration_s
    )
    assert review.analysis.labels.counts()["N"] == 40


def test_edits_last_and_so_do_undo_redo_and_ids(file: Path) -> None:
    review = Review.open(made(file))
    review.add(800, "S")
    review.relabel(300, "V")
    review.undo()
    review.add(400, "F")
    review.delete(400)
    review.undo()
    again = Review.open(made(file))
    assert state(again) == state(review)
    assert again.beats().id.tolist() == review.beats().id.tolist()
    assert [(e.number, u) for e, u in again.history] == [(1, False), (2, True), (3, False),
                                                         (4, True)]  # fmt: skip
    assert again.redo().action == "delete"
    with pytest.raises(AnnotationError, match="nothing to redo"):
        again.redo()


def test_the_file_lies_beside_the_recording_under_its_name(tmp_path: Path) -> None:
    for name, kept in (("watch.csv", "watch.csv"), ("208.hea", "208"), ("a.zip::b/c.csv", None)):
        review = Review.open(made(tmp_path / name))
        assert review.journal.beside
        review.relabel(300, "V")
        kept = kept or "a.zip--b--c.csv"
        assert (tmp_path / f"{kept}.ectopy-review.jsonl").is_file()


def test_an_upload_is_found_again_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECTOPY_STATE", str(tmp_path / "state"))
    review = Review.open(made(), uploaded=True)
    assert "not beside the recording" in review.notes[0]
    review.relabel(300, "V")
    assert state(Review.open(made(tmp_path / "other.csv"), uploaded=True)) == state(review)
    assert not Review.open(made(n=41), uploaded=True).edits


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_keeps_edits_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECTOPY_STATE", str(tmp_path / "state"))
    folder = tmp_path / "locked"
    folder.mkdir()
    Review.open(made(folder / "a.csv")).relabel(300, "V")
    folder.chmod(0o500)
    try:
        review = Review.open(made(folder / "a.csv"))
        assert review.label_at(300) == "V"
        review.relabel(500, "S")
        assert Review.open(made(folder / "a.csv")).label_at(500) == "S"
    finally:
        folder.chmod(0o700)


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(1, 400))
def test_a_torn_end_loses_at_most_the_edits_it_tore(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = tmp_path_factory.mktemp("torn") / "a.csv"
    review = Review.open(made(file))
    states = [state(review)]
    for sample, label in ((300, "V"), (500, "S"), (700, "F"), (900, "Q")):
        review.relabel(sample, label)
        states.append(state(review))
    path = review.journal.path
    content = path.read_bytes()
    whole = content[: max(len(content) - cut, content.index(b"\n") + 1)]
    path.write_bytes(whole)
    again = Review.open(made(file))
    assert state(again) == states[whole.count(b"\n") - 1]
    assert any("cut short" in note for note in again.notes) == (not whole.endswith(b"\n"))
    # what comes after the crash is kept as well, on a line of its own
    again.relabel(1100, "V")
    lines = path.read_bytes().splitlines()
    assert json.loads(lines[-1])["sample"] == 1100
    assert state(Review.open(made(file))) == state(again)


def test_a_damaged_file_is_told_of_once_and_a_link_in_its_place_is_not_followed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = Review.open(made(file))
    review.relabel(300, "V")
    path = review.journal.path
    path.write_bytes(path.read_bytes() + b"\xff\n{\n[]\n")
    damaged = Review.open(made(file))
    assert damaged.label_at(300) == "V"
    assert [note for note in damaged.notes if "3 lines" in note] == damaged.notes
    monkeypatch.setenv("ECTOPY_STATE", str(file.parent / "state"))
    elsewhere = path.rename(path.with_name("elsewhere"))
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    linked = Review.open(made(file))
    linked.relabel(500, "S")
    assert elsewhere.read_bytes() == before
    assert not linked.journal.beside


@pytest.mark.parametrize("left", [b"", b'{"ectopy_rev', b"\xff\n"])
def test_edits_last_where_a_crash_left_no_first_line(file: Path, left: bytes) -> None:
    path = Review.open(made(file)).journal.path
    path.write_bytes(left)
    Review.open(made(file)).relabel(300, "V")
    again = Review.open(made(file))
    again.relabel(500, "S")
    assert [edit.number for edit, _ in Review.open(made(file)).history] == [1, 2]


def test_two_analyses_edited_at_once_share_every_edit(file: Path) -> None:
    both = [Review.open(made(file)) for _ in range(2)]
    samples = [[300, 700, 1100, 1500, 1900], [500, 900, 1300, 1700, 2100]]

    def edit(review: Review, mine: list[int]) -> None:
        for sample in mine:
            review.relabel(sample, "V")

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(edit, both, samples))
    for review in (*both, Review.open(made(file))):
        review.relabel(2300, "S")
        review.undo()
        assert sorted(e.sample for e in review.edits) == sorted(samples[0] + samples[1])
    again = Review.open(made(file)).history
    assert [edit.number for edit, _ in again] == list(range(1, 14))


def test_a_changed_recording_is_noticed_and_one_of_another_length_is_left_alone(
    file: Path,
) -> None:
    Review.open(made(file)).relabel(300, "V")
    analysis = made(file)
    signal = analysis.recording.signal + 0.1
    changed = replace(analysis, recording=replace(analysis.recording, signal=signal))
    review = Review.open(changed)
    assert review.label_at(300) == "V"
    assert "has changed since" in review.notes[0]

    longer = Review.open(made(file, n=50))
    assert longer.label_at(300) == "N"
    assert "not of this one" in longer.notes[0]
    longer.relabel(500, "S")
    aside = file.with_name("watch.csv-1.ectopy-review.jsonl")
    assert json.loads(aside.read_text().splitlines()[-1])["sample"] == 300
    assert Review.open(made(file, n=50)).label_at(500) == "S"


def test_edits_hold_for_beats_that_another_model_found_a_little_off(file: Path) -> None:
    review = Review.open(made(file))
    review.relabel(300, "V")
    review.delete(500)
    review.add(800, "S")
    moved = Review.open(made(file, shift=5))
    assert moved.label_at(305) == "V"
    assert moved.label_at(505) == ""
    assert moved.label_at(800) == "S"
    assert len(moved.beats().id) == 40


def test_two_windows_on_one_recording_see_each_others_edits(file: Path) -> None:
    one, two = Review.open(made(file)), Review.open(made(file))
    one.relabel(300, "V")
    two.relabel(500, "S")
    one.relabel(700, "F")
    assert state(one) == state(Review.open(made(file)))
    assert [edit.number for edit in one.edits] == [1, 2, 3]


def test_what_cannot_be_is_refused_and_changes_nothing(file: Path) -> None:
    review = Review.open(made(file))
    for wrong in (
        lambda: review.relabel(301, "V"),
        lambda: review.relabel(300, "X"),
        lambda: review.delete(299),
        lambda: review.add(305, "V"),
        lambda: review.add(-1, "V"),
        lambda: review.add(10**9, "V"),
        review.undo,
        review.redo,
    ):
        with pytest.raises(AnnotationError):
            wrong()
    assert not review.edits
    assert not review.journal.path.exists()


def test_an_edit_that_cannot_be_saved_is_not_made(file: Path) -> None:
    review = Review.open(made(file))
    review.journal.path.mkdir()
    with pytest.raises(OutputError, match="cannot be saved"):
        review.journal.append({"x": 1})
    with pytest.raises((OutputError, AnnotationError)):
        review.relabel(300, "V")
    assert review.label_at(300) == "N"


def test_an_added_beat_snaps_to_the_deflection_nearby(file: Path) -> None:
    review = Review.open(made(file))
    review.delete(300)
    assert review.add(309, "V", snap=True).sample == 300
    assert review.label_at(300) == "V"
    assert len(review.beats().id) == 40


def test_a_recording_without_beats_can_be_given_some(file: Path) -> None:
    analysis = made(file)
    nothing = replace(
        analysis,
        beats=Beats(np.empty(0, np.int64), np.empty(0, np.float32), 250.0, "II"),
        labels=Labels(
            np.empty(0, "<U1"),
            np.empty((0, 5), np.float32),
            np.empty(0, bool),
            np.empty(0, "<U1"),
            "a-model",
            "ab" * 32,
        ),
    )
    review = Review.open(nothing)
    review.add(300, "V")
    review.add(500, "N")
    assert review.apply().labels.counts()["V"] == 1


@pytest.mark.data
def test_reviewed_beats_are_read_back_by_wfdb(data: Path, tmp_path: Path) -> None:
    import wfdb

    recording = ectopy.read(data / "mitdb" / "208")
    part = replace(recording, signal=recording.signal[: 60 * 360], annotations=None)
    part = replace(part, source=replace(part.source, path=str(tmp_path / "208.hea")))
    review = Review.open(ectopy.analyze(part))
    sample = int(review.analysis.beats.sample[7])
    review.relabel(sample, "S")
    ectopy.write_report(review.apply(), tmp_path / "out.atr")
    kept = wfdb.rdann(str(tmp_path / "out"), "atr")
    beats = dict(zip(kept.sample.tolist(), kept.symbol, strict=True))
    assert beats[sample] == "A"
