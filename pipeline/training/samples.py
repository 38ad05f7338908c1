"""The input of training: videos rescaled to T cells, with labels and targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from models.config import Scaling
from models.fit import Samples
from models.rescale import rescale
from pipeline.datasets import Point
from pipeline.errors import AnnotationError, SodaError
from pipeline.grid import SnippetGrid
from pipeline.intervals import beyond_end
from pipeline.seeds import generator_of


@dataclass(frozen=True)
class TrainingVideo:
    """The input of training for one video."""

    features: Float[np.ndarray, "snippets features"]
    grid: SnippetGrid
    labels: tuple[str, ...]
    points: Sequence[Point]
    id: str = ""
    file: Path = Path()  # of the features


def make_samples(
    videos: Sequence[TrainingVideo],
    classes: tuple[str, ...],
    cells: int,
    scaling: Scaling = "linear",
    seed: int = 0,
) -> Samples:
    """Rescale all videos to T cells, and convert their labels and points to targets.

    This is done once. With `scaling="sampled"` the snippets that represent a video are
    drawn from the seed and the video's id, and are the same in every epoch.

    Raises:
        SodaError: If a video has features that are not finite.
    """
    sequences, labels, targets = [], [], []
    for video in videos:
        check_features(video)
        features = torch.from_numpy(video.features).T
        generator = generator_of(seed, f"snippets of {video.id}")
        sequences.append(rescale(features, cells, scaling, generator))
        labels.append([float(name in video.labels) for name in classes])
        targets.append(frame_targets(video.points, video.grid, classes, cells))
    stacked = torch.from_numpy(np.stack(targets))
    return Samples(torch.stack(sequences), torch.tensor(labels), stacked)


def check_features(video: TrainingVideo) -> None:
    """Check that features are finite; others would turn all weights to NaN.

    Raises:
        SodaError: If a value is NaN or infinite.
    """
    bad = np.flatnonzero(~np.isfinite(video.features).all(axis=1))
    if len(bad):
        raise SodaError(
            f"{video.file}: expected finite features of the video {video.id!r}, found "
            f"NaN or infinite values in {len(bad)} of {len(video.features)} snippets, "
            f"the first of them {bad[0]}; delete the file and run the same command "
            "again to recreate it"
        )


def check_points(
    videos: Sequence[TrainingVideo], classes: tuple[str, ...], path: Path
) -> None:
    """Check that the clicks of the file `path` fit their videos and classes.

    A click within a second after the last frame counts as a click on the last frame,
    as everywhere (see `pipeline.datasets.validation`).

    Raises:
        AnnotationError: If a click is outside its video, or has a label that is not a
            class.
    """
    clicks = [(video, point) for video in videos for point in video.points]
    for video, point in clicks:
        problem = beyond_end(point.seconds, video.grid.end_seconds)
        if point.kind == "action" and point.label not in classes:
            problem = f"is not one of the classes {', '.join(classes)}"
        elif point.seconds < 0:
            problem = f"is at {point.seconds:g} s, before the video begins"
        if problem:
            raise AnnotationError(
                f"{path}: the video {video.id!r} has a click ({point.label}) that "
                f"{problem}; correct the annotation, or check that this is the "
                "video that was annotated"
            )


def frame_targets(
    points: Sequence[Point], grid: SnippetGrid, classes: tuple[str, ...], cells: int
) -> Float[np.ndarray, "categories cells"]:
    """Return the targets of the frame loss: columns sum to 1 at points, else to 0.

    A point belongs to the cell that contains its time, for every kind of scaling. If
    points of several labels share a cell, action beats background, and several actions
    share the cell equally.
    """
    targets = np.zeros((len(classes) + 1, cells), dtype=np.float32)
    for point in points:
        row = 1 + classes.index(point.label) if point.kind == "action" else 0
        targets[row, grid.cell_at(point.seconds, cells)] = 1
    targets[0, targets[1:].any(axis=0)] = 0
    total: np.ndarray = targets.sum(axis=0, keepdims=True)
    return targets / np.maximum(total, 1)
