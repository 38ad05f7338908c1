"""The ends of a video, decoded to check that it is complete, and its clock."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from pipeline.video.decoding import SourceFrames, clock_for, may_restart
from pipeline.video.source import VideoSource, open_video
from pipeline.video.timing import SteadyClock, with_next

# The deviation from the average step between frames, as a share of it. A container that
# rounds to milliseconds stays below this share at 240 frames per second.
UNEVEN_SHARE = Fraction(1, 4)


@dataclass(frozen=True)
class Ends:
    """The differences between the declared and the actual content of a video.

    The longest step and the jumps of the clock are known only for formats that have an
    index of all frames, and for broadcast formats, whose clocks may begin again.
    """

    late_seconds: float  # from its declared start to its first frame
    missing_seconds: float  # from the end of its last frame to its declared end
    has_variable_rate: bool  # True if the decoded frames are unevenly spaced
    longest_step_seconds: float  # from one frame to the next
    longest_step_begins: float  # seconds from the start of the file
    num_jumps: int  # of the clock


def decode_ends(path: Path) -> Ends:
    """Decode the first and last second of a video, or all of it if it has no index.

    A file in a broadcast format is read whole, but not decoded, to examine its clock.

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
    clock = _clock_of(path)
    step, begins = clock.longest_step
    return Ends(
        late_seconds=max(float(late), 0.0),
        missing_seconds=max(float(missing), 0.0),
        has_variable_rate=_is_uneven(first, fps) or _is_uneven(last, fps),
        longest_step_seconds=float(step),
        longest_step_begins=float(begins),
        num_jumps=clock.num_jumps,
    )


def _clock_of(path: Path) -> SteadyClock:
    """Return a clock that has told the decoding times of a whole file, if known."""
    with open_video(path) as source:
        clock = clock_for(source)
        for seconds, following in with_next(_decoding_times(source)):
            clock.tell(seconds, 1 / source.fps, following)
        begins = clock.longest_step[1] - source.start_seconds
        clock.longest_step = clock.longest_step[0], begins
        return clock


def _decoding_times(source: VideoSource) -> Iterator[Fraction]:
    """Yield the decoding times of all frames; of none if that takes too long."""
    entries = source.stream.index_entries
    if source.stream.frames and len(entries) == source.stream.frames:
        yield from (entry.timestamp * source.time_base for entry in entries)
    elif may_restart(source):
        for packet in SourceFrames(source).packets():
            is_video = packet.stream.index == source.stream.index
            if is_video and packet.dts is not None:
                yield packet.dts * source.time_base


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
