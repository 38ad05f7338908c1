"""A dataset: videos, their annotations and the action classes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Subset = Literal["train", "test"]
SUBSETS: tuple[Subset, ...] = ("train", "test")

BACKGROUND = "background"  # reserved: no class may have this name


@dataclass(frozen=True)
class Instance:
    """One action instance, during [start, end)."""

    label: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Point:
    """One annotated frame: a time, and the action or `background` visible then."""

    seconds: float
    label: str

    @property
    def kind(self) -> str:
        """The kind of the point, `action` or `background`."""
        return BACKGROUND if self.label == BACKGROUND else "action"


@dataclass(frozen=True)
class Video:
    """One video and its annotations; training uses only its labels and points."""

    id: str
    subset: Subset
    path: Path  # its file, which may be missing
    labels: tuple[str, ...]  # action classes present, sorted
    instances: tuple[Instance, ...] = ()
    # Segments that show an action whose class the annotators could not determine:
    # neither an instance of a class nor background.
    ambiguous: tuple[Instance, ...] = ()
    points: tuple[Point, ...] | None = None  # None: not annotated yet
    is_background: bool = False  # stated to show none of the actions
    duration_seconds: float | None = None  # if the annotations state it
    sha256: str | None = None  # of the file, if the annotations state it

    @property
    def has_segments(self) -> bool:
        """True if it is known when actions happen, or that none happens."""
        return bool(self.instances or self.ambiguous or self.is_background)


@dataclass(frozen=True)
class Dataset:
    """Videos, their annotations and the ordered list of action classes."""

    name: str
    source: Path  # the annotation file
    videos_folder: Path
    classes: tuple[str, ...]
    videos: tuple[Video, ...]
    # Ids of videos in other subsets, such as ActivityNet's testing videos, whose labels
    # are secret. They are not used.
    unused: tuple[str, ...] = ()

    def of_subset(self, subset: Subset) -> tuple[Video, ...]:
        """Return the videos of one subset, in the file's order."""
        return tuple(video for video in self.videos if video.subset == subset)

    def with_videos(self, videos: tuple[Video, ...]) -> "Dataset":
        """Return a copy of the dataset with other videos."""
        return replace(self, videos=videos)
