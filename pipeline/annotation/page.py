"""The HTML of the annotation page: one file with its script, style and data."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.datasets import BACKGROUND, Dataset
from pipeline.points.simulation import PointConfig
from pipeline.report.pages import asset, templates_of

PACKAGE = "pipeline.annotation"
# Plain scripts, joined in this order, because browsers refuse to load modules from
# file:// addresses.
SCRIPTS = (
    "frames.js",
    "clicks.js",
    "stores.js",
    "work.js",
    "player.js",
    "strip.js",
    "classes.js",
    "dialogs.js",
    "annotate.js",
    "show.js",
    "keys.js",
)
WINDOWS = PointConfig()  # the paper's windows: 10 s on, 10 s off


def make_page(
    dataset: Dataset,
    sources: Sequence[str],
    *,
    points_name: str,
    half: bool = False,
    static: Mapping[str, Any] | None = None,
    has_hints: bool = False,
    nonce: str = "",
) -> str:
    """Return the page's HTML.

    Args:
        dataset: The videos and classes.
        sources: The address of each video, as seen from the page.
        points_name: The name under which an export is saved.
        half: Whether to begin with 10 s on, 10 s off.
        static: For a page without a server: the `key` under which the browser keeps the
            work, the `frames` of each video (`FrameTimes.to_json`), and the `entries`
            that are annotated already.
        has_hints: Whether the server gives hints.
        nonce: The nonce that the server's policy requires of scripts.
    """
    data = {
        "name": dataset.name,
        "classes": list(dataset.classes),
        "background": BACKGROUND,
        "pointsName": points_name,
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
