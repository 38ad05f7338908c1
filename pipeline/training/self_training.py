"""One round of self-training: what a model is sure of becomes targets of another.

The first model's proposals in the training videos are long where a click is a single
cell. Those that a click confirms, and those that look like them, become targets of the
frame loss (Eq. 2) for a second model.
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

RING = 0.25  # of a core's length on each side: what it is compared with


@dataclass(frozen=True)
class Core:
    """The core [first, last), in cells, of a proposal in a training video."""

    video: int
    category: int
    first: int
    last: int
    contrast: float  # inner minus outer mean of the normalised CAS
    clicked: bool  # a click of its class lies in it


def refine_samples(
    samples: Samples,
    sequences: Sequence[Float[np.ndarray, "categories cells"]],
    config: RefineConfig,
) -> Samples:
    """The same videos with what is sure as targets, beside the clicks.

    Args:
        samples: What the first model was trained on.
        sequences: What it says of each video: the class activation sequence, raw.
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
    refined = [
        merge_targets(clicks, sure, quiet_cells(cas, present, config))
        for clicks, sure, cas, present in zip(
            targets, actions, sequences, _present(samples), strict=True
        )
    ]
    return replace(samples, targets=torch.from_numpy(np.stack(refined)))


def _present(samples: Samples) -> list[list[int]]:
    """The categories, from 1, of each video's actions."""
    labels = samples.labels.cpu().numpy()
    return [(1 + np.flatnonzero(row)).tolist() for row in labels]


def find_cores(
    video: int,
    cas: Float[np.ndarray, "categories cells"],
    clicks: Float[np.ndarray, "categories cells"],
    config: RefineConfig,
) -> Iterator[Core]:
    """The cores of a video's clicked classes that no click contradicts."""
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
    """Those that a click lies in, and those that stand out as these do.

    Half of a class's clicked cores stand out less than the others that are taken.
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
    """1 where none of the video's classes responds; nowhere in a video without any."""
    if not present:
        return np.zeros(cas.shape[1], dtype=np.float32)
    loudest = np.max([normalise(cas[category]) for category in present], axis=0)
    return (loudest < config.sure_background).astype(np.float32)


def merge_targets(
    clicks: Float[np.ndarray, "categories cells"],
    actions: Float[np.ndarray, "categories cells"],
    quiet: Float[np.ndarray, "cells"],
) -> Float[np.ndarray, "categories cells"]:
    """One distribution a cell: the click's, else the actions' shares, else background.

    A column sums to 1, or to 0 where nothing is sure.
    """
    shares = actions / np.maximum(actions.sum(axis=0), 1)
    background = np.zeros_like(clicks)
    background[0] = quiet
    sure = np.where(actions.any(axis=0), shares, background)
    return np.where(clicks.any(axis=0), clicks, sure)
