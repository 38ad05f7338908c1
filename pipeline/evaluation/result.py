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
from pipeline.evaluation.columns import Comparison, compare
from pipeline.evaluation.config import EvaluateConfig, Evaluator, PrecisionKind
from pipeline.evaluation.ground_truth import GroundTruth
from pipeline.evaluation.matching import RULES, match
from pipeline.evaluation.oddities import Oddities, find_oddities
from pipeline.evaluation.precision import class_precisions
from pipeline.evaluation.scores import Bounds, Scores, VideoCounts


@dataclass(frozen=True)
class Evaluation:
    """Average precision, as fractions, of each class at each tIoU threshold."""

    evaluator: Evaluator
    precision_kind: PrecisionKind
    tious: tuple[float, ...]
    average_precision: dict[str, Float[np.ndarray, "tious"]]  # by class
    intervals: Intervals | None  # None: not asked for
    videos: VideoCounts
    oddities: Oddities

    @property
    def mean_average_precision(self) -> Float[np.ndarray, "tious"]:
        """Mean over the classes."""
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
        names = [f"{value:g}" for value in self.tious]
        return {n: _percent(v) for n, v in zip(names, values, strict=True)}

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
    """Score detections against ground truth; None stands for the defaults.

    Detections of classes that the ground truth does not hold are ignored, and counted.
    A video without detections lowers the recall, and as in both kits a detection in a
    video that the ground truth does not list is a false positive: see `VideoCounts`,
    and `exclude`.

    Raises:
        AnnotationError: The ground truth holds no instance of a class, or something
            is no number or ends before it starts.
    """
    config = config or EvaluateConfig()
    classes = classes_of(ground_truth)
    rule = RULES[config.evaluator]
    kind = rule.precision if config.ap == "auto" else config.ap
    oddities = find_oddities(ground_truth, detections, classes)
    comparison = compare(ground_truth, detections, classes)
    matches = match(comparison, config.tiou, rule)
    (precision,) = class_precisions(comparison, matches, _all_once(comparison), kind)
    return Evaluation(
        evaluator=config.evaluator,
        precision_kind=kind,
        tious=config.tiou,
        average_precision=dict(zip(classes, precision.T, strict=True)),
        intervals=bootstrap(comparison, matches, kind, config.bootstrap),
        videos=_count_videos(ground_truth, detections),
        oddities=oddities,
    )


def classes_of(ground_truth: GroundTruth) -> list[str]:
    """The classes that the ground truth holds, sorted; `Ambiguous` is none.

    Raises:
        AnnotationError: It holds no instance of a class.
    """
    labels = {i.label for found in ground_truth.values() for i in found}
    if not labels - {AMBIGUOUS}:
        raise AnnotationError("the ground truth of this subset holds no instance")
    return sorted(labels - {AMBIGUOUS})


def _count_videos(ground_truth: GroundTruth, detections: Detections) -> VideoCounts:
    return VideoCounts(
        scored=len(ground_truth.keys() & detections.keys()),
        of=len(ground_truth),
        unlisted=len(detections.keys() - ground_truth.keys()),
    )


def class_average_precision(
    instances: Mapping[str, Sequence[Instance]],
    detections: Mapping[str, Sequence[Detection]],
    tious: tuple[float, ...],
) -> Float[np.ndarray, "tious"]:
    """Average precision of one class at each threshold, by ActivityNet's rule."""
    label = {i.label for found in instances.values() for i in found}
    comparison = compare(instances, detections, sorted(label))
    matches = match(comparison, tious, RULES["activitynet"])
    every = _all_once(comparison)
    return class_precisions(comparison, matches, every, "interpolated")[0, :, 0]


def _all_once(comparison: Comparison) -> Float[np.ndarray, "1 videos"]:
    return np.ones((1, len(comparison.videos)))
