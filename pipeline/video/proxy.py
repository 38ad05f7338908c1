"""Small copies of videos that play in every browser, with the same frame times."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from pipeline.progress import ShareDone, silent
from pipeline.storage import atomic_path
from pipeline.video.decoding import SourceFrames, first_frame
from pipeline.video.picture import RgbConverter, nearest, scaled_size, shown_size
from pipeline.video.source import VideoSource, open_video

# Videos that get a small copy for browsers: those that need one, all, or none.
Proxy = Literal["auto", "always", "never"]

MP4_CODECS = ("h264", "vp9", "av1")
WEBM_CODECS = ("vp8", "vp9", "av1")
PIXEL_FORMATS = ("yuv420p", "yuvj420p")  # 8 bits, chroma at half the resolution
EBML_HEAD_BYTES = 64  # a WebM file names its format in them

# Key frames are close together, for seeking. Without B-frames, the first frame has
# time 0 without an edit list, which browsers read differently.
ENCODING = {"preset": "veryfast", "crf": "23", "g": "12", "bf": "0"}
CONTAINER = {"movflags": "faststart"}
SMALLEST_SIDE = 16  # pixels


def plays_in_browsers(path: Path) -> bool:
    """Return whether Chromium, Firefox and Safari all play a video as it is.

    Raises:
        VideoError: The file is missing or is not a video.
    """
    with open_video(path) as source:
        codec = source.stream.codec_context
        return codec.name in _codecs_in(source) and codec.pix_fmt in PIXEL_FORMATS


def begins_late(path: Path) -> bool:
    """Return whether a container begins a frame or more after 0.

    Browsers disagree on the time that their players show for such a video.

    Raises:
        VideoError: The file is missing or is not a video.
    """
    with open_video(path) as source:
        return abs(source.start_seconds * source.fps) >= 1


def _codecs_in(source: VideoSource) -> tuple[str, ...]:
    """Return the codecs that browsers play in the container of a video."""
    name = source.container.format.name
    if "mp4" in name:
        return MP4_CODECS
    if "webm" in name:
        # FFmpeg has one name for Matroska, which browsers do not play, and WebM.
        with source.path.open("rb") as file:
            return WEBM_CODECS if b"webm" in file.read(EBML_HEAD_BYTES) else ()
    return ()


def write_proxy(
    source: Path, target: Path, short_side: int = 360, progress: ShareDone = silent
) -> None:
    """Write a small H.264 copy of a video, without sound, that any browser plays.

    Its frames have exactly the times of the source, relative to the time that players
    show as 0. A first frame that comes later is shown from 0 on, because browsers
    disagree on how to play a video that starts late. A video whose short side has fewer
    pixels keeps its size. The target (.mp4) is written whole or not at all.

    Raises:
        VideoError: The source is missing, is not a video, or has no frame.
        SodaError: The disk is full.
    """
    with open_video(source) as video:
        frame, first_seconds = first_frame(video)
        width, height = _even_size(video, frame, short_side)
        zero = video.start_seconds
        declared = video.declared_seconds
    with open_video(source) as video, atomic_path(target) as temporary:
        convert, encoder = RgbConverter(width, height), VideoReformatter()
        with av.open(
            f"file:{temporary}", "w", format="mp4", options=CONTAINER
        ) as output:
            stream = _add_stream(output, video, width, height)
            for frame, ticks, duration in _dated(video, first_seconds - zero):
                picture = VideoFrame.from_ndarray(convert(frame), "rgb24")
                picture = encoder.reformat(
                    picture, format="yuv420p", dst_colorspace=Colorspace.ITU601
                )
                picture.pts, picture.duration = ticks, duration
                picture.time_base = video.time_base
                output.mux(stream.encode(picture))
                if declared:
                    progress(min(float(ticks * video.time_base / declared), 1.0))
            output.mux(stream.encode())


def _even_size(
    source: VideoSource, frame: VideoFrame, short_side: int
) -> tuple[int, int]:
    """Return the displayed width and height, rounded down to even numbers for 4:2:0."""
    shown = shown_size(frame, source.stream.sample_aspect_ratio)
    size = scaled_size(*shown, min(short_side, nearest(min(shown))))
    width, height = (max(side // 2 * 2, SMALLEST_SIDE) for side in size)
    return width, height


def _add_stream(
    output: OutputContainer, source: VideoSource, width: int, height: int
) -> VideoStream:
    added = output.add_stream("libx264", rate=source.fps, options=ENCODING)
    stream = cast(VideoStream, added)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.time_base = source.time_base
    stream.codec_context.colorspace = Colorspace.ITU601
    stream.codec_context.color_range = ColorRange.MPEG
    return stream


def _dated(
    source: VideoSource, first_seconds: Fraction
) -> Iterator[tuple[VideoFrame, int, int]]:
    """Yield frames, start ticks and durations; of equal starts, only the last frame."""
    held: tuple[VideoFrame, int] | None = None
    length = 1
    for frame, start, duration in SourceFrames(source):
        if held is None:
            shift = first_seconds - start
        ticks = max(nearest((start + shift) / source.time_base), 0)
        if held is None and ticks > 0:
            yield frame, 0, ticks
        elif held is not None and ticks > held[1]:
            yield *held, ticks - held[1]
        held = frame, ticks
        length = max(nearest(duration / source.time_base), 1)
    if held is not None:
        yield *held, length
