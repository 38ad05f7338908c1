"""From a class activation sequence to detections (Sec. 6.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Bool, Float

from models.predictor import Prediction
from pipeline.detections import Detection
from pipeline.grid import SnippetGrid
from pipeline.nms import nms


@dataclass(frozen=True)
class DetectConfig:
    """How detections are read off; the defaults are the paper's."""

    tau_cls: Annotated[float, "classes with a video score of at least this"] = 0.25
    fallback: Annotated[
        Literal["best", "none"], "when no class passes tau-cls: the best one, or none"
    ] = "best"
    cas_thresholds: Annotated[
        tuple[float, ...], "thresholds on the normalised CAS, start:stop:step"
    ] = (0.0, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.225)
    upsampling: Annotated[int, "fine cells in a cell of the CAS"] = 24
    outer_ratio: Annotated[float, "lambda: outer ring / proposal length"] = 0.25
    score_weight: Annotated[float, "gamma: weight of the class score"] = 0.2
    nms_threshold: Annotated[float, "tIoU from which a weaker proposal goes"] = 0.7
    nms_iou: Annotated[
        Literal["plus_one_second", "exact"],
        "tIoU in the suppression: lengths plus 1 s, as the paper's lineage has it",
    ] = "plus_one_second"

    def __post_init__(self) -> None:
        if self.upsampling < 1:
            raise ValueError(f"upsampling must be at least 1, got {self.upsampling}")
        if not self.cas_thresholds:
            raise ValueError("cas_thresholds must not be empty")


def detect_actions(
    prediction: Prediction,
    classes: tuple[str, ...],
    grid: SnippetGrid,
    config: DetectConfig,
) -> list[Detection]:
    """Detections of one video, by descending score.

    Times are cut to the video, so that a padded tail adds nothing.
    """
    detections: list[Detection] = []
    for c in select_classes(prediction.video_scores, config):
        cas = upsample(normalise(prediction.cas[c]), config.upsampling)
        cells, scores = propose(cas, float(prediction.video_scores[c]), config)
        segments = to_seconds(cells, grid, len(cas))
        extra = 1.0 if config.nms_iou == "plus_one_second" else 0.0
        for index in nms(segments, scores, config.nms_threshold, extra):
            start, end = segments[index].tolist()
            label = classes[c - 1]
            detections.append(Detection(label, float(scores[index]), start, end))
    return sorted(detections, key=lambda d: -d.score)


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

    The score is the inner minus the outer mean of the thresholded sequence plus
    gamma times the class score; the outer ring is lambda times the proposal's length
    on each side, and counts as 0 where the video ends before it begins.
    """
    cells, scores = [], []
    for threshold in config.cas_thresholds:
        above = cas > threshold
        sums = np.concatenate([[0.0], np.cumsum(np.where(above, cas, 0.0))])
        for first, last in runs(above):
            ring = config.outer_ratio * (last - first)
            left = max(0, int(first - ring))
            right = min(len(cas), int(last + ring))
            inner = sums[last] - sums[first]
            outer = sums[right] - sums[left] - inner
            ring_cells = (right - left) - (last - first)
            contrast = inner / (last - first) - outer / max(ring_cells, 1)
            cells.append((first, last))
            scores.append(contrast + config.score_weight * class_score)
    return np.array(cells, dtype=float).reshape(-1, 2), np.array(scores, dtype=float)


def runs(above: Bool[np.ndarray, "cells"]) -> Iterator[tuple[int, int]]:
    """Maximal runs [first, last) of consecutive true cells; a lone cell is one.

    >>> list(runs(np.array([True, False, True, True])))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(above.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def to_seconds(
    cells: Float[np.ndarray, "proposals 2"], grid: SnippetGrid, count: int
) -> Float[np.ndarray, "proposals 2"]:
    """Seconds of positions on a sequence of `count` cells, cut to the video."""
    seconds = np.array(
        [[grid.position_to_seconds(edge, cells=count) for edge in run] for run in cells]
    ).reshape(-1, 2)
    return np.clip(seconds, grid.start_seconds, grid.end_seconds)
