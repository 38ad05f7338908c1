"""The video files that an export may need."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.datasets.folder import find_videos
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.video import probe


@dataclass(frozen=True)
class VideoFiles:
    """The folder of the videos, and their frame rate."""

    folder: Path | None = None  # None if not given
    fps: float | None = None  # None for each video's own

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise UsageError(
                f"--fps {self.fps:g}: expected a finite number of frames per second, "
                "more than 0"
            )

    @cached_property
    def files(self) -> dict[str, Path]:
        """The videos by id; empty if no folder is given."""
        return find_videos(self.folder) if self.folder else {}

    def file(self, id: str) -> Path | None:
        """Return a video's file, or None if no folder is given.

        Raises:
            InputNotFoundError: If the folder does not contain the video.
        """
        if self.folder and id not in self.files:
            raise InputNotFoundError(
                f"{self.folder}: expected the video {id!r}, found {len(self.files)} "
                "others; give the folder of all videos with --videos, or leave it out"
            )
        return self.files.get(id)

    def place_of(self, id: str) -> Path | None:
        """Return a video's path within the folder, or None if no folder is given.

        Raises:
            InputNotFoundError: If the folder does not contain the video.
        """
        path = self.file(id)
        return path.relative_to(self.folder) if path and self.folder else None

    def frame_rate(self, id: str) -> float:
        """Return the frames per second of a video: the given rate, or its own.

        Raises:
            UsageError: If neither a rate nor a folder is given.
            VideoError: If the video cannot be read.
        """
        if self.fps is not None:
            return self.fps
        path = self.file(id)
        if path is None:
            raise UsageError(
                "this format counts frames: expected the frame rate, found neither it "
                "nor the videos; give the videos with --videos FOLDER, or --fps"
            )
        return probe(path).fps
