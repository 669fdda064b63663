"""Only this machine's user may ask: every other way in is refused."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import Server, serving

from ectopy.recording.write import write
from ectopy.simulate import simulate
from ectopy.web.files import Shelf


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("named") / "recordings"
    write(simulate(20, 250, seed=1), folder / "mine")
    (folder.parent / "secret.csv").write_text("1\n2\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    write(simulate(20, 250, seed=2), folder.parent / "other")
    for ending in ("hea", "dat"):
        (folder / f"other.{ending}").write_bytes((folder.parent / f"other.{ending}").read_bytes())
    (folder / "other.dat").unlink()
    (folder / "other.dat").symlink_to(folder.parent / "other.dat")
    with serving(folder, upload_limit=300_000) as running:
        yield running


def test_nothing_is_answered_without_the_token(server: Server) -> None:
    for path in ("/", "/static/app.js", "/docs", "/openapi.json", "/api/about", "/api/recordings"):
        assert httpx.get(server.base + path).status_code == 401
        wrong = {"Authorization": "Bearer wrong"}
        assert httpx.get(server.base + path, headers=wrong).status_code == 401
    assert httpx.get(f"{server.base}/?token=wrong").status_code == 401
    assert httpx.get(f"{server.base}/api/about?token=right").status_code == 401


def test_the_address_gives_a_cookie_that_scripts_and_other_sites_do_not_get(server: Server) -> None:
    with httpx.Client(base_url=server.base) as browser:
        opened = browser.get("/?token=right")
        said = opened.headers["set-cookie"]
        assert "HttpOnly" in said
        assert "SameSite=Strict" in said
        assert browser.get("/api/about").status_code == 200
    other_port = {"Cookie": f"ectopy-{server.port + 1}=right"}
    assert httpx.get(f"{server.base}/api/about", headers=other_port).status_code == 401


def test_the_address_that_a_browser_is_started_with_opens_the_page_once() -> None:
    with serving(None, once="first") as running:
        page = f"{running.base}/?token=first"
        assert httpx.get(page, headers={"Origin": "http://evil.example"}).status_code == 403
        with httpx.Client() as browser:
            assert browser.get(page).status_code == 200
            assert browser.get(f"{running.base}/api/about").status_code == 200
            assert browser.get(page).status_code == 200
        assert httpx.get(page).status_code == 401
        bearer = {"Authorization": "Bearer first"}
        assert httpx.get(f"{running.base}/api/about", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1:1"},
    ],
    ids=lambda headers: " ".join(f"{k}={v}" for k, v in headers.items()),
)
def test_another_origin_or_host_is_refused_even_with_the_token(
    server: Server, headers: dict[str, str]
) -> None:
    for method, path in (("GET", "/api/recordings"), ("POST", "/api/analyses")):
        refused = server.api.request(method, path, headers=headers, json={"path": "mine"})
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
    assert server.api.get("/api/analyses").json() == {"analyses": []}


def test_our_own_pages_may_ask_and_a_link_may_open_the_viewer(server: Server) -> None:
    own = {"Origin": server.base, "Sec-Fetch-Site": "same-origin"}
    assert server.api.get("/api/about", headers=own).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert httpx.get(f"{server.base}/?token=right", headers=link).status_code == 200


def test_every_answer_is_hardened(server: Server) -> None:
    answers = [server.api.get(path) for path in ("/", "/docs", "/api/about", "/api/nothing")]
    for answer in [*answers, httpx.get(server.base)]:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.csv",
        "mine/../../secret.csv",
        "..\\secret.csv",
        "/etc/passwd",
        "link.csv",
        "other.hea",
        "",
        "mine\0",
        "nowhere.csv",
        "../recordings/mine.hea",
        "../secret.csv::x",
    ],
)
def test_no_path_leads_outside_the_folder(server: Server, path: str) -> None:
    refused = server.api.post("/api/analyses", json={"path": path})
    assert refused.status_code == 422
    assert refused.json()["error"].startswith("no file")
    listed = [each["path"] for each in server.api.get("/api/recordings").json()["recordings"]]
    assert listed == ["mine.hea"]


def test_a_folder_is_looked_through_once_and_not_for_each_of_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(simulate(10, 250, seed=2), tmp_path / "one")
    for k in range(20):
        header = (tmp_path / "one.hea").read_text().replace("one", f"r{k}")
        (tmp_path / f"r{k}.hea").write_text(header)
        (tmp_path / f"r{k}.dat").write_bytes((tmp_path / "one.dat").read_bytes())
    looked_at = []
    is_symlink = Path.is_symlink
    monkeypatch.setattr(Path, "is_symlink", lambda p: looked_at.append(p) or is_symlink(p))
    assert len(Shelf(tmp_path).recordings()[0]) == 21
    assert len(looked_at) == len(set(looked_at)) > 40


def test_pages_cannot_name_a_model_by_its_path(server: Server, tmp_path: Path) -> None:
    refused = server.api.post("/api/analyses", json={"path": "mine", "model": str(tmp_path)})
    assert refused.status_code == 422
    assert "known models" in refused.json()["error"]


def test_uploads_have_a_limit_and_must_say_their_length(server: Server) -> None:
    large = server.api.post("/api/analyses", files={"files": ("x.csv", b"1\n" * 200_000)})
    assert large.status_code == 413
    chunks = server.api.post("/api/analyses", content=iter([b"1\n"] * 10))
    assert chunks.status_code == 411


def test_uploads_are_deleted_at_the_end_and_keep_to_their_folder() -> None:
    with serving(None) as running:
        sent = {"files": ("../../outside.csv", b"not an ecg")}
        started = running.api.post("/api/analyses", files=sent)
        state = running.analysed(started.json()["id"])
        workroom = running.app.state.desk.workroom.folder
        kept = [path for path in workroom.rglob("*") if path.is_file()]
        assert [path.name for path in kept] == ["outside.csv"]
        assert state["status"] == "failed"
        assert str(workroom) not in state["error"]
        assert running.api.get("/api/recordings").json()["recordings"] == []
    assert not workroom.exists()


def test_a_file_that_was_named_alone_is_all_that_can_be_read(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(simulate(10, 250, seed=2), tmp_path / name)
    with serving(tmp_path / "one") as running:
        assert running.api.get("/api/about").json()["open"] == "one.hea"
        listed = running.api.get("/api/recordings").json()["recordings"]
        assert [each["path"] for each in listed] == ["one.hea"]
        assert running.api.post("/api/analyses", json={"path": "two.hea"}).status_code == 422
        assert running.api.post("/api/analyses", json={"path": "one"}).status_code == 202
