"""The API, asked as a program would: analyses, tiles, beats, review, readers, reports."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Server, serving

import ectopy
from ectopy.recording.write import write
from ectopy.simulate import simulate

FS, SECONDS = 250, 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("recordings")
    recording = simulate(SECONDS, FS, seed=3)
    write(recording, folder / "heart")
    write(simulate(30, FS, seed=5), folder / "deep" / "watch.csv")
    np.savetxt(folder / "bare.csv", recording.signal[: 20 * FS, 0])
    (folder / "words.csv").write_text("no, numbers\nin, here\n")
    (folder / "readme.md").write_text("# not a recording\n")
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def heart(server: Server) -> str:
    return server.analyse("heart")


def get(server: Server, path: str, **query: object) -> dict:
    return server.api.get(path, params=query).raise_for_status().json()


def test_the_folder_is_listed_with_each_record_once(server: Server, heart: str) -> None:
    found = {each["path"]: each for each in get(server, "/api/recordings")["recordings"]}
    assert {"heart.hea", "deep/watch.csv", "bare.csv"} <= set(found)
    assert not {"heart.dat", "heart.atr", "readme.md"} & set(found)
    assert found["heart.hea"]["name"] == "heart"
    assert found["heart.hea"]["format"] == "WFDB"


def test_the_library_says_the_same(server: Server, heart: str) -> None:
    mine = ectopy.analyze(ectopy.read(server.folder / "heart"))
    state, beats = get(server, heart), get(server, f"{heart}/beats")
    assert state["recording"]["n_samples"] == SECONDS * FS
    assert state["recording"]["leads"] == ["II", "V1"]
    assert state["counts"] == mine.labels.counts()
    assert beats["sample"] == mine.beats.sample.tolist()
    assert beats["label"] == beats["model_label"] == "".join(mine.labels.aami.tolist())
    np.testing.assert_allclose(beats["probability"], mine.labels.probability, atol=1e-4)
    assert beats["rr_s"][0] is None
    np.testing.assert_allclose(beats["rr_s"][1:], mine.beats.rr_s[1:], atol=1e-4)
    part = get(server, f"{heart}/beats", start_s=30, stop_s=40, fields="id,sample")
    expected = [k for k, t in zip(beats["id"], beats["time_s"], strict=True) if 30 <= t < 40]
    assert part["id"] == expected
    assert set(part) == {"version", "n", "id", "sample"}


def test_the_same_file_is_analysed_once_until_it_changes(server: Server) -> None:
    path = server.folder / "again.csv"
    write(simulate(10, FS, seed=7), path)
    first = server.analyse("again.csv")
    assert server.analyse("again.csv") == first
    assert server.analyse("again.csv", lead="1") != first
    server.api.post(f"{first}/edits", json={"action": "add", "sample": 5, "label": "V"})
    assert server.analyse("again.csv") == first
    write(simulate(12, FS, seed=8), path)
    assert server.analyse("again.csv") != first


@pytest.mark.parametrize("level", [0, 2, 5])
def test_tiles_are_the_signal(server: Server, heart: str, level: int) -> None:
    facts = get(server, f"{heart}/tiles")
    signal = ectopy.read(server.folder / "heart").signal
    says = facts["levels"][level]
    for lead in (0, 1):
        tiles = [
            np.frombuffer(server.api.get(f"{heart}/tiles/{lead}/{level}/{k}").content, "<f4")
            for k in range(says["n_tiles"])
        ]
        pairs = np.concatenate(tiles).reshape(-1, 2)
        assert len(pairs) == says["n_bins"]
        starts = np.arange(0, len(signal), says["samples_per_bin"])
        np.testing.assert_array_equal(pairs[:, 0], np.minimum.reduceat(signal[:, lead], starts))
        np.testing.assert_array_equal(pairs[:, 1], np.maximum.reduceat(signal[:, lead], starts))
    both = server.api.get(f"{heart}/tiles/all/{level}/0")
    assert both.headers["x-leads"] == "2"
    assert both.content.endswith(server.api.get(f"{heart}/tiles/1/{level}/0").content)
    for wrong in ("2/0/0", "x/0/0", "0/99/0", "0/0/9999", "0/-1/0"):
        assert server.api.get(f"{heart}/tiles/{wrong}").status_code == 404


def test_bad_files_fail_with_the_librarys_line_and_the_server_goes_on(server: Server) -> None:
    started = server.api.post("/api/analyses", json={"path": "words.csv"})
    state = server.analysed(started.json()["id"])
    assert state["status"] == "failed"
    assert "\n" not in state["error"]
    assert "what can be read" in state["error"]
    assert state["recording"] is None
    id_ = started.json()["id"]
    assert server.api.get(f"/api/analyses/{id_}/beats").status_code == 409
    assert server.api.get(f"/api/analyses/{id_}/tiles").status_code == 409
    # a file that lacks its rate says so, and is taken with it
    state = server.analysed(
        server.api.post("/api/analyses", json={"path": "bare.csv"}).json()["id"]
    )
    assert state["kind"] == "MissingFactError"
    assert server.analyse("bare.csv", fs=FS, units="mV")


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"content": b"{"}, "JSON with a path"),
        ({"json": {"lead": "II"}}, "path"),
        ({"json": {"path": "heart", "fs": -1}}, "fs"),
        ({"json": {"path": "heart", "model": "none-such"}}, "known models"),
        ({"files": {"other": ("x.csv", b"1")}}, "files"),
    ],
)
def test_wrong_requests_are_refused_in_one_line(server: Server, sent: dict, says: str) -> None:
    refused = server.api.post("/api/analyses", **sent)
    assert refused.status_code == 422
    assert says in refused.json()["error"]


def test_a_record_of_several_files_can_be_sent(server: Server) -> None:
    files = [
        ("files", (f"heart.{ending}", (server.folder / f"heart.{ending}").read_bytes()))
        for ending in ("dat", "hea", "atr")
    ]
    started = server.api.post("/api/analyses", files=files, data={"lead": "V1"})
    state = server.analysed(started.json()["id"])
    assert state["status"] == "done"
    assert state["lead"] == "V1"
    assert state["path"] is None
    assert state["recording"]["name"] == "heart"
    assert not state["review"]["beside"]
    gone = server.api.delete(f"/api/analyses/{state['id']}")
    assert gone.status_code == 204
    assert server.api.get(f"/api/analyses/{state['id']}").status_code == 404


def test_several_recordings_and_zips_of_several_give_an_analysis_each(
    server: Server, tmp_path: Path
) -> None:
    watch = (server.folder / "deep" / "watch.csv").read_bytes()
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name in ("one.csv", "two.csv"):
            archive.writestr(f"electrocardiograms/{name}", watch)
        archive.writestr("export.xml", "<HealthData/>")
    files = [
        ("files", ("export.zip", (tmp_path / "export.zip").read_bytes())),
        ("files", ("alone.csv", watch)),
        ("files", ("heart.hea", (server.folder / "heart.hea").read_bytes())),
        ("files", ("heart.dat", (server.folder / "heart.dat").read_bytes())),
    ]
    started = server.api.post("/api/analyses", files=files).json()
    states = [server.analysed(each) for each in started["ids"]]
    assert sorted(each["recording"]["name"] for each in states) == [
        "alone.csv",
        "export.zip::electrocardiograms/one.csv",
        "export.zip::electrocardiograms/two.csv",
        "heart",
    ]
    (tmp_path / "export.zip").rename(server.folder / "export.zip")
    listed = [each["path"] for each in get(server, "/api/recordings")["recordings"]]
    assert "export.zip::electrocardiograms/two.csv" in listed
    assert server.analyse("export.zip::electrocardiograms/two.csv")
    lost = {"files": ("heart.dat", bytes(range(128, 256)) * 9)}
    lost = server.api.post("/api/analyses", files=lost)
    assert "heart.hea" in server.analysed(lost.json()["id"])["error"]


def test_edits_are_answered_so_that_a_page_can_follow(server: Server) -> None:
    path = server.analyse("deep/watch.csv")
    before = get(server, f"{path}/beats")
    beat, sample = before["id"][5], before["sample"][5]
    version = get(server, path)["version"]

    def columns() -> dict[int, tuple]:
        now = get(server, f"{path}/beats")
        kept = ("sample", "label", "model_label", "source", "rr_s")
        return dict(zip(now["id"], zip(*(now[name] for name in kept), strict=True), strict=True))

    page = columns()

    def follow(answer: dict) -> None:
        for each in answer["changed"]:
            page[each["id"]] = (
                each["sample"],
                each["label"],
                each["model_label"] or "-",
                each["source"],
                each["rr_s"],
            )
        for gone in answer["deleted"]:
            del page[gone]

    edits = [
        {"action": "relabel", "id": beat, "label": "V"},
        {"action": "delete", "id": before["id"][8]},
        {"action": "add", "sample": sample + 60, "label": "S"},
        {"action": "relabel", "sample": sample, "label": "F"},
    ]
    for edit in edits:
        answer = server.api.post(f"{path}/edits", json=edit).raise_for_status().json()
        follow(answer)
        assert page == columns()
        assert answer["version"] > version
        version = answer["version"]
    for step in ("undo", "undo", "redo", "undo", "undo", "undo"):
        follow(server.api.post(f"{path}/{step}").raise_for_status().json())
        assert page == columns()
    after = get(server, f"{path}/beats")
    assert {**after, "version": 0} == {**before, "version": 0}
    assert server.api.post(f"{path}/undo").status_code == 409
    assert [each["undone"] for each in get(server, f"{path}/history")["edits"]] == [True] * 4
    refused = server.api.post(
        f"{path}/edits", json={"action": "relabel", "id": 10**6, "label": "V"}
    )
    assert refused.status_code == 422


def test_edits_are_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    write(simulate(30, FS, seed=5), tmp_path / "watch.csv")
    with serving(tmp_path) as first:
        path = first.analyse("watch.csv")
        beat = get(first, f"{path}/beats")["id"][3]
        edit = {"action": "relabel", "id": beat, "label": "V"}
        first.api.post(f"{path}/edits", json=edit).raise_for_status()
    with serving(tmp_path / "watch.csv") as second:
        path = second.analyse("watch.csv")
        assert get(second, path)["edits"] == 1
        beats = get(second, f"{path}/beats")
        assert (beats["label"][3], beats["source"][3]) == ("V", "u")
        names = [each["path"] for each in get(second, "/api/recordings")["recordings"]]
        assert names == ["watch.csv"]


def test_exports_and_reports_hold_the_edits(server: Server, heart: str, tmp_path: Path) -> None:
    wfdb = pytest.importorskip("wfdb")
    beats = get(server, f"{heart}/beats")
    place = beats["label"].index("V")
    edit = {"action": "relabel", "id": beats["id"][place], "label": "S"}
    server.api.post(f"{heart}/edits", json=edit).raise_for_status()
    sample = beats["sample"][place]
    try:
        sent = server.api.get(f"{heart}/export?format=atr")
        assert 'filename="heart-reviewed.atr"' in sent.headers["content-disposition"]
        (tmp_path / "heart.atr").write_bytes(sent.content)
        kept = wfdb.rdann(str(tmp_path / "heart"), "atr")
        assert kept.symbol[kept.sample.tolist().index(sample)] == "A"
        told = server.api.get(f"{heart}/export?format=json").json()
        assert told["beats"]["label"][told["beats"]["sample"].index(sample)] == "S"
        assert told["edited"] == {"renamed": 1, "added": 0, "deleted": 0, "confirmed": 0}
        assert str(server.folder) not in json.dumps(told)
        page = server.api.get(f"{heart}/report?format=html")
        assert "script-src" not in page.headers["content-security-policy"]
        assert "sandbox" in page.headers["content-security-policy"]
        assert "Not a medical device" in page.text
        assert (
            "attachment"
            in server.api.get(f"{heart}/report?format=html&download=1&language=ko").headers[
                "content-disposition"
            ]
        )
        assert server.api.get(f"{heart}/report?format=pdf&paper=letter").content[:5] == b"%PDF-"
    finally:
        server.api.post(f"{heart}/undo").raise_for_status()
    for wrong in ("export?format=exe", "report?format=exe", "report?language=xx"):
        assert server.api.get(f"{heart}/{wrong}").status_code == 422


def test_edits_of_another_analysis_of_the_recording_are_shown_at_once(
    server: Server, heart: str
) -> None:
    other = server.analyse("heart", lead="V1")
    assert other != heart
    before = get(server, other)
    server.api.post(f"{heart}/edits", json={"action": "add", "sample": 5, "label": "F"})
    try:
        after = get(server, other)
        assert after["edits"] == before["edits"] + 1
        assert after["version"] > before["version"]
        assert after["counts"]["F"] == before["counts"]["F"] + 1
        assert get(server, f"{other}/beats")["sample"][0] == 5
        # a file of edits that nobody can read keeps nothing from being shown
        sidecar = server.folder / "heart.ectopy-review.jsonl"
        kept = sidecar.read_bytes()
        sidecar.write_text('{"ectopy_review": 99}\n')
        assert get(server, f"{other}/beats")["sample"][0] == 5
        sidecar.write_bytes(kept)
    finally:
        server.api.post(f"{heart}/undo").raise_for_status()
    assert get(server, other)["counts"] == before["counts"]


def test_a_second_reader_agrees_where_it_does(server: Server, heart: str) -> None:
    assert server.api.get(f"{heart}/agreement").status_code == 404
    own = get(server, f"{heart}/beats")
    rows = [*zip(own["sample"], own["label"], strict=True)]
    gone = rows.pop(4)
    rows[9] = (rows[9][0], "F" if rows[9][1] != "F" else "N")
    text = "sample,label\n" + "".join(f"{s},{label}\n" for s, label in rows)
    loaded = server.api.post(f"{heart}/second-reader", files={"file": ("expert.csv", text)})
    assert loaded.json() == {"name": "expert.csv", "beats": len(rows)}
    found = get(server, f"{heart}/agreement")
    assert found["compared"] == len(own["id"])
    assert found["agreed"] == len(own["id"]) - 2
    assert sum(map(sum, found["matrix"])) == found["compared"]
    assert [(each["sample"], each["theirs"]) for each in found["disagreements"]] == [
        (gone[0], None),
        rows[9],
    ]
    # edits count as ours: naming the beat as the expert does settles it
    settled = {"action": "relabel", "sample": rows[9][0], "label": rows[9][1]}
    server.api.post(f"{heart}/edits", json=settled).raise_for_status()
    assert get(server, f"{heart}/agreement")["agreed"] == found["agreed"] + 1
    server.api.post(f"{heart}/undo").raise_for_status()
    truth = server.api.post(f"{heart}/second-reader", json={"recording": True}).json()
    assert truth["beats"] == get(server, heart)["recording"]["annotations"]
    assert get(server, heart)["second_reader"] == truth
    for sent in (
        {"files": {"file": ("x.csv", "sample,label\n99999999,N\n")}},
        {"files": {"file": ("x.csv", "nothing")}},
        {"json": {"path": "../heart.atr"}},
        {"json": {}},
    ):
        assert server.api.post(f"{heart}/second-reader", **sent).status_code == 422
    assert server.api.delete(f"{heart}/second-reader").status_code == 204


def test_overview_gallery_and_quality_fit_the_beats(server: Server, heart: str) -> None:
    beats, found = get(server, f"{heart}/beats"), get(server, f"{heart}/overview")
    counts = get(server, heart)["counts"]
    assert sum(hour["beats"] for hour in found["hours"]) == beats["n"]
    assert {each["label"]: each["n"] for each in found["average"]} == {
        label: n for label, n in counts.items() if n
    }
    width = len(found["average_time_s"])
    for each in found["average"]:
        for lead in each["leads"]:
            assert len(lead["mean"]) == len(lead["p10"]) == len(lead["p90"]) == width
    assert {"fastest", "slowest"} <= {each["kind"] for each in found["episodes"]}
    assert sum(found["poincare"]["count"]) == found["poincare"]["n"]
    for order, sign in (("confidence", -1), ("-confidence", 1)):
        shown = get(server, f"{heart}/gallery", label="N", order=order, limit=200)
        sure = [sign * each["confidence"] for each in shown["beats"]]
        assert sure == sorted(sure)
        assert shown["total"] == counts["N"]
        assert {len(each["mv"]) for each in shown["beats"]} == {len(shown["time_s"])}
    second = get(server, f"{heart}/gallery", label="N", order="time", offset=1, limit=1)
    first_two = get(server, f"{heart}/gallery", label="N", order="time", limit=2)["beats"]
    assert second["beats"] == first_two[1:]
    assert isinstance(get(server, f"{heart}/quality")["stretches"], list)


def test_why_holds_the_beat_against_the_average_of_its_kind(server: Server, heart: str) -> None:
    beats = get(server, f"{heart}/beats")
    beat = beats["id"][beats["label"].index("V")]
    found = get(server, f"{heart}/beats/{beat}/why")
    assert found["label"] == found["typical_beat"]["label"] == "V"
    assert found["similarity"] == max(found["similar"].values()) > 0.9
    assert len(found["importance"]) == len(found["evidence"]) == len(found["time_s"])
    assert found["rr"]["before_ratio"] < 0.9
    assert "early" in found["rr"]["says"]
    assert server.api.get(f"{heart}/beats/999999/why").status_code == 404


def test_every_route_is_in_the_openapi_page_and_in_the_docs(server: Server) -> None:
    spec = get(server, "/openapi.json")
    text = (Path(__file__).parents[2] / "docs" / "web-api.md").read_text("utf-8")
    for path in spec["paths"]:
        said = path.replace("/api/analyses/{id}", "…/{id}", 1) if path.count("/") > 3 else path
        assert f"{said}`" in text or f"{said}[" in text or f"{said}?" in text, path
    assert server.api.get("/docs").text.count("http") == 0


def test_long_answers_are_packed(server: Server, heart: str) -> None:
    with server.api.stream("GET", f"{heart}/beats") as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw))["n"] > 100
