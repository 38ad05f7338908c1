"""A web server that misbehaves as it is told to."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What is answered to one request."""

    content: bytes = b""  # of the whole file
    status: int = 200
    version: str | None = '"v1"'  # its ETag
    headers: dict[str, str] = field(default_factory=dict)  # win over the true ones
    stop_after: int | None = None  # bytes, then the connection is closed
    stalls: bool = False  # at that place says nothing, instead of closing
    ranges: bool = True  # whether parts are given


class FileServer:
    """Answers the requests for a name one by one; the last answer is for the rest."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []  # names and headers
        self.closing = threading.Event()

    def put(self, name: str, *answers: Answer) -> str:
        """Have a name answered so; returns its address."""
        self.answers[name] = list(answers)
        return f"{self.url}/{name}"

    def ranges(self) -> list[str | None]:
        """What was asked for, request by request; None is the whole file."""
        return [headers.get("Range") for _, headers in self.requests]

    def next_answer(self, name: str) -> Answer:
        answers = self.answers.get(name, [Answer(status=404)])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def serve_files() -> Iterator[FileServer]:
    """The server, on this machine, as long as the block; also as a proxy."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = urlsplit(self.path).path.rpartition("/")[2]
            files.requests.append((name, dict(self.headers)))
            answer = files.next_answer(name)
            start = self.start_of(answer)
            body = answer.content[start:]
            headers = {"Content-Length": str(len(body))}
            if answer.version:
                headers["ETag"] = answer.version
            if start:
                whole = len(answer.content)
                headers["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
            self.send_response(206 if start else answer.status)
            for header, value in (headers | answer.headers).items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(body[: answer.stop_after])
            if answer.stalls:
                self.wfile.flush()
                files.closing.wait(20)

        def start_of(self, answer: Answer) -> int:
            same = self.headers.get("If-Range") == answer.version
            asked = self.headers.get("Range", "bytes=0-")
            if not (answer.ranges and same and answer.status == 200):
                return 0
            return int(asked.removeprefix("bytes=").rstrip("-"))

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        files = FileServer(server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield files
        files.closing.set()
        server.shutdown()
