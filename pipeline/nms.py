"""Non-maximum suppression in one dimension."""

import numpy as np
from jaxtyping import Float, Int

from pipeline.intervals import tiou


def nms(
    segments: Float[np.ndarray, "proposals 2"],
    scores: Float[np.ndarray, "proposals"],
    threshold: float,
    extra_seconds: float = 0.0,
) -> Int[np.ndarray, "kept"]:
    """Indices of the proposals that stay, by descending score.

    Going down the scores, a proposal goes when its tIoU with one that stays is at
    least `threshold`. For `extra_seconds` see `pipeline.intervals.tiou`.
    """
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        overlap = tiou(segments[best], segments[rest], extra_seconds)
        order = rest[overlap < threshold]
    return np.array(kept, dtype=np.int64)
