"""A diagnosis of the errors that lower the scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from pipeline.detection.detections import Detections
from pipeline.evaluation.columns import compare
from pipeline.evaluation.config import Buckets, EvaluateConfig
from pipeline.evaluation.false_negatives import Recall, recall_by_size
from pipeline.evaluation.false_positives import KINDS, false_positive_profile
from pipeline.evaluation.ground_truth import GroundTruth
from pipeline.evaluation.localization import STATES, localize
from pipeline.evaluation.matching import RULES, match
from pipeline.evaluation.result import classes_of


@dataclass(frozen=True)
class Diagnosis:
    """The errors at one tIoU threshold; each module explains its names."""

    tiou: float
    buckets: Buckets  # the benchmark whose bounds group instances by size
    localization: dict[str, int]  # instances by state
    false_positives: Int[np.ndarray, "splits kinds"]  # detections by rank
    recall: dict[str, dict[str, Recall]]  # by characteristic and bucket

    def to_json(self) -> dict[str, Any]:
        """Return all counts as JSON values."""
        return {
            "tiou": self.tiou,
            "buckets": self.buckets,
            "localization": self.localization,
            "false_positives": {
                f"{split}G": dict(zip(KINDS, row.tolist(), strict=True))
                for split, row in enumerate(self.false_positives, start=1)
            },
            "recall": {
                name: {bucket: recall._asdict() for bucket, recall in rows.items()}
                for name, rows in self.recall.items()
            },
        }


def diagnose(
    ground_truth: GroundTruth,
    detections: Detections,
    config: EvaluateConfig | None = None,
    durations: Mapping[str, float] | None = None,
) -> Diagnosis:
    """Sort the errors by kind.

    The input is not checked: it must be input that `evaluate` accepts. `durations` has
    the seconds of each video for which they are known.

    Raises:
        AnnotationError: If the ground truth has no instance of any class.
    """
    config = config or EvaluateConfig()
    threshold, rule = config.diagnosis_tiou, RULES[config.evaluator]
    comparison = compare(ground_truth, detections, classes_of(ground_truth))
    (matches,) = match(comparison, (threshold,), rule)
    states = np.bincount(localize(comparison, threshold), minlength=len(STATES))
    return Diagnosis(
        tiou=threshold,
        buckets=config.buckets,
        localization=dict(zip(STATES, states.tolist(), strict=True)),
        false_positives=false_positive_profile(comparison, matches, threshold, rule),
        recall=recall_by_size(comparison, matches, durations or {}, config.buckets),
    )
