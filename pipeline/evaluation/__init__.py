"""Evaluation of temporal detections: scores, and a diagnosis of the errors."""

from pipeline.evaluation.config import EvaluateConfig
from pipeline.evaluation.diagnosis import diagnose
from pipeline.evaluation.ground_truth import (
    GroundTruth,
    exclude,
    match_detections,
    read_durations,
    read_ground_truth,
)
from pipeline.evaluation.localization import localization_states
from pipeline.evaluation.result import Evaluation, class_average_precision, evaluate
from pipeline.evaluation.scores import Scores

__all__ = [
    "EvaluateConfig",
    "Evaluation",
    "GroundTruth",
    "Scores",
    "class_average_precision",
    "diagnose",
    "evaluate",
    "exclude",
    "localization_states",
    "match_detections",
    "read_durations",
    "read_ground_truth",
]
