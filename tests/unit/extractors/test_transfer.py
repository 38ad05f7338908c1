import gzip
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors import transfer as transfer_module
from extractors.errors import WeightsError
from extractors.sources import download_url
from extractors.transfer import TRIES, TransferError, transfer
from tests.file_server import Answer, serve_files

CONTENT = bytes(range(256)) * 40
WHOLE = Answer(CONTENT)
NO_VERSION = Answer(CONTENT, version=None)


@pytest.fixture
def files(monkeypatch):
    monkeypatch.setattr(transfer_module, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(transfer_module, "CHUNK_BYTES", 100)
    with serve_files() as files:
        yield files


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "file.bin"


def names(target):
    return sorted(path.name for path in target.parent.iterdir())


def assert_arrived(target, content=CONTENT):
    assert target.read_bytes() == content
    assert names(target) == [target.name]


def refuse_all_but(content, path):
    if path.read_bytes() != content:
        raise ValueError("expected the content, found another")


def test_a_file_arrives_whole_and_alone(files, target):
    told = []
    url = files.put("file", WHOLE)
    transfer(url, target, report=lambda *progress: told.append(progress))
    assert_arrived(target)
    assert told[0] == (0, len(CONTENT)) and told[-1] == (len(CONTENT), len(CONTENT))


def test_a_broken_transfer_goes_on_where_it_broke(files, target):
    first, second = Answer(CONTENT, stop_after=1000), Answer(CONTENT, stop_after=2000)
    transfer(files.put("file", first, second, WHOLE), target)
    assert_arrived(target)
    assert files.ranges() == [None, "bytes=1000-", "bytes=3000-"]


def test_the_next_call_goes_on_where_the_last_one_gave_up(files, target):
    broken, missing = Answer(CONTENT, stop_after=1000), Answer(status=404)
    url = files.put("file", broken, missing, WHOLE)
    with pytest.raises(TransferError, match="404"):
        transfer(url, target)
    assert not target.exists()
    told = []
    transfer(url, target, report=lambda *progress: told.append(progress))
    assert_arrived(target)
    assert files.ranges()[-1] == "bytes=1000-" and told[0] == (1000, len(CONTENT))


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.tuples(st.integers(1, 4000), st.booleans(), st.sampled_from("ab"))),
)
def test_wherever_it_breaks_the_file_arrives_as_it_is_last(files, breaks):
    """Some answers give no parts, and others are of another version."""
    contents = {"a": CONTENT, "b": CONTENT[::-1]}
    answers = [
        Answer(contents[name], version=f'"{name}"', stop_after=at, ranges=ranges)
        for at, ranges, name in breaks
    ]
    url = files.put("file", *answers, Answer(CONTENT, version='"a"'))
    with TemporaryDirectory() as folder:
        target = Path(folder, "file.bin")
        for _ in breaks:  # as often as it takes
            try:
                transfer(url, target)
            except TransferError:
                continue
            break
        transfer(url, target)
        assert_arrived(target)


def test_another_version_is_fetched_from_its_start(files, target):
    old = Answer(b"old" * 1000, version='"old"', stop_after=1000)
    transfer(files.put("file", old, WHOLE), target)
    assert_arrived(target)
    assert files.requests[1][1]["If-Range"] == '"old"'


def test_a_server_that_gives_no_parts_is_asked_for_the_whole(files, target):
    broken = Answer(CONTENT, stop_after=1000)
    transfer(files.put("file", broken, Answer(CONTENT, ranges=False)), target)
    assert_arrived(target)


@pytest.mark.parametrize(
    ("version", "date", "named"),
    [
        (None, None, None),
        (None, "Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ('W/"weak"', None, None),
        ('"strong"', "Mon, 01 Jan 2024 00:00:00 GMT", '"strong"'),
    ],
)
def test_only_what_names_a_version_exactly_is_resumed(
    files, target, version, date, named
):
    headers = {"Last-Modified": date} if date else {}
    broken = Answer(CONTENT, version=version, headers=headers, stop_after=1000)
    transfer(files.put("file", broken, WHOLE), target)
    assert_arrived(target)
    assert files.requests[1][1].get("If-Range") == named


def test_another_address_does_not_go_on_with_the_part(files, target):
    files.put("a", Answer(CONTENT, stop_after=1000), Answer(status=404))
    with pytest.raises(TransferError):
        transfer(f"{files.url}/a", target)
    transfer(files.put("b", WHOLE), target)
    assert_arrived(target)
    assert files.ranges()[-1] is None


def test_a_stalled_transfer_is_gone_on_with(files, target):
    stalled = Answer(CONTENT, stop_after=1000, stalls=True)
    transfer(files.put("file", stalled, WHOLE), target, silence_seconds=0.2)
    assert_arrived(target)
    assert files.ranges() == [None, "bytes=1000-"]


def test_a_server_that_only_stalls_is_left(files, target):
    url = files.put("file", Answer(CONTENT, stop_after=0, stalls=True))
    with pytest.raises(TransferError, match="stalled"):
        transfer(url, target, silence_seconds=0.1)
    assert len(files.requests) == TRIES
    assert not target.exists()


def test_a_body_shorter_than_declared_is_no_file(files, target):
    url = files.put("file", Answer(CONTENT, headers={"Content-Length": "99999"}))
    with pytest.raises(TransferError, match="broke off"):
        transfer(url, target)
    assert not target.exists()


def test_a_body_longer_than_declared_is_no_file(files, target):
    url = files.put("file", Answer(CONTENT, headers={"Content-Length": "999"}))
    with pytest.raises(TransferError, match="expected the content, found another"):
        transfer(url, target, check=partial(refuse_all_but, CONTENT))
    assert not target.exists()


@pytest.mark.parametrize(
    "lie", ["bytes 7-10239/10240", "bytes 1000-10239/9", "bytes 1000-10239/*", ""]
)
def test_a_part_that_is_not_the_one_asked_for_is_not_taken(files, target, lie):
    broken = Answer(CONTENT, stop_after=1000)
    lying = Answer(CONTENT, headers={"Content-Range": lie})
    transfer(files.put("file", broken, lying, WHOLE), target)
    assert_arrived(target)
    assert files.ranges() == [None, "bytes=1000-", None]


def test_a_part_that_the_server_does_not_have_is_given_up(files, target):
    broken, refused = Answer(CONTENT, stop_after=1000), Answer(status=416)
    transfer(files.put("file", broken, refused, WHOLE), target)
    assert_arrived(target)
    assert files.ranges() == [None, "bytes=1000-", None]


def test_a_file_compressed_on_the_way_arrives(files, target):
    packed = gzip.compress(CONTENT)
    encoded = {"Content-Encoding": "gzip"}
    broken = Answer(packed, headers=encoded, stop_after=100)
    url = files.put("file", broken, Answer(packed, headers=encoded))
    transfer(url, target)
    assert_arrived(target)
    assert files.requests[0][1]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(files, target, status):
    transfer(files.put("file", Answer(status=status), WHOLE), target)
    assert_arrived(target)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_taken_at_once(files, target, status):
    with pytest.raises(TransferError, match=str(status)):
        transfer(files.put("file", Answer(status=status), WHOLE), target)
    assert len(files.requests) == 1
    assert not target.exists()


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b"<!DOCTYPE html>\n<html><title>\n Sign &amp; in</title>", "'Sign & in'"),
        (b"\n<HTML><TITLE lang='en'>404</TITLE>", "'404'"),
        (b"<html><body>", "'nothing'"),
    ],
)
def test_a_page_in_the_place_of_a_file_is_named(files, target, page, says):
    url = files.put("file", Answer(page))
    with pytest.raises(TransferError) as caught:
        transfer(url, target, kind="a zip archive")
    expected = f"expected a zip archive, found an HTML page that says {says}"
    assert str(caught.value) == expected
    assert not target.exists()
    with pytest.raises(WeightsError, match="expected a file of weights, found an HTML"):
        download_url(url, target)


def test_two_at_once_fetch_once(files, target):
    slow = Answer(CONTENT, stop_after=1000, stalls=True)
    url = files.put("file", slow, WHOLE)
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(transfer, url, target, silence_seconds=0.5) for _ in range(4)
        ]
        for job in jobs:
            job.result()
    assert_arrived(target)
    assert len(files.requests) == 2


def test_no_redirect_leads_out_of_https(files, target, monkeypatch):
    def redirected(url, **options):
        return plain(url.replace("https:", "http:"), **options)

    plain = transfer_module.requests.get
    monkeypatch.setattr(transfer_module.requests, "get", redirected)
    url = files.put("file", WHOLE)
    with pytest.raises(TransferError, match=f"leads to {url}, which is not encrypted"):
        transfer(url.replace("http:", "https:"), target)
    assert not target.exists()


def test_a_proxy_is_used(files, target, monkeypatch):
    monkeypatch.setenv("http_proxy", files.url)
    files.put("file", WHOLE)
    transfer("http://soda.invalid/file", target)
    assert_arrived(target)


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [(None, "no connection"), ("http://127.0.0.1:9", "HTTPS_PROXY")],
)
def test_no_way_out_is_said(target, monkeypatch, proxy, reason):
    if proxy:
        monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(TransferError, match=reason):
        transfer("https://soda.invalid/file", target)
    assert not target.exists()
