"""The frames of an open video with their times, despite damage and broken clocks."""

from collections.abc import Iterator
from fractions import Fraction
from math import inf

import av
from av.packet import Packet
from av.video.frame import VideoFrame

from pipeline.errors import TruncatedVideoError, UnreadableVideoError
from pipeline.video.source import VideoSource, lacks_memory
from pipeline.video.timing import TOLERANCE_SECONDS, SteadyClock

COMPLETE_SHARE = Fraction(95, 100)  # of the declared length; else the file was cut
CLOCK_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT: formats made for broadcast
DISCONTINUITY_SECONDS = Fraction(10)  # a longer step in such formats is a jump
LONGEST_STILL_SECONDS = Fraction(600)  # the longest step if no length is declared
MAX_READ_FAILURES = 100  # in a row, before the rest of the file is given up


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
        self._clock = _clock_for(source)
        self._last_packet_seconds = Fraction(0)

    def __iter__(self) -> Iterator[tuple[VideoFrame, Fraction, Fraction]]:
        for frame in self._frames():
            duration = self._duration(frame)
            start = self._clock.tell(self._stamp(frame), duration)
            self.num_frames += 1
            self.num_undated += frame.pts is None
            self.end_seconds = start + duration
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

    def _frames(self) -> Iterator[VideoFrame]:
        self._source.stream.thread_type = "AUTO"
        for packet in self._packets():
            self._note_end(packet)
            # Not packet.stream_index, which is 0 in the packets that flush decoders.
            if packet.stream.index != self._source.stream.index:
                continue
            try:
                frames = packet.decode()
                self.num_damaged += packet.is_corrupt
            except av.FFmpegError as error:
                if lacks_memory(error):
                    raise
                frames = []
                self.num_damaged += 1
            yield from frames

    def _packets(self) -> Iterator[Packet]:  # type: ignore[type-arg]
        """Yield the packets of all streams, except those that cannot be read."""
        num_failures = 0
        while num_failures < MAX_READ_FAILURES:
            try:
                for packet in self._source.container.demux():
                    num_failures = 0
                    yield packet
                return
            except av.InvalidDataError:
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


def _clock_for(source: VideoSource) -> SteadyClock:
    start, declared = source.stream_start_seconds, source.stream_seconds
    if declared is None:
        start, declared = source.start_seconds, source.container_seconds
    end = inf if declared is None else start + declared
    if source.container.format.flags & CLOCK_MAY_JUMP:
        return SteadyClock(end, DISCONTINUITY_SECONDS)
    return SteadyClock(end, LONGEST_STILL_SECONDS if declared is None else inf)


def first_frame(source: VideoSource) -> tuple[VideoFrame, Fraction]:
    """Return the first frame and its time in the container, in seconds.

    Raises:
        UnreadableVideoError: No frame can be decoded.
    """
    for frame, seconds, _ in SourceFrames(source):
        # In AVI, a frame has the time of the packet that was decoded just before.
        late = source.dates_by_decoding_order
        return frame, source.stream_start_seconds if late else seconds
    raise UnreadableVideoError(
        f"{source.path}: expected a video, but not one of its frames can be decoded; "
        f"fetch or re-encode it again"
    )
