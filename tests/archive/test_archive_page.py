"""The page of an archive with thousands of recordings, in a real browser where there is one."""

import shutil

import pytest

from ectopy.archive import page, tables
from ectopy.archive.schema import schema


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The page of 3,000 recordings, one in a hundred without a result, in a browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium")
    folder = tmp_path_factory.mktemp("page")
    path = tables.bucket_path(folder, "recordings", 0, "digest")
    path.parent.mkdir(parents=True)
    rows = tables._recording_tables([row(number) for number in range(3000)])
    tables._write_parquet(path, schema("recordings"), rows)
    (folder / "index.html").write_text(page.render(folder, 7, "model 0123456789abcdef"))
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page()
        complaints = []
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.goto((folder / "index.html").as_uri())
        yield shown
        browser.close()
    assert complaints == []


def row(number):
    facts = {"recording": f"ward-{number % 10}/{number:04}.edf", "files": 1, "bytes": 1}
    if number % 100 == 0:
        return {**facts, "status": "failed", "reason": "is cut <b>short</b>"}
    counts = {"beats": number, "beats_N": number - 1, "beats_V": 1}
    counts |= dict.fromkeys(("beats_S", "beats_F", "beats_Q", "unsure"), 0)
    return {**facts, **counts, "status": "ok", "duration_s": 3700.0, "mean_bpm": 71.6}


def names(shown):
    return [
        text.split("\n")[0]
        for text in shown.locator("#list tbody td:first-child").all_inner_texts()
    ]


def test_pages_search_and_order(opened):
    assert "2,970 analysed" in opened.inner_text("h1")
    assert opened.inner_text("#where") == "1 to 100 of 3,000"
    assert names(opened)[:2] == ["ward-0/0000.edf", "ward-0/0010.edf"]
    assert "1:01:40" in opened.inner_text("#list tbody tr:nth-child(2)")
    opened.click("#next")
    assert opened.inner_text("#where") == "101 to 200 of 3,000"

    opened.click("[data-by=beats]")  # most beats first, what has none last
    assert names(opened)[0] == "ward-9/2999.edf"
    opened.fill("#search", "WARD-3 299")
    assert names(opened) == ["ward-3/2993.edf"]
    opened.fill("#search", "")
    opened.select_option("#status", "failed")
    assert opened.inner_text("#where") == "1 to 30 of 30"
    assert "is cut <b>short</b>" in opened.inner_text("#list tbody tr:first-child")
