"""The localization of one test video's instances by a row's detections."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.datasets import Instance, Video
from pipeline.detection.detections import Detection
from pipeline.evaluation import EvaluateConfig, evaluate
from pipeline.evaluation.columns import compare
from pipeline.evaluation.localization import STATES, localize
from pipeline.intervals import Interval


@dataclass(frozen=True)
class Localization:
    """The instances of one class in one video, and how each was detected."""

    instances: tuple[Instance, ...]
    states: tuple[str, ...]  # one of `STATES` per instance
    judged_by: tuple[Interval | None, ...]  # its best-scored overlapping detection


def localize_class(
    video: Video, label: str, detections: Sequence[Detection], config: EvaluateConfig
) -> Localization:
    """Judge each instance of a class, given detections by descending score."""
    instances = tuple(i for i in video.instances if i.label == label)
    own = [d for d in detections if d.label == label]
    comparison = compare({video.id: instances}, {video.id: own}, (label,))
    states = localize(comparison, config.diagnosis_tiou)
    return Localization(
        instances,
        tuple(STATES[state] for state in states),
        tuple(_best_overlapping(instance, own) for instance in instances),
    )


def _best_overlapping(
    instance: Instance, detections: Sequence[Detection]
) -> Interval | None:
    for found in detections:
        end = min(found.end_seconds, instance.end_seconds)
        if end > max(found.start_seconds, instance.start_seconds):
            return found.start_seconds, found.end_seconds
    return None


def video_map(
    video: Video, detections: Sequence[Detection], config: EvaluateConfig
) -> float:
    """Return the average mAP of a single video in percent, over its classes."""
    once = replace(config, bootstrap=0)
    evaluation = evaluate({video.id: video.instances}, {video.id: detections}, once)
    return 100 * float(evaluation.mean_average_precision.mean())
