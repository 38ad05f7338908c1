"""Active annotation: the moments of a video at which a click helps a model most.

All measures of the value of a click use the softmax over background and the classes,
which the frame loss trains at the clicks (Eq. 2), and are in [0, 1].
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float

from models.config import check_at_least, check_choices
from pipeline.datasets import Point
from pipeline.detection.proposals import runs
from pipeline.grid import SnippetGrid

MeasureName = Literal["disagreement", "entropy", "margin", "borderline", "confident"]
Probabilities = Float[np.ndarray, "networks categories cells"]


@dataclass(frozen=True)
class Measure:
    """A measure of the value of a click."""

    reason: str  # in two or three words, for the annotator
    of: Callable[[Probabilities], Float[np.ndarray, "cells"]]


def probabilities(
    sequences: Float[np.ndarray, "networks categories cells"],
) -> Probabilities:
    """Compute each network's probability of each category at each cell."""
    found: np.ndarray = torch.from_numpy(sequences).double().softmax(dim=1).numpy()
    return found


def disagreement(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Return the networks' mean total variation distance from their mean.

    The distance is 0 for a single network.
    """
    return 0.5 * np.abs(p - p.mean(axis=0)).sum(axis=1).mean(axis=0)


def entropy(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Return the entropy of the networks' mean, relative to the maximum."""
    mean = p.mean(axis=0)
    terms = mean * np.log(np.maximum(mean, np.finfo(mean.dtype).tiny))
    return np.clip(-terms.sum(axis=0) / np.log(len(mean)), 0, 1)


def margin(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Return 1 if the two likeliest categories are equally likely, 0 if one is sure."""
    second, first = np.sort(p.mean(axis=0), axis=0)[-2:]
    return 1 - (first - second)


def borderline(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Return 1 if background is as likely as all actions together, 0 if one is sure."""
    return 1 - np.abs(2 * p.mean(axis=0)[0] - 1)


def confident(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Return half the probability p of the likeliest action, plus 1/2 at peaks.

    A peak is the largest p in a run of cells with p above the background's probability.
    So the peak of each found instance comes first, and its surroundings later.
    """
    best = p.mean(axis=0)[1:].max(axis=0)
    peaks = np.zeros(len(best))
    for first, last in runs(best > p.mean(axis=0)[0]).tolist():
        peaks[first + int(best[first:last].argmax())] = 1
    return (best + peaks) / 2


MEASURES: dict[MeasureName, Measure] = {
    "disagreement": Measure("networks disagree", disagreement),
    "entropy": Measure("unsure of the class", entropy),
    "margin": Measure("two alike", margin),
    "borderline": Measure("action or background", borderline),
    "confident": Measure("found, not clicked", confident),
}


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
        config: The number of moments is smaller if there is no space for more.
    """
    measure = MEASURES[config.measure]
    values = measure.of(probabilities(sequences))
    seconds = moments(grid, len(values))
    taken = [point.seconds for point in points]
    best = spaced(seconds, values, taken, config.spacing_seconds)
    return [
        Suggestion(float(seconds[cell]), float(values[cell]), measure.reason)
        for cell in islice(best, config.count)
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
