"""One round of self-training: confident proposals of a model train a second one.

The first model's proposals in the training videos are long, whereas a click is a single
cell. The proposals that a click confirms, and those that resemble them, become targets
of the frame loss (Eq. 2) for a second model.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
import torch
from jaxtyping import Float

from models.fit import Samples
from pipeline.detection.proposals import contrast, normalise, runs
from pipeline.training.config import RefineConfig

RING = 0.25  # share of a core's length on each side that it is compared with


@dataclass(frozen=True)
class Core:
    """The core [first, last), in cells, of a proposal in a training video."""

    video: int
    category: int
    first: int
    last: int
    contrast: float  # inner minus outer mean of the normalised CAS
    clicked: bool  # True if it contains a click of its class


def refine_samples(
    samples: Samples,
    sequences: Sequence[Float[np.ndarray, "categories cells"]],
    config: RefineConfig,
) -> Samples:
    """Return the same videos with the sure cells as targets, besides the clicks.

    The sequences are the first model's, one raw class activation sequence a video.
    """
    targets = samples.targets.cpu().numpy()
    cores = [
        core
        for video, cas in enumerate(sequences)
        for core in find_cores(video, cas, targets[video], config)
    ]
    actions = np.zeros_like(targets)
    for core in sure_cores(cores):
        actions[core.video, core.category, core.first : core.last] = 1
    labels = samples.labels.cpu().numpy()
    present = [(1 + np.flatnonzero(row)).tolist() for row in labels]  # categories
    quiet = [
        quiet_cells(cas, categories, config)
        for cas, categories in zip(sequences, present, strict=True)
    ]
    refined = list(map(merge_targets, targets, actions, quiet))
    return replace(samples, targets=torch.from_numpy(np.stack(refined)))


def find_cores(
    video: int,
    cas: Float[np.ndarray, "categories cells"],
    clicks: Float[np.ndarray, "categories cells"],
    config: RefineConfig,
) -> Iterator[Core]:
    """Yield the cores of a video's clicked classes that no click contradicts."""
    for category in (1 + np.flatnonzero(clicks[1:].any(axis=1))).tolist():
        sequence = normalise(cas[category])
        proposals = runs(sequence > config.sure_action)
        contrasts = contrast(sequence, proposals, RING)
        own, others = clicks[category], np.delete(clicks, category, axis=0).sum(axis=0)
        for (first, last), found in zip(proposals.tolist(), contrasts, strict=True):
            if not others[first:last].any():
                clicked = bool(own[first:last].any())
                yield Core(video, category, first, last, float(found), clicked)


def sure_cores(cores: Sequence[Core]) -> list[Core]:
    """Return the cores with a click, and the others with as much contrast.

    A core without a click is sure if its contrast is at least the median contrast of
    the clicked cores of its class.
    """
    clicked = defaultdict(list)
    for core in cores:
        if core.clicked:
            clicked[core.category].append(core.contrast)
    least = {category: median(found) for category, found in clicked.items()}
    return [
        core
        for core in cores
        if core.clicked or core.contrast >= least.get(core.category, np.inf)
    ]


def quiet_cells(
    cas: Float[np.ndarray, "categories cells"],
    present: Sequence[int],
    config: RefineConfig,
) -> Float[np.ndarray, "cells"]:
    """Return 1 for cells where none of the video's classes responds, otherwise 0.

    A video without any class has no quiet cells.
    """
    if not present:
        return np.zeros(cas.shape[1], dtype=np.float32)
    loudest = np.max([normalise(cas[category]) for category in present], axis=0)
    return (loudest < config.sure_background).astype(np.float32)


def merge_targets(
    clicks: Float[np.ndarray, "categories cells"],
    actions: Float[np.ndarray, "categories cells"],
    quiet: Float[np.ndarray, "cells"],
) -> Float[np.ndarray, "categories cells"]:
    """Merge targets to one distribution per cell, which sums to 1 or, if unsure, to 0.

    Clicks come first, then the shares of the sure actions, then background.
    """
    shares = actions / np.maximum(actions.sum(axis=0), 1)
    background = np.zeros_like(clicks)
    background[0] = quiet
    sure = np.where(actions.any(axis=0), shares, background)
    return np.where(clicks.any(axis=0), clicks, sure)
