"""What a report is made of."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from pipeline.datasets import Instance, Point
from pipeline.detection.detections import Detection
from pipeline.evaluation import Scores


@dataclass(frozen=True)
class Activations:
    """What a model's networks respond to in a video."""

    cas: Float[np.ndarray, "categories cells"]  # raw; row 0 is background
    cell_seconds: Float[np.ndarray, "cells"]  # centre of each cell
    video_scores: Float[np.ndarray, "categories"]
    thresholds: tuple[float, ...] = ()  # on the normalised CAS, for proposals


@dataclass(frozen=True)
class Findings:
    """What one model found in a video."""

    detections: tuple[Detection, ...]
    activations: Activations | None = None  # None: only the detections are known


@dataclass(frozen=True)
class VideoReport:
    """One video: what is known of it, and what was found in it."""

    id: str
    subset: str
    path: Path | None  # of the video file; None: there is none
    duration_seconds: float
    ground_truth: tuple[Instance, ...]
    points: tuple[Point, ...]
    findings: tuple[Findings, ...]  # of each of the report's models

    def __post_init__(self) -> None:
        if not self.duration_seconds > 0:
            raise ValueError(
                f"{self.id}: duration must be positive, got {self.duration_seconds} s"
            )

    @property
    def detections(self) -> tuple[Detection, ...]:
        """Those of all models."""
        return tuple(found for model in self.findings for found in model.detections)

    @property
    def labels(self) -> set[str]:
        """Action classes that were annotated or detected."""
        annotated = {instance.label for instance in self.ground_truth}
        clicked = {point.label for point in self.points if point.kind == "action"}
        return annotated | clicked | {found.label for found in self.detections}


@dataclass(frozen=True)
class Model:
    """One of the models that a report compares, or its only one."""

    name: str
    evaluation: Scores | None = None  # None: there is no ground truth


@dataclass(frozen=True)
class Report:
    """A run, as its reader wants to see it."""

    title: str
    classes: tuple[str, ...]  # in the order of the rows of a CAS, without background
    videos: tuple[VideoReport, ...]
    models: tuple[Model, ...]  # the first is what the report is about
    command: str
    failures: dict[str, str] = field(default_factory=dict)  # by video id: what to try
    parameters: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)  # what all was made of
    notes: tuple[str, ...] = ()  # what a reader must know to trust the numbers
    stage_seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for video in self.videos:
            self._check(video)

    def _check(self, video: VideoReport) -> None:
        if len(video.findings) != len(self.models):
            raise ValueError(
                f"{video.id}: expected findings of {len(self.models)} model(s), "
                f"got {len(video.findings)}"
            )
        for found in video.findings:
            activations = found.activations
            if activations and len(activations.cas) != 1 + len(self.classes):
                raise ValueError(
                    f"{video.id}: a CAS has a row for background and one a class, "
                    f"here {1 + len(self.classes)}; got {len(activations.cas)}"
                )

    @property
    def evaluation(self) -> Scores | None:
        """The first model's; the others are scored on the same ground truth."""
        return self.models[0].evaluation
