"""Make the pictures of the viewer that `docs/viewer.md` shows.

    python docs/make_screenshots.py DATA [NAME ...]

DATA holds `mitdb/` (MIT-BIH Arrhythmia Database) and `ptbxl/` (PTB-XL); with names only those
pictures are made. Needs Chromium and the extra `dev`.
"""

import io
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
DESK, TALL = {"width": 1280, "height": 820}, {"width": 1280, "height": 1900}
PHONE = {"width": 375, "height": 812}
PATIENCE_MS = 180_000
TWELVE = "00547_lr"


@contextmanager
def viewing(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "ectopy", "view", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


def gather(data: Path, folder: Path) -> None:
    """Copy the recordings, as edits are written beside them."""
    for record in ("100", "119", "208"):
        for ending in ("hea", "dat", "atr"):
            shutil.copyfile(data / "mitdb" / f"{record}.{ending}", folder / f"{record}.{ending}")
    for path in (data / "ptbxl").rglob(f"{TWELVE}.*"):
        shutil.copyfile(path, folder / path.name)


def opened(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=False).first.click()
    page.locator("#review-actions").wait_for()
    settled(page)


def settled(page: Page) -> None:
    """Wait until the strip is drawn and nothing is on its way."""
    page.wait_for_load_state("networkidle")
    while not page.evaluate("ectopy.strip.drawn"):
        time.sleep(0.1)
    page.mouse.move(2, 2)
    page.wait_for_timeout(700)


def keys(page: Page, *pressed: str) -> None:
    page.locator("#strip").focus()
    for key in pressed:
        page.keyboard.press(key)
        page.wait_for_timeout(350)
    settled(page)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    page.evaluate("document.activeElement.blur()")
    settled(page)


def start(page: Page) -> None:
    page.get_by_role("button", name="208").wait_for()


def strip(page: Page) -> None:
    opened(page, "208")
    keys(page, "Shift+V", ".", "Shift+V", "Shift+V", "Shift+V")
    page.evaluate("document.activeElement.blur()")


def whole(page: Page) -> None:
    opened(page, "208")
    keys(page, "w")
    tab(page, "Episodes")


def twelve(page: Page) -> None:
    opened(page, TWELVE)
    keys(page, "x")
    page.evaluate("document.activeElement.blur()")


def reader(page: Page) -> None:
    opened(page, "208")
    page.get_by_role("button", name="Second reader …").click()
    page.get_by_role("button", name="The recording's own annotations").click()
    page.get_by_role("button", name="Blind", exact=True).wait_for()
    keys(page, "d", "d")
    tab(page, "Second reader")


def review(page: Page) -> None:
    """Two edits, in a record that no other picture shows."""
    opened(page, "119")
    keys(page, "Shift+V", "s", "Shift+V", "v", ".", "Delete")
    tab(page, "Recording")


def view(name: str, record: str = "208", find: str = "Shift+V") -> Callable[[Page], None]:
    def show(page: Page) -> None:
        opened(page, record)
        keys(page, find)
        tab(page, name)
        panel = page.get_by_role("tabpanel")
        panel.locator("canvas, svg, tbody tr").first.wait_for()
        page.wait_for_timeout(1500)

    return show


def error(page: Page) -> None:
    page.locator("#files").set_input_files(
        {"name": "letter.docx", "mimeType": "", "buffer": b"PK\x03\x04 no recording at all"}
    )
    page.get_by_role("alert").wait_for()


def keyboard(page: Page) -> None:
    opened(page, "208")
    page.keyboard.press("?")
    page.wait_for_timeout(300)


def phone_panel(page: Page) -> None:
    opened(page, "208")
    keys(page, "Shift+V")
    tab(page, "Average beats")
    page.locator("#tabs").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#tabs').scrollIntoView()")
    page.wait_for_timeout(300)


PHONES = {"viewer-phone": strip, "viewer-phone-panel": phone_panel}
PANELS = {
    "viewer-gallery": view("Gallery"),
    "viewer-averages": view("Average beats"),
    "viewer-poincare": view("Poincaré"),
    "viewer-why": view("Why this label"),
    "viewer-table": view("Beats in view"),
    "viewer-edits": review,
}
SHOTS: dict[str, Callable[[Page], None]] = {
    "viewer-start": start,
    "viewer-strip": strip,
    "viewer-whole": whole,
    "viewer-twelve-leads": twelve,
    **PANELS,
    "viewer-error": error,
    "viewer-keys": keyboard,
    **PHONES,
    # last, as the server keeps the second reader
    "viewer-second-reader": reader,
}
TOKENS = [
    *"NSVFQ",
    "page",
    "soft",
    "paper",
    "ink",
    "accent",
    "caution",
    "caution-edge",
    "bad",
    "band",
    "mm",
    "cm",
]
DARK = {"viewer-strip", "viewer-phone", "viewer-why"}


def trimmed(picture: Image.Image) -> Image.Image:
    """Cut off the empty rows at the end."""
    pixels = np.asarray(picture)
    drawn = np.flatnonzero((pixels != pixels[-1]).any(axis=(1, 2)))
    return picture.crop((0, 0, picture.width, min(drawn[-1] + 40, picture.height)))


def slim(picture: Image.Image, kept: list[str]) -> Image.Image:
    """Reduce a picture to 256 colours, of which `kept` are some, however few pixels have them."""
    few = np.reshape(
        picture.quantize(256 - len(kept)).getpalette()[: 3 * (256 - len(kept))], (-1, 3)
    )
    palette = np.concatenate([[tuple(bytes.fromhex(each[1:])) for each in kept], few])
    pixels = np.asarray(picture).reshape(-1, 3)
    found, places = np.unique(pixels @ [65536, 256, 1], return_inverse=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    nearest = ((colours[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1)
    slimmed = Image.fromarray(nearest[places].astype(np.uint8).reshape(picture.size[::-1]), "P")
    slimmed.putpalette(palette.astype(np.uint8).tobytes())
    return slimmed


def shoot(browser: Browser, address: str, name: str, theme: str) -> None:
    phone = name in PHONES
    panel = name in PANELS
    context = browser.new_context(
        viewport=PHONE if phone else TALL if panel else DESK,
        device_scale_factor=2 if phone else 1.5,
        color_scheme=theme,
        has_touch=phone,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    SHOTS[name](page)
    shown = page.locator(".panels") if panel else page
    path = PICTURES / f"{name}{'-dark' if theme == 'dark' else ''}.png"
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    picture = trimmed(picture)
    tokens = page.evaluate(f"{json.dumps(TOKENS)}.map((each) => ectopy.colours.token(each))")
    slim(picture, tokens).save(path, optimize=True)
    print(path, f"{path.stat().st_size / 1000:.0f} kB")
    context.close()


def main(data: Path, wanted: list[str]) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name) / "recordings"
        folder.mkdir()
        gather(data, folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with viewing(folder) as address:
            for shot in SHOTS:
                if wanted and shot not in wanted:
                    continue
                for theme in ("light", "dark") if shot in DARK else ("light",):
                    shoot(browser, address, shot, theme)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2 or re.match("-", sys.argv[1]):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
