"""What the page of one video shows under its player."""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from pipeline.datasets import BACKGROUND
from pipeline.report.data import VideoReport
from pipeline.report.drawing import (
    Axis,
    Scale,
    common_scale,
    lanes,
    polyline,
    time_axis,
)

MAX_SCORES = 10


@dataclass(frozen=True)
class Curve:
    """One category's activations, ready to draw."""

    label: str
    points: str
    instances: list[Any]  # ground truth of that class, as shade behind the curve


def rows(
    video: VideoReport, classes: tuple[str, ...], order: Collection[str]
) -> dict[str, Any]:
    """Every row of the time line, by the name that the template gives it."""
    axis = time_axis(video)
    found = by_label(video.detections, order)
    return {
        "axis": axis,
        "ground_truth": by_label(video.ground_truth, order),
        "points": by_label(video.points, order),
        "detections": {label: lanes(items) for label, items in found.items()},
        **activations(video, (BACKGROUND, *classes), axis),
        "scores": best_scores(video, (BACKGROUND, *classes)),
    }


def by_label(items: Iterable[Any], order: Collection[str]) -> dict[str, list[Any]]:
    """Items of each label that has any, labels in the given order."""
    items = list(items)
    groups = {label: [i for i in items if i.label == label] for label in order}
    return {label: group for label, group in groups.items() if group}


def activations(
    video: VideoReport, categories: tuple[str, ...], axis: Axis
) -> dict[str, Scale | list[Curve]]:
    """Curves of the classes present and of background, and the scale they share.

    Where no class is present, the one with the best video-level score stands in.
    """
    best = 1 + int(np.argmax(video.video_scores[1:]))
    shown = video.labels.intersection(categories) or {categories[best]}
    indices = [i for i, label in enumerate(categories) if label in shown] + [0]
    scale = common_scale(video.cas[indices])
    curves = [
        Curve(
            label=categories[i],
            points=polyline(video.cas[i], video.cell_seconds, axis, scale),
            instances=[g for g in video.ground_truth if g.label == categories[i]],
        )
        for i in indices
    ]
    return {"scale": scale, "curves": curves}


def best_scores(video: VideoReport, categories: tuple[str, ...]) -> dict[str, float]:
    """The best video-level scores, and those of the classes present, best first."""
    scores = dict(zip(categories, video.video_scores.tolist(), strict=True))
    ranked = sorted(scores, key=lambda label: -scores[label])
    shown = {*ranked[:MAX_SCORES], *video.labels}
    return {label: scores[label] for label in ranked if label in shown}


def video_href(path: Path, page_folder: Path) -> str:
    """Address of the video file, relative to the page: both can move together."""
    return quote(Path(os.path.relpath(path, page_folder)).as_posix())
