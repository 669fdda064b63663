"""The viewer in headless Chromium: how soon the strip shows, and frames a second while it moves.

Part of `bench/viewer.py`, which makes the recording and runs the server.
"""

import os
import shutil
import time
from pathlib import Path

Rows = list[tuple[str, str]]

VIEWS = (("25 mm/s", 15.0), ("2 min", 120.0), ("1 h", 3600.0), ("8 h", 28800.0))
DRAG_S = 6.0

# Count the frames in which the strip was drawn, and the time from one to the next.
COUNT = """() => {
  globalThis.frames_ = [];
  let last = null;
  ectopy.strip.on.frame = (took) => {
    const now = performance.now();
    if (last !== null) frames_.push([now - last, took]);
    last = now;
  };
}"""


def browsed(viewer) -> Rows:
    """Measure the first strip of the analysed day, and panning at several zooms."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return [("frames a second", "no Chromium on this machine")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(600_000)
        page.goto(viewer.address)
        page.get_by_role("button", name="day").wait_for()
        rows = [("first strip in the browser, from the click", first_strip(page))]
        page.locator("#review-actions").wait_for()
        page.wait_for_timeout(3000)
        for name, seconds in VIEWS:
            rows.append((f"dragging with {name} in view", dragged(page, seconds)))
        browser.close()
    return rows


def first_strip(page) -> str:
    """Time from the click to curves on the paper and letters above them."""
    begun = time.perf_counter()
    page.get_by_role("button", name="day").click()
    page.locator("#viewer").wait_for()
    while not page.evaluate("ectopy.strip.drawn"):
        time.sleep(0.01)
    curve = time.perf_counter() - begun
    while not page.evaluate("ectopy.store.beats.n > 0"):
        time.sleep(0.01)
    return f"curves after {curve:.2f} s, all beats after {time.perf_counter() - begun:.2f} s"


def dragged(page, seconds: float) -> str:
    """Drag to and fro with the mouse and count frames."""
    page.evaluate(
        "(seconds) => { const { strip } = ectopy; strip.hold();"
        " strip.place(strip.duration_s / 3, strip.width / seconds); }",
        seconds,
    )
    page.wait_for_timeout(800)
    box = page.locator("#strip").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(COUNT)
    used = processor_ms()
    begun, step = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < DRAG_S:
        step += 1
        page.mouse.move(x + 500 * (abs((passed % 2.0) - 1.0) - 0.5), y)
    frames = page.evaluate("frames_")
    used = processor_ms() - used
    page.mouse.up()
    between = sorted(each for each, _ in frames)
    rate = 1000 * len(between) / sum(between)
    worst = between[int(0.95 * len(between))]
    return (
        f"{rate:.0f} frames/s, 95 of 100 within {worst:.0f} ms; "
        f"{used / len(between):.1f} ms of processor time a frame, which is enough for "
        f"{1000 * len(between) / used:.0f} frames/s on one core of its own"
    )


def processor_ms() -> float:
    """Processor time that the pages and the drawing of our Chromium have had."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(path.parent.name))
    total, waiting = 0, [os.getpid()]
    while waiting:
        process = waiting.pop()
        waiting += parents.get(process, [])
        try:
            command = Path(f"/proc/{process}/cmdline").read_text()
            stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if "--type=renderer" in command or "--type=gpu-process" in command:
            total += int(stat[11]) + int(stat[12])
    return 1000 * total / os.sysconf("SC_CLK_TCK")
