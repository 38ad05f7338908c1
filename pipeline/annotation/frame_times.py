"""When each frame of a video is on screen, read from its packets without decoding."""

from array import array
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from pipeline.errors import UnreadableVideoError
from pipeline.video.source import Source, open_video


@dataclass(frozen=True)
class FrameTimes:
    """Frame i is on screen from the container's time ticks[i] until ticks[i + 1].

    A player's clock, and that of all clicks, is `start_seconds` behind: it shows 0 as
    the file begins.
    """

    ticks: Int64[np.ndarray, "frames_and_end"]
    time_base: Fraction  # seconds a tick
    start_seconds: Fraction

    @property
    def num_frames(self) -> int:
        """How many frames there are."""
        return len(self.ticks) - 1

    def seconds(self, frame: int) -> float:
        """When a frame comes on screen, on a player's clock; `num_frames`: the end."""
        return float(int(self.ticks[frame]) * self.time_base - self.start_seconds)

    def to_json(self) -> dict[str, Any]:
        """Exact and short: runs of equal steps from frame to frame."""
        steps = np.diff(self.ticks).tolist()
        return {
            "time_base": [self.time_base.numerator, self.time_base.denominator],
            "start_seconds": float(self.start_seconds),
            "first": int(self.ticks[0]),
            "steps": [[step, len(list(run))] for step, run in groupby(steps)],
        }


def frame_times(path: Path) -> FrameTimes:
    """List the times of a video's frames; eight bytes of memory a frame.

    Raises:
        MissingVideoError: There is no such file.
        UnreadableVideoError: It holds no moving pictures, or none that are dated.
    """
    with open_video(path) as source:
        stamps, end = _stamps(source)
        if len(stamps) == 0:
            raise UnreadableVideoError(
                f"{path}: expected frames with times, found none; re-encode it, or "
                "leave it out"
            )
        return FrameTimes(
            np.append(stamps, end), source.time_base, source.start_seconds
        )


def _stamps(source: Source) -> tuple[Int64[np.ndarray, "frames"], int]:
    """The presentation times of all frames in ticks, and when the last one ends."""
    stamps, end, last = array("q"), 0, None
    usual = max(round(1 / source.fps / source.time_base), 1)
    for packet in source.container.demux(source.stream):
        if packet.pts is None or packet.is_discard:
            continue
        stamps.append(packet.pts)
        if last is None or packet.pts >= last:
            last, end = packet.pts, packet.pts + (packet.duration or usual)
    return np.unique(np.frombuffer(stamps, dtype=np.int64)), end
