"""Measures of the value of a click at each cell of a video.

All use the softmax over background and the classes, which the frame loss trains at the
clicks (Eq. 2), and are in [0, 1].
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from pipeline.detection.proposals import runs

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
