"""The moments of a video at which a click helps most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Float

from models.config import check_at_least, check_choices
from pipeline.datasets import Point
from pipeline.grid import SnippetGrid
from pipeline.points.suggestion.measures import MEASURES, MeasureName, probabilities


@dataclass(frozen=True)
class SuggestConfig:
    """The measure of suggested moments, and their number and spacing."""

    # docs/results.md compares the measures.
    measure: Annotated[MeasureName, "measure of the value of a click"] = "margin"
    count: Annotated[int, "largest number of moments per video"] = 5
    spacing_seconds: Annotated[
        float, "smallest distance of a moment to any other moment or click"
    ] = 1.0

    def __post_init__(self) -> None:
        check_choices(type(self), vars(self))
        check_at_least(0, self, "count", "spacing_seconds")


@dataclass(frozen=True)
class Suggestion:
    """A moment at which a click would help."""

    seconds: float
    value: float  # 0 to 1; comparable within one measure
    reason: str  # in two or three words


def suggest(
    sequences: Float[np.ndarray, "networks categories cells"],
    grid: SnippetGrid,
    points: Sequence[Point],
    config: SuggestConfig,
) -> list[Suggestion]:
    """Return the moments of a video at which a click helps most, the best first.

    Args:
        sequences: The raw class activation sequence of each network, from
            `Predictor.predict_networks`.
        grid: The grid of the video; moments are within it.
        points: The existing clicks, from which moments keep their distance.
        config: The measure, the number of moments and their spacing. The result is
            shorter if there is no space for more.
    """
    measure = MEASURES[config.measure]
    values = measure.of(probabilities(sequences))
    seconds = moments(grid, len(values))
    taken = [point.seconds for point in points]
    best = spaced(seconds, values, taken, config.spacing_seconds)
    return [
        Suggestion(float(seconds[cell]), float(values[cell]), measure.reason)
        for cell, _ in zip(best, range(config.count), strict=False)
    ]


def moments(grid: SnippetGrid, cells: int) -> Float[np.ndarray, "cells"]:
    """Return the times of a video's cells: their centres, clipped to its frames.

    The padding at the end has no frames, so its cells get the time of the last frame.
    """
    last_frame = grid.frame_to_seconds(grid.num_frames - 0.5)
    return np.clip(grid.cell_seconds(cells), grid.start_seconds, last_frame)


def spaced(
    seconds: Float[np.ndarray, "cells"],
    values: Float[np.ndarray, "cells"],
    taken: Sequence[float],
    spacing_seconds: float,
) -> Iterator[int]:
    """Yield cells by descending value, then by time, none too close to another.

    Cells closer than `spacing_seconds` to a taken time or to a previous cell are left
    out, and in any case cells at the same time.
    """
    taken = list(taken)
    for cell in np.argsort(-values, kind="stable").tolist():
        distances = np.abs(np.array(taken) - seconds[cell])
        if not (distances < spacing_seconds).any() and not (distances == 0).any():
            taken.append(float(seconds[cell]))
            yield cell
