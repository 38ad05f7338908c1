"""The frames of an open video with their times, despite damage and broken clocks."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import inf

import av
from av.packet import Packet
from av.video.frame import VideoFrame

from pipeline.errors import TruncatedVideoError, UnreadableVideoError
from pipeline.video.picture import LARGEST_ASPECT, nearest, shown_size
from pipeline.video.source import (
    LARGEST_PIXELS,
    VideoSource,
    check_memory,
    open_video,
    unreadable,
)
from pipeline.video.timing import TOLERANCE_SECONDS, SteadyClock, with_next

COMPLETE_SHARE = Fraction(95, 100)  # of the declared length; else the file was cut
CLOCK_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT: formats made for broadcast
# A longer step is a jump if the format is such a one or declares no length.
LONGEST_GAP_SECONDS = Fraction(3600)
# A damaged header or time must not fill the disk with one frame. Beyond the longest
# gap, a video may last no longer than its frames at this pace.
SLOWEST_STEP_SECONDS = 60
MAX_READ_FAILURES = 100  # in a row, before the rest of the file is given up
MOST_UNDATED = 250  # frames at the start that are dated by the first one with a time


class SourceFrames:
    """A single-use iterable over (frame, start seconds, duration in seconds).

    Start seconds are on the container's clock and never decrease. After iteration,
    `check_complete` and `warnings` report the faults of the file.
    """

    def __init__(self, source: VideoSource) -> None:
        self.num_frames = 0
        self.num_damaged = 0
        self.num_undated = 0
        self.end_seconds = Fraction(0)
        self._source = source
        self._clock = clock_for(source)
        self._last_packet_seconds = Fraction(0)

    def __iter__(self) -> Iterator[tuple[VideoFrame, Fraction, Fraction]]:
        first_seconds: Fraction | None = None
        for frame, following in with_next(self._frames()):
            duration = self._duration(frame)
            stamp = self._stamp(frame)
            if first_seconds is None and stamp is None:
                self._clock.start_seconds = _undated_start(self._source)
            start = self._clock.tell(
                stamp, duration, self._stamp(following) if following else None
            )
            first_seconds = start if first_seconds is None else first_seconds
            self.num_frames += 1
            self.num_undated += frame.pts is None
            self.end_seconds = start + duration
            self._check_pace(self.end_seconds - first_seconds)
            yield frame, start, duration

    def check_complete(self) -> None:
        """Compare the decoded length with the declared one, if there is one.

        Raises:
            TruncatedVideoError: The file ends well before its declared end.
        """
        covered, declared = self._covered_and_declared()
        if self.missing_seconds() > (1 - COMPLETE_SHARE) * declared:
            expected = self._source.stream.frames or round(declared * self._source.fps)
            raise TruncatedVideoError(
                f"{self._source.path}: decoded {self.num_frames} of {expected} frames "
                f"({float(covered):.1f} of {float(declared):.1f} s); the file ends "
                f"early or is damaged there; fetch or re-encode it again"
            )

    def missing_seconds(self) -> Fraction:
        """Return how many seconds too early the frames end; negative if too late."""
        covered, declared = self._covered_and_declared()
        # A clock that jumps makes the declared length meaningless as well.
        return Fraction(0) if self._clock.num_jumps else declared - covered

    def warnings(self) -> list[str]:
        """Return the repaired faults of the file, with counts."""
        counts = {
            "damaged packets, skipped or repaired": self.num_damaged,
            "frames without a presentation time, estimated": self.num_undated,
            "jumps of the clock, corrected": self._clock.num_jumps,
        }
        return [f"{count} {what}" for what, count in counts.items() if count]

    def _check_pace(self, seconds: Fraction) -> None:
        """Refuse a video whose frames so far would last far too long."""
        if seconds > LONGEST_GAP_SECONDS + SLOWEST_STEP_SECONDS * self.num_frames:
            raise unreadable(
                self._source.path,
                f"its frame {self.num_frames} would end after "
                f"{float(seconds) / 3600:.0f} hours (a damaged header or clock)",
            )

    def _frames(self) -> Iterator[VideoFrame]:
        self._source.stream.thread_type = "AUTO"
        for packet in self.packets():
            self._note_end(packet)
            # Not packet.stream_index, which is 0 in the packets that flush decoders.
            if packet.stream.index != self._source.stream.index:
                continue
            try:
                frames = packet.decode()
                self.num_damaged += packet.is_corrupt
            except av.FFmpegError as error:
                check_memory(error)
                frames = []
                self.num_damaged += 1
            yield from frames

    def packets(self) -> Iterator[Packet]:  # type: ignore[type-arg]
        """Yield the packets of all streams, except those that cannot be read."""
        num_failures = 0
        while num_failures < MAX_READ_FAILURES:
            try:
                for packet in self._source.container.demux():
                    num_failures = 0
                    yield packet
                return
            except (av.InvalidDataError, MemoryError) as error:
                check_memory(error)
                num_failures += 1
                self.num_damaged += 1
            except IndexError:
                # PyAV raises it at the very end if a stream appeared during demuxing.
                return

    def _note_end(self, packet: Packet) -> None:  # type: ignore[type-arg]
        if packet.pts is not None:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._last_packet_seconds = max(self._last_packet_seconds, end)

    def _stamp(self, frame: VideoFrame) -> Fraction | None:
        by_order = frame.pts is None or self._source.dates_by_decoding_order
        ticks = frame.dts if by_order else frame.pts
        return None if ticks is None else ticks * self._source.time_base

    def _duration(self, frame: VideoFrame) -> Fraction:
        duration = (frame.duration or 0) * self._source.time_base
        return duration if duration > TOLERANCE_SECONDS else 1 / self._source.fps

    def _covered_and_declared(self) -> tuple[Fraction, Fraction]:
        """Return the decoded and declared seconds of the stream, else of the file."""
        source = self._source
        declared = source.stream_seconds
        if declared is not None:
            # Some formats count from the first frame and some from the start of the
            # file. Measuring from the start of the file accepts both as complete.
            return self.end_seconds - source.start_seconds, declared
        covered = max(self._last_packet_seconds, self.end_seconds)
        return covered - source.start_seconds, source.container_seconds or Fraction(0)


def clock_for(source: VideoSource) -> SteadyClock:
    """Return a clock that knows which times are plausible in a video."""
    if may_restart(source):
        # The declared length is the difference of two times, so it proves nothing.
        return SteadyClock(longest_gap_seconds=LONGEST_GAP_SECONDS)
    start, declared = source.stream_start_seconds, source.stream_seconds
    if declared is None:
        start, declared = source.start_seconds, source.container_seconds
    end = inf if declared is None else start + declared
    return SteadyClock(end, LONGEST_GAP_SECONDS if declared is None else inf)


def may_restart(source: VideoSource) -> bool:
    """Return whether the format allows a clock to begin again within a file."""
    return bool(source.container.format.flags & CLOCK_MAY_JUMP)


def _undated_start(source: VideoSource) -> Fraction:
    """Return the start of a first frame without a time.

    It is counted back from the first frame that has a time; 0 if none has one.
    """
    seconds = Fraction(0)
    with open_video(source.path) as anew:
        frames = SourceFrames(anew)
        for frame in islice(frames._frames(), MOST_UNDATED):
            stamp = frames._stamp(frame)
            if stamp is not None:
                return stamp - seconds
            seconds += frames._duration(frame)
    return Fraction(0)


def first_frame(source: VideoSource) -> tuple[VideoFrame, Fraction]:
    """Return the first frame and its time in the container, in seconds.

    Raises:
        UnreadableVideoError: No frame can be decoded, or the first one is too long and
            narrow.
    """
    for frame, seconds, _ in SourceFrames(source):
        shown = shown_size(frame, source.stream.sample_aspect_ratio)
        if max(shown) > LARGEST_ASPECT * min(shown):
            width, height = map(nearest, shown)
            raise unreadable(
                source.path,
                f"its frames have {width} x {height} pixels, and one side is more "
                f"than {LARGEST_ASPECT} times as long as the other",
            )
        # In AVI, a frame has the time of the packet that was decoded just before.
        late = source.dates_by_decoding_order
        return frame, source.stream_start_seconds if late else seconds
    raise UnreadableVideoError(
        f"{source.path}: expected a video, but not one of its frames can be decoded "
        f"(none is that has more than {LARGEST_PIXELS} pixels); fetch or re-encode it "
        "again"
    )
