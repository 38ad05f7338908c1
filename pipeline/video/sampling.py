"""The frames of any video at a given rate and size, one at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Annotated

from pipeline.errors import UsageError, VideoError
from pipeline.progress import ShareDone, silent
from pipeline.video.decoding import SourceFrames, first_frame
from pipeline.video.picture import (
    LONGEST_SIDE,
    RgbConverter,
    RgbPicture,
    scaled_size,
    shown_size,
)
from pipeline.video.source import open_video
from pipeline.video.timing import TOLERANCE_SECONDS, count_showings

LARGEST_FPS = 500  # half of the rate that the tolerance of 1 ms can resolve


@dataclass(frozen=True)
class DecodeConfig:
    """The rate and size at which a video is decoded."""

    fps: Annotated[float, "frames per second; 0 = the video's own average"] = 25.0
    short_side: Annotated[int, "pixels; the long side keeps the aspect"] = 256

    def __post_init__(self) -> None:
        if not (isfinite(self.fps) and 0 <= self.fps <= LARGEST_FPS):
            raise UsageError(
                f"fps must be from 0 (the video's own rate) to {LARGEST_FPS}, "
                f"got {self.fps}"
            )
        if self.short_side < 1:
            raise UsageError(
                f"short_side must be at least 1 pixel, got {self.short_side}"
            )


class SampledFrames:
    """RGB frames uint8 (height, width, 3), sampled by presentation time.

    Frame k is the one that a player shows at `start_seconds + k / fps`; sampling ends
    when the last frame leaves the screen. Every iteration reads the file again, with
    memory that does not grow with its length. A frame that stays on screen is yielded
    as the same array again. After iteration, `num_frames` is the number of frames, and
    `warnings` lists the repaired faults of the file. `width` and `height` are those of
    every upright frame, in pixels.

    Raises:
        VideoError: The file cannot be opened or has no frame (raised on creation), or
            it is truncated (raised at the end of iteration).
    """

    def __init__(self, path: Path, config: DecodeConfig) -> None:
        self.path = path
        self.num_frames = 0
        self.warnings: list[str] = []
        with open_video(path) as source:
            frame, first_seconds = first_frame(source)
            self.rate = simple_fraction(config.fps) if config.fps else source.fps
            size = shown_size(frame, source.stream.sample_aspect_ratio)
            self.width, self.height = scaled_size(*size, config.short_side)
            if max(self.width, self.height) > LONGEST_SIDE:
                raise VideoError(
                    f"{path}: a short side of {config.short_side} pixels gives frames "
                    f"of {self.width} x {self.height}, more than {LONGEST_SIDE} on a "
                    "side; choose a smaller --short-side or leave it out"
                )
            # At a high rate, the usual tolerance is longer than a frame.
            self._tolerance = min(TOLERANCE_SECONDS, 1 / (2 * source.fps))
            # FFmpeg rounds the container's start to a microsecond.
            self.start_seconds = round(float(first_seconds - source.start_seconds), 6)
        self.fps = float(self.rate)

    def __iter__(self) -> Iterator[RgbPicture]:
        return self.watched(silent, 1.0)

    def watched(
        self, progress: ShareDone, duration_seconds: float
    ) -> Iterator[RgbPicture]:
        """Iterate, and report the share that is done after each frame of the file.

        A frame that stays on screen is reported once: repeating it is no progress, and
        a damaged file may ask for millions of repetitions.
        """
        self.num_frames, expected = 0, max(duration_seconds * self.fps, 1.0)
        convert = RgbConverter(self.width, self.height)
        with open_video(self.path) as source:
            frames = SourceFrames(source)
            for frame, num_showings in count_showings(
                frames, self.rate, self._tolerance
            ):
                if num_showings:  # else never shown, so not worth scaling
                    picture = convert(frame)
                    for _ in range(num_showings):
                        self.num_frames += 1
                        yield picture
                progress(self.num_frames / expected)
            self.warnings = frames.warnings()
            frames.check_complete()


def simple_fraction(fps: float) -> Fraction:
    """Return the simple fraction that a rounded rate means.

    >>> simple_fraction(29.97002997)
    Fraction(30000, 1001)
    """
    return Fraction(fps).limit_denominator(1001)
