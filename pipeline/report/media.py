"""The media on the pages: a file for the player, and a strip of frames per video."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2

from pipeline.errors import VideoError
from pipeline.progress import Progress
from pipeline.report.data import VideoReport
from pipeline.storage import atomic_path, file_name
from pipeline.video import begins_late, film_strip, probe
from pipeline.video.proxy import Proxy, plays_in_browsers, write_proxy

STRIP_FRAMES = 6
STRIP_HEIGHT = 54  # pixels; shown at two thirds, to stay sharp on high-density screens
JPEG_QUALITY = 65
USUAL_FPS = 25.0  # for a video whose own rate is not known


@dataclass
class Media:
    """The media of one video's page."""

    player: Path | None = None  # the file that the page plays; None if unknown
    is_proxy: bool = False
    fps: float = USUAL_FPS
    strip: Path | None = None  # an image of some frames side by side
    problem: str | None = None  # the reason why something above is missing


def prepare_media(
    videos: Iterable[VideoReport], folder: Path, proxy: Proxy
) -> dict[str, Media]:
    """Make the proxies and strips that are missing or out of date.

    A video that cannot be read does not stop the others: its `problem` says why.
    """
    known = [(video, video.path) for video in videos if video.path]
    if not known:
        return {}
    weights = [video.duration_seconds for video, _ in known]
    media: dict[str, Media] = {}
    with Progress("media for the pages", len(known), weights) as bar:
        for index, (video, path) in enumerate(known, start=1):
            name = file_name(video.id)
            copy = folder / "videos" / f"{name}.mp4"
            strip = folder / "strips" / f"{name}.jpg"
            media[video.id] = video_media(path, proxy, copy, strip)
            bar.update(sum(weights[:index]), index)
    return media


def video_media(video: Path, proxy: Proxy, copy: Path, strip: Path) -> Media:
    """Make a video's strip of frames and, if the page plays one, its small copy."""
    media = Media(video)
    try:
        media.fps = probe(video).fps
        if not _is_made(strip, video):
            _write_strip(video, strip)
        media.strip = strip
        needs_copy = not plays_in_browsers(video) or begins_late(video)
        if proxy == "always" or (proxy == "auto" and needs_copy):
            if not _is_made(copy, video):
                write_proxy(video, copy)
            media.player, media.is_proxy = copy, True
    except VideoError as error:
        media.problem = str(error)
    return media


def _is_made(made: Path, source: Path) -> bool:
    """Return whether a file exists and is no older than its source."""
    return made.exists() and made.stat().st_mtime_ns >= source.stat().st_mtime_ns


def _write_strip(video: Path, target: Path) -> None:
    strip = film_strip(video, STRIP_FRAMES, STRIP_HEIGHT)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(strip, cv2.COLOR_RGB2BGR), quality)
    with atomic_path(target) as temporary:
        temporary.write_bytes(encoded.tobytes())
