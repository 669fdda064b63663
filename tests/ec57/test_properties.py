"""What must hold for any two sets of annotations."""

import time

import numpy as np
from ec57_rows import FS, START, counted, row
from hypothesis import given, settings
from hypothesis import strategies as st

from ectopy.ec57 import FileAnnotations, compare, summarise

BEATS = "NNNNNLRAVVFQj/e"
SYMBOLS = st.sampled_from(BEATS)


RHYTHMS = ("(N", "(AFIB", "(AFL", "(VFL", "(B")


@st.composite
def sides(draw: st.DrawFn, gap: int = 1) -> FileAnnotations:
    """Beats at least `gap` ms apart, from before the end of learning to well after it."""
    gaps = draw(st.lists(st.integers(gap, 1200), min_size=1, max_size=40))
    times = [-1500, -800, *(np.cumsum(gaps) + 200).tolist()]
    return row(*[(time, draw(SYMBOLS)) for time in times])


@st.composite
def whole_sides(
    draw: st.DrawFn, kinds: str = "+~[", rhythms: tuple[str, ...] = RHYTHMS
) -> FileAnnotations:
    """Beats with everything around them: rhythms, flutter, and signals that cannot be read."""
    marks: list[tuple] = []
    side = draw(sides(160))
    for where, symbol in zip(side.sample.tolist(), side.symbol.tolist(), strict=True):
        before = where - START - 80
        kind = draw(st.sampled_from(["", "", "", *kinds]))
        if kind == "+":
            marks.append((before, "+", draw(st.sampled_from(rhythms))))
        elif kind == "~":
            marks += [(before, "~", -1), (before + 20, "~", 0)]
        elif kind == "[":
            marks += [(before, "["), (before + 20, "]")]
        marks.append((before + 80, symbol))
    return row(*marks)


def judged(reference: FileAnnotations, test: FileAnnotations, learning_s: float = 300.0):
    length = int(max(reference.sample[-1], test.sample[-1])) + 1
    return compare(reference, test, fs=FS, n_samples=length, learning_s=learning_s)


def shifted(side: FileAnnotations, by: int) -> FileAnnotations:
    return FileAnnotations(side.sample + by, side.symbol, side.aux, side.subtype)


@given(whole_sides())
def test_a_reading_agrees_with_itself(side: FileAnnotations) -> None:
    found = judged(side, side)
    assert found.qrs.fn == found.qrs.fp == found.matrix[:5, :5].sum() - np.trace(found.matrix) == 0
    assert found.qrs.tp == ((side.sample >= START) & np.isin(side.symbol, list(BEATS))).sum()
    assert found.kappa in (None, 1.0)
    assert found.rr_error_ms in (None, 0.0)


@given(sides(160), whole_sides("+", ("(N", "(AFIB", "(AFL", "(B")))
def test_the_runs_of_a_reading_agree_with_themselves(
    plain: FileAnnotations, with_rhythms: FileAnnotations
) -> None:
    tables = (judged(plain, plain).runs["v"], judged(with_rhythms, with_rhythms).runs["s"])
    for table in tables:
        for score in table.scores.values():
            assert score.fn == score.fp == 0


@given(whole_sides(), whole_sides(), st.integers(-200_000, 200_000))
def test_shifting_both_changes_nothing(
    reference: FileAnnotations, test: FileAnnotations, by: int
) -> None:
    one = judged(reference, test).to_dict()
    two = judged(shifted(reference, by), shifted(test, by), (START + by) / FS).to_dict()
    assert one == two


@given(sides(), sides())
def test_every_beat_counts_once(reference: FileAnnotations, test: FileAnnotations) -> None:
    found = judged(reference, test)
    steps = found.matches
    assert found.matrix.sum() == len(steps.row)
    for side, places in ((reference, steps.reference), (test, steps.test)):
        counted_places = places[places >= 0]
        assert (np.diff(counted_places) == 1).all()
        assert counted_places[-1:] == [len(side) - 1] or not len(counted_places)
    both = (steps.reference >= 0) & (steps.test >= 0)
    gaps = reference.sample[steps.reference[both]] - test.sample[steps.test[both]]
    assert (abs(gaps) <= 150).all()


@given(sides(), sides())
def test_swapping_two_readers_swaps_the_matrix(one: FileAnnotations, two: FileAnnotations) -> None:
    clear = 400
    one, two = (
        row(*[(int(t) - START + clear, s) for t, s in zip(side.sample, side.symbol, strict=True)
              if t >= START])
        for side in (one, two)
    )  # fmt: skip
    found, swapped = judged(one, two), judged(two, one)
    assert found.matrix.tolist() == swapped.matrix.T.tolist()
    assert found.kappa == swapped.kappa


@given(sides(), sides())
def test_neither_gross_nor_average_of_one_record_differs_from_it(
    reference: FileAnnotations, test: FileAnnotations
) -> None:
    found = judged(reference, test)
    summary = summarise([found, found])
    assert summary.gross["veb"].se == found.veb.se == summary.average["veb"].se
    assert summary.total.matrix.tolist() == (2 * found.matrix).tolist()
    assert summary.total.kappa == found.kappa


@settings(max_examples=30)
@given(sides(), sides(), sides(), sides())
def test_what_lies_in_the_learning_period_does_not_matter(
    reference: FileAnnotations, test: FileAnnotations, early: FileAnnotations, late: FileAnnotations
) -> None:
    def after(side: FileAnnotations, before: FileAnnotations) -> FileAnnotations:
        head = [
            (int(t) - START - 300_000, s) for t, s in zip(before.sample, before.symbol, strict=True)
        ]
        tail = [
            (int(t) - START, s) for t, s in zip(side.sample, side.symbol, strict=True) if t >= START
        ]
        return row(*[mark for mark in head if mark[0] >= -START], *tail)

    plain = judged(after(reference, reference), after(test, test))
    other = judged(after(reference, early), after(test, late))
    assert counted(plain) == counted(other)
    assert plain.runs["v"].sensitivity.tolist() == other.runs["v"].sensitivity.tolist()


def test_a_hundred_thousand_beats_take_under_two_seconds() -> None:
    rng = np.random.default_rng(0)
    sample = np.cumsum(rng.integers(200, 380, 100_000))
    kept = np.sort(rng.choice(100_000, 98_000, replace=False))
    other = np.unique(sample[kept] + rng.integers(-40, 40, len(kept)))
    symbols = np.array(list("NNNNNNNNNNNNNNNNNAVF"))
    one, two = (
        FileAnnotations(where, rng.choice(symbols, len(where)), np.full(len(where), ""))
        for where in (sample, other)
    )
    begin = time.process_time()
    found = compare(one, two, fs=360)
    assert time.process_time() - begin < 2
    assert found.qrs.tp > 97_000
