"""Kinds of mislocalized instances, as SODA names them (IJCV 2021, Fig. 1).

The paper shows over-, joint- and under-localization by examples only. The criteria
here are our own. They give each instance exactly one state: one of these three, well
localized, or missed.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.datasets import Instance
from pipeline.detection.detections import Detection
from pipeline.evaluation.columns import Comparison, compare
from pipeline.intervals import tiou

STATES = ("well", "joint", "over", "under", "missed")
MISSED = STATES.index("missed")

# A detection spans an instance if it covers at least this share of it.
SPANNED = 0.5


def localize(comparison: Comparison, threshold: float) -> Int[np.ndarray, "instances"]:
    """Return the state of each instance, as an index into `STATES`.

    An instance is judged by the best-scored detection of its class that overlaps it,
    however little. It is

    - `missed`, if there is no such detection;
    - `well` localized, if their tIoU is at least `threshold`;
    - otherwise `joint`, if the detection spans (covers at least half of) both the
      instance and another instance of its class that does not overlap it;
    - otherwise `over`-localized, if the detection is longer than the instance, so that
      it adds more time outside the instance than it leaves out inside;
    - otherwise `under`-localized: only a part of the instance is found.
    """
    detections, instances = comparison.detections, comparison.instances
    states = np.full(len(instances), MISSED)
    for own, rows in comparison.groups(instances):
        segments = instances.segments[own], detections.segments[rows]
        states[own] = _states(*segments, threshold)
    return states


def localization_states(
    instances: Sequence[Instance], detections: Sequence[Detection], threshold: float
) -> list[str]:
    """Return the state of each instance of one video."""
    classes = sorted({instance.label for instance in instances})
    comparison = compare({"": instances}, {"": detections}, classes)
    return [STATES[state] for state in localize(comparison, threshold)]


def _states(
    instances: Float[np.ndarray, "instances 2"],
    detections: Float[np.ndarray, "detections 2"],
    threshold: float,
) -> Int[np.ndarray, "instances"]:
    """Return the states of the instances of one video and class.

    Detections must be sorted by descending score.
    """
    overlapping = _shared_seconds(instances[:, None], detections) > 0
    chosen = detections[overlapping.argmax(axis=1)]
    well = tiou(instances, chosen) >= threshold
    over = np.diff(chosen)[:, 0] > np.diff(instances)[:, 0]
    conditions = [~overlapping.any(axis=1), well, _is_joint(instances, chosen), over]
    states = [MISSED, *map(STATES.index, ("well", "joint", "over"))]
    return np.select(conditions, states, STATES.index("under"))


def _is_joint(
    instances: Float[np.ndarray, "instances 2"],
    chosen: Float[np.ndarray, "instances 2"],
) -> Bool[np.ndarray, "instances"]:
    """Return whether each instance's detection spans it and a separate instance."""
    shared = _shared_seconds(chosen[:, None], instances)
    spanned = (shared > 0) & (shared >= SPANNED * np.diff(instances)[:, 0])
    beside = _shared_seconds(instances[:, None], instances) <= 0
    return spanned.diagonal() & (spanned & beside).any(axis=1)


def _shared_seconds(
    a: Float[np.ndarray, "*a 2"], b: Float[np.ndarray, "*b 2"]
) -> Float[np.ndarray, "..."]:
    """Return the seconds that two intervals share; minus the gap if they share none."""
    return np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
