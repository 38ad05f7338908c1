"""Mean average precision of temporal detections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from pipeline.datasets import Instance
from pipeline.datasets.thumos14 import AMBIGUOUS
from pipeline.detection.detections import Detection, Detections
from pipeline.errors import AnnotationError
from pipeline.evaluation.bootstrap import Intervals, bootstrap
from pipeline.evaluation.columns import compare
from pipeline.evaluation.config import EvaluateConfig, Evaluator, PrecisionKind
from pipeline.evaluation.ground_truth import GroundTruth
from pipeline.evaluation.matching import RULES, match
from pipeline.evaluation.oddities import Oddities, find_oddities
from pipeline.evaluation.precision import class_precisions
from pipeline.evaluation.scores import Bounds, Scores, VideoCounts


@dataclass(frozen=True)
class Evaluation:
    """The average precision, as a fraction, of each class at each tIoU threshold."""

    evaluator: Evaluator
    precision_kind: PrecisionKind
    tious: tuple[float, ...]
    average_precision: dict[str, Float[np.ndarray, "tious"]]  # by class
    intervals: Intervals | None  # None if not requested
    videos: VideoCounts
    oddities: Oddities

    @property
    def mean_average_precision(self) -> Float[np.ndarray, "tious"]:
        """The mean over the classes, at each threshold."""
        return np.mean(list(self.average_precision.values()), axis=0)

    @property
    def scores(self) -> Scores:
        """The same in percent, with thresholds as keys such as "0.5"."""
        mean, intervals = self.mean_average_precision, self.intervals
        return Scores(
            evaluator=self.evaluator,
            ap=self.precision_kind,
            videos=self.videos,
            oddities=self.oddities,
            map=self._by_threshold(mean),
            average_map=_percent(mean.mean()),
            bootstrap=self._bounds(intervals) if intervals else None,
            classes={
                label: self._by_threshold(precision)
                for label, precision in self.average_precision.items()
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Return all scores in percent, as JSON can hold them."""
        return self.scores.to_json()

    def _by_threshold(self, values: Float[np.ndarray, "tious"]) -> dict[str, float]:
        pairs = zip(self.tious, values, strict=True)
        return {f"{tiou:g}": _percent(value) for tiou, value in pairs}

    def _bounds(self, intervals: Intervals) -> Bounds:
        return Bounds(
            draws=intervals.draws,
            low=self._by_threshold(intervals.low),
            high=self._by_threshold(intervals.high),
            average_low=_percent(intervals.average_low),
            average_high=_percent(intervals.average_high),
        )


def _percent(fraction: float) -> float:
    return round(100 * float(fraction), 4)


def evaluate(
    ground_truth: GroundTruth,
    detections: Detections,
    config: EvaluateConfig | None = None,
) -> Evaluation:
    """Score detections against ground truth.

    Detections of classes that are not in the ground truth are ignored, but counted. A
    video without detections lowers the recall. As in both kits, a detection in a video
    that the ground truth does not list is a false positive; see `VideoCounts`, and
    `exclude`.

    Raises:
        AnnotationError: If the ground truth has no instance of any class, if a time or
            a score is infinite or not a number, or if a detection ends before it
            starts.
    """
    config = config or EvaluateConfig()
    classes = classes_of(ground_truth)
    rule = RULES[config.evaluator]
    kind = rule.precision if config.ap == "auto" else config.ap
    oddities = find_oddities(ground_truth, detections, classes)
    comparison = compare(ground_truth, detections, classes)
    matches = match(comparison, config.tiou, rule)
    once = np.ones((1, len(comparison.videos)))
    (precision,) = class_precisions(comparison, matches, once, kind)
    return Evaluation(
        evaluator=config.evaluator,
        precision_kind=kind,
        tious=config.tiou,
        average_precision=dict(zip(classes, precision.T, strict=True)),
        intervals=bootstrap(comparison, matches, kind, config.bootstrap),
        videos=VideoCounts(
            scored=len(ground_truth.keys() & detections.keys()),
            of=len(ground_truth),
            unlisted=len(detections.keys() - ground_truth.keys()),
        ),
        oddities=oddities,
    )


def classes_of(ground_truth: GroundTruth) -> list[str]:
    """Return the classes in the ground truth, sorted; `Ambiguous` is not a class.

    Raises:
        AnnotationError: If the ground truth has no instance of any class.
    """
    labels = {i.label for found in ground_truth.values() for i in found} - {AMBIGUOUS}
    if not labels:
        raise AnnotationError(
            "ground truth: expected action instances in this subset, found none; "
            "choose another subset"
        )
    return sorted(labels)


def class_average_precision(
    instances: Mapping[str, Sequence[Instance]],
    detections: Mapping[str, Sequence[Detection]],
    tious: tuple[float, ...],
) -> Float[np.ndarray, "tious"]:
    """Return the average precision of one class by ActivityNet's rule."""
    evaluation = evaluate(instances, detections, EvaluateConfig(tious))
    return next(iter(evaluation.average_precision.values()))
