"""The first and the last second of a video, decoded: whether all of it is there."""

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from pipeline.video.decoding import SourceFrames
from pipeline.video.source import Source, open_video

# Of a step from frame to frame, as a share of the average; a container that rounds to
# milliseconds stays below it at 240 frames per second.
UNEVEN_SHARE = Fraction(1, 4)


@dataclass(frozen=True)
class Ends:
    """How much of its declared length a video really shows."""

    late_seconds: float  # from its declared start to its first picture
    missing_seconds: float  # from the end of its last picture to its declared end
    has_variable_rate: bool  # its frames come unevenly, as far as was looked


def decode_ends(path: Path) -> Ends:
    """Decode the first and the last second of a video, or all where it has no index.

    Raises:
        MissingVideoError: There is no such file.
        UnreadableVideoError: It holds no moving pictures that FFmpeg reads.
    """
    with open_video(path) as source:
        first = _first_second(source)
        start = source.stream_start_seconds
        late = first[0] - start if first else Fraction(0)
        fps = source.fps
    last, missing = _last_second(path)
    return Ends(
        late_seconds=max(float(late), 0.0),
        missing_seconds=max(float(missing), 0.0),
        has_variable_rate=_is_uneven(first, fps) or _is_uneven(last, fps),
    )


def _first_second(source: Source) -> list[Fraction]:
    """When the frames come that start within a second of the first one."""
    starts: list[Fraction] = []
    for _, start, _ in SourceFrames(source):
        starts.append(start)
        if start - starts[0] >= 1:
            break
    return starts


def _last_second(path: Path) -> tuple[list[Fraction], Fraction]:
    """When the last frames come, and the seconds that lack at the end."""
    starts, missing = _read_on(path, from_last_second=True)
    if not starts:
        # Sound that goes on after the pictures, or a file that was cut.
        starts, missing = _read_on(path, from_last_second=False)
    return starts, missing


def _read_on(path: Path, from_last_second: bool) -> tuple[list[Fraction], Fraction]:
    with open_video(path) as source:
        if from_last_second:
            _seek_last_second(source)
        frames = SourceFrames(source)
        return [start for _, start, _ in frames], frames.missing_seconds()


def _seek_last_second(source: Source) -> None:
    declared = source.stream_seconds or source.container_seconds
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
