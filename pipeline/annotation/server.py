"""The start of a server that shows the videos of a dataset on the annotation page."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.annotation.background import InTheBackground
from pipeline.annotation.handler import AnnotationServer, Served
from pipeline.annotation.page import make_page
from pipeline.annotation.playable import PlayableVideos
from pipeline.annotation.store import PointsStore

if TYPE_CHECKING:
    from pipeline.annotation.hints import Hints  # PyTorch takes seconds to import


@contextmanager
def annotation_server(
    store: PointsStore,
    fps: dict[str, float],
    cache: Path,
    half: bool = False,
    port: int = 0,
    hints: "Hints | None" = None,
) -> Iterator[AnnotationServer]:
    """Open a server of a dataset's videos, which the caller lets serve requests.

    Args:
        store: The dataset's clicks.
        fps: Frames per second by video id, for imports that count frames.
        cache: The folder of the proxies.
        half: Whether the page begins with 10 s on, 10 s off.
        port: The port to listen on; 0 picks a free one.
        hints: The hints of a model, if there is one.

    Raises:
        UsageError: The port is not available.
    """
    playable = PlayableVideos([video.path for video in store.dataset.videos], cache)
    addresses = [f"video/{number}" for number in range(len(playable.files))]
    nonce = secrets.token_urlsafe(16)
    page = make_page(store, addresses, half, has_hints=bool(hints), nonce=nonce)
    ready = InTheBackground(playable.make_ready)
    served = Served(page, nonce, store, playable.files, ready, hints, fps)
    try:
        with AnnotationServer(served, port) as server:
            yield server
    finally:
        ready.close()
        if hints:
            hints.close()
