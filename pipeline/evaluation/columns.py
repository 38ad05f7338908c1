"""Ground truth and detections as columns of numbers, for vectorised arithmetic."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection, Detections
from pipeline.evaluation.ground_truth import GroundTruth

NO_CLASS = -1
Rows = Int[np.ndarray, "_"]


@dataclass(frozen=True)
class Columns:
    """The intervals of many videos, one per row."""

    video: Int[np.ndarray, "rows"]  # index into `Comparison.videos`
    label: Int[np.ndarray, "rows"]  # index into `Comparison.classes`
    segments: Float[np.ndarray, "rows 2"]  # start and end in seconds

    def __len__(self) -> int:
        return len(self.video)

    def take(
        self, rows: Int[np.ndarray, "taken"] | Bool[np.ndarray, "rows"]
    ) -> "Columns":
        """Return some of the rows, in the given order."""
        return Columns(self.video[rows], self.label[rows], self.segments[rows])

    @property
    def lengths(self) -> Float[np.ndarray, "rows"]:
        """The length of each interval, in seconds."""
        return self.segments[:, 1] - self.segments[:, 0]


@dataclass(frozen=True)
class Comparison:
    """Detections and the ground truth that they are scored against."""

    videos: tuple[str, ...]  # of the ground truth, then those only in the detections
    classes: tuple[str, ...]
    instances: Columns  # by video, in the order of the ground truth
    ambiguous: Columns  # segments whose class is unknown
    detections: Columns  # of these classes, by descending score

    def by_class(self) -> Iterator[tuple[int, Rows, Rows]]:
        """Yield each class that has instances, their rows, and its detections' rows."""
        found = _rows_by(self.detections.label)
        for label, own in _rows_by(self.instances.label).items():
            yield label, own, found.get(label, np.zeros(0, dtype=np.int64))

    def groups(
        self, segments: Columns, any_class: bool = False
    ) -> Iterator[tuple[Rows, Rows]]:
        """Yield the rows of segments and of detections that share a video and class.

        With `any_class`, it is enough that they share the video.
        """
        group = (lambda rows: rows.video) if any_class else self.video_and_class
        found = _rows_by(group(self.detections))
        for key, own in _rows_by(group(segments)).items():
            if key in found:
                yield own, found[key]

    def video_and_class(self, columns: Columns) -> Int[np.ndarray, "rows"]:
        """Return one number for the video and class of each row."""
        return columns.video * len(self.classes) + columns.label


def _rows_by(keys: Int[np.ndarray, "rows"]) -> dict[int, Rows]:
    """Group rows by a key of theirs, keeping their order."""
    order = np.argsort(keys, kind="stable")
    names, starts = np.unique(keys[order], return_index=True)
    # Without any rows, `split` still returns one empty part.
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=False))


def compare(
    ground_truth: GroundTruth, detections: Detections, classes: Sequence[str]
) -> Comparison:
    """Put ground truth and detections in columns.

    Detections of equal score keep their order. Instances of classes that are not in
    `classes` count as ambiguous; detections of such classes are left out.
    """
    videos = tuple(dict.fromkeys([*ground_truth, *detections]))
    truth = _columns(ground_truth, videos, classes)
    found = _columns(detections, videos, classes)
    scores = np.array([d.score for listed in detections.values() for d in listed])
    order = np.argsort(-scores, kind="stable")
    return Comparison(
        videos=videos,
        classes=tuple(classes),
        instances=truth.take(truth.label != NO_CLASS),
        ambiguous=truth.take(truth.label == NO_CLASS),
        detections=found.take(order[found.label[order] != NO_CLASS]),
    )


def _columns(
    items: Mapping[str, Sequence[Instance]] | Mapping[str, Sequence[Detection]],
    videos: Sequence[str],
    classes: Sequence[str],
) -> Columns:
    video = {id: place for place, id in enumerate(videos)}
    label = {name: place for place, name in enumerate(classes)}
    rows = [
        (video[id], label.get(i.label, NO_CLASS), i.start_seconds, i.end_seconds)
        for id, found in items.items()
        for i in found
    ]
    table = np.array(rows, dtype=float).reshape(-1, 4)
    places = table[:, :2].astype(np.int64)
    return Columns(places[:, 0], places[:, 1], table[:, 2:])
