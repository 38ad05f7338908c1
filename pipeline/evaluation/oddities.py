"""Checks of the input: errors for values without meaning, counts for warnings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from pipeline.detection.detections import Detections, check_detections
from pipeline.errors import AnnotationError
from pipeline.evaluation.ground_truth import GroundTruth


@dataclass(frozen=True)
class Oddities:
    """Counts of input that is scored as it is, but deserves a warning."""

    unknown_classes: dict[str, int]  # detections by class; these are ignored
    empty_detections: int  # they end where they start: false positives
    early_detections: int  # they start before 0 s
    empty_instances: int  # of the ground truth, without start < end: never found


def find_oddities(
    ground_truth: GroundTruth, detections: Detections, classes: Sequence[str]
) -> Oddities:
    """Count the input that deserves a warning.

    Raises:
        AnnotationError: If a time or a score is infinite or not a number, or if a
            detection ends before it starts: what was meant could only be guessed.
    """
    _check_times(ground_truth)
    check_detections(detections)
    found = [d for listed in detections.values() for d in listed]
    instances = [i for listed in ground_truth.values() for i in listed]
    known = set(classes)
    return Oddities(
        unknown_classes=dict(Counter(d.label for d in found if d.label not in known)),
        empty_detections=sum(d.start_seconds == d.end_seconds for d in found),
        early_detections=sum(d.start_seconds < 0 for d in found),
        empty_instances=sum(i.start_seconds >= i.end_seconds for i in instances),
    )


def _check_times(ground_truth: GroundTruth) -> None:
    for id, instances in ground_truth.items():
        for i in instances:
            if not (abs(i.start_seconds) < inf and abs(i.end_seconds) < inf):
                raise AnnotationError(
                    f"ground truth of {id}: expected times in seconds, found "
                    f"[{i.start_seconds}, {i.end_seconds}] ({i.label}); correct the "
                    "annotation"
                )
