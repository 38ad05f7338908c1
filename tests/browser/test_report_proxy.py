"""Videos that a browser cannot play are shown by a copy, which does play."""

from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.report import (
    Findings,
    Model,
    RunReport,
    VideoReport,
    write_report,
)
from pipeline.video.proxy import Proxy
from tests.video_maker import numbered_pictures, write_video

pytestmark = pytest.mark.browser

NTSC = Fraction(30000, 1001)
FILMS = {
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "mpeg4.avi": {"codec": "mpeg4"},
}


def a_report(film: Path) -> RunReport:
    found = Findings((Detection("kick", 0.9, 1.0, 1.5),))
    truth = (Instance("kick", 1.0, 1.4),)
    video = VideoReport("v", "test", film, 2.0, truth, (), (found,))
    return RunReport("t", ("kick",), (video,), (Model("m"),), "soda report")


def wait_for_picture(page: Page) -> None:
    page.wait_for_function(
        "(v => v.readyState >= 2 && !v.seeking)(document.querySelector('video'))"
    )


@pytest.mark.parametrize("name", FILMS)
def test_a_copy_plays(page: Page, tmp_path: Path, name: str) -> None:
    film = write_video(tmp_path / name, numbered_pictures(60), NTSC, **FILMS[name])
    write_report(tmp_path / "report", a_report(film))
    page.goto((tmp_path / "report" / "videos" / "v.html").as_uri())
    wait_for_picture(page)
    expect(page.locator("video")).to_have_attribute("src", "v.mp4")
    expect(page.locator("#unplayable")).to_be_hidden()
    expect(page.locator(".facts")).to_contain_text(f"a small copy of {name}")
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('video').currentTime > 0.3")


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264.mp4"])
def test_arrows_show_one_frame_after_the_other_at_29_97(
    page: Page, tmp_path: Path, name: str
) -> None:
    codec = "mpeg4" if name.endswith(".avi") else "libx264"
    film = write_video(tmp_path / name, numbered_pictures(60), NTSC, codec=codec)
    write_report(tmp_path / "report", a_report(film))
    page.goto((tmp_path / "report" / "videos" / "v.html").as_uri())
    wait_for_picture(page)
    for expected in range(1, 40):
        page.keyboard.press("ArrowRight")
        wait_for_picture(page)
        seconds = page.evaluate("document.querySelector('video').currentTime")
        assert int((seconds + 1e-6) * NTSC) == expected


@pytest.mark.parametrize("proxy", ["always", "never"])
def test_copies_are_made_as_asked(tmp_path: Path, proxy: Proxy) -> None:
    film = write_video(tmp_path / "v.mp4", numbered_pictures(5))
    write_report(tmp_path / "report", a_report(film), proxy)
    assert (tmp_path / "report" / "videos" / "v.mp4").exists() == (proxy == "always")


def test_a_copy_is_made_once_and_anew_for_another_video(tmp_path: Path) -> None:
    film = write_video(tmp_path / "v.avi", numbered_pictures(5), codec="mpeg4")
    copy = tmp_path / "report" / "videos" / "v.mp4"
    stamps = []
    for _ in range(2):
        write_report(tmp_path / "report", a_report(film))
        stamps.append(copy.stat().st_mtime_ns)
    assert stamps[0] == stamps[1]
    write_video(film, numbered_pictures(9), codec="mpeg4")
    write_report(tmp_path / "report", a_report(film))
    assert copy.stat().st_mtime_ns > stamps[0]


def test_a_failure_is_told_and_the_page_is_written(page: Page, tmp_path: Path) -> None:
    film = tmp_path / "v.avi"
    film.write_bytes(b"no video")
    index = write_report(tmp_path / "report", a_report(film))
    for path in (index, tmp_path / "report" / "videos" / "v.html"):
        page.goto(path.as_uri())
        expect(page.locator("main")).to_contain_text("v.avi: expected a video")
    expect(page.locator("#unplayable")).to_be_visible()
