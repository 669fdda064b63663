"""Whatever the number of threads, the results come in order and the answers are the same."""

import threading
import time

import numpy as np
import pytest

from ectopy import Analysis, analyze
from ectopy._threads import VARIABLE, in_threads
from ectopy.beats import find
from ectopy.simulate import simulate


@pytest.mark.parametrize("n", ["1", "3", "many"])
def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch, n: str) -> None:
    def slow_at_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item * item

    monkeypatch.setenv(VARIABLE, n)
    assert list(in_threads(slow_at_first, range(40))) == [item * item for item in range(40)]


def test_few_results_wait_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setenv(VARIABLE, "2")
    results = in_threads(begun.append, iter(range(1000)))
    for _ in range(5):
        next(results)
    assert len(begun) <= 5 + 3
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() < 10


def test_an_error_comes_out_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2")
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda item: 1 // item, [1, 1, 0, 1, 1]))


def found(monkeypatch: pytest.MonkeyPatch, threads: str) -> Analysis:
    monkeypatch.setenv(VARIABLE, threads)
    return analyze(simulate(2400, 125, seed=4, pattern="NNNVNS", noise_mv=0.02))


def test_the_number_of_threads_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "PIECE_S", 300.0)
    alone, together = found(monkeypatch, "1"), found(monkeypatch, "3")
    np.testing.assert_array_equal(together.beats.sample, alone.beats.sample)
    np.testing.assert_array_equal(together.beats.quality, alone.beats.quality)
    np.testing.assert_array_equal(together.labels.probability, alone.labels.probability)
    assert together.rhythm == alone.rhythm
