"""The frames of an open video with their times, through damage and broken clocks."""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.packet import Packet
from av.video.frame import VideoFrame

from pipeline.errors import TruncatedVideoError, UnreadableVideoError
from pipeline.video.source import NO_MEMORY, Source
from pipeline.video.timing import TOLERANCE_SECONDS, SteadyClock

COMPLETE_SHARE = Fraction(95, 100)  # of the declared length; less is a cut file
CLOCK_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT: formats made for broadcast
DISCONTINUITY_SECONDS = Fraction(10)  # a longer step in such formats is a jump
LONGEST_STILL_SECONDS = Fraction(600)  # believed of a file that declares no length
MAX_READ_FAILURES = 100  # in a row, after which the rest of the file is given up


class SourceFrames:
    """Iterates once over (frame, start seconds, duration in seconds).

    Start seconds are the container's, and never fall. After iteration,
    `check_complete` and `warnings` say how well it went.
    """

    def __init__(self, source: Source) -> None:
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
        """Compare with what the file declares, as far as it does.

        Raises:
            TruncatedVideoError: The file ends well before its declared end.
        """
        covered, declared = self._covered_and_declared()
        if self.missing_seconds() > (1 - COMPLETE_SHARE) * declared:
            expected = self._source.stream.frames or round(declared * self._source.fps)
            raise TruncatedVideoError(
                f"{self._source.path}: decoded {self.num_frames} of {expected} frames "
                f"({float(covered):.1f} of {float(declared):.1f} s); the file ends "
                f"early or is damaged there, fetch or re-encode it again"
            )

    def missing_seconds(self) -> Fraction:
        """How much sooner than declared the pictures end; negative where later."""
        covered, declared = self._covered_and_declared()
        # A clock that jumps makes the declared length meaningless as well.
        return Fraction(0) if self._clock.num_jumps else declared - covered

    def warnings(self) -> list[str]:
        """What was mended on the way, with counts."""
        counts = {
            "damaged packets, skipped or mended": self.num_damaged,
            "frames without a presentation time, counted on": self.num_undated,
            "jumps of the clock, which was made to go on": self._clock.num_jumps,
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
            except NO_MEMORY:
                raise
            except av.FFmpegError:
                frames = []
                self.num_damaged += 1
            yield from frames

    def _packets(self) -> Iterator[Packet]:  # type: ignore[type-arg]
        """Packets of all streams; those that cannot be read are left out."""
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
                # PyAV's, at the very end, over a stream that appeared on the way.
                return

    def _note_end(self, packet: Packet) -> None:  # type: ignore[type-arg]
        if packet.pts is not None:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._last_packet_seconds = max(self._last_packet_seconds, end)

    def _stamp(self, frame: VideoFrame) -> Fraction | None:
        ticks = frame.dts if frame.pts is None else frame.pts
        if self._source.dates_by_decoding_order:
            ticks = frame.dts
        return None if ticks is None else ticks * self._source.time_base

    def _duration(self, frame: VideoFrame) -> Fraction:
        duration = (frame.duration or 0) * self._source.time_base
        return duration if duration > TOLERANCE_SECONDS else 1 / self._source.fps

    def _covered_and_declared(self) -> tuple[Fraction, Fraction]:
        """Seconds, of the pictures if declared, else of the file with its sound."""
        source = self._source
        declared = source.stream_seconds
        if declared is not None:
            # Some formats count from the first picture and some from the file's
            # start: both are taken as complete.
            return self.end_seconds - source.start_seconds, declared
        covered = max(self._last_packet_seconds, self.end_seconds)
        return covered - source.start_seconds, source.container_seconds or Fraction(0)


def _clock_for(source: Source) -> SteadyClock:
    declared = source.stream_seconds
    end = None
    if declared is not None:
        end = source.stream_start_seconds + declared
    elif source.container_seconds is not None:
        end = source.start_seconds + source.container_seconds
    if source.container.format.flags & CLOCK_MAY_JUMP:
        return SteadyClock(end, longest_step_seconds=DISCONTINUITY_SECONDS)
    return SteadyClock(end, longest_step_seconds=None if end else LONGEST_STILL_SECONDS)


def first_frame(source: Source) -> tuple[VideoFrame, Fraction]:
    """The first frame and its time in the container, in seconds.

    Raises:
        UnreadableVideoError: Not a single frame could be decoded.
    """
    for frame, seconds, _ in SourceFrames(source):
        # In AVI, a frame's time is that of the packet decoded before it came out.
        late = source.dates_by_decoding_order
        return frame, source.stream_start_seconds if late else seconds
    raise UnreadableVideoError(
        f"{source.path}: expected a video, but not one of its frames can be decoded; "
        f"fetch or re-encode it again"
    )
