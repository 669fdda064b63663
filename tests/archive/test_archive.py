"""A folder becomes one data set, the same however often and by whomever it is made."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from archives import NAMES, content, results, table
from click.testing import CliRunner

import ectopy
from ectopy.archive import work
from ectopy.archive.crew import LocalCrew
from ectopy.archive.job import TROUBLES, Job, Settings, StoppedError, context_of, versions
from ectopy.archive.run import archive
from ectopy.archive.schema import TABLES
from ectopy.archive.store import Store
from ectopy.cli import main
from ectopy.errors import EctopyError, OutputError
from ectopy.recording.write import write
from ectopy.simulate import simulate


@pytest.fixture(scope="module")
def made(originals, crew, tmp_path_factory):
    """The data set of the small archive."""
    out = tmp_path_factory.mktemp("made") / "out"
    return out, archive(originals, out, crew)


def test_the_data_set_says_what_analyze_says(made, originals):
    out, outcome = made
    rows = table(out, "recordings")
    assert [row["recording"] for row in rows] == NAMES
    assert outcome.statuses == {"failed": 1, "ok": 6}
    assert outcome.others == 2
    (cut,) = (row for row in rows if row["status"] == "failed")
    assert cut["recording"] == "b/cut.edf"
    assert str(originals) not in cut["reason"]
    beats, episodes = table(out, "beats"), table(out, "episodes")
    for row in rows:
        if row["status"] != "ok":
            continue
        found = ectopy.analyze(ectopy.read(originals / row["recording"]))
        own = [beat for beat in beats if beat["recording"] == row["recording"]]
        assert [beat["sample"] for beat in own] == found.beats.sample.tolist()
        assert [beat["label"] for beat in own] == found.labels.aami.tolist()
        assert [beat["abstained"] for beat in own] == found.labels.abstained.tolist()
        assert [beat["reason"] or "" for beat in own] == found.labels.reason.tolist()
        for name, values in (
            ("probability", found.labels.confidence),
            ("quality", found.beats.quality),
            ("rr_s", found.beats.rr_s),
        ):
            written = np.array([beat[name] for beat in own], float)
            np.testing.assert_allclose(written, values, atol=5.1e-5, err_msg=name)
        assert row["beats"] == len(found.beats)
        assert row["beats_V"] == found.labels.counts()["V"]
        assert row["mean_bpm"] == found.rhythm.mean_bpm
        mine = [each for each in episodes if each["recording"] == row["recording"]]
        assert [(e["kind"], e["first"], e["n_beats"]) for e in mine] == [
            (e.kind, e.first, e.n_beats) for e in found.rhythm.episodes
        ]


def test_each_column_says_what_it_is(made):
    import pyarrow.parquet as pq

    for name, columns in TABLES.items():
        (file,) = (made[0] / name).rglob("*.parquet")
        schema = pq.read_schema(file)
        assert schema.names == [column[0] for column in columns]
        assert schema.metadata[b"note"] == b"not a medical device"
        for field, (_, _, unit, says) in zip(schema, columns, strict=True):
            assert field.metadata[b"says"].decode() == says
            assert field.metadata.get(b"unit", b"").decode() == unit


def test_the_page_holds_every_recording_and_runs_nothing_foreign(made):
    page = (made[0] / "index.html").read_text("utf-8")
    assert "Not a medical device" in page
    assert "http" not in page.replace("http-equiv", "")
    start = page.index('id="rows">') + len('id="rows">')
    held = json.loads(page[start : page.index("</script>", start)])
    names = [row[held["columns"].index("recording")] for row in held["rows"]]
    assert sorted(names) == NAMES
    assert names[0] == "b/cut.edf"  # what needs a look comes first


def test_text_of_a_recording_cannot_leave_its_place_in_the_page(crew, tmp_path):
    name = "</script><script>alert(1)<"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"{name.replace('/', '∕')}.csv").write_bytes(b"")
    (tmp_path / "in" / "<b>&.csv").write_bytes(b"")
    archive(tmp_path / "in", tmp_path / "out", crew)
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "<b>&" not in page
    assert "<script>alert" not in page


def test_who_works_makes_no_difference(made, originals, tmp_path):
    crew = LocalCrew(2)
    archive(originals, tmp_path / "out", crew)
    crew.close()
    assert content(tmp_path / "out") == content(made[0])


def test_resume_keeps_what_did_not_change(root, crew, tmp_path):
    out = tmp_path / "out"
    first = archive(root, out, crew)
    assert (first.analysed, first.kept) == (7, 0)
    before, written = content(out), results(out)
    with pytest.raises(OutputError, match="--resume"):
        archive(root, out, crew)

    again = archive(root, out, crew, resume=True)
    assert (again.analysed, again.kept) == (0, 7)
    assert content(out) == before
    assert results(out) == written

    (out / "work" / "journal.jsonl").write_text('{"context": "cut sho')  # a torn memory
    again = archive(root, out, crew, resume=True)
    assert (again.analysed, again.kept) == (0, 7)
    assert content(out) == before

    shutil.move(root / "a", root / "moved")
    again = archive(root, out, crew, resume=True)
    assert (again.analysed, again.kept) == (0, 7)
    assert "moved/one.hea" in [row["recording"] for row in table(out, "recordings")]


def test_changed_files_are_read_again_and_removed_ones_leave_no_trace(root, crew, tmp_path):
    out = tmp_path / "out"
    archive(root, out, crew)
    written = results(out)
    write(simulate(14, 250, seed=40), root / "b" / "three.csv")
    (root / "b" / "packed.zip").unlink()
    outcome = archive(root, out, crew, resume=True)
    assert (outcome.analysed, outcome.kept) == (1, 4)
    kept = results(out).items() & written.items()
    assert (len(results(out)), len(kept)) == (5, 4)
    archive(root, tmp_path / "fresh", crew)
    assert content(out) == content(tmp_path / "fresh")


def test_settings_are_part_of_the_result(root, crew, tmp_path):
    out = tmp_path / "out"
    archive(root, out, crew)
    outcome = archive(root, out, crew, Settings(lead="1"), resume=True)
    assert (outcome.analysed, outcome.kept) == (7, 0)
    assert {row["lead"] for row in table(out, "recordings")} == {"V1", None}


def test_a_damaged_result_is_made_anew(root, crew, tmp_path):
    out = tmp_path / "out"
    archive(root, out, crew)
    before = content(out)
    path = next((out / "work" / "results").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:100])
    shutil.rmtree(out / "beats")
    with pytest.raises(StoppedError, match=r"damaged and was deleted.*--resume"):
        archive(root, out, crew, resume=True)
    outcome = archive(root, out, crew, resume=True)
    assert (outcome.analysed, outcome.kept) == (1, 6)
    assert content(out) == before


def test_a_file_that_changes_while_it_is_read_is_told_and_read_again(tmp_path, crew):
    root, out = tmp_path / "in", tmp_path / "out"
    root.mkdir()
    write(simulate(12, 250, seed=1), root / "calm.csv")
    write(simulate(600, 250, seed=2), root / "grows.csv")
    line = (root / "grows.csv").read_text().splitlines()[-1]
    stop = threading.Event()

    def grow():
        with (root / "grows.csv").open("a") as file:
            while not stop.is_set():
                file.write(f"{line}\n")
                file.flush()
                time.sleep(0.002)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        outcome = archive(root, out, crew)
    finally:
        stop.set()
        thread.join()
    assert outcome.statuses == {"changed": 1, "ok": 1}
    assert outcome.failed[0][:2] == ("grows.csv", "changed")
    assert len(results(out)) == 1
    outcome = archive(root, out, crew, resume=True)
    assert outcome.statuses == {"ok": 2}
    assert (outcome.analysed, outcome.kept) == (1, 1)


def test_only_one_run_works_in_a_folder(root, crew, tmp_path):
    store = Store(tmp_path / "out", resume=False)
    with pytest.raises(OutputError, match="another ectopy archive"):
        archive(root, tmp_path / "out", crew, resume=True)
    store.close()


def test_other_files_are_not_taken_for_an_archive(root, crew, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="no archive of ectopy"):
        archive(root, tmp_path / "out", crew, resume=True)
    with pytest.raises(EctopyError, match="no recording"):
        archive(tmp_path / "out", tmp_path / "new", crew, exclude=["*"])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"out": "/somewhere/else"}, "same file system under the same path"),
        ({"root": "/somewhere/else"}, "does not see the recordings"),
        ({"token": "another folder of that name"}, "does not see the folder of the results"),
        ({"context": "another"}, "another model"),
    ],
)
def test_a_worker_says_what_it_does_not_share(root, tmp_path, change, said):
    store = Store(tmp_path / "out", resume=False)
    right = {"root": str(root), "out": str(tmp_path / "out"), "settings": Settings()}
    right |= {"context": context_of(Settings()), "token": store.token, "probes": ("a/one.hea",)}
    assert work.open_job(Job(**right), versions()) == {"outcome": "ready"}
    answer = work.open_job(Job(**(right | change)), versions())
    assert answer["outcome"] == "stop"
    assert said in answer["reason"]
    answer = work.open_job(Job(**right), versions() | {"numpy": "1.0"})
    assert "numpy" in answer["reason"]
    store.close()


def test_a_model_that_goes_away_stops_the_run_and_fails_no_recording(root, crew, tmp_path):
    from ectopy.labels import DEFAULT_MODEL
    from ectopy.labels.models import model_folder

    model = tmp_path / "model"
    shutil.copytree(model_folder(DEFAULT_MODEL), model)
    before = context_of(Settings(model=str(model)))
    assert before == context_of(Settings())  # its weights count, not where it lies
    told = []

    def take_away(progress):
        told.append(progress.done)
        if progress.done == 2:
            shutil.rmtree(model, ignore_errors=True)

    with pytest.raises(StoppedError, match=r"cannot use the model.*--resume"):
        archive(root, tmp_path / "out", crew, Settings(model=str(model)), tell=take_away)
    outcome = archive(root, tmp_path / "out", crew, resume=True)
    assert outcome.statuses == {"failed": 1, "ok": 6}
    assert outcome.kept >= 2


def test_the_command(root, tmp_path):
    def run(*words):
        return CliRunner().invoke(main, ["archive", *map(str, words)])

    result = run(root, "-o", tmp_path / "out", "--workers", 1, "--exclude", "b/cut.edf")
    assert result.exit_code == 0, result.output
    assert "6 recordings (ok 6), 6 analysed now, 0 kept" in result.stdout
    assert f"Page: {tmp_path / 'out' / 'index.html'}" in result.stdout
    assert "not a medical device" in result.stdout
    assert "recordings 6/6 (100.0 %)" in result.stderr
    result = run(root, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "--resume" in result.stderr
    result = run(root, "-o", tmp_path / "out", "--workers", 1, "--resume")
    assert result.exit_code == 1
    assert "7 recordings (failed 1, ok 6), 1 analysed now, 6 kept" in result.stdout
    assert "ectopy: b/cut.edf: " in result.stderr
    assert run(tmp_path / "none", "-o", tmp_path / "x").exit_code == 2
    assert (
        run(root, "-o", tmp_path / "x", "--workers", 1, "--scheduler", "tcp://a:1").exit_code == 2
    )
    assert run(root, "-o", tmp_path / "x", "--model", "none").exit_code == 2


def test_nothing_heavy_is_imported_and_what_is_missing_is_named():
    def run(code):
        words = [sys.executable, "-c", code]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    code = (
        "import sys, ectopy.archive.run, ectopy.archive.crew, ectopy.cli.archive\n"
        "print({'dask', 'distributed', 'pyarrow', 'scipy'} & set(sys.modules))"
    )
    assert run(code).stdout.strip() == "set()"
    for module, words in (("pyarrow", ""), ("distributed", ", '--scheduler', 'tcp://a:1'")):
        code = (
            f"import sys; sys.modules['{module}'] = None\nfrom ectopy.cli import main\n"
            f"main(['archive', '.', '-o', 'x'{words}])"
        )
        result = run(code)
        assert result.returncode == 2
        assert "pip install 'ectopy[cluster]'" in result.stderr


def test_the_documentation_names_every_column_and_status():
    text = (Path(__file__).parents[2] / "docs" / "archive.md").read_text("utf-8")
    for table_name, columns in TABLES.items():
        part = text.split(f"### {table_name}\n")[1].split("\n#")[0]
        told = [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]
        assert [(row[0].strip("|` "), row[2].strip(), row[3].strip(" |")) for row in told] == [
            (name, unit, says) for name, _, unit, says in columns
        ]
    for status in ("ok", "failed", *TROUBLES):
        assert f"| `{status}` |" in text
