"""The annotation page without a server: one file that keeps clicks in the browser."""

from functools import partial
from pathlib import Path

from pipeline.annotation.page import make_page
from pipeline.annotation.playable import PlayableVideos
from pipeline.annotation.store import PointsStore
from pipeline.progress import Progress
from pipeline.report.pages import href
from pipeline.storage import fingerprint, write_text


def write_static_page(path: Path, store: PointsStore, half: bool) -> None:
    """Write the page, with the clicks of the store so far, to any folder.

    Copies of videos that browsers cannot play are written to a folder next to it.

    Raises:
        VideoError: A video cannot be used.
    """
    videos = store.dataset.videos
    copies = path.with_name(f"{path.stem}_videos")
    playable = PlayableVideos([v.path for v in videos], copies)
    content = make_page(
        store.dataset,
        [href(file, path) for file in playable.files],
        points_name=store.path.name,
        half=half,
        static={
            "key": fingerprint([str(store.path.resolve()), [v.id for v in videos]]),
            "frames": _frames(playable, [v.duration_seconds or 0.0 for v in videos]),
            "entries": store.entries(),
        },
    )
    write_text(path, content)


def _frames(playable: PlayableVideos, seconds: list[float]) -> list[object]:
    """Return the frame times of each video, after making the copies that are needed."""
    frames = []
    with Progress("prepare", len(seconds), seconds) as bar:

        def done(number: int, share: float) -> None:
            bar.update(sum(seconds[:number]) + share * seconds[number], number)

        for number in range(len(seconds)):
            ready = playable.make_ready(number, partial(done, number))
            frames.append(ready["frames"])
            done(number, 1.0)
    return frames
