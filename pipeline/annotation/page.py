"""The HTML of the annotation page: one file with its script, style and data."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.annotation.playable import PlayableVideos
from pipeline.annotation.store import PointsStore
from pipeline.datasets import BACKGROUND
from pipeline.points.simulation import PointConfig
from pipeline.progress import Progress
from pipeline.report.pages import asset, href, templates_of
from pipeline.storage import fingerprint, write_text

PACKAGE = "pipeline.annotation"
# Plain scripts, joined in this order, because browsers refuse to load modules from
# file:// addresses.
SCRIPTS = (
    *("frames.js", "clicks.js", "stores.js", "work.js", "player.js", "strip.js"),
    *("classes.js", "dialogs.js", "annotate.js", "show.js", "keys.js"),
)
WINDOWS = PointConfig()  # the paper's windows: 10 s on, 10 s off


def make_page(
    store: PointsStore,
    sources: Sequence[str],
    half: bool = False,
    static: Mapping[str, Any] | None = None,
    has_hints: bool = False,
    nonce: str = "",
) -> str:
    """Return the page's HTML.

    Args:
        store: The videos and classes, and the name under which an export is saved.
        sources: The address of each video, as seen from the page.
        half: Whether to begin with 10 s on, 10 s off.
        static: For a page without a server: the `key` under which the browser keeps the
            work, the `frames` of each video (see `frame_times`), and the `entries` that
            are annotated already.
        has_hints: Whether the server gives hints.
        nonce: The nonce that the server's policy requires of scripts.
    """
    dataset = store.dataset
    data = {
        "name": dataset.name,
        "classes": list(dataset.classes),
        "background": BACKGROUND,
        "pointsName": store.path.name,
        "half": half,
        "onSeconds": WINDOWS.window_seconds,
        "offSeconds": WINDOWS.gap_seconds,
        "hasHints": has_hints,
        "static": static,
        "videos": [
            {
                "id": video.id,
                "source": source,
                "durationSeconds": video.duration_seconds,
                "instances": [
                    [i.label, i.start_seconds, i.end_seconds] for i in video.instances
                ],
            }
            for video, source in zip(dataset.videos, sources, strict=True)
        ],
    }
    template = templates_of(PACKAGE).get_template("annotate.html")
    return template.render(
        dataset=dataset,
        data=data,
        nonce=nonce,
        style=asset(PACKAGE, "style.css"),
        script="\n".join(asset(PACKAGE, name) for name in SCRIPTS),
    )


def write_static_page(path: Path, store: PointsStore, half: bool) -> None:
    """Write the page, with the clicks of the store so far, to any folder.

    Copies of videos that browsers cannot play are written to a folder next to it.

    Raises:
        VideoError: A video cannot be used.
    """
    videos = store.dataset.videos
    copies = path.with_name(f"{path.stem}_videos")
    playable = PlayableVideos([v.path for v in videos], copies)
    static = {
        "key": fingerprint([str(store.path.resolve()), [v.id for v in videos]]),
        "frames": _frames(playable, [v.duration_seconds or 0.0 for v in videos]),
        "entries": store.entries(),
    }
    sources = [href(file, path) for file in playable.files]
    write_text(path, make_page(store, sources, half, static))


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
