"""Chromium, as the tests and the screenshots start it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "google-chrome", "chromium-browser")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    "--disable-background-networking",
)


def find_chromium() -> str | None:
    """The path of an installed one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless one for as long as the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(ARGUMENTS)
        )
        yield browser
        browser.close()
