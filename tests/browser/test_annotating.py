"""docs/annotating.md, word for word: from a folder of videos to a model, by clicks."""

import re
import shlex
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pipeline.points.formats import read_click_file
from tests.browser.annotating import MOVES, STILL, annotating, click_both
from tests.command.commands import QUICK, run
from tests.conftest import ROOT
from tests.dataset_maker import STEPS, square_pictures
from tests.video_maker import write_video

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOVING = range(25, 55)


def commands(word: str) -> list[str]:
    text = (ROOT / "docs/annotating.md").read_text()
    found = re.findall(r"^    (soda .*)$", text, re.MULTILINE)
    return [line.replace("pour,stir", "right,down") for line in found if word in line]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six videos, in the middle of which a square moves right or down."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "kitchen").mkdir()
    for number in range(6):
        pictures = square_pictures(list(STEPS)[number % 2], MOVING, seed=number)
        write_video(tmp_path / "kitchen" / f"{number}.mp4", pictures)
    (tmp_path / "kitchen" / "4 is none.mp4").write_bytes(b"no video")
    return tmp_path


def test_videos_are_annotated_in_the_browser_and_trained_on(
    browser: Browser, folder: Path
) -> None:
    (init,), (train,) = commands("soda init"), commands("soda run")
    serve, bare, static, advised = commands("soda annotate")
    made = run(*shlex.split(init), cwd=folder)
    assert made.returncode == 0, made.stderr
    assert "4 is none.mp4" in made.stderr

    page = browser.new_page()
    with annotating(serve, folder) as (address, printed):
        page.goto(address)
        options = page.locator("#video option").all_inner_texts()
        for text in options:
            name = text.split()[-1]
            click_both(page, "12"[int(name) % 2])
            page.keyboard.press("Tab")
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    assert train in printed[0]
    path = folder / "kitchen" / "clicks.json"
    clicks = read_click_file(path).clicks
    assert len(clicks) == 2 * len(options)
    assert {click.seconds() for click in clicks} == {
        (STILL + 0.5) / 25,
        (MOVES + 0.5) / 25,
    }

    done = run(*shlex.split(train), *QUICK, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert f"{len(clicks)} clicks in {len(options)} training videos" in done.stderr

    written = run(*shlex.split(static), cwd=folder)
    assert written.returncode == 0, written.stderr
    page.goto((folder / "annotate.html").as_uri())
    expect(page.locator("#clicks li")).to_have_count(2)

    (model,) = folder.glob("work/kitchen/models/*/model.safetensors")
    advised = advised.replace("<fingerprint>", model.parent.name)
    with annotating(advised, folder) as (address, _):
        page.goto(address)
        expect(page.locator("#curves")).to_be_visible(timeout=120_000)
        page.keyboard.press("n")
        expect(page.locator("#toast")).to_contain_text("a click helps here")
        expect(page.locator("#frame")).not_to_have_text(re.compile("^frame 0 "))
    with annotating(bare, folder) as (address, printed):
        page.goto(address)
        expect(page.locator("#video option")).to_have_count(6)
    assert "4 is none.mp4" in printed[1]
    page.close()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere"], 3, "nowhere: no such video"),
        (["kitchen"], 2, "name the actions, as in --classes"),
        (["kitchen", "--classes", "a", "--port", "99999"], 2, "--port 99999"),
        (["kitchen", "--classes", "a", "--points-file", "c.csv"], 2, "ends in .json"),
    ],
)
def test_wrong_usage_is_named(
    folder: Path, arguments: list[str], code: int, sentence: str
) -> None:
    done = run("soda", "annotate", *arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr
