"""How much a click would tell at each cell of a video, by several measures.

All are of the softmax over background and the classes, which is what the frame loss
trains at the clicks (Eq. 2), and lie in [0, 1].
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
    """A way to tell where a click helps."""

    reason: str  # in two or three words, for whoever is asked to click
    of: Callable[[Probabilities], Float[np.ndarray, "cells"]]


def probabilities(
    sequences: Float[np.ndarray, "networks categories cells"],
) -> Probabilities:
    """Of each category at each cell, as each network sees it."""
    found: np.ndarray = torch.from_numpy(sequences).double().softmax(dim=1).numpy()
    return found


def disagreement(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Mean total variation distance of the networks from their mean; 0 for one."""
    return 0.5 * np.abs(p - p.mean(axis=0)).sum(axis=1).mean(axis=0)


def entropy(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """Entropy of the networks' mean, as a share of the largest that is possible."""
    mean = p.mean(axis=0)
    terms = mean * np.log(np.maximum(mean, np.finfo(mean.dtype).tiny))
    return np.clip(-terms.sum(axis=0) / np.log(len(mean)), 0, 1)


def margin(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """1 where the two likeliest categories are equally likely, 0 where one is sure."""
    second, first = np.sort(p.mean(axis=0), axis=0)[-2:]
    return 1 - (first - second)


def borderline(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """1 where background is as likely as all actions together, 0 where either is."""
    return 1 - np.abs(2 * p.mean(axis=0)[0] - 1)


def confident(p: Probabilities) -> Float[np.ndarray, "cells"]:
    """The likeliest action's probability; above .5 at the peak of a run of it alone.

    So the middle of each found instance comes first, and what surrounds it later.
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
