"""`soda annotate`, and a person who clicks, as the tests of pages need them."""

import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.command.commands import command

STILL, MOVES = 15, 33  # frames to click, of two snippets; near 25, where steps begin


@contextmanager
def annotating(line: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The command while it serves; gives its address, and then what it printed."""
    words = [command("soda"), *shlex.split(line)[1:], "--no-browser"]
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    printed: list[str] = []
    try:
        yield process.stdout.readline().strip(), printed
    finally:
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    printed += [out, error]


def go_to(page: Page, frame: int) -> None:
    while (now := int(page.locator("#frame").inner_text().split()[1])) != frame:
        page.keyboard.press("." if now < frame else ",")
        expect(page.locator("#frame")).not_to_have_text(re.compile(f"frame {now} "))


def click_both(page: Page, key: str) -> None:
    """A click of background, and one of the action that a key stands for."""
    expect(page.locator("#frame")).to_have_text(re.compile("^frame 0 "))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#frame")).to_have_text(re.compile("^frame 25 "))
    go_to(page, STILL)
    page.keyboard.press("b")
    go_to(page, MOVES)
    page.keyboard.press(key)
