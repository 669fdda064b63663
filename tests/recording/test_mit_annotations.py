"""Annotation files: what wfdb writes is read, what is written wfdb reads, damage is refused."""

from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import example, given
from hypothesis import strategies as st

from ectopy.errors import DamagedFileError
from ectopy.recording import Annotations
from ectopy.recording._mit_annotations import decode, encode

SYMBOLS = st.sampled_from(list('NLRaVFJASEj/Q~|+"[]!x()'))
NOTES = st.lists(
    st.tuples(st.integers(0, 400_000_000), SYMBOLS, st.text("ab(µ é", max_size=200)), max_size=30
)


@given(notes=NOTES, fs=st.sampled_from([250.0, 360.0, 128.5]))
def test_what_goes_in_comes_out(notes: list[tuple[int, str, str]], fs: float) -> None:
    notes = sorted(notes, key=lambda note: note[0])
    sample, symbol, aux = (list(part) for part in zip(*notes, strict=True)) if notes else ([],) * 3
    made = Annotations(
        np.array(sample, np.int64), np.array(symbol, np.str_), np.array(aux, np.str_)
    )
    found, subtype, rate = decode(encode(made, fs), "made")
    assert not subtype.any()
    assert rate == fs
    assert found.sample.tolist() == sample
    assert found.symbol.tolist() == symbol
    assert found.aux.tolist() == [text.encode()[:255].decode("utf-8", "ignore") for text in aux]


def test_symbols_of_the_files_own(tmp_path: Path) -> None:
    wfdb.wrann(
        "own",
        "atr",
        np.array([5, 10, 4000]),
        symbol=["N", "X", "V"],
        custom_labels=[(40, "X", "no such beat")],
        aux_note=["", "(AFIB", ""],
        fs=500.0,
        write_dir=str(tmp_path),
    )
    found, _, fs = decode((tmp_path / "own.atr").read_bytes(), "own.atr")
    assert (found.sample.tolist(), found.symbol.tolist()) == ([5, 10, 4000], ["N", "X", "V"])
    assert (found.aux.tolist(), fs) == (["", "(AFIB", ""], 500.0)


@pytest.mark.parametrize("end", [b"", b"\1", b"\0\xf4" * 3, b"\xff\xff\0\0", b"\1\xec"])
def test_a_file_that_breaks_off_is_refused(end: bytes) -> None:
    notes = Annotations(np.array([7]), np.array(["N"]), np.array(["x"]))
    with pytest.raises(DamagedFileError, match="cut short"):
        decode(encode(notes, 250)[:-2] + end, "cut.atr")


def test_zeros_after_the_end_are_filling_and_more_is_damage() -> None:
    content = encode(Annotations(np.array([7]), np.array(["N"]), np.array(["x"])), 250)
    assert decode(content + bytes(500), "full.atr").annotations.sample.tolist() == [7]
    with pytest.raises(DamagedFileError, match="no annotations"):
        decode(content + bytes(8) + b"\1", "more.atr")


@given(st.binary(max_size=200))
@example(b"\x00\xec\xff\xff\xff\xff\x01\x04\x00\x00")
def test_any_bytes_are_either_annotations_or_refused(content: bytes) -> None:
    try:
        found, subtype, _ = decode(content, "x")
    except DamagedFileError:
        return
    assert len(found.sample) == len(found.symbol) == len(found.aux) == len(subtype)


@pytest.mark.data
def test_the_same_as_wfdb_reads(data: Path) -> None:
    for path in sorted((data / "mitdb").glob("*.atr")):
        known = wfdb.rdann(str(path.with_suffix("")), "atr")
        found, _, _ = decode(path.read_bytes(), path.name)
        np.testing.assert_array_equal(found.sample, known.sample)
        assert found.symbol.tolist() == known.symbol
        assert found.aux.tolist() == [text.rstrip("\0") for text in known.aux_note]
