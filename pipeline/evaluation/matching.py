"""Which detection finds which instance: the rules of the two kits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.config import Evaluator, PrecisionKind
from pipeline.intervals import tiou

# What a detection is that finds no instance.
FALSE = -1
IGNORED = -2  # neither right nor wrong


@dataclass(frozen=True)
class Rule:
    """What the kits differ in. They look at each video and each class on its own."""

    choosers: Literal["detections", "instances"]  # who takes whom, in turn
    strict: bool  # whether a tIoU must exceed the threshold
    ignores_ambiguous: bool  # whether such segments excuse false positives
    precision: PrecisionKind

    def reaches(
        self,
        overlap: Float[np.ndarray, "..."],
        threshold: Float[np.ndarray, "..."] | float,
    ) -> Bool[np.ndarray, "..."]:
        """Whether a tIoU is enough."""
        return overlap > threshold if self.strict else overlap >= threshold


RULES: dict[Evaluator, Rule] = {
    # ActivityNet's kit, by which the field scores THUMOS14 too: by descending score,
    # detections take instances.
    "activitynet": Rule("detections", False, False, "interpolated"),
    # THUMOS14's kit (TH14evalDet, TH14eventdetpr): in the order of the annotations,
    # instances take detections, whatever their score. The average precision is that
    # of the kit's later version; the first took the mean over eleven recalls.
    "thumos": Rule("instances", True, True, "plain"),
}


def match(
    comparison: Comparison, tious: tuple[float, ...], rule: Rule
) -> Int[np.ndarray, "tious detections"]:
    """The row of the instance that each detection finds, else `FALSE` or `IGNORED`."""
    instances, detections = comparison.instances, comparison.detections
    thresholds = np.array(tious)
    matches = np.full((len(tious), len(detections)), FALSE)
    found = comparison.by_video_and_class(detections)
    for key, own in comparison.by_video_and_class(instances).items():
        if (rows := found.get(key)) is None:
            continue
        overlap = tiou(detections.segments[rows, None], instances.segments[own])
        taken = _pair(overlap, thresholds, rule)
        matches[:, rows] = np.where(taken >= 0, own[taken], FALSE)
    if rule.ignores_ambiguous:
        excused = _on_ambiguous(comparison)
        matches[(matches == FALSE) & excused] = IGNORED
    return matches


def _pair(
    overlap: Float[np.ndarray, "detections instances"],
    thresholds: Float[np.ndarray, "tious"],
    rule: Rule,
) -> Int[np.ndarray, "tious detections"]:
    """The instance of each detection of one video and class, or `FALSE`."""
    if rule.choosers == "detections":
        return _take_in_turn(overlap, thresholds, rule)
    chosen = _take_in_turn(overlap.T, thresholds, rule)
    pairs = np.full((len(thresholds), len(overlap)), FALSE)
    level, instance = np.nonzero(chosen != FALSE)
    pairs[level, chosen[level, instance]] = instance
    return pairs


def _take_in_turn(
    overlap: Float[np.ndarray, "choosers offers"],
    thresholds: Float[np.ndarray, "tious"],
    rule: Rule,
) -> Int[np.ndarray, "tious choosers"]:
    """One after the other, choosers take the free offer that they overlap most.

    Of equal ones they take the first; `FALSE` where no free one reaches the threshold.
    All thresholds are gone through at once, and a chooser that reaches the lowest
    with no offer is passed over: most detections are such.
    """
    free = np.ones((len(thresholds), overlap.shape[1]), dtype=bool)
    taken = np.full((len(thresholds), len(overlap)), FALSE)
    hopeful = rule.reaches(overlap.max(axis=1), float(thresholds.min()))
    for chooser in np.flatnonzero(hopeful):
        left = np.where(free, overlap[chooser], -1.0)
        best = left.argmax(axis=1)
        levels = np.flatnonzero(rule.reaches(left.max(axis=1), thresholds))
        taken[levels, chooser] = best[levels]
        free[levels, best[levels]] = False
    return taken


def _on_ambiguous(comparison: Comparison) -> Bool[np.ndarray, "detections"]:
    """Whether a detection overlaps an ambiguous segment, however little."""
    detections, ambiguous = comparison.detections, comparison.ambiguous
    touched = np.zeros(len(detections), dtype=bool)
    found = comparison.by_video(detections)
    for video, own in comparison.by_video(ambiguous).items():
        if (rows := found.get(video)) is not None:
            overlap = tiou(detections.segments[rows, None], ambiguous.segments[own])
            touched[rows] = (overlap > 0).any(axis=1)
    return touched
