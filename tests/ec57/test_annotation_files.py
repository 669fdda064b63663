"""Files of annotations: what is read, under any name, and what is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import wfdb
from ec57_rows import FS, START, beats, counted, row

from ectopy.ec57 import FileAnnotations, compare, compare_files, read_annotations, summarise
from ectopy.errors import AnnotationError

SAMPLE = np.array([18, 77, 1200, 70_000, 9_000_000])
SYMBOL = np.array(["+", "N", "A", "~", "V"])


def write_wfdb(folder: Path, name: str, fs: float | None = 360) -> Path:
    aux, subtype = ["(AFIB", "", "odd", "", ""], np.array([0, 0, 0, -1, 0])
    wfdb.wrann("r", "atr", SAMPLE, SYMBOL, subtype, aux_note=aux, fs=fs, write_dir=str(folder))
    return (folder / "r.atr").rename(folder / name)


def write_csv(path: Path, sample, label, fs: float | None = None) -> Path:
    lines = ["sample,label" if fs is None else "sample,time_s,label"]
    for where, name in zip(sample, label, strict=True):
        lines.append(f"{where},{name}" if fs is None else f"{where},{where / fs:.4f},{name}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_json(path: Path, sample, label, **recording: object) -> Path:
    found = {"recording": recording, "beats": {"sample": list(sample), "label": list(label)}}
    path.write_text(json.dumps(found))
    return path


@pytest.mark.data
def test_every_reference_file_reads_as_wfdb_reads_it(data: Path) -> None:
    for path in sorted((data / "mitdb").glob("*.atr")) + sorted((data / "ec57").glob("*.tst")):
        found, fs = read_annotations(path)
        theirs = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
        assert found.sample.tolist() == theirs.sample.tolist()
        assert found.symbol.tolist() == theirs.symbol
        assert found.subtype is not None
        assert found.subtype.tolist() == theirs.subtype.tolist()
        assert found.aux.tolist() == [text.rstrip("\0") for text in theirs.aux_note]
        assert (fs, found.n_samples) == ((360, 650_000) if path.suffix == ".atr" else (None, None))


@pytest.mark.parametrize("name", ["a.atr", "my record.v2.tst", "208", "é-x.1.2.qrs", "x.csv"])
def test_annotations_are_read_under_any_name(name: str, tmp_path: Path) -> None:
    found, fs = read_annotations(write_wfdb(tmp_path, name))
    assert fs == 360
    assert found.sample.tolist() == SAMPLE.tolist()
    assert found.symbol.tolist() == SYMBOL.tolist()
    assert found.aux.tolist() == ["(AFIB", "", "odd", "", ""]
    assert found.subtype is not None
    assert found.subtype.tolist() == [0, 0, 0, -1, 0]


def test_a_record_may_be_named_without_its_extension(tmp_path: Path) -> None:
    write_wfdb(tmp_path, "my.record.atr")
    assert len(read_annotations(tmp_path / "my.record")[0]) == 5


def test_rate_and_length_come_from_the_header_beside_it(tmp_path: Path) -> None:
    path = write_wfdb(tmp_path, "r.atr", fs=None)
    assert read_annotations(path)[1] is None
    (tmp_path / "r.hea").write_text("r 1 250 10000000\nr.dat 212 200 11 1024 0 0 0 II\n")
    found, fs = read_annotations(path)
    assert (fs, found.n_samples) == (250, 10_000_000)


def test_the_files_that_ectopy_writes_are_read(tmp_path: Path) -> None:
    sample, label = [100, 500, 900, 1300, 1700], list("NSVFQ")
    from_csv, csv_fs = read_annotations(write_csv(tmp_path / "x.txt", sample, label, 128))
    path = write_json(tmp_path / "x.dat", sample, label, fs=128.0, n_samples=2000)
    from_json, json_fs = read_annotations(path)
    assert csv_fs == json_fs == 128
    assert (from_csv.n_samples, from_json.n_samples) == (None, 2000)
    for found in (from_csv, from_json):
        assert found.sample.tolist() == sample
        assert "".join(found.symbol) == "NAVFQ"


@pytest.mark.parametrize("fs", [50, 125, 128.0, 257.5, 360, 999, 1000])
def test_the_rate_of_a_table_follows_from_its_times(fs: float, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", range(200, 9000, 300), "N" * 30, fs)
    assert read_annotations(path)[1] == pytest.approx(fs, rel=1e-5)
    assert read_annotations(path)[1] == fs or fs == 257.5


def test_an_expert_may_use_mit_symbols_semicolons_and_any_order_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "expert.csv"
    path.write_text("\ufeffLabel; Sample; note\nL;10;\nS;400;?\n/;800;\n", encoding="utf-8")
    found, fs = read_annotations(path)
    assert (found.sample.tolist(), "".join(found.symbol), fs) == ([10, 400, 800], "LA/", None)


def test_files_of_different_kinds_are_compared(tmp_path: Path) -> None:
    side = beats("NNVANNF")
    reference = write_csv(tmp_path / "208.csv", side.sample, side.symbol)
    test = write_json(tmp_path / "t.json", side.sample.tolist(), list("NNVSNVF"), fs=FS)
    found = compare_files(reference, test)
    assert counted(found) == {"Nn": 3, "Nv": 1, "Ss": 1, "Vv": 1, "Ff": 1}
    assert (found.record, found.fs) == ("208", FS)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def refusal(*paths: Path, **options: object) -> str:
    with pytest.raises(AnnotationError) as caught:
        compare_files(*paths, **options) if len(paths) == 2 else read_annotations(*paths)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\0\0", b"\0" * 512])
def test_an_empty_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.atr").write_bytes(content)
    assert "is empty" in refusal(tmp_path / "x.atr")


def test_files_without_beats_are_refused(tmp_path: Path) -> None:
    assert "holds no beats" in refusal(write_csv(tmp_path / "x.csv", [], []))
    assert "holds no beats" in refusal(write_json(tmp_path / "x.json", [], []))
    wfdb.wrann("n", "atr", np.array([5, 9]), np.array(["+", "~"]), write_dir=str(tmp_path))
    assert "no beat" in refusal(tmp_path / "n.atr")


@pytest.mark.parametrize(
    "content",
    [
        b"208 2 360 650000\n208.dat 212 200 11 1024 0 0 0 MLII\n",
        b"Once upon a time there was a heart.\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0",
        b"sample,label",
        b"time,label\n0.1,N\n",
        b"[1, 2, 3]",
        b'{"beats": {"sample": [1, 2]}}',
        b'{"beats": {"sample": [1, 2], "label": ["N"]}}',
        b'{"beats": 3}',
        b'{"beats": {"sample": [1, 2], "label"',
        b"sample,label\n1.5,N\n",
        b"sample,label\nx,N\n",
        b"sample,label\nnan,N\n",
        b"sample,label\n10,N\n20\n",
        b"sample,label\n10,normal\n",
    ],
)
def test_what_is_no_file_of_annotations_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.atr").write_bytes(content)
    assert str(tmp_path / "x.atr") in refusal(tmp_path / "x.atr")


def test_a_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = write_wfdb(tmp_path, "r.atr")
    whole = path.read_bytes()
    for length in range(1, len(whole) - 2):
        path.write_bytes(whole[:length])
        refusal(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.atr")
    refusal(tmp_path)


def test_other_rates_are_refused(tmp_path: Path) -> None:
    side = beats("NNVN")
    one = write_csv(tmp_path / "a.csv", side.sample, side.symbol, 360)
    two = write_json(tmp_path / "b.json", side.sample.tolist(), list("NNVN"), fs=250)
    assert re.search(r"rates differ.*a\.csv: 360 Hz.*b\.json: 250 Hz", refusal(one, two))
    assert "rates differ" in refusal(one, one, fs=500)


def test_files_that_tell_no_rate_are_refused_without_one(tmp_path: Path) -> None:
    side = beats("NNVN")
    path = write_csv(tmp_path / "a.csv", side.sample, side.symbol)
    assert "sampling rate" in refusal(path, path)
    assert counted(compare_files(path, path, fs=FS)) == {"Nn": 3, "Vv": 1}


def test_unsorted_annotations_are_refused(tmp_path: Path) -> None:
    side = beats("NNVN")
    good = write_csv(tmp_path / "a.csv", side.sample, side.symbol, FS)
    bad = write_csv(tmp_path / "b.csv", side.sample[[0, 2, 1, 3]], side.symbol, FS)
    assert "test annotations are not in time order" in refusal(good, bad)
    assert "reference annotations are not in time order" in refusal(bad, good)


def test_records_of_other_lengths_are_refused(tmp_path: Path) -> None:
    side = beats("NNVN")
    sample, label = side.sample.tolist(), list("NNVN")
    one = write_json(tmp_path / "a.json", sample, label, fs=FS, n_samples=400_000)
    two = write_json(tmp_path / "b.json", sample, label, fs=FS, n_samples=650_000)
    assert "400.0 s, the test to one of 650.0 s" in refusal(one, two)


def test_annotations_beyond_the_end_of_the_record_are_refused(tmp_path: Path) -> None:
    short, long = beats("NNVN"), beats("N" * 600)
    one = write_json(
        tmp_path / "a.json", short.sample.tolist(), list("NNVN"), fs=FS, n_samples=310_000
    )
    two = write_csv(tmp_path / "b.csv", long.sample, long.symbol)
    assert "the record has 310000 samples" in refusal(one, two)
    assert "the record has 310000 samples" in refusal(two, one)


def test_annotations_that_end_far_apart_are_refused_unless_the_length_is_given() -> None:
    full, over, half = beats("N" * 600), beats("N" * 620), beats("N" * 100, first=-150_000)
    for reference, test in ((full, over), (full, half)):
        with pytest.raises(AnnotationError, match="end at"):
            compare(reference, test, fs=FS)
        compare(reference, test, fs=FS, n_samples=1_000_000)
    known = FileAnnotations(full.sample, full.symbol, full.aux, n_samples=1_000_000)
    assert compare(known, over, fs=FS).qrs.fp == 20
    with pytest.raises(AnnotationError, match="end at"):
        compare(known, half, fs=FS)
    late = beats("N" * 605)
    assert compare(full, late, fs=FS).qrs.fp == 5
    assert compare(full, beats("N" * 400), fs=FS).qrs.fn == 200


def test_a_record_within_the_learning_period_is_refused_rather_than_scored() -> None:
    side = row((1000, "N"), (1800, "V"), at=0)
    with pytest.raises(AnnotationError, match=r"last beat of the reference is at 1\.8 s"):
        compare(side, side, fs=FS)
    assert counted(compare(side, side, fs=FS, learning_s=0)) == {"Nn": 1, "Vv": 1}


def test_odd_input_is_refused() -> None:
    side = beats("NNVN")
    early = FileAnnotations(side.sample - START - 5000, side.symbol, side.aux)
    ragged = FileAnnotations(side.sample, side.symbol[:2], side.aux)
    empty = FileAnnotations(side.sample[:0], side.symbol[:0], side.aux[:0])
    for bad in (early, ragged, empty):
        with pytest.raises(AnnotationError):
            compare(side, bad, fs=FS)
        with pytest.raises(AnnotationError):
            compare(bad, side, fs=FS)
    for options in ({"fs": 0}, {"fs": float("nan")}, {"fs": FS, "escape_beats": "Q"}):
        with pytest.raises(AnnotationError):
            compare(side, side, **options)
    for learning_s in (-1.0, float("inf"), float("nan")):
        with pytest.raises(AnnotationError):
            compare(side, side, fs=FS, learning_s=learning_s)


def test_summaries_of_nothing_or_of_unlike_comparisons_are_refused() -> None:
    side = beats("NNVj")
    with pytest.raises(AnnotationError, match="got none"):
        summarise([])
    with pytest.raises(AnnotationError, match="counted as N and as S"):
        summarise([compare(side, side, fs=FS, escape_beats=mode) for mode in "SN"])
