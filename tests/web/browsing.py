"""Waiting in a real browser: for what should be so, never for a time to pass."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 90
_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def watch(page: Any) -> None:
    """Keep count of what a page asks for and has not been answered; see `settled`."""
    page.asked = set()
    page.on("request", lambda request: page.asked.add(request))
    page.on("requestfinished", lambda request: page.asked.discard(request))
    page.on("requestfailed", lambda request: page.asked.discard(request))
    page.on("domcontentloaded", lambda _: page.asked.clear())  # what the page before it asked


def until(page: Any, holds: Callable[[], bool]) -> None:
    """Wait until something holds; fails where it never does."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(
                [page.locator(e).inner_text() for e in ("#saved", "#toasts", "#beat")]
            )
        page.wait_for_timeout(50)


def settled(page: Any) -> None:
    """Wait until all questions are answered, the answers are shown and the strip rests."""

    def rests() -> bool:
        if page.asked:
            return False
        page.evaluate(_FRAMES)
        moving = page.evaluate("ectopy.strip.gliding || !!document.querySelector('.pn-waiting')")
        return not page.asked and not moving

    until(page, rests)
