"""Clicks as the annotation page saves them: JSON, one object per video.

`{"video": {"id": ...}, "annotator": ..., "points": [{"seconds", "label"}, ...]}`, or a
list of such objects. Background has the label `background`.
"""

from collections.abc import Iterator

from pipeline.points.formats.document import ClickEntry, Document

NAME = 'a points JSON ({"video": {"id": ...}, "points": [...]})'


def recognises(document: Document) -> bool:
    """Check whether a document contains only such objects."""
    return document.json == [] or document.has_objects("video", "points")


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each point."""
    for order, video in enumerate(document.objects):
        place = f"$[{order}]" if isinstance(document.json, list) else "$"
        for index, point in enumerate(video["points"]):
            yield ClickEntry(
                where=f"{place}.points[{index}]",
                video=video["video"]["id"],
                label=point.get("label"),
                start=point.get("seconds"),
                annotator=video.get("annotator"),
            )


def without_clicks(document: Document) -> tuple[str, ...]:
    """Return the videos whose clicks, if they had any, were removed."""
    return tuple(str(v["video"]["id"]) for v in document.objects if not v["points"])
