"""A writer of lossless video files that describe themselves.

A file is plain Matroska that any player shows at the right speed. Its header is JSON in
a tag named SODA. The Matroska writer puts tags at the start of the file, but the number
of frames is known only at the end. So the tag is first filled with spaces, which JSON
allows, and overwritten after the last frame.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from jaxtyping import UInt8

from pipeline.errors import VideoError

Picture = UInt8[np.ndarray, "height width *channels"]
FlowField = UInt8[np.ndarray, "height width 2"]

MOST_PIXELS = 16384  # a side of a frame, for x264
TAG = "SODA"
HEADER_BYTES = 16384  # reserved for the header
EMPTY_HEADER = b"{" + b" " * (HEADER_BYTES - 2) + b"}"
# The same input must give the same bytes: no random identifiers and no version names.
# There is also no checksum of the tags, because they are filled in later.
CONTAINER_OPTIONS = {"fflags": "+bitexact", "write_crc32": "0"}


@dataclass(frozen=True)
class Codec:
    """A lossless encoder and the pixel format of its frames."""

    name: str
    pixel_format: str
    options: dict[str, str]


# Measured at 340 x 256: 1290 frames per second written and 790 read, in files as large
# as those of FFV1, which reaches 400 and 380. The numbers of threads and slices are
# fixed; otherwise they, and the bytes, would depend on the number of processors.
RGB = Codec("libx264rgb", "rgb24", {"qp": "0", "preset": "ultrafast", "threads": "4"})
# Measured at 340 x 512: 1150 frames per second written and 1500 read.
GRAY = Codec("ffv1", "gray", {"level": "3", "slices": "4"})


def write_pictures(
    path: Path, pictures: Iterable[Picture], fps: Fraction, codec: Codec
) -> int:
    """Encode uint8 frames of one shape with an empty header, and return their number.

    Raises:
        VideoError: The frames are larger than the encoder takes.
        ValueError: There is no frame, or the frames differ in shape.
    """
    num_pictures, shape = 0, None
    with av.open(
        f"file:{path}", "w", format="matroska", options=CONTAINER_OPTIONS
    ) as container:
        container.metadata[TAG] = EMPTY_HEADER.decode()
        for picture in pictures:
            if shape is None:
                shape = picture.shape
                stream = _add_stream(container, picture, fps, codec)
            if picture.shape != shape:
                raise ValueError(
                    f"{path}: expected all frames to have shape {shape}, "
                    f"got {picture.shape} for frame {num_pictures}"
                )
            frame = VideoFrame.from_ndarray(picture, codec.pixel_format)
            frame.pts, frame.time_base = num_pictures, 1 / fps
            container.mux(stream.encode(frame))
            num_pictures += 1
        if shape is None:
            raise ValueError(f"{path}: expected at least one frame, got none")
        container.mux(stream.encode())
    return num_pictures


def _add_stream(
    container: OutputContainer, picture: Picture, fps: Fraction, codec: Codec
) -> VideoStream:
    height, width = picture.shape[:2]
    if max(height, width) > MOST_PIXELS:
        raise VideoError(
            f"expected frames of at most {MOST_PIXELS} pixels a side, found {width} x "
            f"{height}; leave the video out"
        )
    stream = cast(
        VideoStream, container.add_stream(codec.name, rate=fps, options=codec.options)
    )
    stream.height, stream.width = height, width
    stream.pix_fmt = codec.pixel_format
    return stream


def fill_header(path: Path, header: dict[str, Any]) -> None:
    """Write the header into the space that `write_pictures` reserved for it.

    Raises:
        ValueError: The header does not fit into the space.
    """
    text = json.dumps(header)
    if len(text) > HEADER_BYTES:
        raise ValueError(
            f"{path}: expected a header of at most {HEADER_BYTES} bytes, "
            f"got {len(text)}"
        )
    with path.open("rb+") as file:
        position = file.read(2 * HEADER_BYTES).index(EMPTY_HEADER)
        file.seek(position)
        file.write(text.encode("ascii").ljust(HEADER_BYTES))
