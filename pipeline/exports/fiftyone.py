"""FiftyOne's `FiftyOneTemporalDetectionDataset`: one file with the labels by video.

Load it with `labels_path=".../labels.json"` and `data_path=` the folder of videos.
"""

from pathlib import Path
from typing import Any

from pipeline.detection.detections import Detection, Detections
from pipeline.exports.media import VideoFiles
from pipeline.storage import write_json


def write_fiftyone(folder: Path, detections: Detections, media: VideoFiles) -> None:
    """Write `labels.json`: classes, and by video their indices, times and scores.

    A video is named by its path within the folder of videos, without the suffix,
    because FiftyOne looks for that name. Without a folder, it is named by its id.
    """
    classes = sorted({d.label for found in detections.values() for d in found})
    index = {label: number for number, label in enumerate(classes)}
    labels = {}
    for id, found in detections.items():
        name = media.name_of(id) if media.folder else id
        labels[name] = [_label(d, index) for d in found]
    write_json(folder / "labels.json", {"classes": classes, "labels": labels})


def _label(detection: Detection, index: dict[str, int]) -> dict[str, Any]:
    times = [round(detection.start_seconds, 3), round(detection.end_seconds, 3)]
    return {
        "label": index[detection.label],
        "timestamps": times,
        "confidence": round(detection.score, 6),
    }
