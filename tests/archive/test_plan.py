"""What is taken for one recording, by names and headers alone."""

import os
from pathlib import Path

from archives import NAMES

from ectopy.archive.plan import find, stamp


def test_each_recording_is_found_once_and_in_order(originals):
    plan = find(originals)
    assert [item.name for item in plan.items] == [
        "README.txt",  # whether it is one, its content will tell
        *dict.fromkeys(name.split("::")[0] for name in NAMES),
    ]
    record = plan.items[1]
    assert record.files == ("a/one.hea", "a/one.atr", "a/one.dat")
    assert record.size == sum((originals / name).stat().st_size for name in record.files)
    assert plan.others == 1


def test_segments_belong_to_their_record(tmp_path):
    (tmp_path / "long.hea").write_text("long/2 1 250 1000\nlong_1 500\nlong_2 500\n")
    for number in (1, 2):
        header = f"long_{number} 1 250 500\nlong_{number}.dat 16 200 16 0 0 0 0 II\n"
        (tmp_path / f"long_{number}.hea").write_text(header)
        (tmp_path / f"long_{number}.dat").write_bytes(bytes(1000))
    (item,) = find(tmp_path).items
    assert item.files[0] == "long.hea"
    assert sorted(item.files[1:]) == ["long_1.dat", "long_1.hea", "long_2.dat", "long_2.hea"]


def test_what_is_left_out(originals, tmp_path):
    root = tmp_path / "in"
    (root / "results").mkdir(parents=True)
    (root / "results" / "a.csv").write_text("1\n")
    (root / ".hidden").mkdir()
    (root / ".hidden" / "a.csv").write_text("1\n")
    (root / "old").mkdir()
    (root / "old" / "a.csv").write_text("1\n")
    (root / "page.html").write_text("1\n")
    (root / "below").symlink_to(root)
    os.mkfifo(root / "pipe.csv")  # opening it would wait for ever
    (root / "link.csv").symlink_to(root / "nowhere")
    plan = find(root, skip=root / "results", exclude=["old/*"])
    assert plan.items == ()
    assert plan.others == 4


def test_names_that_are_no_text_can_be_written(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    path.write_text("1\n")
    (item,) = find(tmp_path).items
    assert item.name == "\\xff.csv"
    assert (tmp_path / item.path).read_text() == "1\n"


def test_a_stamp_tells_every_change(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1\n")
    before = stamp(tmp_path, ["a.csv"])
    assert stamp(tmp_path, ["a.csv"]) == before
    state = path.stat()
    path.write_text("2\n")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))  # as a careful copy does
    assert stamp(tmp_path, ["a.csv"]) != before
