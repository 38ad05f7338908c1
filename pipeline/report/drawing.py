"""Positions and colours: how times, activations and labels are drawn on a page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from pipeline.datasets import BACKGROUND
from pipeline.report.data import RunReport, VideoReport

Drawn = TypeVar("Drawn")

MAX_TICK_INTERVALS = 8
TICK_STEPS_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
# As many as style.css defines. Further classes reuse them and differ by their label.
NUM_COLOURS = 7


def colours(report: RunReport) -> dict[str, str]:
    """Return the CSS class of each label, in the order in which labels are listed.

    Labels that only the ground truth has come after those that the model knows;
    background is last.
    """
    scored = report.evaluation.classes if report.evaluation else {}
    seen = set(scored).union(*(video.labels for video in report.videos))
    labels = [*report.classes, *sorted(seen - set(report.classes))]
    names = {label: f"colour-{i % NUM_COLOURS}" for i, label in enumerate(labels)}
    return names | {BACKGROUND: "colour-background"}


@dataclass(frozen=True)
class Axis:
    """The time axis that all rows of a page share: [0, end)."""

    end_seconds: float

    def percent(self, seconds: float) -> float:
        """Return the position on the axis, as a percentage of its length."""
        return round(100 * seconds / self.end_seconds, 2)

    def ticks(self) -> list[int]:
        """Return round times, few enough that their labels do not touch.

        >>> Axis(62.0).ticks()
        [0, 10, 20, 30, 40, 50, 60]
        """
        few = (
            step
            for step in TICK_STEPS_SECONDS
            if self.end_seconds / step <= MAX_TICK_INTERVALS
        )
        step = next(few, TICK_STEPS_SECONDS[-1])
        return list(range(0, int(self.end_seconds) + 1, step))


def time_axis(video: VideoReport) -> Axis:
    """Return an axis that covers the video and any annotation beyond its end."""
    ends = [
        video.duration_seconds,
        *(instance.end_seconds for instance in video.ground_truth),
        *(point.seconds for point in video.points),
        *(detection.end_seconds for detection in video.detections),
    ]
    return Axis(max(ends))


@dataclass(frozen=True)
class Scale:
    """The range of activations that all curves of a page share; it includes zero."""

    low: float
    high: float

    def percent(self, activation: float) -> float:
        """Return the distance from the top of a row, as a percentage of its height."""
        span = self.high - self.low or 1.0
        return round(100 * (self.high - activation) / span, 1)


def common_scale(rows: Float[np.ndarray, "rows cells"]) -> Scale:
    """Return the smallest scale that includes zero and every finite activation."""
    finite = rows[np.isfinite(rows)]
    low, high = finite.min(initial=0.0), finite.max(initial=0.0)
    return Scale(float(low), float(high))


def polyline(
    activations: Float[np.ndarray, "cells"],
    cell_seconds: Float[np.ndarray, "cells"],
    axis: Axis,
    scale: Scale,
) -> str:
    """Return the points of an SVG polyline in percent, skipping non-finite cells."""
    points = [
        f"{axis.percent(seconds):g},{scale.percent(activation):g}"
        for seconds, activation in zip(
            cell_seconds.tolist(), activations.tolist(), strict=True
        )
        if np.isfinite(activation)
    ]
    return " ".join(points)


def lanes(
    items: Iterable[Drawn], span: Callable[[Drawn], Any] = lambda item: item
) -> list[list[Drawn]]:
    """Pack items into lanes so that their spans, the intervals, do not overlap.

    Each item goes into the first lane that is free.

    >>> from pipeline.datasets import Instance
    >>> found = [Instance("a", *times) for times in ((0, 4), (2, 6), (4, 5))]
    >>> [len(lane) for lane in lanes(found)]
    [2, 1]
    """

    def overlap(a: Any, b: Any) -> bool:
        return a.start_seconds < b.end_seconds and b.start_seconds < a.end_seconds

    packed: list[list[Drawn]] = []
    for item in items:
        for lane in packed:
            if not any(overlap(span(item), span(other)) for other in lane):
                lane.append(item)
                break
        else:
            packed.append([item])
    return packed
