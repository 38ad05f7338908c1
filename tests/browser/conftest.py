"""The browser that all tests of pages share."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "google-chrome", "chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no Chromium found; looked for {', '.join(NAMES)}")
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
    arguments.append("--disable-background-networking")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab that fails its test on a message in the console or a network request."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: complaints.extend(_network(request.url)))
    yield page
    page.close()
    assert complaints == []


def _network(url: str) -> list[str]:
    return [] if url.startswith("file://") else [url]
