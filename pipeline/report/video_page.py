"""The rows and scores under the player on a video's page."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.datasets import BACKGROUND
from pipeline.detection.detections import Detection
from pipeline.detection.proposals import raw_thresholds
from pipeline.report.data import Activations, VideoReport
from pipeline.report.drawing import (
    Axis,
    Scale,
    common_scale,
    lanes,
    polyline,
    time_axis,
)
from pipeline.report.ranking import RankedVideo

MAX_SCORES = 10


@dataclass(frozen=True)
class ActivationCurve:
    """One category's activations, ready to draw."""

    label: str
    points: str
    levels: list[float]  # raw activations at which proposals are cut
    instances: list[Any]  # ground truth of that class, shaded behind the curve


@dataclass(frozen=True)
class ModelRows:
    """One model's rows of the time line."""

    detections: dict[str, list[list[Detection]]]  # lanes by label
    scale: Scale | None  # shared by the curves; None without activations
    curves: list[ActivationCurve]


def rows(
    entry: RankedVideo, classes: tuple[str, ...], order: Collection[str]
) -> dict[str, Any]:
    """Return the rows of the time line, by their names in the template."""
    video, axis = entry.video, time_axis(entry.video)
    categories = (BACKGROUND, *classes)
    truth = {
        label: [v for v in entry.verdicts if v.instance.label == label]
        for label in by_label(video.ground_truth, order)
    }
    return {
        "axis": axis,
        "ground_truth": {
            label: lanes(found, [v.instance for v in found])
            for label, found in truth.items()
        },
        "points": by_label(video.points, order),
        "model_rows": [
            ModelRows(
                {
                    label: lanes(found, found)
                    for label, found in by_label(model.detections, order).items()
                },
                *_curves(video, model.activations, categories, axis),
            )
            for model in video.findings
        ],
        "scores": best_scores(video, categories),
    }


def by_label(items: Iterable[Any], order: Collection[str]) -> dict[str, list[Any]]:
    """Group items by label, in the given order, leaving out labels without items."""
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(item.label, []).append(item)
    return {label: groups[label] for label in order if label in groups}


def _curves(
    video: VideoReport,
    activations: Activations | None,
    categories: tuple[str, ...],
    axis: Axis,
) -> tuple[Scale | None, list[ActivationCurve]]:
    """Return the scale and the curves of the present classes and of background.

    If no class is present, the class with the best video-level score is shown.
    """
    if activations is None:
        return None, []
    best = 1 + int(np.argmax(activations.video_scores[1:]))
    shown = video.labels.intersection(categories) or {categories[best]}
    indices = [i for i, label in enumerate(categories) if label in shown] + [0]
    scale = common_scale(activations.cas[indices])
    curves = [
        ActivationCurve(
            label=categories[i],
            points=polyline(activations.cas[i], activations.cell_seconds, axis, scale),
            levels=_levels(activations, i),
            instances=[g for g in video.ground_truth if g.label == categories[i]],
        )
        for i in indices
    ]
    return scale, curves


def _levels(activations: Activations, category: int) -> list[float]:
    """Return the raw thresholds of proposals; none for background, never localized."""
    sequence = activations.cas[category]
    if category == 0 or not np.isfinite(sequence).all():
        return []
    return raw_thresholds(sequence, activations.thresholds)


def best_scores(
    video: VideoReport, categories: tuple[str, ...]
) -> dict[str, list[float | None]]:
    """Return each model's video-level scores of the best and the present categories.

    They are sorted by the first known model's scores; None marks a model without.
    """
    columns = [
        None if found.activations is None else found.activations.video_scores
        for found in video.findings
    ]
    known = [column for column in columns if column is not None]
    if not known:
        return {}
    ranked = np.argsort(-known[0], kind="stable")
    best = {categories[i] for i in ranked[:MAX_SCORES]} | video.labels
    return {
        categories[i]: [None if c is None else float(c[i]) for c in columns]
        for i in ranked
        if categories[i] in best
    }
