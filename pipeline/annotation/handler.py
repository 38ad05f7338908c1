"""The annotation page's HTTP server: this machine alone, behind a token, no paths.

It answers requests of the form `/TOKEN/WHAT/NUMBER`.
"""

import json
import re
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pipeline.annotation.background import InTheBackground
from pipeline.annotation.store import (
    ConflictError,
    PointsStore,
    VideoEntry,
    new_entry,
    revision_of,
)
from pipeline.errors import AnnotationError, SodaError, UsageError

if TYPE_CHECKING:
    from pipeline.annotation.hints import Hints  # PyTorch takes seconds to import

HOST = "127.0.0.1"
LARGEST_BODY = 1 << 26  # bytes, enough for 300,000 clicks
CHUNK = 1 << 18  # bytes
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; "
    "media-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Served:
    """Everything that the server sends or saves to."""

    page: str
    nonce: str  # of the page's script; browsers run no other script
    store: PointsStore
    files: list[Path]  # one per video, by number
    ready: InTheBackground[dict[str, Any]]
    hints: "Hints | None"
    fps: dict[str, float]


class Refused(Exception):
    """A request that is answered with a status alone."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """A handler of the page's requests, which checks the token first."""

    protocol_version = "HTTP/1.1"
    server: "AnnotationServer"
    timeout = 60

    def do_GET(self) -> None:
        """Send the page, a video, its frame times, its hints, or all clicks."""
        with self._refusing():
            served = self.server.served
            match self._asked():
                case "", None:
                    self._send(served.page.encode(), "text/html; charset=utf-8")
                case "clicks", None:
                    entries = served.store.entries().items()
                    self._send_json({id: _revised(entry) for id, entry in entries})
                case "video", int(number):
                    self._send_file(served.files[number])
                case "ready", int(number):
                    state = served.ready.ask(number)
                    self._send_json(state.result or state.waiting())
                case "hints", int(number) if served.hints:
                    self._send_json(served.hints.of(number))
                case _:
                    raise Refused(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Save the clicks of a video, or import a file of clicks."""
        with self._refusing():
            match self._asked():
                case "clicks", int(number):
                    self._save(number)
                case "import", None:
                    self._import()
                case _:
                    raise Refused(HTTPStatus.NOT_FOUND)

    def log_message(self, *_: Any) -> None:
        """Print nothing, because nobody reads a list of requests."""

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            self.close_connection = True
            self._send(b"", "text/plain", refused.status)
        except SodaError as error:
            self._send_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        except (ConnectionError, TimeoutError):  # nobody is there for an answer
            raise
        except Exception:
            self.server.handle_error(self.request, self.client_address)
            self.close_connection = True
            text = "an error in the program; see the terminal of soda annotate"
            self._send_json({"error": text}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _asked(self) -> tuple[str, int | None]:
        """Return the kind of thing that is requested, and the video's number if any.

        Raises:
            Refused: The host, origin or token is wrong, or there is no such video.
        """
        host, origin = self.headers.get("Host"), self.headers.get("Origin")
        foreign = origin is not None and origin.removeprefix("http://") != host
        _, token, *rest = f"{self.path}//".split("/")
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        if host not in self.server.hosts or foreign or not known:
            raise Refused(HTTPStatus.FORBIDDEN)
        what, number, *more = [*rest, ""]
        if not number:
            return what, None
        is_number = number.isascii() and number.isdigit() and not any(more)
        if not is_number or whole_number(number) >= len(self.server.served.files):
            raise Refused(HTTPStatus.NOT_FOUND)
        return what, whole_number(number)

    def _body(self) -> bytes:
        given = self.headers.get("Content-Length")
        if given is None:
            raise Refused(HTTPStatus.LENGTH_REQUIRED)
        if not (given.isascii() and given.isdigit()):
            raise Refused(HTTPStatus.BAD_REQUEST)
        if (length := whole_number(given)) > LARGEST_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
        if len(body) < length:
            raise Refused(HTTPStatus.BAD_REQUEST)
        return body

    def _content(self) -> dict[str, Any]:
        """Return the body's JSON object.

        Raises:
            AnnotationError: It is something else.
        """
        try:
            content = json.loads(self._body())
        except (ValueError, RecursionError) as error:  # of a thousand brackets
            raise AnnotationError("expected JSON, found something else") from error
        if not isinstance(content, dict):
            raise AnnotationError("expected an object of JSON, found other JSON")
        return content

    def _save(self, number: int) -> None:
        store, content = self.server.served.store, self._content()
        id = store.dataset.videos[number].id
        try:
            entry = store.save(id, content.get("revision"), content)
        except ConflictError:
            entry = store.entries().get(id) or new_entry(id)
            self._send_json(_revised(entry), HTTPStatus.CONFLICT)
        else:
            self._send_json(_revised(entry))

    def _import(self) -> None:
        served, body = self.server.served, self._body()
        # Some formats take the annotator from the file's name.
        name = PurePath(unquote(self.headers.get("X-File-Name", ""))).name or "clicks"
        with tempfile.TemporaryDirectory(prefix="soda-") as folder:
            path = Path(folder, name)
            try:
                path.write_bytes(body)
                added, problems = served.store.add_file(path, served.fps)
            except (SodaError, OSError, ValueError) as error:
                text = str(error).replace(f"{folder}/", "")
                self._send_json({"error": text}, HTTPStatus.BAD_REQUEST)
            else:
                self._send_json({"added": added, "problems": problems})

    def _send_json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        content = json.dumps(value, ensure_ascii=False).encode()
        self._send(content, "application/json", status)

    def _send(
        self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self._begin(status, kind, len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _begin(self, status: HTTPStatus, kind: str, length: int, **more: str) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(length),
            "Content-Security-Policy": POLICY.format(nonce=self.server.served.nonce),
            **SECURITY,
        }
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in (headers | more).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _send_file(self, path: Path) -> None:
        """Send a video, or the part of it that is asked for, in chunks."""
        try:
            file = path.open("rb")
        except OSError:
            raise Refused(HTTPStatus.NOT_FOUND) from None
        with file, suppress(OSError):  # the page has gone, or the disk fails
            size = path.stat().st_size
            kind = guess_type(path.name)[0] or "application/octet-stream"
            part = parse_range(self.headers.get("Range"), size)
            if part is None:
                self._begin(HTTPStatus.OK, kind, size, Accept_Ranges="bytes")
                part = range(size)
            elif not part:
                raise Refused(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            else:
                where = f"bytes {part.start}-{part.stop - 1}/{size}"
                status = HTTPStatus.PARTIAL_CONTENT
                self._begin(status, kind, len(part), Content_Range=where)
            if self.command == "HEAD":
                return
            file.seek(part.start)
            left = len(part)
            self.close_connection = True  # unless everything is sent
            while left and (piece := file.read(min(CHUNK, left))):
                self.wfile.write(piece)
                left -= len(piece)
            self.close_connection = left > 0


def _revised(entry: VideoEntry) -> dict[str, Any]:
    return {"entry": entry, "revision": revision_of(entry)}


def parse_range(header: str | None, size: int) -> range | None:
    """Return the bytes that a `Range` header asks for; empty if they do not exist.

    None means the whole file: there is no range, or one that a server may ignore.

    >>> parse_range("bytes=2-", 10), parse_range("bytes=-3", 10)
    (range(2, 10), range(7, 10))
    >>> parse_range("bytes=0-99", 10), parse_range("bytes=10-", 10)
    (range(0, 10), range(10, 10))
    """
    match = RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = (whole_number(n) if n else None for n in match.groups())
    if first is None:
        return range(max(size - (last or 0), 0), size)
    if last is None:
        return range(min(first, size), size)
    return range(min(first, size), min(last + 1, size)) if first <= last else None


def whole_number(digits: str) -> int:
    """Return a number from digits; one of absurd length, which Python refuses, as huge.

    >>> whole_number("25"), whole_number("9" * 5000) == sys.maxsize
    (25, True)
    """
    return int(digits) if len(digits) < 19 else sys.maxsize


class AnnotationServer(ThreadingHTTPServer):
    """A server of one page, under an address that nobody can guess."""

    daemon_threads = True

    def __init__(self, served: Served, port: int = 0) -> None:
        """Listen on a port; 0 picks a free one.

        Raises:
            UsageError: The port is in use, or this process may not listen on it.
        """
        self.served = served
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), Handler)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"--port {port}: expected a free port, found it taken ({error}); leave "
                "out --port to use any free port"
            ) from error

    @property
    def hosts(self) -> set[str]:
        """The `Host` headers that browsers may send to this server."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        """The address to open in a browser."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report unforeseen errors; browsers close connections all the time."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)
