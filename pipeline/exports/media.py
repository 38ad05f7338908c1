"""The video files that an export may need."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.datasets.folder import find_detected_videos
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.storage import comparable, shown_name
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
        """The videos by every id that they may have; empty if no folder is given."""
        return find_detected_videos(self.folder) if self.folder else {}

    @cached_property
    def _bare_names(self) -> Counter[Path]:
        return Counter(
            path.relative_to(self.folder or "").with_suffix("")
            for path in set(self.files.values())
        )

    def file(self, id: str) -> Path | None:
        """Return a video's file, or None if no folder is given.

        Raises:
            InputNotFoundError: If the folder does not contain the video.
        """
        file = self.files.get(comparable(id))
        if self.folder and not file:
            count = len(set(self.files.values()))
            raise InputNotFoundError(
                f"{self.folder}: expected the video {id!r}, found {count} others; give "
                "the same folder as to `soda init` with --videos, or leave it out"
            )
        return file

    def place_of(self, id: str) -> Path | None:
        """Return a video's path within the folder, or None if no folder is given.

        Raises:
            InputNotFoundError: If the folder does not contain the video.
        """
        path = self.file(id)
        return path.relative_to(self.folder) if path and self.folder else None

    def name_of(self, id: str) -> str:
        """Return the name of a file about a video: the video's own, without suffix.

        Videos that differ only by their suffix keep it.

        Raises:
            InputNotFoundError: If the folder does not contain the video.
        """
        place = self.place_of(id)
        if place is None:
            return shown_name(id)
        is_alone = self._bare_names[place.with_suffix("")] == 1
        return (place.with_suffix("") if is_alone else place).as_posix()

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
