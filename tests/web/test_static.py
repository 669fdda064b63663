"""The pages as files: colours, what they load, and what their policy would block."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from ectopy.labels.aami import AAMI_CLASSES
from ectopy.report.palette import palette

STATIC = Path(str(files("ectopy.web"))) / "static"
MODULES = sorted(STATIC.rglob("*.js"))


def tokens(theme: str) -> dict[str, str]:
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", (STATIC / "style.css").read_text("utf-8"))
    found: dict[str, str] = {}
    for block in blocks[: 1 + (theme == "dark")]:
        found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))
    return found


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_classes_have_the_colours_of_the_report(theme: str) -> None:
    ours, theirs = tokens(theme), palette(theme)
    for name in (*AAMI_CLASSES, "page", "ink", "faint", "on"):
        assert ours[name] == theirs[name], name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_written_can_be_read(theme: str) -> None:
    colours = tokens(theme)
    for name in (*AAMI_CLASSES, "ink", "faint", "accent"):
        assert contrast(colours[name], colours["page"]) >= 4.5, name
    for name in AAMI_CLASSES:
        assert contrast(colours[name], colours["on"]) >= 4.5, name
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    assert contrast(colours["ink"], colours["caution"]) >= 4.5
    assert contrast(colours["trace"], colours["cm"]) >= 7


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(STATIC)))
def test_modules_are_whole_and_need_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") < 500
    for name in re.findall(r'(?:from|import)\s+"([^"]+)"', text):
        assert name.startswith("."), name
        assert (path.parent / name).is_file(), name
    elsewhere = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
    assert not elsewhere
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    assert '"style"' not in text, "the policy blocks style attributes; set .style.x instead"


def test_the_page_has_nothing_inline() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)|javascript:", page)
    for name in re.findall(r'(?:src|href)="/static/([^"]+)"', page):
        assert (STATIC / name).is_file(), name
    assert "Not a medical device" in page
