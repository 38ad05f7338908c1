"""The annotation page's server: what it gives, and to whom it gives nothing."""

import http.client
import json
import math
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotation.handler import AnnotationServer, parse_range
from pipeline.annotation.server import annotation_server
from pipeline.annotation.store import PointsStore
from pipeline.datasets import Dataset, Video
from pipeline.errors import UsageError
from pipeline.storage import read_json
from tests.video_maker import numbered_pictures, write_video

Answer = tuple[int, dict[str, str], bytes]
Ask = Callable[..., Answer]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "videos").mkdir()
    return write_video(tmp_path / "videos" / "film.mp4", numbered_pictures(20))


@pytest.fixture
def server(film: Path) -> Iterator[AnnotationServer]:
    link = film.with_name("link.mp4")
    link.symlink_to(film)
    videos = tuple(
        Video(path.stem, "train", path, (), duration_seconds=0.8)
        for path in (film, link)
    )
    dataset = Dataset("tiny", film.parent, film.parent, ("jump",), videos)
    store = PointsStore(film.parent / "clicks.json", dataset)
    with annotation_server(store, {}, film.parent.parent / "cache") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.shutdown()


@pytest.fixture
def ask(server: AnnotationServer) -> Ask:
    """Asks for something under the right token, unless a whole path is given."""

    def send(
        what: str, method: str = "GET", body: Any = None, **headers: str
    ) -> Answer:
        path = what if what.startswith("/") else f"/{server.token}/{what}"
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        try:
            connection.putrequest(method, path, skip_host=True)
            headers.setdefault("Host", f"127.0.0.1:{server.server_port}")
            content = b"" if body is None else json.dumps(body).encode()
            if body is not None:
                headers["Content-Length"] = str(len(content))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    return send


NO_SECONDS = (math.nan, math.inf, -math.inf, 10**400, None, "1", [], 1.9)  # of 0.8
CONTENT = {
    "revision": None,
    "points": [{"seconds": 0.5, "label": "jump"}],
    "annotated_spans": None,
    "seconds_spent": 2,
}


def test_the_page_is_given_under_its_token_alone(
    ask: Ask, server: AnnotationServer
) -> None:
    status, headers, body = ask("")
    assert status == 200 and b"<!doctype html>" in body
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    wrong = "x" * len(server.token)
    for path in ("/", "//", f"/{wrong}/", f"/{wrong}/video/0", "/video/0", "/*"):
        assert ask(path)[0] == ask(path, "POST", {})[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", ""])
def test_other_hosts_are_refused(ask: Ask, host: str) -> None:
    assert ask("", Host=host)[0] == 403
    assert ask("clicks/0", "POST", CONTENT, Host=host)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "file://"])
def test_other_origins_are_refused(
    ask: Ask, server: AnnotationServer, origin: str
) -> None:
    assert ask("clicks/0", "POST", CONTENT, Origin=origin)[0] == 403
    assert not server.served.store.path.exists()
    own = f"http://127.0.0.1:{server.server_port}"
    assert ask("clicks/0", "POST", CONTENT, Origin=own)[0] == 200


@pytest.mark.parametrize(
    "what",
    [
        *("video/../../secret.txt", "../secret.txt", "video/%2e%2e%2fsecret.txt"),
        *("video/..%2f..%2fsecret.txt", "video//etc/passwd", "video/film.mp4"),
        *(
            "video/2",
            "video/-1",
            "video/0/../1",
            "video/%C2%B2",
            "video",
            "clicks.json",
        ),
        *("secret.txt", "hints/0", "ready/9", "etc/passwd", "video/0/x"),
    ],
)
def test_there_is_nothing_but_the_videos(ask: Ask, what: str) -> None:
    status, _, body = ask(what)
    assert (status, body) == (404, b"")


def test_a_link_that_is_changed_later_leads_nowhere_else(ask: Ask, film: Path) -> None:
    link = film.with_name("link.mp4")
    link.unlink()
    link.symlink_to(film.parent.parent / "secret.txt")
    assert ask("video/1")[2] == film.read_bytes()


def test_parts_of_a_video_are_given(ask: Ask, film: Path) -> None:
    content = film.read_bytes()
    assert ask("video/0")[2] == content
    assert ask("video/0", "HEAD")[2] == b""
    status, headers, body = ask("video/0", Range="bytes=10-19")
    assert (status, body) == (206, content[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    assert ask("video/0", Range=f"bytes={len(content)}-")[0] == 416


@given(st.integers(0, 99), st.integers(0, 120), st.integers(1, 100))
def test_a_range_is_that_of_the_bytes(first: int, last: int, size: int) -> None:
    content = bytes(range(size))
    part = parse_range(f"bytes={first}-{last}", size)
    if last < first:
        assert part is None
    else:
        assert part is not None
        assert content[part.start : part.stop] == content[first : last + 1]
    end = parse_range(f"bytes=-{last}", size)
    assert end is not None
    assert content[end.start : end.stop] == (content[-last:] if last else b"")


def test_clicks_are_saved_and_a_second_tab_is_told(
    ask: Ask, server: AnnotationServer
) -> None:
    status, _, body = ask("clicks/0", "POST", CONTENT)
    assert status == 200
    (entry,) = read_json(server.served.store.path)
    assert entry["video"] == {"id": "film"} and entry["points"] == CONTENT["points"]
    status, _, there = ask("clicks/0", "POST", CONTENT)
    assert status == 409 and json.loads(there) == json.loads(body)
    assert json.loads(ask("clicks")[2]) == {"film": json.loads(body)}


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        CONTENT | {"points": [{"seconds": -1, "label": "jump"}]},
        CONTENT | {"points": [{"seconds": 1, "label": "<script>"}]},
        CONTENT | {"points": [{"seconds": "x", "label": "jump"}]},
        CONTENT | {"points": [{"seconds": 1, "label": ["jump"]}]},
        CONTENT | {"points": [1]},
        CONTENT | {"points": 1},
        CONTENT | {"seconds_spent": None},
        CONTENT | {"annotated_spans": [1]},
        CONTENT | {"annotated_spans": [[0, math.nan]]},
        *(CONTENT | {"points": [{"seconds": s, "label": "jump"}]} for s in NO_SECONDS),
        *(CONTENT | {"seconds_spent": seconds} for seconds in NO_SECONDS[:-1]),
    ],
)
def test_what_are_no_clicks_is_refused(
    ask: Ask, server: AnnotationServer, content: Any
) -> None:
    assert ask("clicks/0", "POST", content)[0] == 400
    assert not server.served.store.path.exists()


def test_a_file_that_is_spoiled_meanwhile_is_named(
    ask: Ask, server: AnnotationServer
) -> None:
    path = server.served.store.path
    path.write_text("{")
    for answer in (ask("clicks"), ask("clicks/0", "POST", CONTENT)):
        assert answer[0] == 400
        assert f"{path}: expected a points JSON" in json.loads(answer[2])["error"]
    assert path.read_text() == "{"


def test_bodies_without_an_end_or_of_any_size_are_refused(ask: Ask) -> None:
    assert ask("clicks/0", "POST")[0] == 411
    assert ask("import", "POST", **{"Content-Length": "9" * 12})[0] == 413


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 100_000, b"5", b'"x"']
)
@pytest.mark.parametrize("what", ["clicks/0", "import"])
def test_a_body_that_is_no_json_is_refused_in_words(
    server: AnnotationServer, what: str, body: bytes
) -> None:
    length = f"Content-Length: {len(body)}\r\n"
    head, _, said = answer(server, f"POST /TOKEN/{what}", length, body)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b'{"error": ' in said and b"Error" not in said
    assert not server.served.store.path.exists()


def test_half_a_surrogate_pair_in_a_note_does_no_harm(
    ask: Ask, server: AnnotationServer
) -> None:
    point = CONTENT["points"][0] | {"note": "\ud800 here"}
    assert ask("clicks/0", "POST", CONTENT | {"points": [point]})[0] == 200
    assert read_json(server.served.store.path)[0]["points"][0]["note"] == "? here"


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("POST /TOKEN/clicks/0", "Content-Length: -5\r\n", 400),
        ("POST /TOKEN/clicks/0", "Content-Length: five\r\n", 400),
        ("POST /TOKEN/clicks/0", "Content-Length: \xb2\r\n", 400),
        ("POST /TOKEN/clicks/0", f"Content-Length: {'9' * 5000}\r\n", 413),
        ("POST /TOKEN/clicks/0", "Transfer-Encoding: chunked\r\n", 411),
        ("POST /TOKEN/clicks/0", "Content-Length: 99\r\n", 400),  # and no body
        (f"POST /TOKEN/clicks/{'9' * 5000}", "", 404),
        (f"GET /TOKEN/video/{'9' * 5000}", "", 404),
        ("GET /TOKEN/nothing/0", "", 404),
        ("GET /TOKEN/video/0", f"Range: bytes={'9' * 5000}-\r\n", 416),
        ("GET /TOKEN/video/0", f"Range: bytes=0-{'9' * 5000}\r\n", 206),
        ("GET /TOKEN/video/0", "Range: bytes=9-1\r\n", 200),
        ("GET /TOKEN/video/0", "Range: lines=1-2\r\n", 200),
        ("GET /\x00\xff/", "", 403),
        (f"GET /{'x' * 70_000}", "", 414),
        ("GET /TOKEN/ /TOKEN/", "", 400),
        ("PUT /TOKEN/clicks/0", "", 501),
    ],
    ids=lambda value: str(value)[:40],
)
def test_every_request_has_an_answer(
    server: AnnotationServer, request_line: str, headers: str, status: int
) -> None:
    head, *_ = answer(server, request_line, headers)
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer(server, "GET /TOKEN/")[0].startswith(b"HTTP/1.1 200 ")


def test_a_fault_of_the_program_is_answered_too(
    ask: Ask, server: AnnotationServer, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(server.served.store, "entries", lambda: 1 / 0)
    status, _, said = ask("clicks")
    assert status == 500 and b"see the terminal" in said
    assert "ZeroDivisionError" in capsys.readouterr().err


def answer(
    server: AnnotationServer, request_line: str, headers: str = "", body: bytes = b""
) -> tuple[bytes, bytes, bytes]:
    """Send bytes as they are; return the head of the answer, a blank line, the body."""
    line = request_line.replace("TOKEN", server.token)
    host = f"Host: 127.0.0.1:{server.server_port}\r\n"
    text = f"{line} HTTP/1.1\r\n{host}{headers}\r\n"
    with socket.create_connection(("127.0.0.1", server.server_port), 10) as connection:
        connection.sendall(text.encode("latin-1") + body)
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, blank, content = said.partition(b"\r\n\r\n")
    return head, blank, content


def test_a_port_in_use_is_named(server: AnnotationServer, film: Path) -> None:
    port = server.server_port
    with pytest.raises(UsageError, match=f"--port {port}: expected a free port"):
        AnnotationServer(server.served, port)
