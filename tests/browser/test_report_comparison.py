"""Two models side by side, the index, and whether everybody can use the pages."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pipeline.report import write_report
from tests.report_maker import random_report
from tests.video_maker import numbered_pictures, write_video

pytestmark = pytest.mark.browser

NUM_VIDEOS = 9
FAULTS = ("serious", "critical")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on nine videos and two models."""
    folder = tmp_path_factory.mktemp("comparison")
    film = write_video(folder / "v.mp4", numbered_pictures(50))
    report = random_report(
        NUM_VIDEOS, num_models=2, num_detections=8, cells=64, seconds=2.0, path=film
    )
    return write_report(folder / "report", report)


def first_video(index: Path) -> Path:
    return min((index.parent / "videos").glob("*.html"))


def names(page: Page) -> list[str]:
    """The videos that the index shows, from top to bottom."""
    return page.locator(".videos tbody tr:visible th a").all_inner_texts()


def test_both_models_have_their_rows(page: Page, index: Path) -> None:
    page.goto(first_video(index).as_uri())
    headings = page.locator(".timeline h2 .model").all_inner_texts()
    assert headings == ["SODA", "baseline", "SODA", "baseline"]
    expect(page.locator(".detection")).to_have_count(16)
    expect(page.locator("polyline")).to_have_count(6)
    expect(page.locator("#shown")).to_have_text("16 detections")
    page.keyboard.press("]")
    expect(page.locator("#selected")).to_contain_text("score")


def test_the_threshold_hides_detections_of_both(page: Page, index: Path) -> None:
    page.goto(first_video(index).as_uri())
    page.locator("#threshold").fill("0.5")
    shown = page.locator(".detection:visible")
    count = shown.count()
    assert 0 < count < 16
    expect(page.locator("#shown")).to_have_text(f"{count} of 16 shown")
    scores = shown.evaluate_all("bars => bars.map(bar => Number(bar.dataset.score))")
    assert min(scores) >= 0.5


def test_index_has_a_column_of_each_model(page: Page, index: Path) -> None:
    page.goto(index.as_uri())
    for table in page.locator("table:has(.bar)").all():
        expect(table.locator("thead")).to_contain_text("baseline")
    states = page.locator(".states tbody tr").all_inner_texts()
    assert [row.split("\t")[0].strip() for row in states] == [
        "well localized",
        "over-localized",
        "jointly localized",
        "under-localized",
        "missed",
    ]


def test_search_finds_videos_and_classes(page: Page, index: Path) -> None:
    page.goto(index.as_uri())
    page.get_by_label("Find").fill("0000004")
    assert names(page) == ["video_test_0000004"]
    expect(page.locator("#matching")).to_have_text(f"1 of {NUM_VIDEOS}")
    page.get_by_label("Find").fill("class 5")
    assert sorted(names(page)) == ["video_test_0000004", "video_test_0000005"]
    page.get_by_label("Find").fill("")
    assert len(names(page)) == NUM_VIDEOS


def test_a_head_sorts_and_turns_round_with_the_keyboard(
    page: Page, index: Path
) -> None:
    page.goto(index.as_uri())
    by_name = page.locator(".videos").get_by_role("button", name="video")
    by_name.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".videos th[aria-sort]")).to_have_attribute(
        "aria-sort", "ascending"
    )
    assert names(page) == sorted(names(page))
    page.keyboard.press("Enter")
    assert names(page) == sorted(names(page), reverse=True)


def test_a_row_of_the_tables_leads_there(page: Page, index: Path) -> None:
    page.goto(first_video(index).as_uri())
    row = page.locator("tr[data-start]").nth(2)
    start = float(row.get_attribute("data-start") or "nan")
    row.click()
    seconds = float(page.locator("#clock").inner_text().split()[0])
    assert seconds == pytest.approx(start, abs=0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "video"])
def test_axe_finds_no_serious_fault(
    browser: Browser, index: Path, scheme: str, name: str
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto((index if name == "index" else first_video(index)).as_uri())
    result = Axe().run(page).response
    page.close()
    assert len(result["passes"]) > 10
    faults = [f for f in result["violations"] if f["impact"] in FAULTS]
    assert faults == []


@pytest.mark.parametrize("name", ["index", "video"])
def test_a_phone_needs_no_sideways_scrolling(
    page: Page, index: Path, name: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto((index if name == "index" else first_video(index)).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_dark_pages_are_dark_and_printed_ones_white(page: Page, index: Path) -> None:
    page.goto(first_video(index).as_uri())
    brightness = "parseInt(getComputedStyle(document.body).color.slice(4))"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(brightness) > 200  # of the text
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(brightness) < 60
    expect(page.locator("video")).to_be_hidden()
    expect(page.locator(".threshold")).to_be_hidden()
    expect(page.locator("polyline").first).to_be_visible()


def test_printed_tables_are_not_cut(page: Page, index: Path) -> None:
    page.set_viewport_size({"width": 680, "height": 900})  # of A4 with its margins
    page.emulate_media(media="print")
    page.goto(index.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 680
