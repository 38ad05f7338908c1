"""Mean average precision of temporal detections, by ActivityNet's rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from pipeline.datasets import Instance, read_annotations
from pipeline.datasets.activitynet import parse_instances
from pipeline.detections import Detection, Detections
from pipeline.errors import AnnotationError, InputNotFoundError
from pipeline.intervals import tiou

T = TypeVar("T")

EVALUATOR = "activitynet"

# THUMOS14's test lists in circulation, by what they leave out of the 213 videos:
# 1292 has ambiguous segments only, 270 and 1496 are annotated wrongly.
THUMOS14_EXCLUDED = {
    "213": (),
    "212": ("video_test_0001292",),
    "210": ("video_test_0000270", "video_test_0001292", "video_test_0001496"),
}

GroundTruth = Mapping[str, Sequence[Instance]]  # by video id


@dataclass(frozen=True)
class EvaluateConfig:
    """What is measured."""

    tiou: Annotated[
        tuple[float, ...], "tIoU thresholds, start:stop:step, both ends counted"
    ] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)

    def __post_init__(self) -> None:
        if not self.tiou or not all(0 < value <= 1 for value in self.tiou):
            raise ValueError(f"tiou thresholds must lie in (0, 1], got {self.tiou}")


@dataclass(frozen=True)
class Evaluation:
    """Average precision, as fractions, of each class at each tIoU threshold."""

    tious: tuple[float, ...]
    average_precision: dict[str, Float[np.ndarray, "tious"]]  # by class
    scored: int  # videos of the ground truth that the detections speak of
    of: int  # videos of the ground truth
    unlisted: int  # videos with detections that the ground truth does not list

    @property
    def mean_average_precision(self) -> Float[np.ndarray, "tious"]:
        """Mean over the classes."""
        return np.mean(list(self.average_precision.values()), axis=0)

    def to_json(self) -> dict[str, Any]:
        """All figures as percentages; thresholds are keys such as "0.5"."""
        names = [f"{value:g}" for value in self.tious]
        mean = self.mean_average_precision
        return {
            "evaluator": EVALUATOR,
            "videos": {
                "scored": self.scored,
                "of": self.of,
                "unlisted": self.unlisted,
            },
            "map": _percentages(names, mean),
            "average_map": round(100 * float(mean.mean()), 4),
            "classes": {
                label: _percentages(names, precision)
                for label, precision in self.average_precision.items()
            },
        }


def _percentages(names: list[str], values: np.ndarray) -> dict[str, float]:
    return {n: round(100 * float(v), 4) for n, v in zip(names, values, strict=True)}


def evaluate(
    ground_truth: GroundTruth, detections: Detections, tious: tuple[float, ...]
) -> Evaluation:
    """Score detections against ground truth, ActivityNet's way.

    Classes that the ground truth does not hold are ignored. A video without detections
    lowers the recall, and as in ActivityNet's own kit a detection in a video that the
    ground truth does not list is a false positive: see `unlisted`, and `exclude`.

    Raises:
        AnnotationError: The ground truth holds no instance.
    """
    labels = sorted({i.label for found in ground_truth.values() for i in found})
    if not labels:
        raise AnnotationError("the ground truth of this subset holds no instance")
    return Evaluation(
        tious=tious,
        average_precision={
            label: class_average_precision(
                _of_class(ground_truth, label),
                _of_class(detections, label),
                tious,
            )
            for label in labels
        },
        scored=sum(id in detections for id in ground_truth),
        of=len(ground_truth),
        unlisted=sum(id not in ground_truth for id in detections),
    )


def class_average_precision(
    instances: Mapping[str, Sequence[Instance]],
    detections: Mapping[str, Sequence[Detection]],
    tious: tuple[float, ...],
) -> Float[np.ndarray, "tious"]:
    """Average precision of one class at each threshold.

    By descending score, a detection takes, of its video's instances that are not yet
    taken and overlap it by at least the threshold, the one that it overlaps most; if
    there is none it is a false positive.
    """
    ranked = sorted(
        ((id, d) for id, found in detections.items() for d in found),
        key=lambda pair: -pair[1].score,
    )
    hits = np.zeros((len(tious), len(ranked)), dtype=bool)
    segments = {id: _segments(found) for id, found in instances.items() if found}
    taken = {id: np.zeros((len(tious), len(s)), bool) for id, s in segments.items()}
    for rank, (id, detection) in enumerate(ranked):
        if id not in segments:
            continue
        overlap = tiou(_segments([detection]), segments[id])
        for level, threshold in enumerate(tious):
            free = np.where(taken[id][level], -1.0, overlap)
            best = int(np.argmax(free))
            if free[best] >= threshold:
                taken[id][level, best] = True
                hits[level, rank] = True
    count = sum(len(found) for found in instances.values())
    return np.array([interpolated_precision(level, count) for level in hits])


def interpolated_precision(hits: Bool[np.ndarray, "ranks"], count: int) -> float:
    """Area under the monotone envelope of precision over recall.

    Args:
        hits: Whether the detection of each rank is a true positive.
        count: Number of ground-truth instances.
    """
    true_positives = np.cumsum(hits)
    precision = true_positives / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[hits].sum() / count)


def _segments(items: Sequence[Instance] | Sequence[Detection]) -> np.ndarray:
    return np.array([(i.start_seconds, i.end_seconds) for i in items], dtype=float)


def _of_class(items: Mapping[str, Sequence[Any]], label: str) -> dict[str, list[Any]]:
    return {id: [i for i in found if i.label == label] for id, found in items.items()}


def read_ground_truth(path: Path, subset: str) -> dict[str, tuple[Instance, ...]]:
    """Read one subset of ActivityNet-style annotations or of a manifest.

    Raises:
        InputNotFoundError: No such file.
        AnnotationError: The file cannot be read so, or holds no such subset.
    """
    if not path.is_file():
        raise InputNotFoundError(f"{path}: no such file of ground truth")
    content = read_annotations(path)
    try:
        if "database" in content:
            entries = [
                (id, e["subset"], e.get("annotations", []))
                for id, e in content["database"].items()
            ]
        else:
            entries = [
                (v["id"], v["subset"], v.get("segments", [])) for v in content["videos"]
            ]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(
            f'{path}: expected {{"database": {{id: {{"subset", "annotations"}}}}}} or '
            f"a manifest, found something else ({error!r})"
        ) from error
    found = {
        id: parse_instances(path, id, annotations)
        for id, name, annotations in entries
        if name == subset
    }
    if not found:
        names = ", ".join(sorted({name for _, name, _ in entries})) or "none"
        raise AnnotationError(f"{path}: no subset {subset!r}; the file has: {names}")
    return found


def exclude(
    videos: Mapping[str, Sequence[T]], ids: Sequence[str]
) -> dict[str, Sequence[T]]:
    """Ground truth or detections without some videos, whether it holds them or not."""
    return {id: found for id, found in videos.items() if id not in ids}
