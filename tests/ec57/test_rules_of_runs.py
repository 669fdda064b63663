"""One test for each rule of EC57 on couplets and runs, and for what rxr makes of it."""

import pytest
from ec57_rows import UNREADABLE, beats, judge, row

from ectopy.ec57 import Comparison, FileAnnotations, run_matrices


def runs(reference: FileAnnotations | str, test: FileAnnotations | str, kind: str = "v"):
    """Runs found, missed, and of the test found, made up: couplets, short, long."""
    sides = [beats(side) if isinstance(side, str) else side for side in (reference, test)]
    scores = judge(*sides).runs[kind].scores.values()
    return [(score.tp, score.fn, score.found, score.fp) for score in scores]


NONE = (0, 0, 0, 0)


@pytest.mark.parametrize(("length", "sort"), [(2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (9, 2)])
def test_two_beats_are_a_couplet_three_to_five_a_short_and_six_a_long_run(
    length: int, sort: int
) -> None:
    rhythm = "NN" + "V" * length + "NN"
    assert runs(rhythm, rhythm) == [(1, 0, 1, 0) if i == sort else NONE for i in range(3)]


def test_one_ectopic_beat_is_no_run() -> None:
    assert runs("NVNVN", "NVNVN") == [NONE, NONE, NONE]


def test_a_run_is_found_if_one_of_its_sort_or_longer_lies_beside_it() -> None:
    assert runs("NVVVVNN", "NVVVNNN")[1] == (1, 0, 1, 0)
    assert runs("NVVNN", "NVVVN") == [(1, 0, 0, 0), (0, 0, 0, 1), NONE]


def test_a_run_that_is_broken_is_not_found() -> None:
    assert runs("NVVVVVVN", "NVVNVVVN") == [(0, 0, 1, 0), (0, 0, 1, 0), (0, 1, 0, 0)]


def test_only_beats_within_a_run_and_150_ms_around_it_count() -> None:
    assert runs("NVVNNN", "NNVVNN")[0] == (0, 1, 0, 1)


def test_a_missed_beat_does_not_break_the_run_of_its_neighbours() -> None:
    assert runs("NVVVN", "NV VN")[1] == (0, 1, 0, 0)
    assert runs("NVVVN", "NV VN")[0] == (0, 0, 1, 0)


def test_fusion_beats_belong_to_ventricular_runs() -> None:
    assert runs("NVFVN", "NVVVN")[1] == (1, 0, 1, 0)
    assert runs("NAFAN", "NAFAN", "s") == [NONE, NONE, NONE]


def test_supraventricular_and_ventricular_runs_end_each_other() -> None:
    rhythm = "NVVAAAN"
    assert runs(rhythm, rhythm, "v") == [(1, 0, 1, 0), NONE, NONE]
    assert runs(rhythm, rhythm, "s") == [NONE, (1, 0, 1, 0), NONE]


def test_an_unreadable_signal_ends_a_run() -> None:
    assert runs("NVVXVVN", "NVVVVN") == [(2, 0, 0, 0), (0, 0, 0, 1), NONE]


def test_runs_that_begin_in_the_learning_period_count_from_its_end() -> None:
    marks = row(*[(-1200 + 800 * i, "V") for i in range(4)], (3000, "N"))
    assert runs(marks, marks) == [(1, 0, 1, 0), NONE, NONE]


def test_a_run_that_lasts_to_the_end_counts() -> None:
    assert runs("NVV", "NVV")[0] == (1, 0, 1, 0)


def test_beats_in_atrial_fibrillation_are_supraventricular_runs() -> None:
    in_af = "NN(NNNNNNNVNNNVNN)NN"
    assert runs(in_af, "NNNNNNNNNVNNNVNNNN", "s") == [(0, 1, 0, 0), (0, 1, 0, 0), (0, 1, 0, 0)]
    assert runs(in_af, "NNNNNNNNNVNNNVAANN", "s")[0][0] == 1


def test_the_onset_of_atrial_fibrillation_is_a_long_run_however_short() -> None:
    assert runs("NN(NNV)NN", "NNNNVNN", "s") == [NONE, NONE, (0, 1, 0, 0)]
    assert runs("NA(NNN)NN", "NNNNNNN", "s") == [NONE, (0, 1, 0, 0), NONE]


def test_fibrillation_from_the_learning_period_on_is_a_long_run() -> None:
    marks = row((-9000, "+", "(AFIB"), (-8000, "N"), (500, "N"), (1300, "V"), (2100, "V"))
    test = row((-8000, "N"), (500, "N"), (1300, "V"), (2100, "V"))
    assert runs(marks, test, "s") == [NONE, NONE, (0, 1, 0, 0)]
    assert runs(marks, marks, "s") == [NONE, NONE, (1, 0, 1, 0)]


def test_a_run_from_the_learning_period_on_ends_at_the_first_other_beat() -> None:
    early = [(-9000, "+", "(AFIB"), (-8000, "N"), (-1000, "V")]
    marks = row(*early, (500, "V"), (1300, "N"), (2100, "N"), (2900, "V"))
    assert runs(marks, "NNNN", "s") == [(0, 1, 0, 0), NONE, (0, 1, 0, 0)]
    assert runs(marks, marks, "s") == [(1, 0, 1, 0), NONE, (1, 0, 1, 0)]


def test_supraventricular_runs_in_fibrillation_are_real() -> None:
    assert runs("NN(NNNNNNNN)NN", "NNNAANNNNNNN", "s")[0] == (0, 0, 1, 0)


def test_the_test_may_report_fibrillation_too() -> None:
    in_af = "NN(NNNNNNNN)NN"
    assert runs(in_af, in_af, "s") == [NONE, NONE, (1, 0, 1, 0)]


FLUTTER = row((1000, "N"), (1800, "["), (2000, "!"), (6000, "]"), (6800, "N"))


def test_flutter_is_a_ventricular_run_of_full_length() -> None:
    test = beats("NVVVVVVN")
    assert runs(FLUTTER, test)[2] == (1, 0, 1, 0)
    assert runs(test, FLUTTER)[2] == (1, 0, 1, 0)
    assert runs(FLUTTER, "NNNNNNNN")[2] == (0, 1, 0, 0)


def test_couplets_reported_in_flutter_are_real() -> None:
    couplets = [(3000, "V"), (3500, "V"), (4000, "N"), (4500, "V"), (5000, "V")]
    assert runs(FLUTTER, row((1000, "N"), *couplets, (6800, "N")))[0][2:] == (2, 0)


def test_escape_beats_make_no_runs_where_they_count_as_n() -> None:
    sides = beats("NjjjN"), beats("NjjjN")
    assert judge(*sides).runs["s"].score("short").tp == 1
    assert judge(*sides, escape_beats="N").runs["s"].score("short").tp == 0


def test_matrices_hold_runs_by_their_lengths() -> None:
    found: Comparison = judge(beats("NVVNVVVN"), beats("NVVVNVVN"))
    table = found.runs["v"]
    assert table.sensitivity[2, 2] == table.sensitivity[3, 2] == 1
    assert table.ppv[2, 3] == table.ppv[2, 2] == 1
    printed = run_matrices(found, "v")
    assert "   3 |    0    0    1    0    0    0    0\n" in printed
    assert "            Couplet sensitivity: 100% (1/1)\n" in printed
    assert "           Long run sensitivity:   -  (0/0)\n" in printed


def test_a_mark_of_noise_in_one_lead_ends_no_run() -> None:
    marks = row((1000, "N"), (1800, "V"), (2200, "~", 1), (2600, "V"), (3000, "~", 0), (3400, "N"))
    dark = row((1000, "N"), (1800, "V"), (2200, "~", UNREADABLE), (2600, "V"), (3400, "N"))
    assert runs(marks, marks)[0] == (1, 0, 1, 0)
    assert runs(dark, dark)[0] == NONE
