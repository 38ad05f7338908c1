"""Video files that browsers can play, and the times of their frames."""

import os
from array import array
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UnreadableVideoError
from pipeline.progress import ShareDone
from pipeline.storage import file_stamp, fingerprint
from pipeline.video import plays_in_browsers, write_proxy
from pipeline.video.source import open_video

PROXY_SHORT_SIDE = 540  # pixels


class PlayableVideos:
    """The files that a browser can play, and the times of their frames.

    A video that browsers cannot play is replaced by a proxy in the cache folder, with
    the same frame times. Paths are resolved once, at the start, so that changing a link
    later cannot expose another file.
    """

    def __init__(self, videos: Sequence[Path], cache: Path) -> None:
        self.sources = [path.resolve() for path in videos]
        self.files = [
            path
            if plays_in_browsers(path)
            else cache / f"{fingerprint([path, *file_stamp(path)])}.mp4"
            for path in self.sources
        ]

    def make_ready(self, number: int, progress: ShareDone) -> dict[str, Any]:
        """Make a proxy if the video needs one, and return the frame times."""
        source, file = self.sources[number], self.files[number]
        if not file.exists():
            write_proxy(source, file, PROXY_SHORT_SIDE, progress)
        return {"frames": frame_times(file)}


def frame_times(path: Path) -> dict[str, Any]:
    """Return when the frames of a video are on screen, from its packets alone.

    The exact times are in ticks of the container: the first frame's, and runs of equal
    steps, the last of which leads to the end. Players and clicks use a clock that shows
    0 where the file begins, which is `start_seconds` behind the container's clock.

    Raises:
        MissingVideoError: The file does not exist.
        UnreadableVideoError: The file has no video stream, or no frame has a time.
    """
    stamps, end, last = array("q"), 0, None  # eight bytes of memory per frame
    with open_video(path) as source:
        time_base, start_seconds = source.time_base, source.start_seconds
        usual = max(round(1 / source.fps / time_base), 1)
        for packet in source.container.demux(source.stream):
            if packet.pts is None or packet.is_discard:
                continue
            stamps.append(packet.pts)
            if last is None or packet.pts >= last:
                last, end = packet.pts, packet.pts + (packet.duration or usual)
    if not stamps:
        raise UnreadableVideoError(
            f"{path}: expected frames with times, found none; re-encode the file or "
            "leave it out"
        )
    ticks = np.append(np.unique(np.frombuffer(stamps, dtype=np.int64)), end)
    steps = np.diff(ticks).tolist()
    return {
        "time_base": [time_base.numerator, time_base.denominator],
        "start_seconds": float(start_seconds),
        "first": int(ticks[0]),
        "steps": [[step, len(list(run))] for step, run in groupby(steps)],
    }


def cache_folder() -> Path:
    """Return the folder that keeps proxies and features between sessions."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "soda", "annotate")
