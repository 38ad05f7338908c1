"""The annotation page's server: this machine alone, behind a token, no paths."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.annotation.background import InTheBackground
from pipeline.annotation.handler import Handler
from pipeline.annotation.page import make_page
from pipeline.annotation.playable import PlayableVideos
from pipeline.annotation.store import PointsStore
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.annotation.hints import Hints  # PyTorch takes seconds to import

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Served:
    """All that the server gives away or takes."""

    page: str
    nonce: str  # of its script: no other one runs
    store: PointsStore
    files: list[Path]  # a video each, by number
    ready: InTheBackground[dict[str, Any]]
    hints: "Hints | None"
    fps: dict[str, float]


class AnnotationServer(ThreadingHTTPServer):
    """Serves one page under an address that nobody can guess."""

    daemon_threads = True

    def __init__(self, served: Served, port: int = 0) -> None:
        """Listen on a port; 0: any that is free.

        Raises:
            UsageError: The port is in use or may not be listened on.
        """
        self.served = served
        self.token = secrets.token_urlsafe(24)
        try:
            super().__init__((HOST, port), Handler)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"--port {port}: expected a free port, found it taken ({error}); leave "
                "--port out and one is chosen"
            ) from error

    @property
    def hosts(self) -> set[str]:
        """What a browser may call this server."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of what is unforeseen; browsers close connections all the time."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


@contextmanager
def annotation_server(
    store: PointsStore,
    fps: dict[str, float],
    cache: Path,
    half: bool = False,
    port: int = 0,
    hints: "Hints | None" = None,
) -> Iterator[AnnotationServer]:
    """A server of a dataset's videos that listens; who enters serves.

    Args:
        store: The dataset's clicks.
        fps: Frames a second by the video's id, for imports that count frames.
        cache: Folder of the proxies.
        half: Whether the page begins with 10 s on and 10 s off.
        port: 0: any that is free.
        hints: What a model says of the videos.

    Raises:
        UsageError: The port cannot be had.
    """
    videos = store.dataset.videos
    playable = PlayableVideos([video.path for video in videos], cache)
    addresses = [f"video/{number}" for number in range(len(videos))]
    nonce = secrets.token_urlsafe(16)
    page = make_page(
        store.dataset,
        addresses,
        points_name=store.path.name,
        half=half,
        has_hints=hints is not None,
        nonce=nonce,
    )
    ready = InTheBackground(playable.make_ready)
    served = Served(page, nonce, store, playable.files, ready, hints, fps)
    try:
        with AnnotationServer(served, port) as server:
            yield server
    finally:
        ready.close()
        if hints:
            hints.close()
