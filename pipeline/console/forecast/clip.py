"""A few seconds out of a video, as they are."""

from pathlib import Path

import av
from av.error import FFmpegError

from pipeline.errors import UnreadableVideoError
from pipeline.video.source import open_video


def cut_clip(path: Path, output: Path, seconds: float) -> None:
    """Copy what follows the keyframe in the middle of a video, without decoding it.

    Raises:
        VideoError: The video cannot be read, or not be cut.
    """
    try:
        with open_video(path) as source, av.open(output, "w") as target:
            stream, container = source.stream, source.container
            container.seek((container.duration or 0) // 2, backward=True)
            copy = target.add_stream_from_template(stream)
            first: int | None = None
            for packet in container.demux(stream):
                if packet.dts is None or packet.pts is None:
                    continue
                first = packet.dts if first is None else first
                if (packet.dts - first) * source.time_base >= seconds:
                    break
                packet.pts, packet.dts = packet.pts - first, packet.dts - first
                packet.stream = copy
                target.mux(packet)
    except FFmpegError as error:
        raise UnreadableVideoError(f"{path}: cannot be cut: {error}") from error
