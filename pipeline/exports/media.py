"""What an export may have to know of the videos themselves."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.datasets.folder import find_videos
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.video import probe


@dataclass(frozen=True)
class Media:
    """Where the videos are, and how many frames a second they have."""

    folder: Path | None = None  # None: nobody said
    fps: float | None = None  # None: each video's own

    def __post_init__(self) -> None:
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise UsageError(
                f"--fps {self.fps:g}: expected frames per second, more than 0"
            )

    @cached_property
    def files(self) -> dict[str, Path]:
        """The videos by id; none where no folder was given."""
        return find_videos(self.folder) if self.folder else {}

    def file(self, id: str) -> Path | None:
        """A video's file; None where no folder was given.

        Raises:
            InputNotFoundError: The folder does not hold it.
        """
        if self.folder and id not in self.files:
            raise InputNotFoundError(
                f"{self.folder}: expected the video {id!r}, found {len(self.files)} "
                "others; give the folder of all videos with --videos, or leave it out"
            )
        return self.files.get(id)

    def frame_rate(self, id: str) -> float:
        """Frames per second of a video: what was given, or else its own.

        Raises:
            UsageError: Nothing says it.
            VideoError: The video cannot be read.
        """
        if self.fps is not None:
            return self.fps
        path = self.file(id)
        if path is None:
            raise UsageError(
                "this format counts frames, and nothing says how many there are in a "
                "second; give the videos with --videos FOLDER, or --fps"
            )
        return probe(path).fps
