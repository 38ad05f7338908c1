"""The properties of a video, found without decoding more than its first frame."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.video.decoding import first_frame
from pipeline.video.picture import nearest, shown_size
from pipeline.video.source import VideoSource, open_video


@dataclass(frozen=True)
class VideoInfo:
    """The properties of a video, as its file declares them."""

    container: str  # FFmpeg's name of the format, such as "mov,mp4,m4a,3gp,3g2,mj2"
    codec: str  # FFmpeg's name of the decoder, such as "h264"
    width: int  # on screen, with square pixels and upright
    height: int
    fps: float  # on average
    duration_seconds: float
    num_frames: int | None  # as declared; None if undeclared


def probe(path: Path) -> VideoInfo:
    """Return the properties of a video.

    Raises:
        MissingVideoError: There is no such file.
        UnreadableVideoError: It has no video stream that FFmpeg can read.
    """
    with open_video(path) as source:
        frame, _ = first_frame(source)
        width, height = shown_size(frame, source.stream.sample_aspect_ratio)
        duration_seconds = source.declared_seconds or _measured_seconds(source)
        return VideoInfo(
            container=source.container.format.name,
            codec=source.stream.codec_context.name,
            width=nearest(width),
            height=nearest(height),
            fps=float(source.fps),
            duration_seconds=float(duration_seconds),
            num_frames=source.stream.frames or None,
        )


def _measured_seconds(source: VideoSource) -> Fraction:
    """Measure the length from the packets, which reads the whole file."""
    with open_video(source.path) as anew:
        num_packets, end_ticks = 0, None
        for packet in anew.container.demux(anew.stream):
            num_packets += packet.size > 0
            if packet.pts is not None:
                end_ticks = max(end_ticks or 0, packet.pts + (packet.duration or 0))
        if end_ticks is None:
            return num_packets / anew.fps
        return end_ticks * anew.time_base - anew.stream_start_seconds
