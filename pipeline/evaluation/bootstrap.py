"""Bootstrap intervals: the variation of mAP over test sets of similar videos."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.config import PrecisionKind
from pipeline.evaluation.precision import class_precisions

ENDS = (0.025, 0.975)
SEED = 0


@dataclass(frozen=True)
class Intervals:
    """The range of mAP, as a fraction, in the middle 95 % of the draws."""

    draws: int
    low: Float[np.ndarray, "tious"]
    high: Float[np.ndarray, "tious"]
    average_low: float  # of the mean over the thresholds
    average_high: float


def bootstrap(
    comparison: Comparison,
    matches: Int[np.ndarray, "tious detections"],
    kind: PrecisionKind,
    draws: int,
) -> Intervals | None:
    """Return percentile intervals over draws of all videos with replacement.

    The mean of a draw is over the classes that have an instance in it. A draw without
    any instance, which can happen if there are few videos, is left out. If `draws` is
    0, there are no intervals.
    """
    if not draws:
        return None
    count = len(comparison.videos)
    drawn = np.random.default_rng(SEED).multinomial(
        count, np.full(count, 1 / count), size=draws
    )
    precision = class_precisions(comparison, matches, drawn.astype(float), kind)
    held = ~np.isnan(precision).all(axis=(1, 2))
    means = np.nanmean(precision[held], axis=2)
    low, high = np.quantile(means, ENDS, axis=0)
    average_low, average_high = np.quantile(means.mean(axis=1), ENDS)
    return Intervals(draws, low, high, float(average_low), float(average_high))
