"""Copies of the same footage, even if they were re-encoded, scaled or trimmed.

Different videos of the same stage look alike, and so do those of the same motion, such
as simulated ones. So a video is shifted in time against another one, and must have the
same stage and explain how the other one changes.
"""

from math import inf

import numpy as np
from jaxtyping import Float32

from pipeline.check.facts import Facts
from pipeline.video.sketch import STEP_SECONDS, Sketch, TinyFrames

Values = Float32[np.ndarray, "frames values"]

# Levels of 0 to 255: root mean squares over the pixels of tiny frames.
MOST_DIFFERENCE = 16.0  # between frames of the same footage
LEAST_CHANGE = 2.0  # of the frames over time; what is more static is not recognised
MOST_UNEXPLAINED = 0.2  # of the squared change
LEAST_STEP = 1.0  # between neighbours on the stage, to count
LEAST_SAME = 0.8  # the share of these steps that have the same sign
LEAST_FRAMES = 3  # to compare
MOST_OUTSIDE_SECONDS = 1.0  # of the shorter video's window before or after the longer
MOST_SHIFTS = 5  # to compare in full, those with the least difference


def shift_between(a: Facts, b: Facts) -> float | None:
    """Return by how many seconds the same footage is shifted between two videos.

    None means that neither contains the other, or that they are too short or too static
    to say.
    """
    short, long = sorted((a, b), key=lambda facts: facts.duration_seconds)
    if not (short.sketch and long.sketch):
        return None
    return _shift(short.sketch, long.sketch, long.duration_seconds)


def _shift(short: Sketch, long: Sketch, long_seconds: float) -> float | None:
    if min(len(short.window), len(long.frames)) < LEAST_FRAMES:
        return None
    window, others = _values(short.window), _values(long.frames)
    shifts = np.subtract.outer(long.seconds, short.window_seconds)
    steps = np.rint((shifts - shifts.min()) / STEP_SECONDS).astype(np.int64)
    counts = np.bincount(steps.ravel())
    sums = np.bincount(steps.ravel(), _squared_differences(others, window).ravel())
    enough = counts >= LEAST_FRAMES
    means = np.where(enough, sums / np.maximum(counts, 1), inf)
    for step in np.argsort(means)[:MOST_SHIFTS]:
        if means[step] > MOST_DIFFERENCE**2:
            break
        later, sooner = np.nonzero(steps == step)
        shift = float(shifts[later, sooner].mean())
        starts = short.window_seconds[0] + shift - long.seconds.min()
        ends = starts + np.ptp(short.window_seconds) - long_seconds
        is_inside = max(-starts, ends) <= MOST_OUTSIDE_SECONDS
        pair = long.frames[later], short.window[sooner]
        if is_inside and _moves_alike(*pair) and _has_same_stage(*pair):
            return abs(shift)
    return None


def _values(frames: TinyFrames) -> Values:
    return frames.reshape(len(frames), -1).astype(np.float32)


def _squared_differences(
    a: Float32[np.ndarray, "m values"], b: Float32[np.ndarray, "n values"]
) -> Float32[np.ndarray, "m n"]:
    """Return the mean squared difference of each pair of frames."""
    squares = np.add.outer((a**2).sum(axis=1), (b**2).sum(axis=1)) - 2 * a @ b.T
    return squares / np.float32(a.shape[1])


def _moves_alike(a: TinyFrames, b: TinyFrames) -> bool:
    """Return whether one sequence of frames changes over time as the other does."""
    x, y = (_values(frames) - _values(frames).mean(axis=0) for frames in (a, b))
    change = min((x**2).mean(), (y**2).mean())
    unexplained = ((x - y) ** 2).mean()
    return bool(change >= LEAST_CHANGE**2 and unexplained <= MOST_UNEXPLAINED * change)


def _has_same_stage(a: TinyFrames, b: TinyFrames) -> bool:
    """Return whether the same pixels are brighter than their neighbours, on average."""
    steps = [np.diff(frames.mean(axis=0), axis=1) for frames in (a, b)]
    is_clear = np.maximum(*map(np.abs, steps)) >= LEAST_STEP
    is_same = np.sign(steps[0]) == np.sign(steps[1])
    return bool(is_same[is_clear].mean() >= LEAST_SAME) if is_clear.any() else False
