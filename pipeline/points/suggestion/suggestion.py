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
    """Which moments are suggested, and how many."""

    # Why this one: see docs/results.md.
    measure: Annotated[MeasureName, "what makes a moment worth a click"] = "margin"
    count: Annotated[int, "at most so many moments of a video"] = 5
    spacing_seconds: Annotated[
        float, "least distance of a moment to another, and to a click"
    ] = 1.0

    def __post_init__(self) -> None:
        check_choices(type(self), vars(self))
        check_at_least(0, self, "count", "spacing_seconds")


@dataclass(frozen=True)
class Suggestion:
    """A moment at which a click would help."""

    seconds: float
    value: float  # 0 to 1; compares with others of the same measure
    reason: str  # in two or three words


def suggest(
    sequences: Float[np.ndarray, "networks categories cells"],
    grid: SnippetGrid,
    points: Sequence[Point],
    config: SuggestConfig,
) -> list[Suggestion]:
    """The moments of a video at which a click helps most, the best first.

    Args:
        sequences: The class activation sequence of each network, raw, as
            `Predictor.predict_networks` gives them.
        grid: The video's; moments lie within it.
        points: The clicks that are there; no moment is next to one.
        config: The measure, and how many moments there are at most. Fewer are found
            where they would lie too close.
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
    """The times in a video that stand for its cells: their centres, cut to its frames.

    The padding of the tail is on no screen, so its cells stand for the last frame.
    """
    last_frame = grid.frame_to_seconds(grid.num_frames - 0.5)
    return np.clip(grid.cell_seconds(cells), grid.start_seconds, last_frame)


def spaced(
    seconds: Float[np.ndarray, "cells"],
    values: Float[np.ndarray, "cells"],
    taken: Sequence[float],
    spacing_seconds: float,
) -> Iterator[int]:
    """Cells by descending value, the earlier of equals first, none close to another.

    A cell at no distance at all is always too close.
    """
    taken = list(taken)
    for cell in np.argsort(-values, kind="stable").tolist():
        distances = np.abs(np.array(taken) - seconds[cell])
        if not (distances < spacing_seconds).any() and not (distances == 0).any():
            taken.append(float(seconds[cell]))
            yield cell
