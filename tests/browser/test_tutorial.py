"""docs/tutorial.md, word for word, with videos that are made in a moment."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.annotating import annotating, click_both
from tests.command.commands import QUICK, run
from tests.conftest import ROOT
from tests.dataset_maker import STEPS, square_pictures
from tests.video_maker import write_video

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOVING = range(25, 55)
NAMES = ("train_00", "train_01", "test_00", "test_01", "test_04")


def make_videos(folder: Path) -> None:
    """Stand-ins for the demo's videos that the page speaks of."""
    folder.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        pictures = square_pictures(list(STEPS)[number % 2], MOVING, seed=number)
        write_video(folder / f"demo_{name}.mp4", pictures)


def click_all(browser: Browser, line: str, folder: Path) -> list[str]:
    """Click both kinds of frame in each video; returns what was printed."""
    page = browser.new_page()
    with annotating(line, folder) as (address, printed):
        page.goto(address)
        for number in range(page.locator("#video option").count()):
            click_both(page, "12"[number])
            page.keyboard.press("Tab")
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    page.close()
    return printed


def test_the_tutorial_leads_where_it_says(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = (ROOT / "docs/tutorial.md").read_text()
    lines = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    assert lines[0] == ". .venv/bin/activate"
    training = next(line for line in lines if "--points-file" in line)
    for line in lines[1:]:
        name, *words = shlex.split(line)
        if words[:2] == ["run", "demo"]:
            make_videos(tmp_path / "data/demo/videos")
        elif words[:1] == ["annotate"]:
            assert training in click_all(browser, line, tmp_path)[0]
        elif name == "soda":
            more = QUICK if line == training else []
            done = run(name, *words, *more, cwd=tmp_path)
            codes = (0, 7) if words == ["doctor"] else (0,)  # 7: no weights are here
            assert done.returncode in codes, f"{line}\n{done.stderr}"
        else:
            subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True)
    assert len(list(tmp_path.glob("work/gym/report/*/index.html"))) == 1
    for name in ("detections.json", "detections.csv", "report/index.html"):
        assert (tmp_path / "detections" / name).is_file()
