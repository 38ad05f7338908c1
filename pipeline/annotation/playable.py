"""Video files that browsers can play, and the times of their frames."""

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

    A video that browsers cannot play is replaced by a proxy in the cache folder, with
    the same frame times. Paths are resolved once, at the start, so that changing a link
    later cannot expose another file.
    """

    def __init__(self, videos: Sequence[Path], cache: Path) -> None:
        self.sources = [path.resolve() for path in videos]
        self.files = [playable_file(path, cache) for path in self.sources]

    def make_ready(self, number: int, progress: ShareDone) -> dict[str, Any]:
        """Make a proxy if the video needs one, and return the frame times."""
        source, file = self.sources[number], self.files[number]
        if not file.exists():
            write_proxy(source, file, PROXY_SHORT_SIDE, progress)
        return {"frames": frame_times(file).to_json()}


def playable_file(path: Path, cache: Path) -> Path:
    """Return the path of the video itself, or of its proxy, made or not."""
    if plays_in_browsers(path):
        return path
    return cache / f"{fingerprint([path, *file_stamp(path)])}.mp4"


def cache_folder() -> Path:
    """Return the folder that keeps proxies and features between sessions."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "soda", "annotate")
