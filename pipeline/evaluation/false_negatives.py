"""Recall of instances by their size (DETAD, Alwassel et al., ECCV 2018)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from pipeline.evaluation.columns import Comparison
from pipeline.evaluation.config import Buckets
from pipeline.evaluation.matching import IGNORED

BUCKETS = ("XS", "S", "M", "L", "XL")

# The largest value, inclusive, of XS, S and so on.
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

# An instance counts as found only at a precision of more than this.
LOWEST_PRECISION = 0.05


class Recall(NamedTuple):
    """The number of instances that are found, and of all instances."""

    found: int
    of: int


def recall_by_size(
    comparison: Comparison,
    matches: Int[np.ndarray, "detections"],
    durations: Mapping[str, float],
    buckets: Buckets,
) -> dict[str, dict[str, Recall]]:
    """Return the recall by characteristic and bucket.

    The characteristics are `coverage` (an instance's length over the video's),
    `length` in seconds, and `instances`: the number of instances of the class in the
    video, which has no XL. Instances of videos of unknown duration are missing from
    `coverage`.
    """
    instances = comparison.instances
    seconds = np.array([durations.get(id, np.nan) for id in comparison.videos])
    _, place, counts = np.unique(
        comparison.video_and_class(instances), return_inverse=True, return_counts=True
    )
    values = {
        "coverage": instances.lengths / seconds[instances.video],
        "length": instances.lengths,
        "instances": counts[place].astype(float),
    }
    found = found_instances(comparison, matches)
    return {
        name: _recall(values[name], found, bounds)
        for name, bounds in BOUNDS[buckets].items()
    }


def found_instances(
    comparison: Comparison, matches: Int[np.ndarray, "detections"]
) -> Bool[np.ndarray, "instances"]:
    """Return for each instance whether it is found at a precision of more than .05.

    DETAD normalises precision: it is N R / (N R + F), where R is the recall and F the
    number of false positives down to the detection's rank. N is the mean number of
    instances per class, the same for all classes.
    """
    found = np.zeros(len(comparison.instances), dtype=bool)
    expected = len(found) / len(comparison.classes)
    for _, own, rows in comparison.by_class():
        row = matches[rows]
        row = row[row != IGNORED]
        hits = expected * np.cumsum(row >= 0) / len(own)
        precision = hits / (hits + np.cumsum(row < 0))
        found[row[(row >= 0) & (precision > LOWEST_PRECISION)]] = True
    return found


def _recall(
    values: Float[np.ndarray, "instances"],
    found: Bool[np.ndarray, "instances"],
    bounds: tuple[float, ...],
) -> dict[str, Recall]:
    bucket = np.searchsorted(bounds, values)
    bucket[np.isnan(values)] = -1  # those of videos of unknown duration
    return {
        name: Recall(int(found[bucket == place].sum()), int((bucket == place).sum()))
        for place, name in enumerate(BUCKETS[: len(bounds) + 1])
    }
