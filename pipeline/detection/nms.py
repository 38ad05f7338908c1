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
    """Return the indices of the proposals that are kept, by descending score.

    Proposals are visited by descending score. One is dropped if its tIoU with a
    proposal already kept is at least `threshold`. For `extra_seconds` see
    `pipeline.intervals.tiou`.
    """
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        overlap = tiou(segments[best], segments[rest], extra_seconds)
        order = rest[overlap < threshold]
    return np.array(kept, dtype=np.int64)


def soft_nms(
    segments: Float[np.ndarray, "proposals 2"],
    scores: Float[np.ndarray, "proposals"],
    sigma: float,
    floor: float,
    extra_seconds: float = 0.0,
) -> tuple[Int[np.ndarray, "kept"], Float[np.ndarray, "kept"]]:
    """Rescore proposals by Gaussian soft-NMS (Bodla et al. 2017, Eq. 3).

    Proposals are visited by descending score. Each multiplies the score of every
    weaker one by exp(-tIoU^2 / sigma). A proposal is dropped if its score is, or
    falls, below `floor`. The floor must not be negative, because weakening a negative
    score would raise it.

    Returns:
        The indices of the proposals that are kept and their new scores, both by
        descending new score.
    """
    order = np.argsort(segments[:, 0], kind="stable")
    segments, scores = segments[order], scores[order]
    # A score below the floor is dropped first: weakened, a negative one could round to
    # -0.0, which reaches a floor of 0.
    scores[scores < floor] = -np.inf
    # Sorted by start, the proposals that can overlap a given one are contiguous.
    longest = np.diff(segments).max(initial=0.0) + extra_seconds
    kept, final = [], []
    while scores.max(initial=-np.inf) >= floor:
        best = np.argmax(scores)
        kept.append(order[best])
        final.append(scores[best])
        reach = segments[best] + [-longest, extra_seconds]
        near = slice(*np.searchsorted(segments[:, 0], reach))
        overlap = tiou(segments[best], segments[near], extra_seconds)
        weights = np.exp(-np.square(overlap) / sigma)
        # Weights stay above 0: proposals already visited have score -inf, and
        # 0 * -inf would be NaN.
        scores[near] *= np.maximum(weights, np.finfo(float).tiny)
        scores[best] = -np.inf
    return np.array(kept, dtype=np.int64), np.array(final, dtype=float)
