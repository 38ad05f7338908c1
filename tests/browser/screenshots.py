"""The documents' pictures of the pages, taken of the demo dataset.

python -m tests.browser.screenshots

wants the demo's report (`soda run demo`) and writes into docs/.
"""

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.chromium import chromium
from tests.conftest import ROOT

DOCS = ROOT / "docs"
VIDEO = "demo_test_02"  # has instances of each kind of localization
SPINNING_MS = 3000  # as long as the player's own buttons say that it loads
FPS = 25
# By seconds of the first training video, the key of what is seen there.
CLICKS = {0: "b", 3: "1", 6: "b", 8: "1"}


def main() -> None:
    """Take all pictures anew."""
    report = newest("report")
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": 1200, "height": 1150}, device_scale_factor=1.25
        )
        show_index(page, report)
        take(page, "report-index.png")
        show_video(page, report)
        take(page, "report.png")
        with annotating() as address:
            show_annotating(page, address)
            take(page, "annotating.png")


def newest(folder: str) -> Path:
    """The latest of the demo's results of a kind."""
    found = sorted(
        (ROOT / "work/demo" / folder).iterdir(), key=lambda p: p.stat().st_mtime
    )
    return found[-1]


def take(page: Page, name: str) -> None:
    """What is on screen."""
    page.screenshot(path=DOCS / name)
    print(DOCS / name)


def show_index(page: Page, report: Path) -> None:
    """The first page of a report."""
    page.goto((report / "index.html").as_uri())
    page.wait_for_load_state("networkidle")


def show_video(page: Page, report: Path) -> None:
    """A video's page, somewhere within the video."""
    page.goto((report / "videos" / f"{VIDEO}.html").as_uri())
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    page.evaluate("document.querySelector('video').currentTime = 4")
    page.wait_for_function("!document.querySelector('video').seeking")
    page.wait_for_timeout(SPINNING_MS)


@contextmanager
def annotating() -> Iterator[str]:
    """The address of an annotation page of the demo's videos, with its model."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                *(Path(sys.executable).with_name("soda"), "annotate"),
                *("data/demo/dataset.json", "--no-browser"),
                *("--points-file", f"{folder}/clicks.json"),
                *("--model", newest("models")),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def show_annotating(page: Page, address: str) -> None:
    """A video that is being annotated, when the model has looked at it."""
    page.goto(address)
    for seconds in range(max(CLICKS) + 1):
        here = re.compile(f"^frame {FPS * seconds} ")
        expect(page.locator("#frame")).to_have_text(here)
        if seconds in CLICKS:
            page.keyboard.press(CLICKS[seconds])
        page.keyboard.press("ArrowRight")
    expect(page.locator("#curves")).to_be_visible(timeout=120_000)


if __name__ == "__main__":
    main()
