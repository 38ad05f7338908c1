"""What the page needs to show videos, made ready in the background."""

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.annotation.frame_times import frame_times
from pipeline.errors import SodaError
from pipeline.progress import ShareDone
from pipeline.storage import file_stamp
from pipeline.video import plays_in_browsers, write_proxy

PROXY_SHORT_SIDE = 540  # pixels

# Makes what is known of the video of a number, telling how far it has come.
Make = Callable[[int, ShareDone], dict[str, Any]]


@dataclass
class State:
    """How far something in the making has come."""

    share: float = 0.0
    result: dict[str, Any] | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What the page is told: the result, the error, or the share that is done."""
        if self.error is not None:
            return {"error": self.error}
        return {"share": self.share} if self.result is None else self.result


class InTheBackground:
    """Makes one thing a video when it is first asked for, one after the other."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._states: dict[int, State] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1)
        self._is_closed = False

    def ask(self, number: int) -> State:
        """How far the thing of a video has come; begins it if nobody has asked yet."""
        with self._lock:
            if number not in self._states:
                self._states[number] = State()
                self._pool.submit(self._run, number, self._states[number])
            return self._states[number]

    def close(self) -> None:
        """Begin nothing more, and break off what is in the making."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)

    def _run(self, number: int, state: State) -> None:
        def told(share: float) -> None:
            if self._is_closed:
                raise InterruptedError("the page is closed")
            state.share = share

        try:
            state.result = self._make(number, told)
        except SodaError as error:
            state.error = str(error)
        except Exception as error:
            state.error = f"{type(error).__name__}: {error}"


class PlayableVideos:
    """The files that a browser can play, and the times of their frames.

    Where a browser cannot play a video, that is a proxy in the cache folder, with the
    same frame times. Paths are resolved once, at the start: a link that is changed
    later leads nowhere else.
    """

    def __init__(self, videos: Sequence[Path], cache: Path) -> None:
        self.sources = [path.resolve() for path in videos]
        self.files = [playable_file(path, cache) for path in self.sources]

    def make_ready(self, number: int, progress: ShareDone) -> dict[str, Any]:
        """Make a proxy where one is needed, and list the frames."""
        source, file = self.sources[number], self.files[number]
        if not file.exists():
            write_proxy(source, file, PROXY_SHORT_SIDE, progress)
        return {"frames": frame_times(file).to_json()}


def playable_file(path: Path, cache: Path) -> Path:
    """The video itself, or where its proxy is or will be."""
    if plays_in_browsers(path):
        return path
    key = hashlib.sha256(f"{path} {file_stamp(path)}".encode()).hexdigest()[:16]
    return cache / f"{key}.mp4"


def cache_folder() -> Path:
    """Where proxies stay from one day to the next."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "soda", "proxies")
