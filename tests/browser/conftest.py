"""The browser that all tests of pages share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import NAMES, chromium, find_chromium

# How long a condition is waited for; on a busy machine the usual 5 s are not enough.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_chromium() is None:
        pytest.skip(f"no Chromium found; looked for {', '.join(NAMES)}")
    with chromium() as browser:
        yield browser


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
