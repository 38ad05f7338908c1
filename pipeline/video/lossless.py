"""Writing lossless video files that describe themselves.

A file is plain Matroska that any player shows at the right speed. Its header, JSON,
is a tag named SODA. Matroska's writer puts tags at the start of the file, while the
number of frames is known only at the end; so the tag is reserved with spaces, as
JSON allows, and filled in when the last frame is written.
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

Picture = UInt8[np.ndarray, "height width *channels"]

TAG = "SODA"
HEADER_BYTES = 16384  # reserved for the header
EMPTY_HEADER = b"{" + b" " * (HEADER_BYTES - 2) + b"}"
# Same input, same bytes: no random identifiers, no names of versions, and no
# checksum over the tags, which are filled in later.
CONTAINER_OPTIONS = {"fflags": "+bitexact", "write_crc32": "0"}


@dataclass(frozen=True)
class Codec:
    """A lossless encoder and the form of its pictures."""

    name: str
    pixel_format: str
    options: dict[str, str]


# Measured at 340 x 256: 1290 frames a second written and 790 read, in files as
# large as FFV1's, which gives 400 and 380. The numbers of threads and slices are
# fixed, because otherwise they, and the bytes, follow the number of processors.
RGB = Codec("libx264rgb", "rgb24", {"qp": "0", "preset": "ultrafast", "threads": "4"})
# Measured at 340 x 512: 1150 written and 1500 read.
GRAY = Codec("ffv1", "gray", {"level": "3", "slices": "4"})


def write_pictures(
    path: Path, pictures: Iterable[Picture], fps: Fraction, codec: Codec
) -> int:
    """Encode uint8 pictures of one shape, with an empty header; return how many.

    Raises:
        ValueError: There is no picture, or not all have one shape.
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
                    f"{path}: expected all pictures of shape {shape}, "
                    f"got {picture.shape} for picture {num_pictures}"
                )
            frame = VideoFrame.from_ndarray(picture, codec.pixel_format)
            frame.pts, frame.time_base = num_pictures, 1 / fps
            container.mux(stream.encode(frame))
            num_pictures += 1
        if shape is None:
            raise ValueError(f"{path}: expected at least one picture, got none")
        container.mux(stream.encode())
    return num_pictures


def _add_stream(
    container: OutputContainer, picture: Picture, fps: Fraction, codec: Codec
) -> VideoStream:
    stream = cast(
        VideoStream, container.add_stream(codec.name, rate=fps, options=codec.options)
    )
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = codec.pixel_format
    return stream


def fill_header(path: Path, header: dict[str, Any]) -> None:
    """Put the header into the space that `write_pictures` reserved for it.

    Raises:
        ValueError: The header is longer than the space.
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
