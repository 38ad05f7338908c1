"""The rows and scores under the player on a video's page."""

from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from pipeline.datasets import BACKGROUND
from pipeline.detection.proposals import raw_thresholds
from pipeline.report.data import Findings, VideoReport
from pipeline.report.drawing import Axis, common_scale, lanes, polyline, time_axis
from pipeline.report.verdicts import RankedVideo

MAX_SCORES = 10


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
            label: lanes(told, attrgetter("instance")) for label, told in truth.items()
        },
        "points": by_label(video.points, order),
        "model_rows": [
            {
                "detections": {
                    label: lanes(detections)
                    for label, detections in by_label(found.detections, order).items()
                },
                **_curves(video, found, categories, axis),
            }
            for found in video.findings
        ],
        "scores": best_scores(video, categories),
    }


def by_label(items: Sequence[Any], order: Collection[str]) -> dict[str, list[Any]]:
    """Group items by label, in the given order, leaving out labels without items."""
    present = {item.label for item in items}
    return {
        label: [item for item in items if item.label == label]
        for label in order
        if label in present
    }


def _curves(
    video: VideoReport, found: Findings, categories: tuple[str, ...], axis: Axis
) -> dict[str, Any]:
    """Return the scale and the curves of the present classes and of background.

    If no class is present, the class with the best video-level score is shown.
    """
    if found.response is None:
        return {"scale": None, "curves": []}
    said, cell_seconds = found.response.prediction, found.response.cell_seconds
    best = 1 + int(np.argmax(said.video_scores[1:]))
    shown = video.labels.intersection(categories) or {categories[best]}
    indices = [i for i, label in enumerate(categories) if label in shown] + [0]
    scale = common_scale(said.cas[indices])
    curves = []
    for i in indices:
        label, sequence = categories[i], said.cas[i]
        # Background is never localized, so no proposals are cut from it.
        is_cut = i > 0 and np.isfinite(sequence).all()
        curve = {
            "label": label,
            "points": polyline(sequence, cell_seconds, axis, scale),
            "levels": raw_thresholds(sequence, found.thresholds) if is_cut else [],
            "instances": [g for g in video.ground_truth if g.label == label],
        }
        curves.append(curve)
    return {"scale": scale, "curves": curves}


def best_scores(
    video: VideoReport, categories: tuple[str, ...]
) -> dict[str, list[float | None]]:
    """Return each model's video-level scores of the best and the present categories.

    They are sorted by the first known model's scores; None marks a model without.
    """
    columns = [
        found.response.prediction.video_scores if found.response else None
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
