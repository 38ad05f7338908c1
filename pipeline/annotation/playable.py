"""What the page needs to show videos: files that browsers play, and frame times."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.annotation.frame_times import frame_times
from pipeline.progress import ShareDone
from pipeline.storage import file_stamp, fingerprint
from pipeline.video import plays_in_browsers, write_proxy

PROXY_SHORT_SIDE = 540  # pixels


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
    return cache / f"{fingerprint([path, *file_stamp(path)])}.mp4"


def cache_folder() -> Path:
    """Where proxies and features stay from one day to the next."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "soda", "annotate")
