"""A data set arrives whole and right, whatever the network and the server do, or says why not."""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from click.testing import CliRunner
from publisher import Publisher

from ectopy.cli import main
from ectopy.datasets import _transfer
from ectopy.datasets._transfer import Patience
from ectopy.datasets.checksums import check, is_safe, parse_sums
from ectopy.datasets.fetch import choose, default_folder, fetch
from ectopy.datasets.published import PUBLISHED
from ectopy.errors import DatasetError, OutputError

HASTY = Patience(tries=4, first_wait_s=0.01, longest_wait_s=0.05)
WAITS_FOR = {"slow": 1.0}  # seconds of silence, where the server falls silent
BIG = np.random.default_rng(0).bytes(700_000)
FILES = {
    "100.hea": b"100 2 360 650000\n",
    "100.dat": BIG,
    "100.atr": b"a" * 5000,
    "101.hea": b"101 2 360 650000\n",
    "101.dat": BIG[::-1],
    "101.atr": b"b" * 4000,
    "mitdbdir/intro.htm": b"<html>",
    "RECORDS": b"100\n101\n",
}


@pytest.fixture
def publisher(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("ECTOPY_PHYSIONET", raising=False)
    server = Publisher()
    server.publish(FILES)
    yield server
    server.close()


def get(publisher, folder, fault="", **options):
    patience = replace(HASTY, timeout_s=WAITS_FOR.get(fault, HASTY.timeout_s))
    return fetch("mitdb", folder, base_url=publisher.url, patience=patience, **options)


def assert_whole(folder, files=FILES):
    for path, content in files.items():
        assert (folder / path).read_bytes() == content
    assert not list(folder.rglob("*.part"))


def test_all_files_arrive_and_are_not_fetched_twice(publisher, tmp_path):
    told = []
    first = get(publisher, tmp_path, progress=told.append)
    assert (first.fetched, first.kept, first.failed) == (len(FILES), 0, ())
    assert_whole(tmp_path)
    assert told[-1].files_done == told[-1].files == len(FILES)
    assert told[-1].bytes_done == told[-1].bytes_expected == sum(map(len, FILES.values()))
    second = get(publisher, tmp_path)
    assert (second.fetched, second.kept) == (0, len(FILES))
    assert publisher.requests("100.dat") == 1
    assert check("mitdb", tmp_path).good


def test_what_was_altered_or_lost_is_fetched_again(publisher, tmp_path):
    get(publisher, tmp_path)
    (tmp_path / "100.dat").write_bytes(b"x" + BIG[1:])
    (tmp_path / "101.atr").unlink()
    found = check("mitdb", tmp_path)
    assert [path for path, _ in found.wrong] == ["100.dat"]
    assert found.missing == ("101.atr",)
    assert found.incomplete == ("101",)
    assert not found.good
    again = get(publisher, tmp_path)
    assert (again.fetched, again.kept) == (2, len(FILES) - 2)
    assert_whole(tmp_path)


def test_dropped_connections_are_resumed_where_they_broke(publisher, tmp_path):
    publisher.faults["100.dat"] = ["drop"] * 5  # more often than it is tried without getting on
    assert not get(publisher, tmp_path).failed
    assert_whole(tmp_path)
    starts = publisher.first_bytes("100.dat")
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert starts[1] > len(BIG) // 3


def test_each_short_connection_brings_a_file_further(publisher, tmp_path):
    publisher.publish({"100.dat": BIG[:60_000]})
    publisher.faults["100.dat"] = ["drop"] * 4
    assert not get(publisher, tmp_path).failed
    starts = publisher.first_bytes("100.dat")
    assert len(starts) == 5
    assert all(later > earlier for earlier, later in pairwise(starts))


@pytest.mark.parametrize("fault", ["close", "slow", "503", "429", "drop", "wrong", "ignore-range"])
def test_passing_faults_are_lived_through(publisher, tmp_path, fault):
    for path in ("SHA256SUMS.txt", "100.dat", "101.hea"):
        # a list of checksums that is wrong or breaks off is an error of its own
        publisher.faults[path] = [] if path.startswith("SHA") and fault == "wrong" else [fault]
    assert not get(publisher, tmp_path, fault).failed
    assert_whole(tmp_path)


@pytest.mark.parametrize("answer", ["ranges", "ignore-range", "odd-range"])
def test_a_part_of_an_earlier_run_is_used(publisher, tmp_path, answer):
    (tmp_path / ".100.dat.part").write_bytes(BIG[:500_000])
    if answer != "ranges":
        publisher.faults["100.dat"] = [answer]
    assert not get(publisher, tmp_path).failed
    assert_whole(tmp_path)
    expected = {"ranges": [500_000], "ignore-range": [500_000], "odd-range": [500_000, 0]}
    assert publisher.first_bytes("100.dat") == expected[answer]


@pytest.mark.parametrize("part", [b"other content" * 1000, BIG, BIG + b"more", BIG[:9] + b"!"])
def test_a_part_that_is_whole_too_long_or_of_other_content_does_no_harm(publisher, tmp_path, part):
    (tmp_path / ".100.dat.part").write_bytes(part)
    assert not get(publisher, tmp_path).failed
    assert_whole(tmp_path)


def test_lasting_faults_are_named_and_the_rest_arrives(publisher, tmp_path):
    publisher.faults = {"100.dat": ["wrong"], "101.atr": ["404"], "RECORDS": ["503"],
                        "100.hea": ["loop"]}  # fmt: skip
    publisher.lasting = set(publisher.faults)
    (tmp_path / "100.dat").write_bytes(b"what stood there before")
    found = get(publisher, tmp_path)
    reasons = dict(found.failed)
    assert list(reasons) == ["100.dat", "100.hea", "101.atr", "RECORDS"]
    assert "from one address to the next without end" in reasons["100.hea"]
    assert "other bytes than published" in reasons["100.dat"]
    assert "is not there (404)" in reasons["101.atr"]
    assert "answers 503" in reasons["RECORDS"]
    assert publisher.requests("100.dat") == HASTY.wrong
    assert publisher.requests("101.atr") == 1
    assert publisher.requests("RECORDS") == HASTY.tries
    assert (tmp_path / "100.dat").read_bytes() == b"what stood there before"
    assert not (tmp_path / "RECORDS").exists()
    assert_whole(tmp_path, {k: v for k, v in FILES.items() if k not in reasons})


def test_a_lost_network_ends_it_at_once_and_another_run_goes_on(publisher, tmp_path):
    publisher.faults = {path: ["close"] for path in FILES} | {"SHA256SUMS.txt": ["", "close"]}
    publisher.lasting = set(publisher.faults)
    found = get(publisher, tmp_path, workers=1)
    assert len(found.failed) == 1
    assert "run the same command again" in found.failed[0][1]
    assert found.left == len(FILES) - 1
    publisher.faults = {}
    assert get(publisher, tmp_path).fetched == len(FILES)
    publisher.close()
    # all that is right needs no network
    assert get(publisher, tmp_path).kept == len(FILES)


@pytest.mark.parametrize("fault", ["close", "slow", "drop"])
def test_one_file_that_always_breaks_off_does_not_keep_the_others(publisher, tmp_path, fault):
    publisher.faults, publisher.lasting = {"100.hea": [fault]}, {"100.hea"}
    found = get(publisher, tmp_path, fault, workers=1)
    assert [path for path, _ in found.failed] == ["100.hea"]
    assert found.fetched == len(FILES) - 1


def test_no_network_no_such_address(publisher, tmp_path):
    publisher.close()
    with pytest.raises(DatasetError, match=r"connection refused; check the network"):
        get(publisher, tmp_path)
    with pytest.raises(DatasetError, match="give an address such as https"):
        fetch("mitdb", tmp_path, base_url="file:///etc")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "..\\evil",
        "C:/evil",
        "a//evil",
        ".",
        "a/.",
        "nul\x01",
    ],
)
def test_paths_that_lead_out_of_the_folder_are_refused(publisher, tmp_path, path):
    inside = tmp_path / "in" / "side"
    publisher.publish(FILES, sums=f"{'0' * 64} 100.hea\n{'0' * 64} {path}\n")
    with pytest.raises(DatasetError, match=r"lead out of its folder|no checksum with a path"):
        get(publisher, inside)
    assert not list(tmp_path.rglob("*"))
    assert not is_safe(path)


def test_a_list_that_is_no_list_is_refused(publisher, tmp_path):
    publisher.publish(FILES, sums="<!DOCTYPE html>\n<title>Log in</title>\n")
    with pytest.raises(DatasetError, match="not a list of SHA-256 checksums"):
        get(publisher, tmp_path)
    with pytest.raises(DatasetError, match="lists no files"):
        parse_sums("\n", "SHA256SUMS.txt")
    listed = f"{'A' * 64} *a b.txt\n{'0' * 64}  c\r\n{'0' * 64} SHA256SUMS.txt\n"
    assert parse_sums(listed, "") == {
        "a b.txt": "a" * 64,
        "c": "0" * 64,
    }


def test_a_full_disk_ends_it_with_one_line(publisher, tmp_path, monkeypatch):
    class Full:
        def __init__(self, stream):
            self.stream, self.left = stream, 300_000

        def write(self, chunk):
            self.left -= len(chunk)
            if self.left < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.stream.write(chunk)

        def flush(self):
            self.stream.flush()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.stream.close()

    opened = _transfer._opened
    monkeypatch.setattr(
        _transfer, "_opened", lambda part, append: Full(opened(part, append=append))
    )
    with pytest.raises(OutputError, match=r"100\.dat\.part: No space left on device; make room"):
        get(publisher, tmp_path, workers=1)
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert not get(publisher, tmp_path).failed
    assert publisher.first_bytes("100.dat")[1] > 200_000
    assert_whole(tmp_path)


def test_a_file_in_the_way_of_a_folder_is_named(publisher, tmp_path):
    (tmp_path / "mitdbdir").write_text("in the way")
    with pytest.raises(OutputError, match="mitdbdir"):
        get(publisher, tmp_path)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_ended_is_gone_on_with(publisher, tmp_path, end):
    publisher.faults["100.dat"] = ["trickle"]
    command = [sys.executable, "-m", "ectopy", "data", "fetch", "mitdb", "-o", str(tmp_path)]
    environment = os.environ | {"ECTOPY_PHYSIONET": publisher.url}
    # where the tests themselves run in the background, Ctrl-C is ignored and that is inherited
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=heard
    ) as run:
        part = tmp_path / ".100.dat.part"
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size > 100_000):
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(end)
        _, said = run.communicate(timeout=60)
    if end == signal.SIGINT:
        assert run.returncode == 1
        assert said.strip().splitlines()[-1].startswith("ectopy: interrupted; run the same command")
    assert not (tmp_path / "100.dat").exists()
    assert not get(publisher, tmp_path).failed
    assert publisher.first_bytes("100.dat")[-1] > 100_000
    assert_whole(tmp_path)


def test_records_are_chosen_by_name_pattern_and_number(publisher, tmp_path):
    found = get(publisher, tmp_path, records=["101"])
    assert found.fetched == 4
    there = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert there == {"101.hea", "101.dat", "101.atr", "RECORDS", "SHA256SUMS.txt"}
    assert check("mitdb", tmp_path).good
    paths = [f"records{hz}/0000{n}_{kind}.{end}" for hz, kind in ((100, "lr"), (500, "hr"))
             for n in (1, 2) for end in ("hea", "dat")]  # fmt: skip
    paths.append("ptbxl_database.csv")
    assert choose("ptb-xl", paths, ["records100/*"]) == [*paths[:4], paths[-1]]
    assert choose("ptb-xl", paths, ["*_hr"], limit=1) == [*paths[4:6], paths[-1]]
    assert choose("ptb-xl", paths) == paths
    with pytest.raises(DatasetError, match=r"no record '7\*'; it has 4, such as records100/"):
        choose("ptb-xl", paths, ["7*"])


def test_default_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ECTOPY_DATA", str(tmp_path))
    assert default_folder("svdb") == tmp_path / "svdb"
    monkeypatch.delenv("ECTOPY_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_folder("svdb") == tmp_path / "cache" / "ectopy" / "svdb"


def test_the_command_says_what_it_did_and_its_status_tells_scripts(
    publisher, tmp_path, monkeypatch
):
    monkeypatch.setenv("ECTOPY_PHYSIONET", publisher.url)
    run = CliRunner().invoke
    done = run(main, ["data", "fetch", "mitdb", "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == str(tmp_path)
    assert "8 files fetched" in done.stdout
    assert "Moody" in done.stdout
    assert run(main, ["data", "check", "mitdb", str(tmp_path)]).exit_code == 0
    (tmp_path / "100.dat").write_bytes(b"")
    bad = run(main, ["data", "check", "mitdb", str(tmp_path)])
    assert bad.exit_code == 1
    assert "100.dat" in bad.stderr
    publisher.files["100.dat"] = b"else"
    monkeypatch.setattr("ectopy.datasets.fetch.Patience", lambda: HASTY)
    failed = run(main, ["data", "fetch", "mitdb", "-o", str(tmp_path)])
    assert failed.exit_code == 1
    assert "100.dat" in failed.stderr
    assert run(main, ["data", "fetch", "mitdb2"]).exit_code == 2
    unknown = run(main, ["data", "fetch", "mitdb", "--records", "999", "-o", str(tmp_path)])
    assert unknown.exit_code == 2
    assert "no record '999'" in unknown.stderr
    none = run(main, ["data", "fetch", "mitdb", "--records", " ,", "-o", str(tmp_path / "none")])
    assert none.exit_code == 2
    assert "names no record" in none.stderr
    assert not (tmp_path / "none").exists()


def test_the_list_tells_licence_and_citation_of_each_set():
    shown = CliRunner().invoke(main, ["data", "list"]).stdout
    for each in PUBLISHED.values():
        assert each.name in shown
        assert each.doi in shown
    assert "CC BY 4.0" in shown
    assert "kaggle-mitbih" in shown


def test_kaggle_files_are_known_by_their_bytes(tmp_path):
    (tmp_path / "ptbdb_normal.csv").write_bytes(b"0" * 19_016_200)
    (tmp_path / "ptbdb_abnormal.csv").write_bytes(b"0")
    found = check("kaggle-ptbdb", tmp_path)
    reasons = dict(found.wrong)
    assert "SHA-256" in reasons["ptbdb_normal.csv"]
    assert "1 bytes, published are 49,378,200" in reasons["ptbdb_abnormal.csv"]
    assert not found.good


@pytest.mark.data
def test_records_of_mitdb_are_checked_with_and_without_their_list(data, tmp_path):
    found = check("mitdb", data / "mitdb")
    assert found.good
    assert len(found.right) >= 144
    for file in ("100.hea", "100.dat", "100.atr", "101.hea", "101.dat", "101.atr", "102.hea"):
        (tmp_path / file).symlink_to(data / "mitdb" / file)
    (tmp_path / "101.dat").unlink()
    (tmp_path / "101.dat").symlink_to(data / "mitdb" / "100.dat")
    found = check("mitdb", tmp_path)
    assert found.right == ("100",)
    assert [record for record, _ in found.wrong] == ["101", "102"]
    assert len(found.missing) == 45
    with pytest.raises(DatasetError, match=r"has no SHA256SUMS\.txt"):
        check("svdb", tmp_path)
