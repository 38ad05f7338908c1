"""The annotation page in Chromium, served, and opened from file://."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from pipeline.annotation.page import write_static_page
from pipeline.annotation.server import annotation_server
from pipeline.annotation.store import PointsStore
from pipeline.datasets import Dataset, Instance, Video
from pipeline.points.formats import read_click_file
from pipeline.storage import read_json
from pipeline.video import probe
from pipeline.video.decoding import SourceFrames
from pipeline.video.source import open_video
from tests.video_maker import numbered_pictures, read_number, write_video

pytestmark = pytest.mark.browser

CLASSES = ("jump", "<b>kick</b>")
NUM_FRAMES = 100
# How often, and each time for how long, stepping to a frame is tried.
TRIES, SKIP_MS = 60, 1000
# Milliseconds from frame to frame, as a phone may leave them.
UNEVEN = [0]
for _number in range(NUM_FRAMES - 1):
    UNEVEN.append(UNEVEN[-1] + (10, 33, 40, 20, 150, 33)[_number % 6])

MILLISECOND = Fraction(1, 1000)
FILMS: dict[str, dict[str, Any]] = {
    "25": {"fps": 25},
    "29.97": {"fps": Fraction(30000, 1001)},
    "uneven": {"pts": UNEVEN, "time_base": MILLISECOND},
    "late": {
        "pts": [40 * k + 700 for k in range(NUM_FRAMES)],
        "time_base": MILLISECOND,
    },
    "sound first": {
        "pts": [40 * k + 700 for k in range(NUM_FRAMES)],
        "time_base": MILLISECOND,
        "audio_seconds": 5,
    },
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {
        name: write_video(folder / f"{name}.mp4", numbered_pictures(NUM_FRAMES), **how)
        for name, how in FILMS.items()
    }


def a_dataset(*paths: Path, classes: tuple[str, ...] = CLASSES) -> Dataset:
    videos = tuple(
        Video(
            path.stem, "train", path, (), duration_seconds=probe(path).duration_seconds
        )
        for path in paths
    )
    return Dataset("tiny", paths[0].parent, paths[0].parent, classes, videos)


@contextmanager
def served(store: PointsStore, cache: Path, **more: Any) -> Iterator[str]:
    fps = {video.id: 25.0 for video in store.dataset.videos}
    with annotation_server(store, fps, cache, **more) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield server.address
        finally:
            server.shutdown()


@pytest.fixture
def store(films: dict[str, Path], tmp_path: Path) -> PointsStore:
    return PointsStore(
        tmp_path / "clicks.json", a_dataset(films["25"], films["uneven"])
    )


@pytest.fixture
def address(store: PointsStore, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path / "cache") as address:
        yield address


Tab = Callable[[str], Page]


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """Opens tabs that fail their test on a message in the console."""
    context = browser.new_context()
    complaints: list[str] = []

    def open_tab(address: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address)
        wait_for_frame(page, 0)
        return page

    yield open_tab
    context.close()
    refused = re.compile("status of 4(00|09)")
    assert [c for c in complaints if not refused.search(c)] == []


@pytest.fixture
def page(tab: Tab, address: str) -> Page:
    return tab(address)


def wait_for_frame(page: Page, frame: int, milliseconds: float | None = None) -> None:
    text = f"frame {frame} of {NUM_FRAMES}"
    expect(page.locator("#frame")).to_have_text(text, timeout=milliseconds)


def wait_until(page: Page, condition: str) -> None:
    """Wait, without `eval` in the page, which its policy forbids."""
    while not page.evaluate(condition):
        page.wait_for_timeout(10)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def go_to(page: Page, frame: int) -> None:
    """Step to a frame by the keys, from wherever the page is.

    A busy browser may skip a picture, and the next step counts from the one it shows.
    """
    for _ in range(TRIES):
        now = int(page.locator("#frame").inner_text().split()[1])
        press(page, *(["." if frame > now else ","] * abs(frame - now)))
        with suppress(AssertionError):
            return wait_for_frame(page, frame, SKIP_MS)
    raise AssertionError(f"the page does not come to frame {frame}")


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")


def clicks_of(path: Path, id: str) -> list[tuple[float, str]]:
    clicks = read_click_file(path).clicks
    return [(click.seconds(), click.label) for click in clicks if click.video == id]


def shown_number(page: Page) -> int:
    """The number that the picture on screen carries."""
    pixels = page.evaluate(
        """() => {
          const video = document.querySelector("video");
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [96, 64];
          const context = canvas.getContext("2d");
          context.drawImage(video, 0, 0, 96, 64);
          return [...context.getImageData(0, 32, 96, 1).data];
        }"""
    )
    return read_number(np.array(pixels, np.uint8).reshape(1, 96, 4)[..., :3])


def decoded_number(path: Path, seconds: float) -> int:
    """The number that the picture at a time carries, decoded as for training."""
    with open_video(path) as source:
        shown = [
            read_number(frame.to_ndarray(format="rgb24"))
            for frame, start, _ in SourceFrames(source)
            if start - source.start_seconds <= seconds
        ]
    return shown[-1]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
def test_a_click_is_stored_at_the_frame_that_was_shown(
    films: dict[str, Path], tab: Tab, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "clicks.json"
    store = PointsStore(path, a_dataset(films[name]))
    with served(store, tmp_path / "cache") as address:
        page = tab(address)
        seen = []
        for frame in (0, 1, 2, 33, 34, 61, 98, 99):
            go_to(page, frame)
            assert shown_number(page) == frame
            press(page, "1")
            seen.append(frame)
        saved(page)
    times = [seconds for seconds, _ in clicks_of(path, name)]
    assert [decoded_number(films[name], seconds) for seconds in times] == seen


def test_a_click_while_playing_is_on_a_frame_that_was_shown(
    page: Page, store: PointsStore, films: dict[str, Path]
) -> None:
    page.evaluate(
        """() => {
          window.seen = [];
          const video = document.querySelector("video");
          const note = (_, {mediaTime}) => {
            window.seen.push(mediaTime);
            video.requestVideoFrameCallback(note);
          };
          video.requestVideoFrameCallback(note);
        }"""
    )
    press(page, "Space")
    wait_until(page, "window.seen.length > 20")
    press(page, "1", "Space")
    saved(page)
    seen = page.evaluate("window.seen")
    ((seconds, _),) = clicks_of(store.path, "25")
    assert min(abs(seconds - 0.02 - time) for time in seen) < 1e-6


def test_clicks_are_counted_listed_undone_and_deleted(
    page: Page, store: PointsStore
) -> None:
    press(page, "1")
    go_to(page, 10)
    press(page, "b", "b")  # the second says nothing new
    go_to(page, 20)
    press(page, "2")
    items = page.locator("#clicks .chip")
    expect(items).to_have_text(["jump", "background", "<b>kick</b>"])
    assert page.locator("b").count() == 1  # the conflict's; the label's is text
    go_to(page, 12)
    press(page, "x")
    expect(items).to_have_text(["jump", "<b>kick</b>"])
    press(page, "z")
    expect(items).to_have_count(3)
    press(page, "z", "z", "z", "z")
    expect(items).to_have_count(0)
    press(page, "2")
    expect(page.locator("#classes .count").nth(1)).to_have_text("1 / 1")
    saved(page)
    assert clicks_of(store.path, "25") == [(0.5, "<b>kick</b>")]


def test_brackets_jump_and_the_nearest_click_takes_a_note(
    page: Page, store: PointsStore
) -> None:
    press(page, "1")
    go_to(page, 10)
    press(page, "2")
    go_to(page, 5)
    press(page, "]")
    wait_for_frame(page, 10)
    press(page, "[")
    wait_for_frame(page, 0)
    press(page, "m")
    page.keyboard.type("left arm, 1st")
    press(page, "Enter")
    expect(page.locator("#clicks .chip").first).to_have_text("jump — left arm, 1st")
    saved(page)
    points = read_json(store.path)[0]["points"]
    assert points[0] == {"seconds": 0.02, "label": "jump", "note": "left arm, 1st"}
    press(page, "m", "Escape")
    expect(page.locator("#note-text")).not_to_be_focused()
    press(page, "]")
    wait_for_frame(page, 10)


def test_work_goes_on_after_a_reload_and_each_video_has_its_own(
    page: Page, store: PointsStore
) -> None:
    press(page, "1", "Tab")
    expect(page.locator("#video")).to_have_value("1")
    wait_for_frame(page, 0)
    press(page, "2")
    saved(page)
    page.reload()
    wait_for_frame(page, 0)
    expect(page.locator("#clicks .chip")).to_have_text(["jump"])
    expect(page.locator("#total")).to_have_text("1 here, 2 in 2 of 2 videos")
    press(page, "Shift+Tab")
    expect(page.locator("#clicks .chip")).to_have_text(["<b>kick</b>"])
    assert clicks_of(store.path, "uneven") == [(0.005, "<b>kick</b>")]


def test_videos_that_are_passed_by_quickly_do_no_harm(page: Page) -> None:
    press(page, *["Tab"] * 6)
    wait_for_frame(page, 0)
    expect(page.locator("#message")).to_have_text("")
    go_to(page, 3)
    assert shown_number(page) == 3


def test_a_late_answer_does_not_replace_the_video_that_is_shown(page: Page) -> None:
    for _ in range(2):  # now the server knows the frames of both
        press(page, "Tab")
        wait_for_frame(page, 0)
    held: list[Route] = []
    page.route("**/ready/1", lambda route: held.append(route))
    with page.expect_request("**/ready/1"):
        press(page, "Tab")
    with page.expect_response("**/ready/0"):
        press(page, "Tab")
    wait_for_frame(page, 0)
    expect(page.locator("#message")).to_have_text("")
    film = "document.querySelector('video').currentSrc"
    shown = page.evaluate(film)
    with page.expect_response("**/ready/1") as answer:
        held[0].continue_()
    answer.value.finished()
    go_to(page, 3)
    assert page.evaluate(film) == shown
    assert shown_number(page) == 3
    expect(page.locator("#message")).to_have_text("")


def test_tab_goes_round_the_buttons_once_they_are_entered(page: Page) -> None:
    press(page, "F6", "Tab")
    expect(page.locator("#video")).to_be_focused()
    press(page, "Tab")
    expect(page.locator("#next")).to_be_focused()
    press(page, "Escape", "Tab")
    expect(page.locator("#video")).to_have_value("1")


def test_speed_keys_last_for_the_next_video(page: Page) -> None:
    rate = "document.querySelector('video').playbackRate"
    press(page, "+", "+")
    assert page.evaluate(rate) == 2
    press(page, "Tab")
    wait_for_frame(page, 0)
    assert page.evaluate(rate) == 2
    press(page, *["-"] * 9)
    assert page.evaluate(rate) == 0.5


def test_the_second_of_two_tabs_is_told_and_can_merge(
    tab: Tab, address: str, store: PointsStore
) -> None:
    first, second = tab(address), tab(address)
    press(first, "1")
    saved(first)
    go_to(second, 10)
    press(second, "2")
    expect(second.locator("#conflict")).to_be_visible()
    assert clicks_of(store.path, "25") == [(0.02, "jump")]
    second.get_by_role("button", name="Merge both").click()
    saved(second)
    both = [(0.02, "jump"), (0.42, "<b>kick</b>")]
    assert clicks_of(store.path, "25") == both
    go_to(first, 20)
    press(first, "b")
    first.get_by_role("button", name="Reload theirs, drop mine").click()
    saved(first)
    expect(first.locator("#clicks .chip")).to_have_text(["jump", "<b>kick</b>"])
    assert clicks_of(store.path, "25") == both


def test_half_of_a_video_is_skipped_greyed_and_recorded(
    films: dict[str, Path], tab: Tab, store: PointsStore, tmp_path: Path
) -> None:
    pictures = numbered_pictures(NUM_FRAMES)
    path = write_video(tmp_path / "slow.mp4", pictures, fps=4)  # 25 s
    store = PointsStore(tmp_path / "half.json", a_dataset(path))
    with served(store, tmp_path / "cache", half=True) as address:
        page = tab(address)
        expect(page.locator("#half")).to_have_attribute("aria-pressed", "true")
        go_to(page, 39)
        press(page, "1", "Space")
        frame = page.locator("#frame")
        expect(frame).to_have_text(re.compile("frame [89][0-9] "))
        press(page, "Space")
        go_to(page, 79)
        press(page, "2")
        expect(page.locator("#toast")).to_contain_text("this span is left out")
        saved(page)
        (entry,) = read_json(store.path)
        assert entry["annotated_spans"] == [[0, 10], [20, 25]]
        assert [point["label"] for point in entry["points"]] == ["jump"]
        press(page, "h", "2")
        saved(page)
        assert "annotated_spans" not in read_json(store.path)[0]


def test_other_tools_clicks_come_in_and_an_export_comes_out(
    page: Page, store: PointsStore, tmp_path: Path
) -> None:
    marks = {"videoFrameTool": {"toolName": "videoFrameTool"}}
    times = [(1.0, "jump"), (9.0, "jump"), (1.5, "nothing")]
    result = [{"time": seconds, "label": label} for seconds, label in times]
    marks["videoFrameTool"]["result"] = result  # type: ignore[assignment]
    sample = {"fileName": "uneven.mp4", "result": json.dumps(marks)}
    (tmp_path / "labelu.json").write_text(json.dumps([sample]))
    page.locator("#file").set_input_files(tmp_path / "labelu.json")
    expect(page.locator("#told-title")).to_have_text("Clicks added from labelu.json: 1")
    expect(page.locator("#told-list li")).to_have_count(2)
    press(page, "Enter", "1")
    saved(page)
    with page.expect_download() as download:
        page.locator("#export").click()
    assert download.value.suggested_filename == "clicks.json"
    download.value.save_as(tmp_path / "out.json")
    for path in (store.path, tmp_path / "out.json"):
        assert clicks_of(path, "uneven") == [(1.0, "jump")]
        assert clicks_of(path, "25") == [(0.02, "jump")]


def test_background_inside_an_action_of_the_manifest_is_pointed_out(
    films: dict[str, Path], tab: Tab, tmp_path: Path
) -> None:
    dataset = a_dataset(films["25"])
    known = replace(dataset.videos[0], instances=(Instance("jump", 0.2, 1.0),))
    store = PointsStore(tmp_path / "clicks.json", dataset.with_videos((known,)))
    with served(store, tmp_path / "cache") as address:
        page = tab(address)
        press(page, "b")
        expect(page.locator("#toast")).to_have_text("background  0:00.020")
        go_to(page, 5)
        press(page, "b")
        expect(page.locator("#toast")).to_contain_text(
            "inside jump according to the manifest"
        )
        saved(page)


def test_what_is_no_file_of_clicks_is_refused(page: Page, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    page.locator("#file").set_input_files(tmp_path / "x.txt")
    expect(page.locator("#told-title")).to_have_text("Nothing was imported")


def test_classes_beyond_ten_are_found_by_name_and_then_have_a_key(
    films: dict[str, Path], tab: Tab, tmp_path: Path
) -> None:
    classes = tuple(f"class {number}" for number in range(300))
    store = PointsStore(tmp_path / "c.json", a_dataset(films["25"], classes=classes))
    with served(store, tmp_path / "cache") as address:
        page = tab(address)
        press(page, "/")
        page.keyboard.type("275")
        expect(page.locator("#classes li:visible")).to_have_count(1)
        press(page, "Enter")
        expect(page.locator("#clicks .chip")).to_have_text(["class 275"])
        go_to(page, 3)
        key = page.locator("#classes li[data-label='class 275'] kbd").inner_text()
        press(page, key)
        expect(page.locator("#clicks .chip")).to_have_text(["class 275"] * 2)
        saved(page)


def test_a_video_that_browsers_cannot_play_is_shown_by_its_proxy(
    tab: Tab, tmp_path: Path
) -> None:
    path = write_video(
        tmp_path / "old.avi", numbered_pictures(NUM_FRAMES), codec="mpeg4"
    )
    before = path.read_bytes()
    store = PointsStore(tmp_path / "clicks.json", a_dataset(path))
    with served(store, tmp_path / "cache") as address:
        page = tab(address)
        go_to(page, 7)
        assert shown_number(page) == 7
        press(page, "1")
        saved(page)
    assert clicks_of(store.path, "old") == [(0.3, "jump")]
    assert path.read_bytes() == before
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_page_without_a_server_keeps_and_exports_clicks(
    browser: Browser, films: dict[str, Path], tmp_path: Path
) -> None:
    dataset = a_dataset(films["25"], films["29.97"])
    store = PointsStore(tmp_path / "clicks.json", dataset)
    path = tmp_path / "füße #1.html"
    write_static_page(path, store, half=False)
    context = browser.new_context()
    requests: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page, other = context.new_page(), context.new_page()
    for tab in (page, other):
        tab.goto(path.as_uri())
        wait_for_frame(tab, 0)
    go_to(page, 33)
    press(page, "2")
    saved(page)
    press(other, "1")
    other.get_by_role("button", name="Merge both").click()
    saved(other)
    page.reload()
    wait_for_frame(page, 0)
    expect(page.locator("#clicks .chip")).to_have_text(["jump", "<b>kick</b>"])
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "out.json")
    assert clicks_of(tmp_path / "out.json", "25") == [
        (0.02, "jump"),
        (1.34, "<b>kick</b>"),
    ]
    page.evaluate("localStorage.clear()")
    page.reload()
    wait_for_frame(page, 0)
    page.locator("#file").set_input_files(tmp_path / "out.json")
    expect(page.locator("#told-title")).to_have_text("Clicks added from out.json: 2")
    assert all(url.startswith(("file://", "blob:", "data:")) for url in requests)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(
    browser: Browser, address: str, scheme: Any
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(address)
    wait_for_frame(page, 0)
    press(page, "1", "b")
    saved(page)
    page.evaluate("document.getAnimations().forEach((fading) => fading.finish())")
    for key in ("Escape", "?"):
        press(page, key)
        found = Axe().run(page).response["violations"]
        assert [v for v in found if v["impact"] in ("serious", "critical")] == []
    page.close()
