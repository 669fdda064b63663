import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

from ectopy.analysis import Analysis
from ectopy.beats.value import BAD_REASONS, Stretch
from ectopy.errors import OutputError
from ectopy.labels import DEFAULT_MODEL, load_card
from ectopy.labels.classify import CUT_OFF, NOISY, UNLIKE, UNSURE
from ectopy.recording.value import Inference, Source
from ectopy.report import write_report
from ectopy.report.facts import gather
from ectopy.report.html import render
from ectopy.report.language import LANGUAGES, catalogue
from ectopy.report.quality import assess
from ectopy.report.words import SURE, Words
from ectopy.review import Review
from ectopy.review.journal import Journal
from ectopy.simulate import simulate

OTHERS = sorted(set(LANGUAGES) - {"en"})

NAMES = {
    *("AAMI", "EC", "JSON", "RR", "SD", "SHA", "ECE", "PPV", "Se", "ms", "mm", "mV", "Hz"),
    *("ectopy", "models", "info", "some", "model", "burden", "II", "rec", "WFDB", "units", "fs"),
}
"""Latin words that stay in any language: names, units and commands."""


class Text(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.said, self._style = [], [], False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        self.said += [value or "" for name, value in attrs if name in ("title", "aria-label")]

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)


def entries(code: str) -> dict:
    path = files("ectopy.report").joinpath("languages", f"{code}.json")
    return json.loads(path.read_text("utf-8"))


def blanks(entry: str | dict) -> set[str]:
    forms = entry.values() if isinstance(entry, dict) else [entry]
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_every_sentence_with_its_values(code: str) -> None:
    english, other = entries("en"), entries(code)
    assert list(english) == list(other)
    for key in english.keys() - {"texts"}:
        assert blanks(english[key]) == blanks(other[key]), key
        assert other[key] or english[key] == " ", key


@pytest.mark.parametrize("code", OTHERS)
def test_what_other_parts_say_is_translated(code: str) -> None:
    known = catalogue(code)
    for text in (*BAD_REASONS, CUT_OFF, NOISY, UNLIKE, UNSURE, "chosen by ectopy"):
        assert known.translated(text) not in (None, text)
    assert entries("ko")["texts"].keys() == entries("ja")["texts"].keys()


@pytest.fixture
def told(five_minutes: Analysis) -> Analysis:
    """Five minutes with everything in it that a report can tell."""
    recording = replace(
        five_minutes.recording,
        start=datetime(2024, 5, 1, 9, 30),
        source=Source("rec", "WFDB", (Inference("units", "mV", "for a reason", "--units"),)),
    )
    beats = replace(five_minutes.beats, bad=(Stretch(900, 1400, "noisy"), Stretch(0, 9, "flat")))
    return replace(five_minutes, recording=recording, beats=beats)


@pytest.mark.parametrize("code", OTHERS)
def test_no_english_is_left_over(
    told: Analysis, analysis_of: Callable[..., Analysis], code: str
) -> None:
    short = analysis_of(simulate(20, 250, seed=1))
    for analysis in (told, short):
        page = render(analysis, load_card(DEFAULT_MODEL), language=code)
        text = Text(page)
        said = " ".join(text.words + text.said)
        for known in (analysis.software, analysis.labels.model, analysis.labels.sha256):
            said = said.replace(known, "")
        source = analysis.recording.source
        said = said.replace(source.format, "").replace(Path(source.path).name, "")
        left = set(re.findall(r"[A-Za-z]{2,}", said)) - NAMES
        assert not left - set(" ".join(entries(code)["texts"].values()).split()), left
        assert f'<html lang="{code}">' in page


@pytest.mark.parametrize(
    ("code", "share", "length", "beats", "date"),
    [
        ("en", "33.6\u00a0%", "1\u00a0h 2\u00a0min", "1 beat", "2024-05-01 09:30:00"),
        ("ko", "33.6%", "1시간 2분", "박동 1개", "2024년 05월 01일 09:30:00"),
        ("ja", "33.6%", "1時間 2分", "1拍", "2024年05月01日 09:30:00"),
    ],
)
def test_numbers_are_told_as_the_language_does(
    code: str, share: str, length: str, beats: str, date: str
) -> None:
    words = Words(catalogue(code))
    assert words.share(336, 1000) == share
    assert words.duration(3720) == length
    assert words.beats(1) == beats
    assert words.date(datetime(2024, 5, 1, 9, 30)) == date
    assert "2,955" in words.beats(2955)


@pytest.mark.parametrize(
    ("low", "high", "spans"), [(60.0, 90.0, True), (91.0, 91.0, False), (74.2, 74.4, False)]
)
def test_extremes_are_told_only_where_the_mean_lies_between_them(
    five_minutes: Analysis, low: float, high: float, spans: bool
) -> None:
    rhythm = replace(five_minutes.rhythm, mean_bpm=74.3, min_bpm=low, max_bpm=high)
    analysis = replace(five_minutes, rhythm=rhythm)
    said = Words(catalogue("en")).summary(analysis, assess(analysis))
    assert "74 beats per minute on average" in said
    assert ("at its lowest" in said) == spans


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_a_report_of_edited_beats_says_how_many_a_person_changed(
    told: Analysis, code: str, tmp_path: Path
) -> None:
    review = Review(told, Journal(tmp_path / "edits", beside=True), "ab")
    at = told.beats.sample[told.labels.aami == "N"].tolist()
    for sample in at[:3]:
        review.relabel(sample, "V")
    review.relabel(at[3], "N")
    review.delete(at[4])
    review.delete(at[5])
    edited = review.apply()
    t, words = catalogue(code), Words(catalogue(code))
    by = [("renamed", 3), ("deleted", 2), ("confirmed", 1)]
    first = words.summary(edited, assess(edited))
    assert words.listed([t(f"edited.by.{how}", n) for how, n in by]) in first
    assert t("edited.by.added", 1) not in first
    page = render(edited, load_card(DEFAULT_MODEL), language=code)
    assert t("caution.edited") in page
    assert t("caution") not in page
    assert t("sure.by_hand", 4) in page
    for sample in edited.beats.sample.tolist():
        review.delete(sample)
    assert t("edited.by.deleted", len(told.beats)) in words.summary(review.apply(), assess(told))


def test_only_names_of_the_model_count_for_how_sure_it_was(told: Analysis, tmp_path: Path) -> None:
    review = Review(told, Journal(tmp_path / "edits", beside=True), "ab")
    unsure = told.beats.sample[told.labels.confidence < SURE].tolist()
    for sample in unsure:
        review.relabel(sample, "Q")
    edited = review.apply()
    text = Words(catalogue("en")).summary(edited, assess(edited))
    assert "sure of 100\u00a0%" in text
    assert not [row for row in gather(edited, None, "en")["sureness"] if row["label"] == "Q"]


def test_a_card_in_english_is_not_shown_in_another_language(five_minutes: Analysis) -> None:
    card = {"warning": "It is new.", "says": "A network."}
    assert "It is new." in render(five_minutes, card)
    page = render(five_minutes, card, language="ko")
    assert "It is new." not in page
    assert catalogue("ko")("sure.untranslated") in page


@pytest.mark.parametrize("suffix", ["html", "pdf", "json"])
def test_an_unknown_language_lists_the_known_ones(
    five_minutes: Analysis, tmp_path: Path, suffix: str
) -> None:
    with pytest.raises(OutputError, match=r"'tlh'.*en \(English\), ko .*, ja "):
        write_report(five_minutes, tmp_path / f"a.{suffix}", language="tlh")
    assert not list(tmp_path.iterdir())


def test_the_command_line_knows_every_language_and_paper() -> None:
    from ectopy.cli.everyday import analyze
    from ectopy.report.write import PAPERS

    choices = {option.name: getattr(option.type, "choices", ()) for option in analyze.params}
    assert list(choices["language"]) == list(LANGUAGES)
    assert list(choices["paper"]) == list(PAPERS)
