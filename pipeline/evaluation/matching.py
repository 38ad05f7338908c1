"""Matching of detections with instances, by the rules of the two kits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.config import Evaluator, PrecisionKind
from pipeline.intervals import tiou

# Marks of a detection that finds no instance.
FALSE = -1  # a false positive
IGNORED = -2  # neither right nor wrong


@dataclass(frozen=True)
class Rule:
    """The points in which the kits differ; both match within one video and class."""

    choosers: Literal["detections", "instances"]  # the side that chooses, in turn
    strict: bool  # True if a tIoU must exceed the threshold
    ignores_ambiguous: bool  # True if ambiguous segments excuse false positives
    precision: PrecisionKind

    def reaches(
        self,
        overlap: Float[np.ndarray, "..."],
        threshold: Float[np.ndarray, "..."] | float,
    ) -> Bool[np.ndarray, "..."]:
        """Return whether a tIoU is high enough for a match."""
        return overlap > threshold if self.strict else overlap >= threshold


RULES: dict[Evaluator, Rule] = {
    # ActivityNet's kit, which the literature uses for THUMOS14 too: detections choose
    # instances, by descending score.
    "activitynet": Rule("detections", False, False, "interpolated"),
    # THUMOS14's kit (TH14evalDet, TH14eventdetpr): instances choose detections of any
    # score, in the order of the annotations. The average precision is that of the
    # kit's later version; the first version took the mean over eleven recalls.
    "thumos": Rule("instances", True, True, "plain"),
}


def match(
    comparison: Comparison, tious: tuple[float, ...], rule: Rule
) -> Int[np.ndarray, "tious detections"]:
    """Return the row of the instance that each detection finds.

    A detection that finds none has `FALSE` or `IGNORED` instead.
    """
    instances, detections = comparison.instances, comparison.detections
    thresholds = np.array(tious)
    matches = np.full((len(tious), len(detections)), FALSE)
    for own, rows in comparison.groups(instances):
        overlap = tiou(detections.segments[rows, None], instances.segments[own])
        taken = _pair(overlap, thresholds, rule)
        matches[:, rows] = np.where(taken >= 0, own[taken], FALSE)
    if rule.ignores_ambiguous:
        matches[(matches == FALSE) & _on_ambiguous(comparison)] = IGNORED
    return matches


def _pair(
    overlap: Float[np.ndarray, "detections instances"],
    thresholds: Float[np.ndarray, "tious"],
    rule: Rule,
) -> Int[np.ndarray, "tious detections"]:
    """Return the instance of each detection of one video and class, or `FALSE`."""
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
    """Let each chooser, in turn, take the free offer that it overlaps most.

    Among equal offers, the chooser takes the first. It gets `FALSE` if no free offer
    reaches the threshold. All thresholds are handled at once. A chooser without an
    offer that reaches the lowest threshold is skipped early: most detections have none.
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
    """Return whether each detection overlaps an ambiguous segment, however little."""
    detections, ambiguous = comparison.detections, comparison.ambiguous
    touched = np.zeros(len(detections), dtype=bool)
    for own, rows in comparison.groups(ambiguous, any_class=True):
        overlap = tiou(detections.segments[rows, None], ambiguous.segments[own])
        touched[rows] = (overlap > 0).any(axis=1)
    return touched
