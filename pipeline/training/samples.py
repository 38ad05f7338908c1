"""What training sees: videos rescaled to T cells, with their labels and targets."""

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
    """What training sees of one video."""

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
    """Bring all videos to T cells, and their labels and points to targets.

    This is done once: with `scaling="sampled"` the snippets that stand for a video
    are drawn from the seed and the video's id, and are the same in every epoch.

    Raises:
        SodaError: A video has features that are not finite.
    """
    for video in videos:
        check_features(video)
    sequences = [
        rescale(
            torch.from_numpy(v.features).T,
            cells,
            scaling,
            generator_of(seed, f"snippets of {v.id}"),
        )
        for v in videos
    ]
    labels = [[float(name in v.labels) for name in classes] for v in videos]
    targets = [frame_targets(v.points, v.grid, classes, cells) for v in videos]
    return Samples(
        torch.stack(sequences),
        torch.tensor(labels),
        torch.from_numpy(np.stack(targets)),
    )


def check_features(video: TrainingVideo) -> None:
    """Refuse features from which nothing but NaN would be learned.

    Raises:
        SodaError: Some are NaN or infinite.
    """
    bad = np.flatnonzero(~np.isfinite(video.features).all(axis=1))
    if len(bad):
        raise SodaError(
            f"{video.file}: expected finite features of the video {video.id!r}, found "
            f"NaN or infinite values in {len(bad)} of {len(video.features)} snippets, "
            f"the first of them {bad[0]}; delete the file and run the same command "
            "again to make it anew"
        )


def check_points(
    videos: Sequence[TrainingVideo], classes: tuple[str, ...], path: Path
) -> None:
    """Refuse clicks, those of the file `path`, that mean nothing.

    Raises:
        AnnotationError: A click lies outside its video, or has a label that is no
            class.
    """
    for video in videos:
        for point in video.points:
            if problem := point_problem(point, video.grid, classes):
                raise AnnotationError(
                    f"{path}: the video {video.id!r} has a click ({point.label}) that "
                    f"{problem}; correct the annotation, or see whether this is the "
                    "video that was annotated"
                )


def point_problem(
    point: Point, grid: SnippetGrid, classes: tuple[str, ...]
) -> str | None:
    """What is wrong with a click, as a sentence's end; None if nothing is.

    A click in the second after the last frame is taken for one on the last frame, as
    everywhere (see `pipeline.datasets.validation`).
    """
    if point.kind == "action" and point.label not in classes:
        return f"is none of the classes {', '.join(classes)}"
    if point.seconds < 0:
        return f"lies at {point.seconds:g} s, before the video begins"
    return beyond_end(point.seconds, grid.end_seconds)


def frame_targets(
    points: Sequence[Point], grid: SnippetGrid, classes: tuple[str, ...], cells: int
) -> Float[np.ndarray, "categories cells"]:
    """The frame loss's targets: a column sums to 1 where a point lies, else to 0.

    A point's cell is the one that its time lies in, however the features are scaled.
    Where points of several labels share a cell, action beats background and several
    actions share it equally.
    """
    targets = np.zeros((len(classes) + 1, cells), dtype=np.float32)
    for point in points:
        row = 1 + classes.index(point.label) if point.kind == "action" else 0
        targets[row, grid.cell_at(point.seconds, cells)] = 1
    targets[0, targets[1:].any(axis=0)] = 0
    total: np.ndarray = targets.sum(axis=0, keepdims=True)
    return targets / np.maximum(total, 1)
