"""Access to any video: its main stream, and what the file declares about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from pipeline.errors import MissingVideoError, UnreadableVideoError

NOT_A_VIDEO = Disposition.attached_pic | Disposition.still_image
STILL_BRANDS = {"avif", "heic", "heix", "mif1"}
FASTEST_FPS = 10_000  # a higher rate is taken for an unknown one
# Formats that do not count their frames often state the ticks of their clock instead,
# which are 1000 or more per second. The first packets tell whether such a rate is real.
DOUBTFUL_FPS = 1000
FIRST_PACKETS = 100
USUAL_FPS = Fraction(25)  # FFmpeg's assumption for a stream without times
LARGEST_PIXELS = 2**26  # of a frame: 8192 x 8192; VR cameras record 11520 x 5760
# Decoders refuse a larger frame even if it comes in the middle of a stream.
LIMITS = {"max_pixels": str(LARGEST_PIXELS)}


@dataclass(frozen=True)
class VideoSource:
    """An open video file and its main video stream."""

    path: Path
    container: InputContainer
    stream: VideoStream

    @cached_property
    def fps(self) -> Fraction:
        """The average number of frames per second."""
        stream = self.stream
        for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
            if not rate or not 0 < rate <= FASTEST_FPS:
                continue
            if rate < DOUBTFUL_FPS or stream.frames or self._begins_at(rate):
                return Fraction(rate)
        return USUAL_FPS

    def _begins_at(self, fps: Fraction) -> bool:
        """Return whether the first packets come at about this rate."""
        with _open(self.path) as container:
            stream = container.streams[self.stream.index]
            packets = islice(container.demux(stream), FIRST_PACKETS)
            ticks = [packet.pts for packet in packets if packet.pts is not None]
        if len(ticks) < 2:
            return False
        seconds = (max(ticks) - min(ticks)) * (stream.time_base or 1)
        return seconds * fps < 2 * len(ticks)

    @property
    def time_base(self) -> Fraction:
        """The seconds per tick of the stream's times."""
        return self.stream.time_base or 1 / self.fps

    @property
    def dates_by_decoding_order(self) -> bool:
        """True if times follow the decoding order only, as in AVI."""
        return self.container.format.name == "avi"

    @property
    def start_seconds(self) -> Fraction:
        """The container's time that a player shows as 0."""
        return Fraction(self.container.start_time or 0, av.time_base)

    @property
    def stream_start_seconds(self) -> Fraction:
        """The container's time of the first frame; if undeclared, of its start."""
        ticks = self.stream.start_time
        return self.start_seconds if ticks is None else ticks * self.time_base

    @property
    def container_seconds(self) -> Fraction | None:
        """The declared length of the file; its sound may outlast the video stream."""
        duration = self.container.duration
        return Fraction(duration, av.time_base) if duration else None

    @property
    def stream_seconds(self) -> Fraction | None:
        """The declared length of the video stream; None if only the file has one."""
        if self.dates_by_decoding_order and self.stream.frames:
            # FFmpeg limits the duration to the size of the file, so it cannot reveal
            # that the file was cut.
            return self.stream.frames / self.fps
        if self.stream.duration:
            return self.stream.duration * self.time_base
        return _matroska_seconds(self.stream.metadata.get("DURATION", ""))

    @property
    def declared_seconds(self) -> Fraction | None:
        """The declared length of the video stream, else of the file, else None."""
        return self.stream_seconds or self.container_seconds


@contextmanager
def open_video(path: Path) -> Iterator[VideoSource]:
    """Open a video for the duration of a `with` block.

    Raises:
        MissingVideoError: There is no such file.
        UnreadableVideoError: The file has no video stream that FFmpeg can read, or
            FFmpeg failed within the block.
    """
    _check_file(path)
    with _open(path) as container:
        try:
            yield VideoSource(path, container, _video_stream(path, container))
        except av.FFmpegError as error:
            check_memory(error)
            raise unreadable(path, f"FFmpeg stopped at {_cause(error)}") from error


def check_memory(error: BaseException) -> None:
    """Raise MemoryError if FFmpeg failed for lack of memory.

    A damaged file may ask for any amount. Such a request fails although there is more
    memory left than a frame can need, and is the file's fault.
    """
    # FFmpeg raises BlockingIOError for a thread that cannot be started.
    if isinstance(error, BlockingIOError):
        raise MemoryError(str(error)) from error
    if isinstance(error, MemoryError):
        bytes(4 * LARGEST_PIXELS)  # costs nothing while nobody reads it


def _cause(error: av.FFmpegError) -> str:
    is_demand = isinstance(error, MemoryError)
    return "a demand for far too much memory" if is_demand else f"“{error.strerror}”"


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        link = " (the path is a broken link)" if path.is_symlink() else ""
        raise MissingVideoError(
            f"{path}: expected a video, found no such file{link}; check the name "
            "of the folder and that the file was fetched"
        ) from None
    except OSError as error:
        raise unreadable(path, f"the system reports “{error.strerror}”") from error
    except ValueError as error:
        raise unreadable(path, f"no file can have that name ({error})") from error
    if not path.is_file():
        raise unreadable(path, "it is not a file")
    if size == 0:
        raise unreadable(path, "it is empty (0 bytes)")


def _open(path: Path) -> InputContainer:
    try:
        # Without the prefix, "12:30.mp4" would be read as a protocol named 12.
        return av.open(f"file:{path}", "r", options=LIMITS, metadata_errors="replace")
    except av.FFmpegError as error:
        check_memory(error)
        found = f"FFmpeg cannot read it ({_cause(error)})"
        if isinstance(error, av.InvalidDataError) and _looks_like_mp4(path):
            found = "it looks truncated: its index (moov atom) is missing"
        raise unreadable(path, found) from error


def _looks_like_mp4(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8)[4:] == b"ftyp"


def _video_stream(path: Path, container: InputContainer) -> VideoStream:
    if _is_still(container):
        kind = container.format.long_name or container.format.name
        raise unreadable(path, f"it is text or a still image ({kind})")
    streams = [
        stream
        for stream in container.streams.video
        if stream.codec_context and not stream.disposition & NOT_A_VIDEO
    ]
    if not streams:
        kinds = ", ".join(stream.type for stream in container.streams) or "nothing"
        raise unreadable(
            path, f"it has no video stream that can be decoded, only {kinds}"
        )
    best = container.streams.best("video")
    chosen = next((stream for stream in streams if stream is best), streams[0])
    if chosen.width * chosen.height > LARGEST_PIXELS:
        found = f"its frames have {chosen.width} x {chosen.height} pixels"
        raise unreadable(path, f"{found}, and at most {LARGEST_PIXELS} are decoded")
    chosen.codec_context.options = LIMITS
    return chosen


def _is_still(container: InputContainer) -> bool:
    name = container.format.name
    brand = container.metadata.get("major_brand", "").strip()
    # FFmpeg reads .txt files as the screen of a terminal ("tty").
    return name in {"image2", "tty"} or name.endswith("_pipe") or brand in STILL_BRANDS


def _matroska_seconds(tag: str) -> Fraction | None:
    """Return the seconds of a tag like 00:01:02.500000000; None for other text.

    >>> _matroska_seconds("00:01:02.500000000")
    Fraction(125, 2)
    """
    try:
        hours, minutes, seconds = (Fraction(part) for part in tag.split(":"))
    except ValueError:
        return None
    return hours * 3600 + minutes * 60 + seconds or None


def unreadable(path: Path, found: str) -> UnreadableVideoError:
    """Return the error for a file that is not a usable video."""
    return UnreadableVideoError(
        f"{path}: expected a video, but {found}; fetch it again or leave it out"
    )
