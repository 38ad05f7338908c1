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


def soft_nms(
    segments: Float[np.ndarray, "proposals 2"],
    scores: Float[np.ndarray, "proposals"],
    sigma: float,
    floor: float,
    extra_seconds: float = 0.0,
) -> tuple[Int[np.ndarray, "kept"], Float[np.ndarray, "kept"]]:
    """Gaussian soft-NMS (Bodla et al. 2017, Eq. 3): who stays, and with what score.

    Going down the scores, each proposal multiplies the score of every weaker one by
    exp(-tIoU^2 / sigma). A proposal goes when its score is, or falls, below `floor`,
    which must not be negative: to weaken a negative score would raise it.

    Returns:
        Indices of those that stay and their new scores, both by descending new score.
    """
    order = np.argsort(segments[:, 0], kind="stable")
    segments, scores = segments[order], scores[order]
    # Whatever starts below the floor stays out: a negative score that is weakened
    # could round to -0.0, which reaches a floor of 0.
    scores[scores < floor] = -np.inf
    # By their starts, those that can overlap one proposal stand side by side.
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
        # Never quite 0, which times -inf, the mark of who is done, would be NaN.
        scores[near] *= np.maximum(weights, np.finfo(float).tiny)
        scores[best] = -np.inf
    return np.array(kept, dtype=np.int64), np.array(final, dtype=float)
