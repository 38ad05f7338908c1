"""Label Studio: tasks with predictions that a person can correct on a timeline."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.etree.ElementTree import SubElement

from pipeline.detection.detections import VERSION, Detection, Detections
from pipeline.exports.media import VideoFiles
from pipeline.exports.subtitles import one_line
from pipeline.grid import SnippetGrid
from pipeline.progress import count_of, say
from pipeline.storage import write_json, write_text

# The names of tags in the labeling configuration, to which results refer.
VIDEO, TIMELINE = "video", "timelineLabels"
# Where Label Studio serves the files of a local storage.
LOCAL_FILES = "/data/local-files/?d="


def write_label_studio(path: Path, detections: Detections, media: VideoFiles) -> None:
    """Write the tasks and, next to them, the labeling configuration as XML.

    The configuration takes the frame rate from each task, because Label Studio stores
    times as frames only and would assume 24 frames per second.

    Raises:
        UsageError: If the frame rate of a video is unknown.
    """
    rates = {id: media.frame_rate(id) for id in detections}
    tasks = [
        task(_address(id, media), rates[id], found) for id, found in detections.items()
    ]
    write_json(path, tasks)
    labels = sorted({d.label for found in detections.values() for d in found})
    write_text(path.with_suffix(".xml"), labeling_configuration(labels))
    origin = "the videos' own" if media.fps is None else "--fps"
    counts = Counter(rates.values()).items()
    listed = ", ".join(f"{fps:g} ({count_of(count, 'video')})" for fps, count in counts)
    say(f"frames per second ({origin}): {listed}")


def task(address: str, fps: float, found: Sequence[Detection]) -> dict[str, Any]:
    """Return the task of one video, with its detections by descending score."""
    ordered = sorted(found, key=lambda d: -d.score)
    results = [_result(number, d, fps) for number, d in enumerate(ordered, start=1)]
    prediction: dict[str, Any] = {"model_version": VERSION, "result": results}
    if ordered:
        prediction["score"] = round(ordered[0].score, 6)
    return {"data": {VIDEO: address, "fps": fps}, "predictions": [prediction]}


def _result(number: int, detection: Detection, fps: float) -> dict[str, Any]:
    first, last = frame_range(detection, fps)
    return {
        "id": f"soda{number}",
        "from_name": TIMELINE,
        "to_name": VIDEO,
        "type": "timelinelabels",
        "score": round(detection.score, 6),
        "value": {
            "ranges": [{"start": first, "end": last}],
            "timelinelabels": [one_line(detection.label)],
        },
    }


def frame_range(detection: Detection, fps: float) -> tuple[int, int]:
    """Return the first and last frame of a detection, counted from 1; at least one.

    >>> frame_range(Detection("jump", 0.5, 1.0, 2.0), 25)
    (26, 50)
    """
    to_frame = SnippetGrid(num_frames=1, fps=fps).seconds_to_frame
    first = max(0, round(to_frame(detection.start_seconds))) + 1
    return first, max(first, round(to_frame(detection.end_seconds)))


def labeling_configuration(labels: Sequence[str]) -> str:
    """Return the labeling configuration of a project that can import the tasks."""
    view = ElementTree.Element("View")
    timeline = SubElement(view, "TimelineLabels", name=TIMELINE, toName=VIDEO)
    for label in dict.fromkeys(map(one_line, labels)):
        SubElement(timeline, "Label", value=label)
    SubElement(view, "Video", name=VIDEO, value=f"${VIDEO}", frameRate="$fps")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _address(id: str, media: VideoFiles) -> str:
    """Return Label Studio's address of the video, or its id for users to replace."""
    place = media.place_of(id)
    return LOCAL_FILES + quote(place.as_posix()) if place else id
