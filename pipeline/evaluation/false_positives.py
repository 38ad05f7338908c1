"""The kinds of false positives of DETAD (Alwassel et al., ECCV 2018)."""

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.matching import IGNORED, Rule
from pipeline.intervals import tiou

KINDS = (
    "true_positive",
    "double_detection",  # tIoU reached, right class, but the instance is taken
    "wrong_label",  # tIoU reached, other class
    "localization",  # tIoU of at least .1, right class
    "confusion",  # tIoU of at least .1, other class
    "background",
)
SPLITS = 10
SMALLEST_TIOU = 0.1


def false_positive_profile(
    comparison: Comparison,
    matches: Int[np.ndarray, "detections"],
    threshold: float,
    rule: Rule,
) -> Int[np.ndarray, "splits kinds"]:
    """Count the detections of each kind, by rank.

    For a class of G instances, split g (1G to 10G) holds the detections of rank
    (g - 1) G + 1 to g G. Detections that the rule ignores have no rank.
    """
    kinds = error_kinds(comparison, matches, threshold, rule)
    profile = np.zeros((SPLITS, len(KINDS)), dtype=np.int64)
    for _, own, rows in comparison.by_class():
        rows = rows[matches[rows] != IGNORED][: SPLITS * len(own)]
        np.add.at(profile, (np.arange(len(rows)) // len(own), kinds[rows]), 1)
    return profile


def error_kinds(
    comparison: Comparison,
    matches: Int[np.ndarray, "detections"],
    threshold: float,
    rule: Rule,
) -> Int[np.ndarray, "detections"]:
    """Return the kind of each detection, as an index into `KINDS`.

    The kind depends on the instance of any class that the detection overlaps most.
    Among instances with equal tIoU, one of the detection's own class is preferred.
    DETAD takes the first instead, but THUMOS14 annotates each CliffDiving as Diving
    too.
    """
    overlap, same = _nearest(comparison)
    reached = rule.reaches(overlap, threshold)
    near = overlap >= SMALLEST_TIOU
    conditions = [matches >= 0, reached & same, reached, near & same, near]
    return np.select(conditions, range(len(conditions)), KINDS.index("background"))


def _nearest(
    comparison: Comparison,
) -> tuple[Float[np.ndarray, "detections"], Bool[np.ndarray, "detections"]]:
    """Return each detection's greatest tIoU, and whether its own class reaches it."""
    detections, instances = comparison.detections, comparison.instances
    greatest = np.zeros(len(detections))
    same = np.zeros(len(detections), dtype=bool)
    for own, rows in comparison.groups(instances, any_class=True):
        overlap = tiou(detections.segments[rows, None], instances.segments[own])
        of_class = detections.label[rows, None] == instances.label[own]
        greatest[rows] = overlap.max(axis=1)
        same[rows] = np.where(of_class, overlap, -1).max(axis=1) == greatest[rows]
    return greatest, same
