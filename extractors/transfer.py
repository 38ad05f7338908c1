"""The download of one file over HTTP: resumable, and whole or not at all."""

import html
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from filelock import FileLock
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from extractors.atomic import rename_durably

logger = logging.getLogger("soda")

# A machine without internet access must notice in seconds, not minutes.
CONNECT_SECONDS = 5
SILENCE_SECONDS = 30.0
TRIES = 3  # in a row without new bytes
PAUSE_SECONDS = 1.0
CHUNK_BYTES = 1 << 13  # the most that is lost when a transfer breaks off
HEAD_BYTES = 1 << 13  # start of a web page, with its title
BUSY = {429, 500, 502, 503, 504}  # status codes that may change in a moment

VerifyFile = Callable[
    [Path], None
]  # raises ValueError that says what was expected and found
ReportBytes = Callable[[int, int | None], None]  # bytes so far; all bytes, if known


class TransferError(OSError):
    """A URL that did not give the file; the message says what it gave."""


class BrokenOffError(TransferError):
    """A transfer that broke off and may be resumed in a moment."""


def transfer(
    url: str,
    target: Path,
    *,
    kind: str = "a file",
    check: VerifyFile = lambda _: None,
    report: ReportBytes = lambda *_: None,
    silence_seconds: float = SILENCE_SECONDS,
) -> None:
    """Download one file; `target` appears when all of it has arrived and is checked.

    The bytes of a broken transfer are kept next to it, as `.part`, and the next
    transfer resumes there if the server can do so. If several processes download the
    same file, one does and the others wait.

    Args:
        url: The address.
        target: The file to write.
        kind: The expected kind of file, for the error if a web page comes instead.
        check: Raises ValueError if the content is not the expected one.
        report: Called with the progress, which includes bytes of earlier transfers.
        silence_seconds: The longest time that the server may send nothing.

    Raises:
        TransferError: The URL cannot be reached, or gives something else.
    """
    part = PartialFile(target.with_name(f"{target.name}.part"))
    lock = target.with_name(f".{target.name}.lock")
    with FileLock(lock):
        if not target.exists():  # else another process was faster
            _fetch(url, part, report, silence_seconds)
            try:
                _refuse_page(part.path, kind)
                check(part.path)
            except ValueError as error:
                part.discard()
                raise TransferError(str(error)) from None
            part.become(target)
        lock.unlink(missing_ok=True)  # from now on others find the target


@dataclass(frozen=True)
class PartialFile:
    """The bytes of a file that have arrived so far, and a note of its version."""

    path: Path

    @property
    def note(self) -> Path:
        """A file with the URL and the server's name for this version."""
        return self.path.with_name(f"{self.path.name}.version")

    @property
    def size(self) -> int:
        """The number of bytes that have arrived."""
        return self.path.stat().st_size if self.path.exists() else 0

    def headers(self, url: str) -> dict[str, str]:
        """Return headers that ask for the rest of the same version, if it is known."""
        try:
            begun, version = self.note.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return {}
        if begun != url or not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": version}

    def begin(self, url: str, version: str | None) -> None:
        """Start again with a version; one without a name (None) cannot be resumed."""
        self.discard()
        if version:
            self.note.write_text(f"{url}\n{version}\n", encoding="utf-8")

    def discard(self) -> None:
        """Delete the bytes that have arrived."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def become(self, target: Path) -> None:
        """Rename the complete part to the target."""
        rename_durably(self.path, target)
        self.note.unlink(missing_ok=True)


def _fetch(
    url: str, part: PartialFile, report: ReportBytes, silence_seconds: float
) -> None:
    """Request the missing bytes again and again, as long as more arrive."""
    most, idle = part.size, 0
    while True:
        try:
            _request(url, part, report, silence_seconds)
            return
        except (requests.RequestException, BrokenOffError) as error:
            idle = 0 if part.size > most else idle + 1
            if idle == TRIES or not _may_pass(error):
                raise TransferError(_reason(error)) from error
            most = max(most, part.size)
            logger.warning("%s: %s; trying again", url, _reason(error))
            time.sleep(idle * PAUSE_SECONDS)


def _request(
    url: str, part: PartialFile, report: ReportBytes, silence_seconds: float
) -> None:
    """Request the missing bytes once, and append those that arrive."""
    # A file compressed on the way would have another length and no ranges.
    headers = {"Accept-Encoding": "identity", **part.headers(url)}
    timeouts = (CONNECT_SECONDS, silence_seconds)
    with requests.get(url, headers=headers, stream=True, timeout=timeouts) as response:
        if response.status_code == requests.codes.range_not_satisfiable:
            part.discard()
            raise BrokenOffError("no longer has the requested part")
        if response.status_code in BUSY:
            raise BrokenOffError(f"{response.status_code} {response.reason}")
        response.raise_for_status()
        if url.startswith("https:") and not response.url.startswith("https:"):
            raise TransferError(f"leads to {response.url}, which is not encrypted")
        whole = _begin(url, part, response)
        report(part.size, whole)
        with part.path.open("ab") as file:
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                report(file.tell(), whole)
    if whole is not None and part.size != whole:
        found = part.size
        if found > whole:
            part.discard()
        raise BrokenOffError(f"expected {whole} bytes, found {found}")


def _begin(url: str, part: PartialFile, response: requests.Response) -> int | None:
    """Prepare `part` for the content of a response.

    Returns:
        The size of the whole file in bytes; None if the server does not say.
    """
    headers = response.headers
    if response.status_code == requests.codes.partial_content:
        declared = headers.get("Content-Range", "")
        span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", declared)
        if span is None or int(span[1]) != part.size:
            part.discard()
            raise BrokenOffError(f"sent another part than requested ({declared})")
        return int(span[2])
    if headers.get("Content-Encoding", "identity") != "identity":
        part.begin(url, None)
        return None
    tag = headers.get("ETag", "")
    part.begin(url, tag if tag.startswith('"') else headers.get("Last-Modified"))
    length = headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _refuse_page(path: Path, kind: str) -> None:
    """Refuse a web page, such as that of a firewall or a login, as the file."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES).decode("utf-8", errors="replace").lstrip()
    if not head.lower().startswith(("<!doctype html", "<html")):
        return
    title = re.search(r"<title[^>]*>(.*?)</title>", head, re.DOTALL | re.IGNORECASE)
    says = " ".join(html.unescape(title[1]).split()) if title else "nothing"
    raise ValueError(f"expected {kind}, found an HTML page that says {says[:80]!r}")


def _may_pass(error: OSError) -> bool:
    """Return whether the same request may succeed in a moment."""
    return isinstance(error, BrokenOffError) or isinstance(
        _wrapped(error), ProtocolError | ReadTimeoutError
    )


def _reason(error: OSError) -> str:
    """Describe an error in a few words."""
    match error, _wrapped(error):
        case requests.HTTPError(), _:
            return str(error).partition(" for url")[0]
        case requests.ConnectTimeout(), _:
            return f"no connection within {CONNECT_SECONDS} s"
        case requests.exceptions.ProxyError(), _:
            return "the proxy refuses the connection; check HTTPS_PROXY"
        case requests.exceptions.SSLError(), _:
            return "its certificate cannot be verified"
        case _, ReadTimeoutError():
            return "stalled"
        case _, ProtocolError():
            return "broke off"
        case requests.ConnectionError(), _:
            return "no connection"
    return str(error)


def _wrapped(error: OSError) -> object:
    """Return the exception of urllib3 that requests has wrapped."""
    return error.args[0] if error.args else None
