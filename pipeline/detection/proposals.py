"""From a class activation sequence to detections (Sec. 6.3)."""

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
    """How detections are read off; the defaults are the paper's (Sec. 6.3)."""

    model: Annotated[
        Literal["trained", "refined"],
        "which model detects: SODA's, or one trained on what that is sure of",
    ] = "trained"
    subset: Annotated[
        Subset, "whose videos are searched and scored: parameters are chosen on train"
    ] = "test"
    tau_cls: Annotated[float, "classes with a video score of at least this"] = 0.25
    fallback: Annotated[
        Literal["best", "none"], "when no class passes tau-cls: the best one, or none"
    ] = "best"
    cas_thresholds: Annotated[
        tuple[float, ...], "thresholds on the normalised CAS, start:stop:step"
    ] = (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225)
    upsampling: Annotated[int, "fine cells in a cell of the CAS"] = 24
    outer_ratio: Annotated[float, "lambda: outer ring / proposal length"] = 0.25
    oic_on: Annotated[
        Literal["thresholded", "raw"],
        "inner and outer mean are of the normalised CAS with what lies below the "
        "threshold cut, as in the paper's lineage, or of all of it",
    ] = "thresholded"
    score_weight: Annotated[float, "gamma: weight of the class score"] = 0.2
    nms: Annotated[
        Literal["hard", "soft"],
        "weaker overlapping proposals go, or lose score (gaussian, Bodla 2017)",
    ] = "hard"
    nms_threshold: Annotated[float, "hard: tIoU from which a weaker one goes"] = 0.7
    soft_nms_sigma: Annotated[float, "soft: width of exp(-tIoU^2 / sigma)"] = 0.3
    soft_nms_floor: Annotated[float, "soft: score below which a proposal goes"] = 1e-3
    nms_iou: Annotated[
        Literal["plus_one_second", "exact"],
        "tIoU in the suppression: lengths plus 1 s, as the paper's lineage has it",
    ] = "plus_one_second"
    max_proposals: Annotated[int, "the best so many of a video; 0 = all"] = 0

    def __post_init__(self) -> None:
        check_choices(type(self), vars(self))
        check_at_least(1, self, "upsampling")
        check_at_least(0, self, "tau_cls", "outer_ratio", "score_weight")
        check_at_least(0, self, "soft_nms_floor", "max_proposals")
        if not self.cas_thresholds:
            raise ValueError("cas_thresholds must not be empty")
        if not 0 < self.nms_threshold <= 1:
            raise ValueError(
                f"nms_threshold must lie in (0, 1], got {self.nms_threshold}"
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
    """Detections of one video, by descending score."""
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
    """Start, end and score of what is found of one class, by descending score.

    Times are cut to the video; what lies in the padding of its tail is no time at all.
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
    """Categories (1 to C) to localise in a video.

    Where none reaches `tau_cls`, `fallback="best"` takes the best action class.
    """
    passed = [
        c for c in range(1, len(video_scores)) if video_scores[c] >= config.tau_cls
    ]
    if passed or config.fallback == "none":
        return passed
    return [1 + int(np.argmax(video_scores[1:]))]


def normalise(sequence: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
    """Min-max over time with negative activations cut; into [0, 1].

    A sequence that never exceeds 0 has nothing left after the cut, so it is scaled
    as it is; a constant one counts as silent (span 1).
    """
    if sequence.max() > 0:
        sequence = np.maximum(sequence, 0)
    span = sequence.max() - sequence.min()
    return (sequence - sequence.min()) / (span if span > 0 else 1)


def raw_thresholds(
    sequence: Float[np.ndarray, "time"], thresholds: tuple[float, ...]
) -> list[float]:
    """The activations at which thresholds on the normalised sequence lie."""
    if sequence.max() > 0:
        sequence = np.maximum(sequence, 0)
    low, span = float(sequence.min()), float(np.ptp(sequence))
    return [low + threshold * span for threshold in thresholds]


def upsample(
    sequence: Float[np.ndarray, "cells"], factor: int
) -> Float[np.ndarray, "fine_cells"]:
    """Linear interpolation between the centres of cells, constant beyond the ends."""
    fine_centres = (np.arange(len(sequence) * factor) + 0.5) / factor
    centres = np.arange(len(sequence)) + 0.5
    return np.interp(fine_centres, centres, sequence)


def propose(
    cas: Float[np.ndarray, "cells"], class_score: float, config: DetectConfig
) -> tuple[Float[np.ndarray, "proposals 2"], Float[np.ndarray, "proposals"]]:
    """Proposals [first, last) in cells, and their scores, over all thresholds.

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
    """Inner minus outer mean of each proposal [first, last).

    The outer ring is lambda times the proposal's length on each side, and counts as
    0 where the video ends before it begins.
    """
    first, last = proposals.T
    length = last - first
    ring = outer_ratio * length
    left = np.maximum(first - ring, 0).astype(int)
    right = np.minimum(last + ring, len(sequence)).astype(int)
    sums = np.concatenate([[0.0], np.cumsum(sequence)])
    inner = sums[last] - sums[first]
    outer = sums[right] - sums[left] - inner
    return inner / length - outer / np.maximum(right - left - length, 1)


def runs(above: Bool[np.ndarray, "cells"]) -> Int[np.ndarray, "runs 2"]:
    """Maximal runs [first, last) of consecutive true cells; a lone cell is one.

    >>> runs(np.array([True, False, True, True])).tolist()
    [[0, 1], [2, 4]]
    """
    edges = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2)


def to_seconds(
    cells: Float[np.ndarray, "proposals 2"], grid: SnippetGrid, count: int
) -> Float[np.ndarray, "proposals 2"]:
    """Seconds of positions on a sequence of `count` cells, cut to the video."""
    # Seconds are linear in the position, so that the two ends say all.
    ends = [grid.position_to_seconds(edge, cells=count) for edge in (0, count)]
    seconds = np.interp(cells, [0, count], ends)
    return np.clip(seconds, grid.start_seconds, grid.end_seconds)


def suppress(
    segments: Float[np.ndarray, "proposals 2"],
    scores: Float[np.ndarray, "proposals"],
    config: DetectConfig,
) -> tuple[Float[np.ndarray, "kept 2"], Float[np.ndarray, "kept"]]:
    """The proposals of one class that stay, and their scores, in descending order."""
    extra = 1.0 if config.nms_iou == "plus_one_second" else 0.0
    if config.nms == "soft":
        sigma, floor = config.soft_nms_sigma, config.soft_nms_floor
        kept, scores = soft_nms(segments, scores, sigma, floor, extra)
        return segments[kept], scores
    kept = nms(segments, scores, config.nms_threshold, extra)
    return segments[kept], scores[kept]
