"""Which instances are found, by their size (DETAD, Alwassel et al., ECCV 2018)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.config import Buckets
from pipeline.evaluation.matching import IGNORED

BUCKETS = ("XS", "S", "M", "L", "XL")

# Up to which value, itself included, an instance belongs to XS, S and so on.
BOUNDS: dict[Buckets, dict[str, tuple[float, ...]]] = {
    "thumos14": {
        "coverage": (0.02, 0.04, 0.06, 0.08),
        "length": (3, 6, 12, 18),
        "instances": (1, 40, 80),
    },
    "activitynet": {
        "coverage": (0.2, 0.4, 0.6, 0.8),
        "length": (30, 60, 120, 180),
        "instances": (1, 4, 8),
    },
}

# An instance that is found only where precision is below this is not found.
LOWEST_PRECISION = 0.05


class Recall(NamedTuple):
    """How many of how many instances are found."""

    found: int
    of: int


def recall_by_size(
    comparison: Comparison,
    matches: Int[np.ndarray, "detections"],
    durations: Mapping[str, float],
    buckets: Buckets,
) -> dict[str, dict[str, Recall]]:
    """Recall by characteristic and bucket.

    The characteristics are `coverage` (length over the video's), `length` in seconds
    and `instances` of the class in the video, which has no XL. Instances of videos
    whose duration in seconds is not known are missing from `coverage`.
    """
    found = found_instances(comparison, matches)
    values = {
        "coverage": _coverage(comparison, durations),
        "length": comparison.instances.lengths,
        "instances": _neighbours(comparison),
    }
    return {
        name: _recall(values[name], found, bounds)
        for name, bounds in BOUNDS[buckets].items()
    }


def found_instances(
    comparison: Comparison, matches: Int[np.ndarray, "detections"]
) -> Bool[np.ndarray, "instances"]:
    """Whether an instance is found, at a precision of more than .05.

    DETAD's precision is normalised: N R / (N R + F) with the recall R and the false
    positives F down to the detection, and for N, in all classes alike, the mean number
    of instances of a class.
    """
    found = np.zeros(len(comparison.instances), dtype=bool)
    ranked = comparison.by_class(comparison.detections)
    expected = len(found) / len(comparison.classes)
    for label, own in comparison.by_class(comparison.instances).items():
        row = matches[ranked.get(label, np.zeros(0, dtype=np.int64))]
        row = row[row != IGNORED]
        hits = expected * np.cumsum(row >= 0) / len(own)
        precision = hits / (hits + np.cumsum(row < 0))
        found[row[(row >= 0) & (precision > LOWEST_PRECISION)]] = True
    return found


def _coverage(
    comparison: Comparison, durations: Mapping[str, float]
) -> Float[np.ndarray, "instances"]:
    """Length over the video's length; NaN where that is not known."""
    seconds = np.array([durations.get(id, np.nan) for id in comparison.videos])
    return comparison.instances.lengths / seconds[comparison.instances.video]


def _neighbours(comparison: Comparison) -> Float[np.ndarray, "instances"]:
    """Number of instances of the class in the video, itself included."""
    counts = np.zeros(len(comparison.instances))
    for rows in comparison.by_video_and_class(comparison.instances).values():
        counts[rows] = len(rows)
    return counts


def _recall(
    values: Float[np.ndarray, "instances"],
    found: Bool[np.ndarray, "instances"],
    bounds: tuple[float, ...],
) -> dict[str, Recall]:
    bucket = np.searchsorted(bounds, values)
    bucket[np.isnan(values)] = -1
    return {
        name: Recall(int(found[bucket == place].sum()), int((bucket == place).sum()))
        for place, name in enumerate(BUCKETS[: len(bounds) + 1])
    }
