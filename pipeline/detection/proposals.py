"""Detections read off a class activation sequence (Sec. 6.3)."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from models.config import check_at_least, check_choices
from models.prediction import Prediction
from pipeline.datasets.dataset import Subset
from pipeline.detection.detections import Detection
from pipeline.detection.nms import nms, soft_nms
from pipeline.grid import SnippetGrid


@dataclass(frozen=True)
class DetectConfig:
    """The parameters of detection; the defaults are the paper's (Sec. 6.3)."""

    model: Annotated[
        Literal["trained", "refined"],
        "which model detects: the one SODA trained, or one retrained on its confident "
        "proposals",
    ] = "trained"
    subset: Annotated[
        Subset, "subset to search and score; use train to choose parameters"
    ] = "test"
    tau_cls: Annotated[float, "lowest video score of a class to localise"] = 0.25
    fallback: Annotated[
        Literal["best", "none"],
        "classes to localise when none passes tau-cls: the best one, or none",
    ] = "best"
    cas_thresholds: Annotated[
        tuple[float, ...], "thresholds on the normalised CAS, start:stop:step"
    ] = (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225)
    upsampling: Annotated[int, "fine cells per cell of the CAS"] = 24
    outer_ratio: Annotated[
        float, "lambda: length of the outer ring on each side / proposal length"
    ] = 0.25
    oic_on: Annotated[
        Literal["thresholded", "raw"],
        "sequence whose inner and outer means are compared: the normalised CAS with "
        "values below the threshold set to 0, as in the published code, or all of it",
    ] = "thresholded"
    score_weight: Annotated[float, "gamma: weight of the class score"] = 0.2
    nms: Annotated[
        Literal["hard", "soft"],
        "drop weaker overlapping proposals, or lower their scores (Gaussian, Bodla "
        "2017)",
    ] = "hard"
    nms_threshold: Annotated[float, "hard: lowest tIoU that drops the weaker one"] = 0.7
    soft_nms_sigma: Annotated[float, "soft: sigma of exp(-tIoU^2 / sigma)"] = 0.3
    soft_nms_floor: Annotated[float, "soft: lowest score of kept proposals"] = 1e-3
    nms_iou: Annotated[
        Literal["plus_one_second", "exact"],
        "tIoU in the suppression: with 1 s added to lengths, as in the published code, "
        "or exact",
    ] = "plus_one_second"
    max_proposals: Annotated[int, "most proposals to keep per video; 0 = all"] = 0

    def __post_init__(self) -> None:
        check_choices(type(self), vars(self))
        check_at_least(1, self, "upsampling")
        check_at_least(0, self, "tau_cls", "outer_ratio", "score_weight")
        check_at_least(0, self, "soft_nms_floor", "max_proposals")
        if not self.cas_thresholds:
            raise ValueError("cas_thresholds must not be empty")
        if not 0 < self.nms_threshold <= 1:
            raise ValueError(
                f"nms_threshold must be in (0, 1], got {self.nms_threshold}"
            )
        if not self.soft_nms_sigma > 0:
            raise ValueError(
                f"soft_nms_sigma must be positive, got {self.soft_nms_sigma}"
            )


def detect_actions(
    prediction: Prediction,
    classes: tuple[str, ...],
    grid: SnippetGrid,
    config: DetectConfig,
) -> list[Detection]:
    """Return the detections of one video, by descending score."""
    detections = [
        Detection(classes[c - 1], score, start, end)
        for c in select_classes(prediction.video_scores, config)
        for start, end, score in localise(
            prediction.cas[c], float(prediction.video_scores[c]), grid, config
        )
    ]
    detections.sort(key=lambda d: -d.score)
    return detections[: config.max_proposals or None]


def localise(
    sequence: Float[np.ndarray, "cells"],
    class_score: float,
    grid: SnippetGrid,
    config: DetectConfig,
) -> list[tuple[float, float, float]]:
    """Return start, end and score of the actions of one class, by descending score.

    Times are clipped to the video. A proposal that is entirely in the padding of the
    last snippet is dropped.
    """
    cas = upsample(normalise(sequence), config.upsampling)
    cells, scores = propose(cas, class_score, config)
    segments = to_seconds(cells, grid, len(cas))
    inside = segments[:, 1] > segments[:, 0]
    segments, scores = suppress(segments[inside], scores[inside], config)
    return list(zip(*segments.T.tolist(), scores.tolist(), strict=True))


def select_classes(
    video_scores: Float[np.ndarray, "categories"], config: DetectConfig
) -> list[int]:
    """Return the categories (1 to C) to localise in a video.

    If none reaches `tau_cls`, `fallback="best"` selects the best action class.
    """
    passed = [
        c for c in range(1, len(video_scores)) if video_scores[c] >= config.tau_cls
    ]
    if passed or config.fallback == "none":
        return passed
    return [1 + int(np.argmax(video_scores[1:]))]


def normalise(sequence: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
    """Scale a sequence to [0, 1] by its extremes, with negative activations set to 0.

    A sequence that never exceeds 0 would become constant, so it is scaled as it is.
    A constant sequence becomes 0 everywhere (its span counts as 1).
    """
    shown = _without_negatives(sequence)
    span = np.ptp(shown)
    return (shown - shown.min()) / (span if span > 0 else 1)


def raw_thresholds(
    sequence: Float[np.ndarray, "time"], thresholds: tuple[float, ...]
) -> list[float]:
    """Convert thresholds on the normalised sequence to raw activations."""
    shown = _without_negatives(sequence)
    low, span = float(shown.min()), float(np.ptp(shown))
    return [low + threshold * span for threshold in thresholds]


def _without_negatives(
    sequence: Float[np.ndarray, "time"],
) -> Float[np.ndarray, "time"]:
    return np.maximum(sequence, 0) if sequence.max() > 0 else sequence


def upsample(
    sequence: Float[np.ndarray, "cells"], factor: int
) -> Float[np.ndarray, "fine_cells"]:
    """Interpolate linearly between the centres of cells, constant beyond the ends."""
    fine_centres = (np.arange(len(sequence) * factor) + 0.5) / factor
    centres = np.arange(len(sequence)) + 0.5
    return np.interp(fine_centres, centres, sequence)


def propose(
    cas: Float[np.ndarray, "cells"], class_score: float, config: DetectConfig
) -> tuple[Float[np.ndarray, "proposals 2"], Float[np.ndarray, "proposals"]]:
    """Return proposals [first, last) in cells, and their scores, over all thresholds.

    The score is the inner-outer contrast plus gamma times the class score.
    """
    cells, contrasts = [], []
    for threshold in config.cas_thresholds:
        above = cas > threshold
        scored = cas if config.oic_on == "raw" else np.where(above, cas, 0.0)
        cells.append(runs(above))
        contrasts.append(contrast(scored, cells[-1], config.outer_ratio))
    scores = np.concatenate(contrasts) + config.score_weight * class_score
    return np.concatenate(cells).astype(float), scores


def contrast(
    sequence: Float[np.ndarray, "cells"],
    proposals: Int[np.ndarray, "proposals 2"],
    outer_ratio: float,
) -> Float[np.ndarray, "proposals"]:
    """Return inner minus outer mean of each proposal [first, last).

    The outer ring extends lambda times the proposal's length on each side. It is cut
    at the ends of the sequence, and the mean of a ring without cells is 0.
    """
    first, last = proposals.T
    length = last - first
    # The outer mean is a mean over whole cells, but lambda times the length (a quarter
    # of it in the paper) is rarely a whole number. Both ends of the ring are rounded
    # down, as in the published code of the paper's predecessors: the ring has
    # ceil(lambda * length) cells on the left and floor(lambda * length) on the right.
    # So a proposal of a single cell is still compared with its left neighbour.
    ring = outer_ratio * length
    left = np.maximum(first - ring, 0).astype(int)
    right = np.minimum(last + ring, len(sequence)).astype(int)
    sums = np.concatenate([[0.0], np.cumsum(sequence)])
    inner = sums[last] - sums[first]
    outer = sums[right] - sums[left] - inner
    return inner / length - outer / np.maximum(right - left - length, 1)


def runs(above: Bool[np.ndarray, "cells"]) -> Int[np.ndarray, "runs 2"]:
    """Return the maximal runs [first, last) of true cells; a lone cell is a run.

    >>> runs(np.array([True, False, True, True])).tolist()
    [[0, 1], [2, 4]]
    """
    edges = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2)


def to_seconds(
    cells: Float[np.ndarray, "proposals 2"], grid: SnippetGrid, count: int
) -> Float[np.ndarray, "proposals 2"]:
    """Convert positions on a sequence of `count` cells to seconds within the video."""
    # Seconds are linear in the position, so the two ends determine every position.
    ends = [grid.position_to_seconds(edge, cells=count) for edge in (0, count)]
    seconds = np.interp(cells, [0, count], ends)
    return np.clip(seconds, grid.start_seconds, grid.end_seconds)


def suppress(
    segments: Float[np.ndarray, "proposals 2"],
    scores: Float[np.ndarray, "proposals"],
    config: DetectConfig,
) -> tuple[Float[np.ndarray, "kept 2"], Float[np.ndarray, "kept"]]:
    """Return the proposals of one class that are kept, by descending score."""
    extra = 1.0 if config.nms_iou == "plus_one_second" else 0.0
    if config.nms == "soft":
        sigma, floor = config.soft_nms_sigma, config.soft_nms_floor
        kept, scores = soft_nms(segments, scores, sigma, floor, extra)
        return segments[kept], scores
    kept = nms(segments, scores, config.nms_threshold, extra)
    return segments[kept], scores[kept]
