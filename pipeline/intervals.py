"""Arithmetic on half-open intervals [start, end) in seconds."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

# Annotators often close the last segment a little after the last frame.
END_TOLERANCE_SECONDS = 1.0
Interval = tuple[float, float]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return disjoint intervals, in order, that cover the same times.

    >>> union([(3, 4), (0, 2), (1, 2.5)])
    [(0, 2.5), (3, 4)]
    """
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def intersection(a: Iterable[Interval], b: Iterable[Interval]) -> list[Interval]:
    """Return the times that are in an interval of `a` and in one of `b`.

    >>> intersection([(0, 10)], [(2, 3), (8, 12)])
    [(2, 3), (8, 10)]
    """
    b = list(b)
    pieces = [
        (max(a_start, b_start), min(a_end, b_end))
        for a_start, a_end in a
        for b_start, b_end in b
    ]
    return sorted((start, end) for start, end in pieces if start < end)


def complement(intervals: Iterable[Interval], within: Interval) -> list[Interval]:
    """Return the times of `within` that are in none of the intervals.

    >>> complement([(2, 3)], (0, 5))
    [(0, 2), (3, 5)]
    """
    gaps, start = [], within[0]
    for left, right in union(intervals):
        gaps.append((start, min(left, within[1])))
        start = max(start, right)
    gaps.append((start, within[1]))
    return [(start, end) for start, end in gaps if start < end]


def tiou(
    a: Float[np.ndarray, "*a 2"], b: Float[np.ndarray, "*b 2"], extra: float = 0.0
) -> Float[np.ndarray, "..."]:
    """Return the temporal intersection over union (tIoU) of intervals.

    Shapes broadcast, without the last axis. `extra` seconds are added to both lengths
    and to the intersection: 0 is exact, and 1 is what the method's predecessors add in
    their non-maximum suppression. Two intervals of length 0 have a tIoU of 0.
    """
    shared = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    shared = np.maximum(shared + extra, 0)
    lengths = (a[..., 1] - a[..., 0] + extra) + (b[..., 1] - b[..., 0] + extra)
    both = lengths - shared
    return np.divide(shared, both, out=np.zeros_like(both), where=both > 0)


def beyond_end(seconds: float, duration_seconds: float | None) -> str | None:
    """Return the end of a sentence if a time is beyond a video's end, else None.

    >>> beyond_end(11.5, 10.0)
    "ends at 11.5 s, beyond the video's end at 10 s"
    """
    if duration_seconds is None or seconds <= duration_seconds + END_TOLERANCE_SECONDS:
        return None
    return f"ends at {seconds:g} s, beyond the video's end at {duration_seconds:g} s"
