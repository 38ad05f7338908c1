"""The display times of a video's frames, read from its packets without decoding."""

from array import array
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from pipeline.errors import UnreadableVideoError
from pipeline.video.source import VideoSource, open_video


@dataclass(frozen=True)
class FrameTimes:
    """The display times of a video's frames, in ticks of the container.

    Frame i is on screen from `ticks[i]` until `ticks[i + 1]`. Players and clicks use a
    clock that shows 0 where the file begins, which is `start_seconds` behind the
    container's clock.
    """

    ticks: Int64[np.ndarray, "frames_and_end"]
    time_base: Fraction  # seconds per tick
    start_seconds: Fraction

    @property
    def num_frames(self) -> int:
        """The number of frames."""
        return len(self.ticks) - 1

    def seconds(self, frame: int) -> float:
        """Return when a frame appears, on a player's clock; `num_frames`: the end."""
        return float(int(self.ticks[frame]) * self.time_base - self.start_seconds)

    def to_json(self) -> dict[str, Any]:
        """Return the exact times in short form: runs of equal steps between frames."""
        steps = np.diff(self.ticks).tolist()
        return {
            "time_base": [self.time_base.numerator, self.time_base.denominator],
            "start_seconds": float(self.start_seconds),
            "first": int(self.ticks[0]),
            "steps": [[step, len(list(run))] for step, run in groupby(steps)],
        }


def frame_times(path: Path) -> FrameTimes:
    """Return the times of a video's frames, at eight bytes of memory per frame.

    Raises:
        MissingVideoError: The file does not exist.
        UnreadableVideoError: The file has no video stream, or no frame has a time.
    """
    with open_video(path) as source:
        stamps, end = _stamps(source)
        if len(stamps) == 0:
            raise UnreadableVideoError(
                f"{path}: expected frames with times, found none; re-encode the file "
                "or leave it out"
            )
        return FrameTimes(
            np.append(stamps, end), source.time_base, source.start_seconds
        )


def _stamps(source: VideoSource) -> tuple[Int64[np.ndarray, "frames"], int]:
    """Return the presentation times of all frames and the end of the last, in ticks."""
    stamps, end, last = array("q"), 0, None
    usual = max(round(1 / source.fps / source.time_base), 1)
    for packet in source.container.demux(source.stream):
        if packet.pts is None or packet.is_discard:
            continue
        stamps.append(packet.pts)
        if last is None or packet.pts >= last:
            last, end = packet.pts, packet.pts + (packet.duration or usual)
    return np.unique(np.frombuffer(stamps, dtype=np.int64)), end
