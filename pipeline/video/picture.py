"""From a decoded frame to RGB as it is shown: upright, in shape, at the wanted size."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from jaxtyping import UInt8

RgbPicture = UInt8[np.ndarray, "height width 3"]

UNSPECIFIED_COLORSPACE = 2  # AVCOL_SPC_UNSPECIFIED
HD_HEIGHT = 720  # from here on, pictures that don't name their colours are BT.709

# AREA is the mean of the covered pixels, and bilinear where it enlarges. Without
# FULL_CHR_H_INT, colours come out two levels too dark; without the other two, they
# depend on the processor.
SCALING = (
    Interpolation.AREA
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
)


@dataclass(frozen=True)
class Orientation:
    """How a stored picture is turned for the screen: transposed, then mirrored."""

    is_transposed: bool = False
    mirrors_x: bool = False
    mirrors_y: bool = False

    def apply(
        self, picture: RgbPicture
    ) -> UInt8[np.ndarray, "shown_height shown_width 3"]:
        """Turn a picture; height and width change places where transposed."""
        if self.is_transposed:
            picture = picture.swapaxes(0, 1)
        if self.mirrors_x:
            picture = picture[:, ::-1]
        if self.mirrors_y:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read the display matrix that phones write into their videos."""
    try:
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # side data newer than PyAV's list of its kinds
        matrix = None
    if matrix is None:
        return Orientation()
    # A point (x, y) goes to (a x + c y, b x + d y); rows of three 32-bit integers.
    a, b, _, c, d = (int(value) for value in np.frombuffer(matrix, np.int32)[:5])
    if abs(b) > abs(a):
        return Orientation(is_transposed=True, mirrors_x=c < 0, mirrors_y=b < 0)
    return Orientation(mirrors_x=a < 0, mirrors_y=d < 0)


def shown_size(
    frame: VideoFrame, sample_aspect_ratio: Fraction | None
) -> tuple[Fraction, Fraction]:
    """Width and height on screen: pixels made square, then turned upright."""
    width = frame.width * Fraction(sample_aspect_ratio or 1)
    height = Fraction(frame.height)
    return (height, width) if orientation_of(frame).is_transposed else (width, height)


def scaled_size(width: Fraction, height: Fraction, short_side: int) -> tuple[int, int]:
    """Width and height in pixels with the short side given and the aspect kept.

    >>> scaled_size(Fraction(320), Fraction(240), 256)
    (341, 256)
    """
    scale = short_side / min(width, height)
    return nearest(width * scale), nearest(height * scale)


def nearest(value: Fraction) -> int:
    """The nearest integer, halves upward.

    >>> nearest(Fraction(5, 2))
    3
    """
    return floor(value + Fraction(1, 2))


class RgbConverter:
    """Turns decoded frames of one video into RGB pictures of one size.

    The colours' matrix and range are the frame's own. A frame of another size, in
    the middle of a stream, is brought to the same width and height.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> RgbPicture:
        """Convert a frame."""
        orientation = orientation_of(frame)
        size = self.width, self.height
        width, height = size[::-1] if orientation.is_transposed else size
        rgb = self._reformatter.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=_assumed_colorspace(frame),
            interpolation=SCALING,
        )
        return orientation.apply(rgb.to_ndarray())


def _assumed_colorspace(frame: VideoFrame) -> int | None:
    """What to take the colours for, None where the frame says it itself."""
    if frame.colorspace != UNSPECIFIED_COLORSPACE:
        return None
    return Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601
