"""The first and last second of a video, decoded to check that it is complete."""

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from pipeline.video.decoding import SourceFrames
from pipeline.video.source import VideoSource, open_video

# The deviation from the average step between frames, as a share of it. A container that
# rounds to milliseconds stays below this share at 240 frames per second.
UNEVEN_SHARE = Fraction(1, 4)


@dataclass(frozen=True)
class Ends:
    """The differences between the declared and the actual content of a video."""

    late_seconds: float  # from its declared start to its first frame
    missing_seconds: float  # from the end of its last frame to its declared end
    has_variable_rate: bool  # True if the decoded frames are unevenly spaced


def decode_ends(path: Path) -> Ends:
    """Decode the first and last second of a video, or all of it if it has no index.

    Raises:
        MissingVideoError: There is no such file.
        UnreadableVideoError: It has no video stream that FFmpeg can read.
    """
    with open_video(path) as source:
        first = _first_second(source)
        late = first[0] - source.stream_start_seconds if first else 0
        fps = source.fps
    last, missing = _read_on(path, from_last_second=True)
    if not last:
        # The sound is longer than the video stream, or the file was cut.
        last, missing = _read_on(path, from_last_second=False)
    return Ends(
        late_seconds=max(float(late), 0.0),
        missing_seconds=max(float(missing), 0.0),
        has_variable_rate=_is_uneven(first, fps) or _is_uneven(last, fps),
    )


def _first_second(source: VideoSource) -> list[Fraction]:
    """Return the starts of the frames within a second of the first frame."""
    starts: list[Fraction] = []
    for _, start, _ in SourceFrames(source):
        starts.append(start)
        if start - starts[0] >= 1:
            break
    return starts


def _read_on(path: Path, from_last_second: bool) -> tuple[list[Fraction], Fraction]:
    """Return the starts of the frames up to the end, and the seconds missing there."""
    with open_video(path) as source:
        if from_last_second:
            _seek_last_second(source)
        frames = SourceFrames(source)
        return [start for _, start, _ in frames], frames.missing_seconds()


def _seek_last_second(source: VideoSource) -> None:
    declared = source.declared_seconds
    if declared and declared > 1:
        target = source.stream_start_seconds + declared - 1
        # Formats without an index are read from the beginning.
        with suppress(av.FFmpegError):
            source.container.seek(int(target / source.time_base), stream=source.stream)


def _is_uneven(starts: list[Fraction], fps: Fraction) -> bool:
    return any(
        abs((later - sooner) * fps - 1) > UNEVEN_SHARE
        for sooner, later in pairwise(starts)
    )
