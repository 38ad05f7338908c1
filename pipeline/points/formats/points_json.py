"""Clicks as the annotation page saves them: JSON, one object per video.

`{"video": {"id": ...}, "annotator": ..., "points": [{"seconds", "label"}, ...]}`, or a
list of such objects. Background has the label `background`.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.points.formats.click import ClickEntry
from pipeline.points.formats.document import Document

NAME = 'a points JSON ({"video": {"id": ...}, "points": [...]})'


def recognises(document: Document) -> bool:
    """Check whether a document contains only such objects."""
    videos = _videos(document)
    return bool(videos) and all(
        isinstance(video, dict) and {"video", "points"} <= video.keys()
        for _, video in videos
    )


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each point."""
    for place, video in _videos(document):
        for index, point in enumerate(video["points"]):
            yield ClickEntry(
                where=f"{place}.points[{index}]",
                video=video["video"]["id"],
                label=point.get("label"),
                start=point.get("seconds"),
                annotator=video.get("annotator"),
            )


def _videos(document: Document) -> list[tuple[str, Any]]:
    content = document.json
    if isinstance(content, list):
        return [(f"$[{index}]", video) for index, video in enumerate(content)]
    return [("$", content)]
