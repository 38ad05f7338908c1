"""Label Studio's JSON export of TimelineLabels.

The format is known from its documentation and code (HumanSignal/label-studio: the
TimelineLabels tag, `TimelineRegion.js`, `Video.js`; its YOLO backend's conversion of
these labels). It is a list of tasks with `data`, which has the video, and
`annotations`, one per annotator (`completed_by`), each with a `result` of
`{"type": "timelinelabels", "value": {"ranges": [{"start", "end"}], "timelinelabels"}}`.
A range counts frames from 1 and includes its end, so that a single frame has
start = end. Frames are counted at the labelling configuration's `frameRate`, 24 per
second by default, which is not in the export. Cancelled annotations are left out, and
so are results without ranges, which duplicate boxes (its issue 9744).
"""

from collections.abc import Iterator
from typing import Any

from pipeline.points.formats.document import ClickEntry, Document

NAME = "Label Studio's JSON export of TimelineLabels"


def recognises(document: Document) -> bool:
    """Check whether a document is a list of tasks with annotations."""
    is_list = isinstance(document.json, list)
    return is_list and document.has_objects("data", "annotations")


def entries(document: Document) -> Iterator[ClickEntry]:
    """Yield a click for each label of each range."""
    for index, task in enumerate(document.json):
        for order, annotation in enumerate(task["annotations"]):
            if annotation.get("was_cancelled"):
                continue
            for result, value in _timelines(annotation):
                for span in value["ranges"]:
                    for label in value["timelinelabels"]:
                        yield ClickEntry(
                            where=f"$[{index}].annotations[{order}].result[{result}]",
                            video=_video(task["data"]),
                            label=label,
                            start=span.get("start"),
                            end=span.get("end"),
                            unit="frames",
                            annotator=_annotator(annotation),
                        )


def _timelines(annotation: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for index, result in enumerate(annotation["result"]):
        value = result.get("value", {})
        if result.get("type") == "timelinelabels" and "ranges" in value:
            yield index, value


def _video(data: dict[str, Any]) -> Any:
    """Return the path of the video; the configuration may rename the key `video`."""
    texts = [value for value in data.values() if isinstance(value, str)]
    return data.get("video", next(iter(texts), None))


def _annotator(annotation: dict[str, Any]) -> Any:
    by = annotation.get("completed_by")
    return (by.get("email") or by.get("id")) if isinstance(by, dict) else by
