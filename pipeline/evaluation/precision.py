"""Average precision of one test set, or of many draws of its videos at once."""

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.config import PrecisionKind
from pipeline.evaluation.matching import IGNORED


def class_precisions(
    comparison: Comparison,
    matches: Int[np.ndarray, "tious detections"],
    draws: Float[np.ndarray, "draws videos"],
    kind: PrecisionKind,
) -> Float[np.ndarray, "draws tious classes"]:
    """Return the average precision of each class; NaN if a draw has no instance of it.

    A draw has the number of times that each video counts. Matching is done video by
    video, so a draw only weights the ranked list. Copies of a detection share its score
    and are counted together.
    """
    detections, instances = comparison.detections, comparison.instances
    shape = (len(draws), len(matches), len(comparison.classes))
    result = np.full(shape, np.nan)
    for label, own, rows in comparison.by_class():
        count = draws[:, instances.video[own]].sum(axis=1)
        weights = draws[:, detections.video[rows]]
        for level, row in enumerate(matches[:, rows]):
            counted = weights if (row != IGNORED).all() else weights * (row != IGNORED)
            precision = average_precision(row >= 0, counted, count, kind)
            result[count > 0, level, label] = precision[count > 0]
    return result


def average_precision(
    hits: Bool[np.ndarray, "ranks"],
    weights: Float[np.ndarray, "draws ranks"],
    count: Float[np.ndarray, "draws"],
    kind: PrecisionKind,
) -> Float[np.ndarray, "draws"]:
    """Return the average precision of a ranked list, given the number of instances.

    `plain` is the sum of the precision at each hit, divided by the number of
    instances. `interpolated` replaces the precision at a hit by the best precision at
    that or any later rank, which gives the area under the monotone envelope of
    precision over recall. A hit is a detection that finds an instance; its weight is
    the number of times that it counts.
    """
    ranks = np.cumsum(weights, axis=1).compress(hits, axis=1)
    gained = weights.compress(hits, axis=1)
    precision = np.cumsum(gained, axis=1) / np.maximum(ranks, 1)
    if kind == "interpolated":
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return (gained * precision).sum(axis=1) / np.maximum(count, 1)
