"""The viewer in a real browser: what people see, press and keep."""

import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import wfdb
from browsing import settled, until, watch

from ectopy.simulate import simulate

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'dev' has playwright")
expect = sync_api.expect
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)
FIRST_V = "V, ventricular ectopic"


@pytest.fixture
def page(browser: "sync_api.Browser", address: str) -> Iterator["sync_api.Page"]:
    """The viewer, freshly opened; anything that its scripts complain of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watch(page)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: _note(complaints, message))
    page.goto(address)
    yield page
    context.close()
    assert not complaints


def _note(complaints: list[str], message: "sync_api.ConsoleMessage") -> None:
    """Keep errors, but for the browser's own words on what tests do: ask in vain, read pixels."""
    asked_for = ("Failed to load resource", "Multiple readback operations")
    if message.type in ("error", "warning") and not any(each in message.text for each in asked_for):
        complaints.append(message.text)


def open_recording(page: "sync_api.Page", name: str) -> None:
    page.get_by_role("button", name=name).click()
    opened(page)


def opened(page: "sync_api.Page") -> None:
    page.locator("#review-actions").wait_for()
    page.get_by_role("tab", selected=True).wait_for()


def place(page: "sync_api.Page") -> dict[str, float]:
    """Where the strip is, as the address keeps it: `t`, `scale` and `beat`."""
    return {key: float(value) for key, value in re.findall(r"(t|scale|beat)=([\d.-]+)", page.url)}


def coloured(page: "sync_api.Page", label: str) -> int:
    """Pixels of the strip in the colour of a class, among those of the curves."""
    return page.evaluate(
        """(label) => {
          const { width, height } = document.querySelector("#strip canvas");
          const context = document.querySelector("#strip canvas").getContext("2d");
          const hex = ectopy.colours.token(label).match(/\\w\\w/g);
          const wanted = hex.map((each) => parseInt(each, 16));
          const rows = Math.round(height * 0.2);
          const { data } = context.getImageData(0, rows, width, height - rows);
          let n = 0;
          for (let at = 0; at < data.length; at += 4) {
            if (wanted.every((value, k) => Math.abs(data[at + k] - value) < 12)) n++;
          }
          return n;
        }""",
        label,
    )


def exported(page: "sync_api.Page", link: str, to: Path) -> Path:
    page.locator("#export summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    path = to / download.value.suggested_filename
    download.value.save_as(path)
    return path


def review_first_v(page: "sync_api.Page", name: str, tmp_path: Path) -> None:
    """Zoom, jump to the first V, call it S, reload, find it, export it and read it with wfdb."""
    open_recording(page, name)
    true_scale = 25 * 96 / 25.4
    until(page, lambda: place(page).get("scale") == pytest.approx(true_scale, rel=1e-3))
    page.locator("#strip").hover()
    page.mouse.wheel(0, 300)
    until(page, lambda: place(page)["scale"] < true_scale * 0.6)
    page.keyboard.press("0")
    page.keyboard.press("Home")
    until(page, lambda: place(page)["scale"] == pytest.approx(true_scale, rel=1e-3))

    page.keyboard.press("Shift+V")
    live = page.locator("#live")
    expect(live).to_contain_text(FIRST_V)
    until(page, lambda: coloured(page, "V") > 100)
    page.keyboard.press("s")
    expect(page.locator("#saved")).to_contain_text("1 edit saved beside the recording")
    beat = page.evaluate("ectopy.store.selected")
    until(page, lambda: place(page).get("beat") == beat)

    page.reload()
    opened(page)
    bar = page.locator("#beat")
    expect(bar).to_contain_text("named by you, the model said V")
    expect(page.get_by_role("button", name="S", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.evaluate("ectopy.store.selected") == beat
    sample = page.evaluate("ectopy.store.beats.sample[ectopy.store.selectedIndex]")
    path = exported(page, "WFDB annotations", tmp_path)
    notes = wfdb.rdann(str(path.with_suffix("")), path.suffix[1:])
    at = np.flatnonzero(notes.sample == sample)
    assert [notes.symbol[k] for k in at] == ["A"]
    assert len(notes.sample) == page.evaluate("ectopy.store.beats.n")

    page.locator("#strip").focus()
    page.keyboard.press("z")
    expect(bar).to_contain_text("ventricular ectopic probability")
    expect(page.locator("#saved")).to_contain_text("No edits")


def test_a_simulated_recording_is_reviewed(page: "sync_api.Page", tmp_path: Path) -> None:
    review_first_v(page, "simulated", tmp_path)


@pytest.mark.data
def test_a_record_of_mit_bih_is_reviewed(
    page: "sync_api.Page", folder: Path, data: Path, tmp_path: Path
) -> None:
    for ending in ("hea", "dat", "atr"):
        shutil.copyfile(data / "mitdb" / f"208.{ending}", folder / f"208.{ending}")
    page.reload()
    review_first_v(page, "208", tmp_path)
    assert (folder / "208.ectopy-review.jsonl").is_file()

    page.get_by_role("button", name="Second reader …").click()
    page.get_by_role("button", name="The recording's own annotations").click()
    page.get_by_role("button", name="Blind", exact=True).wait_for()
    page.keyboard.press("Shift+F")
    expect(page.locator("#live")).to_contain_text("fusion of ventricular and normal")
    until(page, lambda: coloured(page, "F") > 100)
    page.keyboard.press("b")
    until(page, lambda: coloured(page, "F") + coloured(page, "V") == 0)
    page.keyboard.press("b")
    page.keyboard.press("Escape")
    until(page, lambda: page.evaluate("ectopy.store.selected === null"))
    page.keyboard.press("d")
    until(page, lambda: page.evaluate("ectopy.store.selected !== null"))
    selected = page.evaluate("ectopy.store.selected")
    disagreements = page.evaluate("ectopy.store.reader.disagreements.map(({ id }) => id)")
    assert selected in disagreements
    expect(page.locator("#live")).to_contain_text(re.compile(r"^[NSVFQ], "))


@pytest.mark.data
def test_a_file_of_a_watch_is_dropped(page: "sync_api.Page", data: Path) -> None:
    watch = data / "formats" / "apple_watch" / "native_layout_en_us.csv"
    page.locator("#files").set_input_files(watch)
    opened(page)
    expect(page.locator("#title")).to_have_text(watch.name)
    page.get_by_role("tab", name="Recording").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Apple Watch")
    page.keyboard.press(".")
    expect(page.locator("#live")).to_contain_text(re.compile(r"beat 1 of \d+"))


def test_a_bad_file_says_what_is_wrong_and_missing_facts_are_asked_for(
    page: "sync_api.Page", tmp_path: Path
) -> None:
    bad = tmp_path / "letter.docx"
    bad.write_bytes(b"PK\x03\x04 no recording at all")
    page.locator("#files").set_input_files(bad)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("letter.docx could not be opened")
    message = alert.locator(".message").inner_text()
    assert len(message) > 20
    assert "server answered" not in message

    plain = tmp_path / "plain.csv"
    signal = simulate(20, 250, seed=3).signal[:, 0]
    plain.write_text("\n".join(f"{value:.4f}" for value in signal), "utf-8")
    page.locator("#files").set_input_files(plain)
    page.get_by_label("Samples per second").fill("250")
    page.get_by_label("Unit of the values").fill("mV")
    page.get_by_role("button", name="Try with these").click()
    opened(page)
    assert page.evaluate("ectopy.store.analysis.recording.fs") == 250


def test_beats_are_added_deleted_and_undone_by_keys(page: "sync_api.Page") -> None:
    open_recording(page, "simulated")
    n = page.evaluate("ectopy.store.beats.n")
    count = partial(page.evaluate, "ectopy.store.beats.n")
    saved = page.locator("#saved")
    page.keyboard.press(".")
    page.keyboard.press("Delete")
    expect(saved).to_contain_text("1 edit")
    assert count() == n - 1
    page.keyboard.press("Control+z")
    until(page, lambda: count() == n)
    expect(saved).to_contain_text("No edits")
    page.keyboard.press("Escape")
    between = page.evaluate("(ectopy.store.beats.time_s[2] + ectopy.store.beats.time_s[3]) / 2")
    settled(page)
    box = page.locator("#strip").bounding_box()
    across = page.evaluate(f"ectopy.strip.x({between})")
    page.mouse.click(box["x"] + across, box["y"] + 200)
    until(page, lambda: page.evaluate("ectopy.strip.caret_s !== null"))
    page.keyboard.press("a")
    expect(page.locator("#beat")).to_contain_text("added by you")
    assert count() == n + 1
    page.keyboard.press("z")
    expect(saved).to_contain_text("No edits")
    until(page, lambda: count() == n)


def test_edits_show_in_another_tab_at_once(page: "sync_api.Page") -> None:
    open_recording(page, "simulated")
    other = page.context.new_page()
    other.goto(page.url)
    opened(other)
    page.bring_to_front()
    label, name = "ectopy.store.beats.label(7)", "ectopy.store.beats.id[7]"
    was = other.evaluate(label)
    page.evaluate(f"ectopy.store.select({name})")
    page.locator("#strip").focus()
    page.keyboard.press("q")
    expect(other.locator("#saved")).to_contain_text("1 edit")
    until(other, lambda: other.evaluate(label) == "Q")
    # an edit of the other one knows of it, and takes it back when it is asked to
    other.bring_to_front()
    other.locator("#strip").focus()
    other.keyboard.press("z")
    expect(page.locator("#saved")).to_contain_text("No edits")
    until(page, lambda: page.evaluate(label) == was)


def test_the_first_page_says_that_it_looks_through_the_folder(page: "sync_api.Page") -> None:
    held: list[sync_api.Route] = []
    page.route("**/api/recordings", lambda route: held.append(route))
    page.reload()
    looking = page.get_by_text("Looking through the folder …")
    expect(looking).to_be_visible()
    until(page, lambda: bool(held))
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="simulated")).to_be_visible()
    expect(looking).to_have_count(0)


def test_every_view_shows_and_numbers_are_in_a_table(page: "sync_api.Page") -> None:
    open_recording(page, "simulated")
    page.keyboard.press("Shift+V")
    panel = page.get_by_role("tabpanel")
    for tab in page.get_by_role("tab").all():
        tab.click()
        expect(panel).not_to_be_empty()
        settled(page)
        expect(panel).not_to_contain_text("cannot be shown")
    page.get_by_role("tab", name="Beats in view").click()
    rows = panel.get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    expect(panel.locator("tr[aria-current]")).to_contain_text("V")
    settled(page)
    shown = page.evaluate(
        "ectopy.store.beats.range(ectopy.store.view.start_s, ectopy.store.view.stop_s)"
    )
    expect(rows).to_have_count(shown[1] - shown[0] + 1)
    page.locator("#strip").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("undo")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: "sync_api.Browser", address: str, theme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 375, "height": 812}, color_scheme=theme, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watch(page)
    page.goto(address)
    open_recording(page, "simulated")
    page.keyboard.press("Shift+V")
    for tab in page.get_by_role("tab").all():
        tab.click()
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, tab.inner_text()
    assert page.get_by_text("Not a medical device").first.is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", ground))) > 600 or theme == "dark"
    context.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_another_origin_is_refused(
    browser: "sync_api.Browser", address: str, tmp_path: Path
) -> None:
    """A page of another origin in a browser that holds the cookie reads and edits nothing."""
    home = address.split("/?")[0]
    (tmp_path / "index.html").write_text("<!doctype html><title>another</title>", "utf-8")
    other = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))
    )
    threading.Thread(target=other.serve_forever, daemon=True).start()
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(address)
    open_recording(page, "simulated")
    analysis = page.evaluate("ectopy.store.analysis.id")
    read = f"fetch('{home}/api/recordings', {{credentials: 'include'}})"
    edit = (
        f"fetch('{home}/api/analyses/{analysis}/edits', {{method: 'POST', mode: 'no-cors',"
        ' credentials: "include", body: \'{"action": "relabel", "id": 1, "label": "Q"}\'})'
    )
    script = (
        "new Promise((yes, no) => { const script = document.createElement('script');"
        f" script.src = '{home}/static/app.js'; script.onload = yes; script.onerror = no;"
        " document.head.append(script) })"
    )

    def outcome(asker: "sync_api.Page", attempt: str) -> str:
        return asker.evaluate(f"{attempt}.then(() => 'got', () => 'refused')")

    stranger = context.new_page()
    stranger.goto(f"http://127.0.0.1:{other.server_port}/")
    assert outcome(page, read) == "got"
    assert [outcome(stranger, attempt) for attempt in (read, edit, script)] == ["refused"] * 3
    assert page.evaluate(f"ectopy.api.analysis('{analysis}').then(({{ edits }}) => edits)") == 0
    other.shutdown()
    other.server_close()
    context.close()
