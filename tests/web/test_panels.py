"""The views below the strip in a real browser: what they say, where they lead, what they keep."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from browsing import settled, until

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'dev' has playwright")
expect = sync_api.expect
expect.set_options(timeout=90_000)

CLASSES = "NSVFQ"
COMPUTE = "const m = await import('/static/panels/compute.js');"
BEATS = """
const { Beats } = await import('/static/store.js');
const make = (time_s, label) => Beats.fromServer({
  id: time_s.map((_, i) => i), sample: time_s, time_s, label, confidence: time_s.map(() => 1),
  abstained: time_s.map(() => 0), source: 'm'.repeat(time_s.length),
  rr_s: time_s.map((t, i) => (i ? t - time_s[i - 1] : null)),
});
"""


def compute(page: Any, code: str, *values: Any) -> Any:
    """Run code over the panels' arithmetic `m` and beats made by `make(times, labels)`."""
    return page.evaluate(f"async (given) => {{ {COMPUTE} {BEATS} {code} }}", list(values))


@pytest.fixture
def viewer(page: Any) -> Any:
    """The simulated recording, opened."""
    page.get_by_role("button", name="simulated").click()
    page.locator("#panel .pn").wait_for()
    return page


def show(page: Any, panel: str) -> Any:
    page.evaluate("(name) => ectopy.show(name)", panel)
    root = page.locator("#panel .pn")
    expect(root).to_be_visible()
    settled(page)
    return root


def view(page: Any) -> tuple[float, float]:
    seen = page.evaluate("ectopy.store.view")
    return seen["start_s"], seen["stop_s"]


def until_view(page: Any, holds: Callable[[float, float], bool]) -> None:
    """Wait until the strip shows what it should; it glides there."""
    until(page, lambda: holds(*view(page)))


def selected(page: Any) -> int | None:
    return page.evaluate("ectopy.store.selected")


def test_spread_and_trend_are_those_of_numpy(page: Any) -> None:
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.normal(0.9, 0.05, 400))
    labels = np.array(list("N" * 400))
    labels[::37] = "V"
    rr = np.diff(times) * 1000
    normal = np.array([set(labels[i - 1 : i + 2]) == {"N"} for i in range(1, 399)])
    x, y = rr[:-1][normal], rr[1:][normal]
    code = "return m.poincareSpread(m.intervalPairs(make(...given)));"
    spread = compute(page, code, times.tolist(), "".join(labels))
    assert spread["n"] == normal.sum()
    assert spread["sd1"] == pytest.approx(np.std((y - x) / 2**0.5, ddof=1), rel=1e-3)
    assert spread["sd2"] == pytest.approx(np.std((y + x) / 2**0.5, ddof=1), rel=1e-3)
    assert spread["rmssd"] == pytest.approx(np.sqrt(np.mean((y - x) ** 2)), rel=1e-3)

    code = """const t = m.rateTrend(make(...given), given[0].at(-1), 30);
    return { mean: [...t.mean], low: [...t.low], counts: t.counts };"""
    trend = compute(page, code, times.tolist(), "".join(labels))
    inside = (times[1:] >= 60) & (times[1:] < 90)
    bpm = 60_000 / rr[inside]
    assert trend["mean"][2] == pytest.approx(60_000 / rr[inside].mean(), rel=1e-3)
    assert trend["low"][2] == pytest.approx(np.percentile(bpm, 10), rel=1e-3)
    assert np.sum(trend["counts"], axis=0)[2] == (labels == "V").sum()


def test_hours_follow_the_clock_and_lose_no_beat(page: Any) -> None:
    times = np.arange(0.5, 4 * 3600, 2.0)
    labels = "".join("V" if k % 10 == 0 else "N" for k in range(len(times)))
    code = "return m.burden(make(given[0], given[1]), 4 * 3600, given[2]);"
    found = compute(page, code, times.tolist(), labels, 10 * 3600 + 45 * 60)
    edges = [each["from"] for each in found["bins"]]
    assert edges == [0, 900, 4500, 8100, 11700], "the first hour of the clock has 15 minutes left"
    assert sum(each["n"] for each in found["bins"]) == len(times)
    assert sum(each["counts"][2] for each in found["bins"]) == labels.count("V")


def test_signal_of_poor_stretches_gives_no_interval(page: Any) -> None:
    code = """const beats = make([0, 1, 2, 3, 4, 5], 'NNNNNN');
    return [...m.soundIntervals(beats, [{ start_s: 1.5, stop_s: 2.5 }])].map(Number.isFinite);"""
    assert compute(page, code) == [False, True, False, False, True, True]


def test_the_overview_counts_leads_and_keeps_up_with_edits(viewer: Any) -> None:
    page, root = viewer, show(viewer, "overview")
    counts = page.evaluate("ectopy.store.beats.counts()")
    table = root.get_by_role("table", name="Beats by class")
    for name in CLASSES:
        row = table.get_by_role("row").filter(has=page.locator(f".badge.{name}"))
        expect(row.get_by_role("cell").first).to_have_text(str(counts[name]))

    chart = root.locator("canvas[role=slider]")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    across, down = box["x"] + 54, box["y"] + box["height"] * 0.75
    inner = box["width"] - 54 - 14
    page.mouse.move(across + inner * 0.2, down)
    page.mouse.down()
    page.mouse.move(across + inner * 0.5, down, steps=4)
    page.mouse.up()
    until_view(page, lambda start, stop: start <= 19 and stop >= 44 and stop - start < 50)
    page.mouse.click(across + inner * 0.8, down)
    until_view(page, lambda start, stop: start < 72 < stop and start > 19)

    chart.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "bpm" in chart.get_attribute("aria-valuetext")

    page.evaluate("ectopy.store.select(ectopy.store.beats.id[4])")
    was = page.evaluate("ectopy.store.beats.label(4)")
    page.locator("#strip").focus()
    page.keyboard.press("q")
    row = table.get_by_role("row").filter(has=page.locator(".badge.Q"))
    expect(row.get_by_role("cell").first).to_have_text(str(counts["Q"] + 1))
    page.keyboard.press("z")
    row = table.get_by_role("row").filter(has=page.locator(f".badge.{was}"))
    expect(row.get_by_role("cell").first).to_have_text(str(counts[was]))


def test_episodes_sort_filter_and_lead_to_the_strip(viewer: Any) -> None:
    page, root = viewer, show(viewer, "episodes")
    rows = root.locator("tbody tr")
    expect(rows.first).to_be_visible()
    n = rows.count()
    root.get_by_role("button", name="Rate").click()
    expect(root.get_by_role("columnheader", name="Rate")).to_have_attribute(
        "aria-sort", "descending"
    )
    rates = [int(found) for found in re.findall(r"(\d+)\s*bpm", root.locator("tbody").inner_text())]
    assert rates == sorted(rates, reverse=True)
    assert len(rates) > 2

    root.get_by_role("button", name="From").click()
    rows.first.get_by_role("button").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    third = rows.nth(2)
    expect(third.get_by_role("button")).to_be_focused()
    minutes, seconds = third.get_by_role("button").inner_text().split(":")
    at = 60 * int(minutes) + int(seconds)
    until_view(page, lambda start, stop: start - 1 <= at <= stop + 1)
    assert selected(page) is not None

    chip = root.locator(".pn-chip").first
    hidden = int(chip.locator(".pn-count").inner_text())
    chip.click()
    expect(rows).to_have_count(n - hidden)


def test_the_gallery_shows_the_least_sure_first_and_renames_by_key(viewer: Any) -> None:
    page, root = viewer, show(viewer, "gallery")
    root.locator(".pn-chip", has=page.locator(".badge.V")).click()
    settled(page)  # the thumbnails are fetched anew, and a click before that would be on old ones
    thumbs = root.locator(".pn-thumb")
    expect(thumbs).to_have_count(page.evaluate("ectopy.store.beats.counts().V"))
    expect(thumbs.first).to_contain_text("V")
    sure = [float(text) for text in root.locator(".pn-thumb-sure").all_inner_texts()]
    assert sure == sorted(sure)

    thumbs.first.click()
    beat = int(thumbs.first.get_attribute("data-id"))
    assert selected(page) == beat
    page.keyboard.press("ArrowRight")
    expect(thumbs.nth(1)).to_be_focused()
    second = int(thumbs.nth(1).get_attribute("data-id"))
    page.keyboard.press("f")
    expect(page.locator("#saved")).to_contain_text("1 edit")
    expect(thumbs.nth(1)).to_be_focused()
    expect(thumbs.nth(1)).to_have_attribute("aria-label", re.compile(r"^F, named by you"))
    address = page.evaluate("ectopy.api.path(ectopy.store.analysis.id, 'history')")
    edits = page.evaluate("(where) => ectopy.api.get(where)", address)["edits"]
    kept = [(each["was"], each["label"]) for each in edits if not each["undone"]]
    assert kept == [("V", "F")]
    assert page.evaluate("ectopy.store.beats.label(ectopy.store.selectedIndex)") == "F"
    assert selected(page) == second
    page.keyboard.press("z")
    expect(page.locator("#saved")).to_contain_text("No edits")


def test_poincare_is_read_and_followed_by_keys(viewer: Any) -> None:
    page, root = viewer, show(viewer, "poincare")
    expect(root.get_by_role("table", name="Between normal beats")).to_contain_text("SD1")
    root.locator("canvas").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    reading = root.locator(".pn-reading")
    expect(reading).to_have_text(re.compile(r"^[SVFQ] at .* ms before, .* ms after$"))
    said = reading.inner_text()
    page.keyboard.press("Enter")
    beat = page.evaluate("ectopy.store.selectedIndex")
    assert page.evaluate("(i) => ectopy.store.beats.label(i)", beat) == said[0]
    rr = page.evaluate("(i) => ectopy.store.beats.rr_s[i]", beat)
    assert f"{1000 * rr:,.0f} ms before" in said


def test_average_beats_stand_on_paper_at_the_gain_they_name(viewer: Any) -> None:
    root = show(viewer, "averages")
    figures = root.locator("figure.pn-beat")
    expect(figures.first).to_be_visible()
    classes = [c for c, n in viewer.evaluate("ectopy.store.beats.counts()").items() if n]
    leads = viewer.evaluate("ectopy.store.analysis.recording.leads.length")
    assert figures.count() <= len(classes) * leads
    assert figures.count() >= leads
    millimetre = 2 * 96 / 25.4
    width = float(figures.first.locator("svg").get_attribute("width"))
    times = viewer.evaluate(
        "ectopy.api.overview(ectopy.store.analysis.id).then((o) => o.average_time_s)"
    )
    assert width == pytest.approx((max(times) - min(times)) * 25 * millimetre, rel=0.01)


def test_why_says_in_numbers_what_it_draws(viewer: Any) -> None:
    page, root = viewer, show(viewer, "why")
    expect(root).to_contain_text("No beat is selected")
    page.locator("#strip").focus()
    page.keyboard.press("Shift+V")
    bars = root.get_by_role("table", name="Probability of each class")
    expect(bars).to_be_visible()
    settled(page)
    values = [float(text) for text in bars.locator("td.n").all_inner_texts()]
    assert len(values) == 5
    assert sum(values) == pytest.approx(1, abs=0.05)
    why = page.evaluate(
        "ectopy.api.why(ectopy.store.analysis.id, ectopy.store.selected).then((w) => w)"
    )
    root.get_by_text("These numbers as a table").click()
    rows = root.locator("details tbody tr")
    assert rows.count() == len(why["importance"])
    strongest = int(np.argmax(np.abs(why["importance"])))
    told = rows.nth(strongest).locator("td").inner_text().replace("−", "-")
    assert float(told) == pytest.approx(why["importance"][strongest], abs=6e-4)
    picture = root.locator("svg[role=slider]")
    picture.focus()
    page.keyboard.press("Home")
    assert picture.get_attribute("aria-valuenow") == "0"
    page.keyboard.press("ArrowRight")
    assert picture.get_attribute("aria-valuenow") == "1"
    assert "without it" in picture.get_attribute("aria-valuetext")


READER = """async ({ wrong, blind }) => {
  const { beats } = ectopy.store;
  const rows = Array.from({ length: beats.n }, (_, i) => `${beats.sample[i]},${
    wrong.includes(i) ? (beats.label(i) === "V" ? "N" : "V") : beats.label(i)}`);
  const form = new FormData();
  form.append("file", new File([["sample,label", ...rows].join("\\n")], "expert.csv"));
  await ectopy.reader.load(form, blind);
}"""


def test_disagreements_are_counted_listed_and_stepped_through(viewer: Any) -> None:
    page, root = viewer, show(viewer, "agreement")
    expect(root.get_by_role("button", name="Load a second reader …")).to_be_visible()
    wrong = [10, 40, 70]
    page.evaluate(READER, {"wrong": wrong, "blind": False})
    matrix = root.get_by_role("table", name="Confusion matrix")
    expect(matrix).to_be_visible()
    off = matrix.locator("td.wrong").all_inner_texts()
    assert sum(map(int, off)) == len(wrong)
    expect(root.locator(".pn-tiles div").nth(2)).to_contain_text("3")
    rows = root.locator(".pn-limited tbody tr")
    expect(rows).to_have_count(len(wrong))
    page.evaluate("ectopy.jump(0)")
    until_view(page, lambda start, _: start <= 0)
    settled(page)
    following = root.get_by_role("button", name="Next →")
    for k, beat in enumerate(wrong):
        following.click()
        expect(rows.nth(k)).to_have_class(re.compile("pn-current"))
        assert page.evaluate("ectopy.store.selectedIndex") == beat

    matrix.locator("td.wrong button").first.click()
    expect(rows).to_have_count(int(off[0]))


def test_blind_reading_hides_what_the_program_says_everywhere(viewer: Any) -> None:
    page, root = viewer, show(viewer, "overview")
    page.evaluate(READER, {"wrong": [10], "blind": True})
    for panel in ("overview", "episodes", "averages", "gallery", "poincare", "why"):
        root = show(page, panel)
        expect(root).to_contain_text("Hidden while you read blind")
        assert root.locator("table, canvas, .badge").count() == 0
    root = show(page, "agreement")
    expect(root).to_contain_text("You read blind")
    assert root.locator("table, .pn-tiles").count() == 0
    root.get_by_role("button", name="End blind reading and compare").click()
    expect(root.get_by_role("table", name="Confusion matrix")).to_be_visible()


def test_every_picture_has_words_and_nothing_is_styled_inline(viewer: Any) -> None:
    page = viewer
    page.locator("#strip").focus()
    page.keyboard.press("Shift+V")
    for panel in ("overview", "averages", "poincare", "why"):
        root = show(page, panel)
        pictures = root.locator("canvas, svg:not([aria-hidden])")
        expect(pictures.first).to_be_visible()
        for label in pictures.evaluate_all("all => all.map((e) => e.getAttribute('aria-label'))"):
            assert label
            assert len(label) > 20


def test_an_answer_that_fails_is_told_and_asked_again(viewer: Any) -> None:
    page = viewer
    page.evaluate(
        """() => {
          const { gallery } = ectopy.api;
          let failures = 1;
          ectopy.api.gallery = (...given) => (failures-- > 0
            ? Promise.reject(new Error("The beats got lost")) : gallery(...given));
        }"""
    )
    root = show(page, "gallery")
    expect(root.get_by_role("alert")).to_contain_text("The beats got lost")
    root.get_by_role("button", name="Try again").click()
    expect(root.locator(".pn-thumb").first).to_be_visible()
