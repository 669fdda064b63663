"""``ectopy stream``: samples in, lines of JSON out, and a clean end whatever happens."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ectopy.recording.write import write
from ectopy.simulate import simulate
from ectopy.stream import BinarySamples, TextSamples, replay

RECORDING = simulate(15, 250, seed=3)
COMMAND = [sys.executable, "-m", "ectopy", "stream", "--fs", "250"]
TEXT = "".join(f"{a:.5f},{b:.5f}\n" for a, b in RECORDING.signal).encode()


def run(*options: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *options], input=data, capture_output=True, check=False)


def lines_of(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def beats_of(lines: list[dict[str, Any]]) -> list[int]:
    return [line["sample"] for line in lines if line["type"] == "beat"]


@pytest.fixture
def running() -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield process
        process.kill()


def test_text_and_binary_samples_give_the_beats_of_the_live_path(tmp_path: Path) -> None:
    expected = replay(RECORDING).beats.sample.tolist()
    done = run("--leads", "II,V1", data=TEXT)
    assert done.returncode == 0
    assert done.stderr == b""
    first, *_, last = lines = lines_of(done.stdout)
    assert (first["type"], first["lead"], first["warning"]) == (
        "stream",
        "II",
        "not a medical device",
    )
    assert len(first["model"]["sha256"]) == 64
    assert beats_of(lines) == expected
    assert (last["type"], last["beats"], last["reason"]) == ("end", len(expected), "end of input")
    assert sum(last["counts"].values()) == len(expected)
    counts = np.where(np.isnan(RECORDING.signal), -32768, np.rint(RECORDING.signal * 1000))
    binary = ("--format", "int16", "--leads", "II,V1", "--missing", "-32768")
    assert beats_of(lines_of(run(*binary, data=counts.astype("<i2").tobytes()).stdout)) == expected
    # what 'ectopy convert' writes can be read: the header names the leads, the times are no lead
    write(RECORDING, tmp_path / "converted.csv")
    lines = lines_of(run(data=(tmp_path / "converted.csv").read_bytes()).stdout)
    assert lines[0]["leads"] == list(RECORDING.leads)
    assert beats_of(lines) == expected


def test_a_bad_line_is_told_after_what_was_found() -> None:
    done = run(data=TEXT + b"0.1,oops\n" + TEXT)
    lines = lines_of(done.stdout)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        f"ectopy: stdin: line {RECORDING.n_samples + 1} holds 'oops', which is no sample\n"
    )
    assert len(beats_of(lines)) > 10
    assert lines[-1]["reason"] == "bad input"
    assert lines[-1]["n_samples"] == RECORDING.n_samples


def test_wrong_usage_is_told_before_anything_is_read() -> None:
    for options, says in (
        (["--model", "none"], "no model named"),
        (["--leads", "I,V1", "--lead", "aVF"], "no lead"),
        (["--format", "mp3"], "mp3"),
    ):
        done = run(*options)
        assert done.returncode == 2
        assert says in done.stderr.decode()
        assert done.stdout == b""
    assert run().returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_as_the_end_of_the_input_does(
    running: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(TEXT)
    running.stdin.flush()
    first = [running.stdout.readline() for _ in range(6)]
    running.send_signal(number)
    rest = running.stdout.read()
    assert running.wait(60) == 0
    lines = lines_of(b"".join(first) + rest)
    assert lines[-1]["type"] == "end"
    assert lines[-1]["reason"] == number.name
    assert lines[-1]["beats"] == len(beats_of(lines))


def test_beats_come_before_the_input_ends(running: subprocess.Popen[bytes]) -> None:
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(TEXT[: len(TEXT) // 2])
    running.stdin.flush()
    assert json.loads(running.stdout.readline())["type"] == "stream"
    assert json.loads(running.stdout.readline())["type"] == "beat"
    # nobody reads any more: no complaint
    running.stdout.close()
    running.stdin.write(TEXT)
    running.stdin.close()
    assert running.wait(60) == 0
    assert running.stderr is not None
    assert running.stderr.read() == b""


def test_analyze_live_gives_the_same(tmp_path: Path) -> None:
    write(RECORDING, tmp_path / "one.csv")
    command = [sys.executable, "-m", "ectopy", "analyze", str(tmp_path / "one.csv"), "--live"]
    out = ["-o", str(tmp_path), "--formats", "json"]
    subprocess.run([*command, *out], check=True, capture_output=True)
    told = json.loads((tmp_path / "one.json").read_text())
    assert told["beats"]["sample"] == replay(RECORDING).beats.sample.tolist()
    assert "3 s" in told["settings"]["live"]
    refused = subprocess.run([*command, "--screen", "mi"], capture_output=True, check=False)
    assert refused.returncode == 2


def test_text_in_any_pieces_is_the_same() -> None:
    text = b"\xef\xbb\xbftime;II (mV);V1\n# a remark\n0;1;2\r\n1;;nan\n\n3;-;4e-1\n4;5;6"
    expected = [[1, 2], [np.nan] * 2, [np.nan] * 2, [np.nan, 0.4], [5, 6]]
    for size in (1, 3, 100):
        reader = TextSamples()
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        rows = [reader.feed(piece) for piece in pieces] + [reader.feed(b"", end=True)]
        found = np.concatenate([part for part in rows if len(part)])
        assert np.array_equal(found, np.array(expected, np.float32), equal_nan=True)
        assert reader.leads == ("II", "V1")
        assert reader.error is None


@pytest.mark.parametrize(
    ("text", "rows", "says"),
    [
        (b"1\n2\nx\n4\n", 2, "line 3 holds 'x'"),
        (b"1\n\n2\ninf\n", 3, "line 4 holds 'inf'"),
        (b"1 2\n1 2 3\n", 1, "line 2 has 3 columns, those before have 2"),
        (b"1e39\n", 0, "line 1 holds '1e39'"),
        (b"II,II\n1,2\n", 0, "line 1 does not name leads that differ"),
        (b"1" * 20_000, 0, "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_lines_that_cannot_be_read_are_named(text: bytes, rows: int, says: str) -> None:
    reader = TextSamples()
    assert len(reader.feed(text)) == rows
    assert reader.error is not None
    assert says in reader.error
    assert len(reader.feed(b"5\n")) == 0


def test_binary_samples_in_any_pieces() -> None:
    values = np.array([[1, -2], [3, -32768], [5, 6]], "<i2")
    reader = BinarySamples("int16", ["I", "II"], missing=-32768)
    found = [reader.feed(bytes([byte])) for byte in values.tobytes()]
    expected = np.where(values == -32768, np.nan, values)
    assert np.array_equal(np.concatenate(found), expected, equal_nan=True)
    reader.feed(b"\x01", end=True)
    assert reader.error is not None
    assert "1 bytes are left over after sample 2" in reader.error
    infinite = BinarySamples("float64")
    assert len(infinite.feed(np.array([1.0, 1e300, 2.0]).tobytes())) == 1
    assert "sample 1" in (infinite.error or "")
