"""The report's pages in Chromium, opened from file:// as by a double click."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from models.prediction import Prediction
from pipeline.datasets import Instance, Point
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.grid import SnippetGrid
from pipeline.report import Findings, Model, RunReport, VideoReport, write_report
from tests.video_maker import numbered_pictures, write_video

pytestmark = pytest.mark.browser

DURATION_SECONDS = 4.0
DETECTIONS = (
    Detection("kick", 0.9, 1.0, 2.0),
    Detection("kick", 0.3, 1.0, 1.5),
    Detection("hug", 0.6, 3.0, 3.5),
)
RESPONSE = Response(
    Prediction(
        cas=np.linspace(-1, 1, 24).reshape(3, 8),
        video_scores=np.array([0.1, 0.6, 0.3]),
    ),
    SnippetGrid(8, fps=2.0, snippet_frames=1, stride_frames=1),
    classes=("kick", "hug"),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on three videos: one that plays, one that cannot, one without a file."""
    folder = tmp_path_factory.mktemp("report folder")
    frames = numbered_pictures(round(25 * DURATION_SECONDS))
    film = write_video(folder / "füße #1.mp4", frames)
    broken = folder / "broken.avi"
    broken.write_bytes(b"no video")
    videos = (a_video("plays", film), a_video("broken", broken), a_video("none", None))
    report = RunReport(
        title="tiny",
        classes=("kick", "hug"),
        videos=videos,
        models=(Model("m"),),
        command="luigi",
    )
    return write_report(folder / "report", report)


def a_video(id: str, path: Path | None) -> VideoReport:
    return VideoReport(
        id=id,
        subset="test",
        path=path,
        duration_seconds=DURATION_SECONDS,
        ground_truth=(Instance("kick", 1.0, 2.0),),
        points=(Point(1.5, "kick"), Point(2.5, "background")),
        findings=(Findings(DETECTIONS, RESPONSE, thresholds=(0.0, 0.2)),),
    )


@pytest.fixture
def video_page(page: Page, index: Path) -> Page:
    """The page of the video that plays, as soon as it can be played."""
    open_video(page, index, "plays")
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    return page


def open_video(page: Page, index: Path, id: str) -> None:
    page.goto((index.parent / "videos" / f"{id}.html").as_uri())


def now_seconds(page: Page) -> float:
    """Where the video stands; the play-head must stand there too."""
    seconds = page.evaluate("document.querySelector('video').currentTime")
    expect(page.locator("#clock")).to_have_text(f"{seconds:.2f} s")
    assert playhead_seconds(page) == pytest.approx(seconds, abs=0.02)
    return float(seconds)


def playhead_seconds(page: Page) -> float:
    """The time at which the play-head stands over the rows."""
    left = _box(page.locator("#playhead"))["x"] + 1  # the middle of its two pixels
    track = _box(page.locator(".track").last)
    return DURATION_SECONDS * (left - track["x"]) / track["width"]


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return dict(box)


def about(seconds: float) -> object:
    """Never before: the frame of that time must be the one on screen."""
    return pytest.approx(seconds + 0.0005, abs=0.0005)


def is_paused(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('video').paused"))


def test_index_leads_to_the_videos_and_back(page: Page, index: Path) -> None:
    page.goto(index.as_uri())
    page.get_by_role("link", name="plays").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("plays")
    page.get_by_role("link", name="tiny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("tiny")


def test_the_video_is_found_and_has_a_picture(video_page: Page) -> None:
    video = "document.querySelector('video')"
    assert video_page.evaluate(f"{video}.videoWidth") > 0
    assert video_page.evaluate(f"{video}.duration") == pytest.approx(DURATION_SECONDS)
    expect(video_page.locator("#unplayable")).to_be_hidden()


def test_bars_stand_at_their_times(video_page: Page) -> None:
    bar = _box(video_page.locator(".instance"))
    track = _box(video_page.locator(".track").last)
    assert (bar["x"] - track["x"]) / track["width"] == pytest.approx(1 / 4, abs=0.01)
    assert bar["width"] / track["width"] == pytest.approx(1 / 4, abs=0.01)


def test_click_on_any_row_seeks(video_page: Page) -> None:
    tracks = video_page.locator(".row:not(.axis) .track").all()
    assert len(tracks) == 8  # truth, 2 of points, 2 of detections, 3 curves
    for number, track in enumerate(tracks):
        box = _box(track)
        share = 0.1 + 0.1 * number
        track.click(position={"x": box["width"] * share, "y": box["height"] / 2})
        seconds = DURATION_SECONDS * share
        assert now_seconds(video_page) == pytest.approx(seconds, abs=0.02)


def test_arrows_step_by_a_frame(video_page: Page) -> None:
    for _ in range(3):
        video_page.keyboard.press("ArrowRight")
    assert now_seconds(video_page) == about(0.12)
    video_page.keyboard.press("ArrowLeft")
    assert now_seconds(video_page) == about(0.08)


def test_arrows_stop_at_the_ends(video_page: Page) -> None:
    video_page.keyboard.press("ArrowLeft")
    assert now_seconds(video_page) == about(0.0)


@pytest.mark.parametrize("focused", ["body", "video", "#threshold"])
def test_space_plays_and_pauses_wherever_the_focus_is(
    video_page: Page, focused: str
) -> None:
    video_page.locator(focused).focus()
    video_page.keyboard.press("Space")
    video_page.wait_for_function("document.querySelector('video').currentTime > 0.2")
    video_page.keyboard.press("Space")
    assert is_paused(video_page)
    video_page.wait_for_timeout(100)
    assert now_seconds(video_page) > 0.2


def test_arrows_move_the_slider_that_has_the_focus(video_page: Page) -> None:
    video_page.locator("#threshold").focus()
    video_page.keyboard.press("ArrowRight")
    expect(video_page.locator("#threshold-value")).to_have_text("0.31")
    assert now_seconds(video_page) == about(0.0)


def test_brackets_visit_every_detection_even_those_that_start_together(
    video_page: Page,
) -> None:
    selected = video_page.locator("#selected")
    video_page.keyboard.press("]")
    expect(selected).to_have_text("kick, 1.00–2.00 s, score 0.90")
    video_page.keyboard.press("]")
    expect(selected).to_have_text("kick, 1.00–1.50 s, score 0.30")
    assert now_seconds(video_page) == about(1.0)
    video_page.keyboard.press("]")
    expect(selected).to_have_text("hug, 3.00–3.50 s, score 0.60")
    assert now_seconds(video_page) == about(3.0)
    video_page.keyboard.press("]")  # there is no fourth
    assert now_seconds(video_page) == about(3.0)
    video_page.keyboard.press("[")
    expect(selected).to_have_text("kick, 1.00–1.50 s, score 0.30")


def test_brackets_start_from_the_play_head(video_page: Page) -> None:
    for _ in range(3):
        video_page.keyboard.press("]")
    video_page.keyboard.press("ArrowLeft")  # away from the third detection
    expect(video_page.locator("#selected")).to_have_text("")
    video_page.keyboard.press("]")
    assert now_seconds(video_page) == about(3.0)


def set_threshold(page: Page, value: str) -> None:
    page.locator("#threshold").fill(value)


def test_slider_hides_weak_detections(video_page: Page) -> None:
    bars = video_page.locator(".detection:visible")
    table_rows = video_page.locator("tr[data-score]:visible")
    expect(bars).to_have_count(3)
    set_threshold(video_page, "0.6")
    expect(bars).to_have_count(2)
    expect(table_rows).to_have_count(2)
    expect(video_page.locator(".lane:has(.detection):visible")).to_have_count(2)
    expect(video_page.locator("#shown")).to_have_text("2 of 3 shown")
    set_threshold(video_page, "0.3")
    expect(bars).to_have_count(3)


def test_brackets_skip_what_the_slider_hides(video_page: Page) -> None:
    set_threshold(video_page, "0.6")
    video_page.keyboard.press("]")
    video_page.keyboard.press("]")
    assert now_seconds(video_page) == about(3.0)


@pytest.mark.parametrize("id", ["broken", "none"])
def test_rows_work_without_a_playable_video(page: Page, index: Path, id: str) -> None:
    open_video(page, index, id)
    expect(page.locator(".player .note:visible")).not_to_have_count(0)
    expect(page.locator("video:visible")).to_have_count(0)
    page.keyboard.press("]")
    expect(page.locator("#clock")).to_have_text("1.00 s")
    assert playhead_seconds(page) == pytest.approx(1.0, abs=0.02)
    page.keyboard.press("Space")
    expect(page.locator("#clock")).to_have_text("1.00 s")


@pytest.mark.parametrize("id", ["plays", "none"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, index: Path, id: str) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    open_video(page, index, id)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 360
