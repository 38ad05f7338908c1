"""What a report is made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pipeline.datasets import Instance, Point
from pipeline.detections import Detection


@dataclass(frozen=True)
class VideoReport:
    """One video: what is known of it and what was found in it."""

    id: str
    subset: str
    path: Path | None  # of the video file; None: there is none
    duration_seconds: float
    ground_truth: tuple[Instance, ...]
    points: tuple[Point, ...]
    detections: tuple[Detection, ...]
    cas: Float[np.ndarray, "categories cells"]  # raw; row 0 is background
    cell_seconds: Float[np.ndarray, "cells"]  # centre of each cell
    video_scores: Float[np.ndarray, "categories"]

    def __post_init__(self) -> None:
        if not self.duration_seconds > 0:
            raise ValueError(
                f"{self.id}: duration must be positive, got {self.duration_seconds} s"
            )

    @property
    def labels(self) -> set[str]:
        """Action classes that were annotated or detected."""
        annotated = {instance.label for instance in self.ground_truth}
        clicked = {point.label for point in self.points if point.kind == "action"}
        return annotated | clicked | {found.label for found in self.detections}


@dataclass(frozen=True)
class Report:
    """A run, as its reader wants to see it."""

    title: str
    classes: tuple[str, ...]  # in the order of the rows of a CAS, without background
    videos: tuple[VideoReport, ...]
    evaluation: dict[str, Any] | None  # `Evaluation.to_json()`; None: not scored
    failures: dict[str, str]  # by video id: what happened, and what to try
    command: str
    parameters: dict[str, Any]
    notes: tuple[str, ...]  # what a reader must know to trust the numbers
    stage_seconds: dict[str, float]

    def __post_init__(self) -> None:
        for video in self.videos:
            if len(video.cas) != 1 + len(self.classes):
                raise ValueError(
                    f"{video.id}: a CAS has a row for background and one a class, "
                    f"here {1 + len(self.classes)}; got {len(video.cas)}"
                )
