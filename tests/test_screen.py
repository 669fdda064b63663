"""The screen of a recording: where it answers, where it refuses, and what is told of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ectopy.analysis import Analysis, analyze
from ectopy.beats import find_beats
from ectopy.errors import ModelError
from ectopy.labels import list_models
from ectopy.labels.models import list_screening_models, load_card
from ectopy.labels.screen import SCREENS, screen
from ectopy.recording import Recording
from ectopy.report.html import render
from ectopy.report.json_report import write
from ectopy.report.language import catalogue
from ectopy.report.words import probability
from ectopy.simulate import simulate


@pytest.fixture(scope="module")
def recording():
    return simulate(30, 500, seed=2, pattern="N")


@pytest.fixture(scope="module")
def answered(recording):
    return analyze(recording, lead="II", screen="mi")


def test_the_models_of_screens_name_no_beats(recording):
    assert set(SCREENS.values()) <= set(list_screening_models())
    assert not set(list_models()) & set(list_screening_models())
    with pytest.raises(ModelError, match="does not name beats"):
        analyze(recording, model=SCREENS["mi"])
    with pytest.raises(ModelError, match="known screens: mi"):
        analyze(recording, screen="flu")


def test_it_is_off_by_default(recording):
    analysis = analyze(recording)
    assert analysis.screen is None
    assert "screen" not in analysis.to_dict()
    assert 'id="screen"' not in render(analysis)


def test_an_answer_is_a_mean_over_good_beats_with_figures_and_limits(answered):
    told = answered.to_dict()["screen"]
    assert told["applied"]
    assert 0 <= told["probability"] <= 1
    assert told["positive"] == (told["probability"] >= told["threshold"])
    assert told["beats"] >= 20
    assert (
        told["figures"]["patient"]["auroc"]
        == load_card(told["model"])["figures"]["patient"]["auroc"]
    )
    assert any("cannot exclude" in limit for limit in told["limits"])


def test_gain_rate_and_length_hardly_matter(recording, answered):
    louder = replace(recording, signal=recording.signal * 7, resolution=None)
    assert analyze(louder, lead="II", screen="mi").screen.probability == pytest.approx(
        answered.screen.probability, abs=0.01
    )
    slower = simulate(30, 125, seed=2, pattern="N")
    assert analyze(slower, lead="II", screen="mi").screen.probability == pytest.approx(
        answered.screen.probability, abs=0.1
    )


def renamed(recording, name):
    return Recording(recording.signal[:, :1], recording.fs, (name,))


@pytest.mark.parametrize("name", ["I", "MLII", "ECG", "V5"])
def test_a_lead_that_it_does_not_know_gets_no_answer(recording, name):
    found = analyze(renamed(recording, name), screen="mi").screen
    assert (found.applied, found.probability, found.positive) == (False, None, None)
    assert found.cause == "lead"
    assert name in found.reason


def test_lower_case_is_the_same_lead(recording):
    assert analyze(renamed(recording, "ii"), screen="mi").screen.applied


def test_a_low_rate_and_too_few_beats_get_no_answer(recording):
    slow = Recording(simulate(30, 80, seed=2, pattern="N").signal[:, :1], 80, ("II",))
    assert "80 Hz" in analyze(slow, screen="mi").screen.reason
    short = simulate(4, 500, seed=2, pattern="N")
    found = analyze(short, lead="II", screen="mi").screen
    assert (found.cause, found.applied) == ("beats", False)


def test_beats_that_are_not_normal_are_not_looked_at(recording):
    beats = find_beats(recording, "II")
    usable = np.zeros(len(beats), bool)
    assert not screen(recording, beats, usable=usable).applied
    usable[5:15] = True
    assert screen(recording, beats, usable=usable).beats == 10


def test_it_is_in_files_and_comes_back(answered, tmp_path):
    write(answered, tmp_path / "a.json")
    stored = json.loads((tmp_path / "a.json").read_text())["screen"]
    assert stored["probability"] == answered.screen.probability
    answered.save(tmp_path / "a.npz")
    assert Analysis.load(tmp_path / "a.npz").screen == answered.screen


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_reports_show_the_answer_or_the_refusal_and_always_the_limits(
    answered, recording, language
):
    shown = render(answered, language=language)
    assert probability(answered.screen.probability) in shown
    assert "AUROC" in shown
    refused = render(analyze(recording, lead="V1", screen="mi"), language=language)
    assert 'id="screen"' in refused
    assert "V1" in refused.split('id="screen"')[1].split("</section>")[0]
    t = catalogue(language)
    plain = render(analyze(recording, lead="V1"), language=language)
    keys = ("limits.first", "limits.first_screened", "limits.first_unanswered")
    for page, told in ((plain, 0), (shown, 1), (refused, 2)):
        assert [t(key) in page for key in keys] == [k == told for k in range(3)]
