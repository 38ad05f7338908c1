"""How instances are mislocalized, in the words of SODA (IJCV 2021, Fig. 1).

The paper shows over-, joint- and under-localization by examples. What decides here is
ours, so that each instance is exactly one of them, well localized or missed.
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

# Of an instance that a detection spans, it covers at least this share.
SPANNED = 0.5


def localize(comparison: Comparison, threshold: float) -> Int[np.ndarray, "instances"]:
    """The state of each instance, a place in `STATES`.

    An instance is judged by the best-scored detection of its class that overlaps it,
    however little. It is

    - `missed`, if there is none;
    - `well` localized, if their tIoU is at least `threshold`;
    - else `joint`, if the detection spans it and another instance of its class that
      does not overlap it, which is to say that it covers half of each or more;
    - else `over`-localized, if more is detected beside the instance than of it is left
      out, which is to say that the detection is longer;
    - else `under`-localized: only a part of it is found.
    """
    detections, instances = comparison.detections, comparison.instances
    states = np.full(len(instances), MISSED)
    found = comparison.by_video_and_class(detections)
    for key, own in comparison.by_video_and_class(instances).items():
        if (rows := found.get(key)) is not None:
            states[own] = _states(
                instances.segments[own], detections.segments[rows], threshold
            )
    return states


def localization_states(
    instances: Sequence[Instance], detections: Sequence[Detection], threshold: float
) -> list[str]:
    """The state of each instance of one video."""
    classes = sorted({instance.label for instance in instances})
    comparison = compare({"": instances}, {"": detections}, classes)
    return [STATES[state] for state in localize(comparison, threshold)]


def _states(
    instances: Float[np.ndarray, "instances 2"],
    detections: Float[np.ndarray, "detections 2"],
    threshold: float,
) -> Int[np.ndarray, "instances"]:
    """The same within one video and class; detections by descending score."""
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
    """Whether each instance's detection spans it and one beside it."""
    shared = _shared_seconds(chosen[:, None], instances)
    spanned = (shared > 0) & (shared >= SPANNED * np.diff(instances)[:, 0])
    beside = _shared_seconds(instances[:, None], instances) <= 0
    return spanned.diagonal() & (spanned & beside).any(axis=1)


def _shared_seconds(
    a: Float[np.ndarray, "*a 2"], b: Float[np.ndarray, "*b 2"]
) -> Float[np.ndarray, "..."]:
    """Seconds that lie in both; negative, the gap between them, if there are none."""
    return np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
