"""What a dataset is, wherever it was read from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

Subset = Literal["train", "test"]
SUBSETS: tuple[Subset, ...] = ("train", "test")

BACKGROUND = "background"  # reserved: no class may be called so


@dataclass(frozen=True)
class Instance:
    """One action instance, during [start, end)."""

    label: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Point:
    """One annotated frame: the action, or `background`, that is seen at a time."""

    seconds: float
    label: str

    @property
    def kind(self) -> str:
        """`action` or `background`."""
        return BACKGROUND if self.label == BACKGROUND else "action"


@dataclass(frozen=True)
class Video:
    """One video and what is known of it; training uses `labels` and points alone."""

    id: str
    subset: Subset
    path: Path  # where its file is, or would be
    labels: tuple[str, ...]  # action classes present, sorted
    instances: tuple[Instance, ...] = ()
    # Where some action is seen, but which one could not be said: neither an instance
    # of a class nor background.
    ambiguous: tuple[Instance, ...] = ()
    points: tuple[Point, ...] | None = None  # None: nobody has clicked yet
    duration_seconds: float | None = None  # as the annotation states it
    sha256: str | None = None  # of the file, where the annotation states it


@dataclass(frozen=True)
class Dataset:
    """Videos, their annotations and the ordered list of action classes."""

    name: str
    source: Path  # the annotation file
    videos_folder: Path
    classes: tuple[str, ...]
    videos: tuple[Video, ...]
    # Ids of other subsets, which nothing uses: ActivityNet's testing labels are secret.
    unused: tuple[str, ...] = ()

    def of_subset(self, subset: Subset) -> tuple[Video, ...]:
        """The videos of one subset, in the file's order."""
        return tuple(video for video in self.videos if video.subset == subset)

    def with_videos(self, videos: tuple[Video, ...]) -> "Dataset":
        """The same dataset with other videos."""
        return replace(self, videos=videos)
