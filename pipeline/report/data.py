"""The content of a report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.datasets import Instance, Point
from pipeline.detection.activations import Response
from pipeline.detection.detections import Detection
from pipeline.evaluation import Scores
from pipeline.progress import count_of


@dataclass(frozen=True)
class Findings:
    """The detections of one model in a video, with its response if known."""

    detections: tuple[Detection, ...]
    response: Response | None = None  # None: only the detections are known
    thresholds: tuple[float, ...] = ()  # of proposals, on the normalised CAS


@dataclass(frozen=True)
class VideoReport:
    """One video: its annotations, and what each model found in it."""

    id: str
    subset: str
    path: Path | None  # of the video file; None if there is none
    duration_seconds: float
    ground_truth: tuple[Instance, ...]
    points: tuple[Point, ...]
    findings: tuple[Findings, ...]  # one for each of the report's models

    def __post_init__(self) -> None:
        if not self.duration_seconds > 0:
            raise ValueError(
                f"{self.id}: duration must be positive, got {self.duration_seconds} s"
            )

    @property
    def detections(self) -> tuple[Detection, ...]:
        """The detections of all models."""
        return tuple(found for model in self.findings for found in model.detections)

    @property
    def labels(self) -> set[str]:
        """The action classes that were annotated or detected."""
        annotated = {instance.label for instance in self.ground_truth}
        clicked = {point.label for point in self.points if point.kind == "action"}
        return annotated | clicked | {found.label for found in self.detections}


@dataclass(frozen=True)
class Model:
    """A model that a report is about, or compares with another."""

    name: str
    evaluation: Scores | None = None  # None if there is no ground truth


@dataclass(frozen=True)
class RunReport:
    """Everything that the pages about a run show."""

    title: str
    classes: tuple[str, ...]  # in the order of the rows of a CAS, without background
    videos: tuple[VideoReport, ...]
    models: tuple[Model, ...]  # the first is the subject of the report
    command: str
    failures: dict[str, str] = field(default_factory=dict)  # messages by video id
    parameters: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)  # inputs by their role
    notes: tuple[str, ...] = ()  # caveats on the numbers
    stage_seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for video in self.videos:
            if len(video.findings) != len(self.models):
                raise ValueError(
                    f"{video.id}: expected findings of "
                    f"{count_of(len(self.models), 'model')}, got {len(video.findings)}"
                )
            expected = 1 + len(self.classes)
            responses = [f.response for f in video.findings if f.response]
            for rows in {len(said.prediction.cas) for said in responses} - {expected}:
                raise ValueError(
                    f"{video.id}: expected a CAS of {expected} rows, background and "
                    f"one per class, got {rows}"
                )

    @property
    def evaluation(self) -> Scores | None:
        """The scores of the first model; the others have the same ground truth."""
        return self.models[0].evaluation
