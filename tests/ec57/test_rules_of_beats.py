"""One test for each rule of EC57 on beats, and for what bxb makes of it."""

import numpy as np
import pytest
from ec57_rows import FS, START, UNREADABLE, beats, counted, judge, row

from ectopy.ec57 import Comparison, FileAnnotations, beat_matrix, compare, shutdown_report
from ectopy.ec57.value import Period


def test_a_beat_150_ms_away_is_a_match() -> None:
    assert counted(judge(row((1000, "N")), row((1150, "N")))) == {"Nn": 1}
    assert counted(judge(row((1150, "N")), row((1000, "N")))) == {"Nn": 1}


def test_a_beat_151_ms_away_is_not_a_match() -> None:
    assert counted(judge(row((1000, "N")), row((1151, "N")))) == {"No": 1, "On": 1}
    assert counted(judge(row((1151, "N")), row((1000, "N")))) == {"No": 1, "On": 1}


@pytest.mark.parametrize(("fs", "samples"), [(360, 54), (250, 38), (128, 19), (257, 39)])
def test_the_match_window_is_150_ms_to_the_nearest_sample(fs: int, samples: int) -> None:
    assert Period.of(fs, 300, 0.150).window == samples


def test_a_beat_matches_only_once() -> None:
    assert counted(judge(row((1000, "N")), row((950, "V"), (1010, "N")))) == {"Nn": 1, "Ov": 1}


def test_the_nearer_of_two_beats_matches() -> None:
    assert counted(judge(row((1000, "N")), row((990, "N"), (1060, "V")))) == {"Nn": 1, "Ov": 1}
    assert counted(judge(row((990, "N"), (1060, "V")), row((1000, "N")))) == {"Nn": 1, "Vo": 1}


def test_a_beat_whose_nearer_partner_is_taken_still_matches() -> None:
    reference, test = row((960, "N"), (1090, "V")), row((1025, "N"), (1100, "V"))
    assert counted(judge(reference, test)) == {"Nn": 1, "Vv": 1}
    assert counted(judge(test, reference)) == {"Nn": 1, "Vv": 1}


def test_first_five_minutes_do_not_count() -> None:
    early = [(-(i + 1) * 1000, "V") for i in range(20, 0, -1)]
    reference = row(*early, (1000, "N"))
    assert counted(judge(reference, row((1000, "N")))) == {"Nn": 1}
    assert counted(judge(row((1000, "N")), reference)) == {"Nn": 1}


def test_the_first_sample_after_five_minutes_counts() -> None:
    assert counted(judge(row((0, "N")), row((0, "N")))) == {"Nn": 1}
    assert counted(judge(row((-1, "V"), (900, "N")), row((-1, "V"), (900, "N")))) == {"Nn": 1}


def test_a_pair_across_the_end_of_learning_counts_by_its_reference_beat() -> None:
    inside, outside = (50, "V"), (-20, "V")
    later = (900, "N")
    assert counted(judge(row(inside, later), row(outside, later))) == {"Vv": 1, "Nn": 1}
    assert counted(judge(row(outside, later), row(inside, later))) == {"Nn": 1}


def test_a_missed_beat_is_o_and_an_extra_one_o_of_the_reference() -> None:
    found = judge(beats("NVS"), beats("N  F"))
    assert counted(found) == {"Nn": 1, "Vo": 1, "So": 1, "Of": 1}
    assert (found.qrs.se, found.qrs.ppv) == (pytest.approx(100 / 3), 50.0)


def test_beats_at_the_end_of_a_record_count() -> None:
    assert counted(judge(beats("NNNV"), beats("N"))) == {"Nn": 1, "No": 2, "Vo": 1}
    assert counted(judge(beats("N"), beats("NNNV"))) == {"Nn": 1, "On": 2, "Ov": 1}


@pytest.mark.parametrize(
    ("symbols", "name"), [("NLRB", "N"), ("SAaJejn", "S"), ("VEr", "V"), ("F", "F"), ("/fQ?", "Q")]
)
def test_symbols_belong_to_the_classes_of_the_standard(symbols: str, name: str) -> None:
    found = counted(judge(beats(symbols), beats(symbols)))
    assert found == {name + name.lower(): len(symbols)}


def test_escape_beats_count_as_n_where_that_is_asked_for() -> None:
    reference, test = beats("ejnAN"), beats("NNNAN")
    as_s, as_n = judge(reference, test), judge(reference, test, escape_beats="N")
    assert counted(as_s) == {"Sn": 3, "Ss": 1, "Nn": 1}
    assert counted(as_n) == {"Nn": 4, "Ss": 1}
    assert (as_s.to_dict()["escape_beats"], as_n.to_dict()["escape_beats"]) == ("S", "N")


def test_annotations_that_are_no_beats_do_not_count() -> None:
    marks = [(i * 500, symbol) for i, symbol in enumerate('+~|x"sTpt^!', 1)]
    reference = row(*marks, (6000, "N"))
    assert counted(judge(reference, row((6000, "N")))) == {"Nn": 1}


def test_fusion_called_v_is_no_false_veb() -> None:
    found = judge(beats("VFQN"), beats("VVVV"))
    assert (found.veb.tp, found.veb.fn, found.veb.fp) == (1, 0, 1)


def test_unclassifiable_called_s_is_no_false_sveb_but_fusion_is() -> None:
    found = judge(beats("AFQNV"), beats("AAAAA"))
    assert (found.sveb.tp, found.sveb.fn, found.sveb.fp) == (1, 0, 3)


def test_a_veb_called_anything_else_or_missed_is_a_false_negative() -> None:
    found = judge(beats("VVVVVV"), beats("NAFQ V"))
    assert (found.veb.tp, found.veb.fn) == (1, 5)
    assert found.veb.se == pytest.approx(100 / 6)


def test_rates_without_events_are_unknown_rather_than_zero() -> None:
    found = judge(beats("NN"), beats("NN"))
    assert (found.veb.se, found.veb.ppv, found.veb.f1) == (None, None, None)
    assert "VEB sensitivity:      -  (0/0)" in beat_matrix(found)
    assert judge(beats("NN"), beats("NV")).veb.f1 == 0


FLUTTER = [(1000, "N"), (1500, "["), (1700, "!"), (3500, "]"), (4000, "N")]


def test_flutter_is_skipped() -> None:
    test = row((1000, "N"), (1500, "V"), (2000, "V"), (2500, "N"), (3500, "V"), (4000, "N"))
    assert counted(judge(row(*FLUTTER), test)) == {"Nn": 2}


def test_beats_outside_flutter_are_not_skipped() -> None:
    test = row((1000, "N"), (1499, "V"), (3501, "V"), (4000, "N"))
    assert counted(judge(row(*FLUTTER), test)) == {"Nn": 2, "Ov": 2}


def test_beats_that_either_side_marks_within_its_flutter_do_not_count() -> None:
    marked = row((1000, "N"), (1500, "["), (2000, "V"), (3500, "]"), (4000, "N"))
    assert counted(judge(marked, row((1000, "N"), (4000, "N")))) == {"Nn": 2}
    assert counted(judge(row((1000, "N"), (4000, "N")), marked)) == {"Nn": 2}


def test_flutter_that_only_the_test_reports_excuses_no_missed_beat() -> None:
    reference = row((1000, "N"), (2000, "V"), (4000, "N"))
    assert counted(judge(reference, row(*FLUTTER))) == {"Nn": 2, "Vo": 1}


def test_flutter_without_an_end_lasts_to_the_end() -> None:
    reference = row((1000, "N"), (1500, "["))
    test = row((1000, "N"), (90_000, "V"), (99_000, "V"))
    assert counted(judge(reference, test)) == {"Nn": 1}
    assert counted(compare(reference, test, fs=FS)) == {"Nn": 1}


def shut_down(*marks: tuple) -> Comparison:
    reference = row((1000, "N"), (2000, "V"), (3000, "A"), (7000, "N"))
    return judge(reference, row((1000, "N"), *marks, (7000, "N")))


def test_a_beat_missed_in_shutdown_is_x() -> None:
    found = shut_down((1500, "~", UNREADABLE), (6100, "~", 0))
    assert counted(found) == {"Nn": 2, "Vx": 1, "Sx": 1}
    assert found.shutdown_s == 5
    assert (found.veb.fn, found.qrs.fn) == (1, 2)
    assert "V missed in shutdown: 100.00% (1/1)" in shutdown_report(found)


def test_a_beat_found_in_shutdown_still_matches() -> None:
    found = shut_down((1500, "~", UNREADABLE), (6100, "~", 0))
    test = row((1000, "N"), (1500, "~", UNREADABLE), (6100, "~", 0), (6200, "N"))
    late = judge(row((1000, "N"), (6090, "N")), test)
    assert counted(late) == {"Nn": 2}
    assert found.qrs.tp == 2


def test_noise_in_one_lead_is_no_shutdown() -> None:
    for subtype in (0, 1, 2, 3, 0x10, 0x20):
        found = shut_down((1500, "~", subtype), (6100, "~", 0))
        assert counted(found) == {"Nn": 2, "Vo": 1, "So": 1}
        assert found.shutdown_s == 0


def test_a_lone_mark_of_shutdown_reaches_from_beat_to_beat() -> None:
    found = shut_down((2500, "~", UNREADABLE))
    assert counted(found) == {"Nn": 2, "Vx": 1, "Sx": 1}
    assert found.shutdown_s == 6


def test_a_lone_mark_of_shutdown_leaves_150_ms_to_the_beats_beside_it() -> None:
    test = row((1000, "N"), (2500, "~", UNREADABLE), (7000, "N"))
    for gone, name in ((1140, "o"), (1160, "x"), (6840, "x"), (6860, "o")):
        reference = row((1000, "N"), (gone, "V"), (7000, "N"))
        assert counted(judge(reference, test)) == {"Nn": 2, f"V{name}": 1}


def test_a_mark_of_shutdown_within_flutter_is_none() -> None:
    test = row((1000, "N"), (1500, "["), (2000, "~", UNREADABLE), (3500, "]"), (9000, "N"))
    assert judge(row((1000, "N"), (9000, "N")), test).shutdown_s == 0


def test_shutdown_without_an_end_lasts_to_the_end_of_the_record() -> None:
    reference, test = beats("NNVA"), beats("NN")
    late = int(test.sample[-1]) - START + 100
    test = row((1000, "N"), (1800, "N"), (late, "~", UNREADABLE))
    found = judge(reference, test)
    assert counted(found) == {"Nn": 2, "Vx": 1, "Sx": 1}
    assert found.shutdown_s == 3


def test_a_detection_where_the_reference_is_unreadable_is_x() -> None:
    reference = row((1000, "N"), (1500, "~", UNREADABLE), (6100, "~", 0), (7000, "N"))
    test = row((1000, "N"), (2000, "V"), (3000, "A"), (6500, "V"), (7000, "N"))
    found = judge(reference, test)
    assert counted(found) == {"Nn": 2, "Xv": 1, "Xs": 1, "Ov": 1}
    assert (found.veb.fp, found.sveb.fp, found.qrs.fp) == (2, 1, 3)


def test_annotations_without_subtypes_tell_of_no_shutdown() -> None:
    test = row((1000, "N"), (1500, "~", UNREADABLE), (6100, "~", 0))
    plain = FileAnnotations(test.sample, test.symbol, test.aux)
    assert counted(judge(beats("NVA"), plain)) == {"Nn": 1, "Vo": 1, "So": 1}


def test_rr_error_is_the_root_mean_square_of_interval_differences() -> None:
    reference, test = row((0, "N"), (800, "N"), (1600, "N")), row((0, "N"), (830, "N"), (1590, "N"))
    found = judge(reference, test)
    assert found.rr_error_ms == pytest.approx(np.sqrt((30**2 + 40**2) / 2))


def test_rr_error_reaches_back_into_the_learning_period() -> None:
    reference, test = row((-700, "N"), (100, "N")), row((-760, "N"), (100, "N"))
    assert judge(reference, test).rr_error_ms == pytest.approx(60)


def test_a_missed_beat_adds_to_the_rr_error_at_each_step() -> None:
    found = judge(beats("NNN"), beats("N N"))
    assert found.matches.rr_error.tolist() == [-800, -800]


def test_rr_intervals_across_flutter_or_shutdown_do_not_count() -> None:
    for first, last in (("[", "]"), ("~", "~")):
        marked = row((1000, "N"), (1500, first, UNREADABLE), (3500, last), (4000, "N"))
        plain = row((1000, "N"), (4050, "N"))
        assert judge(marked, plain).rr_error_ms is None
        assert judge(plain, marked).rr_error_ms is None
    assert judge(row((1000, "N"), (4000, "N")), plain).rr_error_ms == pytest.approx(50)


def test_every_step_names_the_annotations_it_compares() -> None:
    reference, test = beats("NVA"), beats("N AF")
    matches = judge(reference, test).matches
    assert matches.reference.tolist() == [0, 1, 2, -1]
    assert matches.test.tolist() == [0, -1, 1, 2]
    assert "".join(matches.row) == "NVSO"
    assert "".join(matches.column) == "nosf"


def test_kappa_is_that_of_the_beats_both_sides_have() -> None:
    reference, test = beats("N" * 25 + "V" * 25 + "N"), beats("N" * 20 + "V" * 20 + "N" * 10)
    assert judge(reference, test).kappa == pytest.approx(0.4)
    assert judge(beats("NNV"), beats("NNV")).kappa == 1
    assert judge(beats("NN"), beats("NN")).kappa is None


def test_classes_are_scored_without_forgiveness() -> None:
    classes = judge(beats("VFQNN"), beats("VVVVN")).classes
    assert (classes["V"].tp, classes["V"].fp) == (1, 3)
    assert classes["V"].f1 == pytest.approx(40)
    assert (classes["N"].se, classes["N"].ppv) == (50, 100)
    assert classes["S"].se is None
