"""The taxonomy, written once."""

import pytest

from ectopy.labels.aami import AAMI_CLASSES, BEAT_SYMBOLS, aami_class


@pytest.mark.parametrize(
    ("symbols", "label"), [("NLRB", "N"), ("SAJaejn", "S"), ("VEr", "V"), ("F", "F"), ("/fQ?", "Q")]
)
def test_symbols_belong_to_their_class(symbols, label):
    assert {aami_class(symbol) for symbol in symbols} == {label}


def test_escape_beats_are_normal_when_asked():
    assert {aami_class(s, escape_beats="N") for s in "ejn"} == {"N"}
    assert {aami_class(s, escape_beats="N") for s in "aAJS"} == {"S"}


def test_what_marks_no_beat_has_no_class():
    assert {aami_class(symbol) for symbol in '+~|"![]x^tpu'} == {None}


def test_all_beat_symbols_have_a_class():
    assert {aami_class(symbol) for symbol in BEAT_SYMBOLS} == set(AAMI_CLASSES)
