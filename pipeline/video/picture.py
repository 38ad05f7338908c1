"""Conversion of decoded frames to RGB: upright, with square pixels, scaled."""

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
HD_HEIGHT = 720  # unlabelled frames of at least this height are BT.709
LARGEST_ASPECT = 64  # of a frame's sides on screen
LONGEST_SIDE = 16384  # pixels of a scaled frame; x264 encodes no longer one

# AREA averages the covered pixels, and is bilinear when it enlarges. Without
# FULL_CHR_H_INT, colours are two levels too dark; without the other two flags, they
# depend on the processor.
SCALING = (
    Interpolation.AREA
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
)


@dataclass(frozen=True)
class Orientation:
    """The transformation of a stored frame for display: transpose, then mirror."""

    is_transposed: bool = False
    mirrors_x: bool = False
    mirrors_y: bool = False

    def apply(
        self, picture: RgbPicture
    ) -> UInt8[np.ndarray, "shown_height shown_width 3"]:
        """Turn a frame; height and width are swapped if it is transposed."""
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
    except ValueError:  # a kind of side data that this PyAV does not know
        matrix = None
    if matrix is None:
        return Orientation()
    # A point (x, y) moves to (a x + c y, b x + d y); rows of three 32-bit integers.
    a, b, _, c, d = (int(value) for value in np.frombuffer(matrix, np.int32)[:5])
    if abs(b) > abs(a):
        return Orientation(is_transposed=True, mirrors_x=c < 0, mirrors_y=b < 0)
    return Orientation(mirrors_x=a < 0, mirrors_y=d < 0)


def shown_size(
    frame: VideoFrame, sample_aspect_ratio: Fraction | None
) -> tuple[Fraction, Fraction]:
    """Return width and height on screen, with square pixels and upright."""
    width = frame.width * Fraction(sample_aspect_ratio or 1)
    height = Fraction(frame.height)
    return (height, width) if orientation_of(frame).is_transposed else (width, height)


def scaled_size(width: Fraction, height: Fraction, short_side: int) -> tuple[int, int]:
    """Return width and height in pixels for a short side, keeping the aspect ratio.

    >>> scaled_size(Fraction(320), Fraction(240), 256)
    (341, 256)
    """
    scale = short_side / min(width, height)
    return nearest(width * scale), nearest(height * scale)


def nearest(value: Fraction) -> int:
    """Return the nearest integer, rounding halves up.

    >>> nearest(Fraction(5, 2))
    3
    """
    return floor(value + Fraction(1, 2))


class RgbConverter:
    """A converter of the decoded frames of one video to RGB arrays of one size.

    The colour matrix and range are those of each frame. If the size changes in the
    middle of a stream, frames are still scaled to the same width and height.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> RgbPicture:
        """Convert a frame."""
        orientation = orientation_of(frame)
        width, height = self._size[::-1] if orientation.is_transposed else self._size
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
    """Return the colour space to assume; None if the frame declares its own."""
    if frame.colorspace != UNSPECIFIED_COLORSPACE:
        return None
    return Colorspace.ITU709 if frame.height >= HD_HEIGHT else Colorspace.ITU601
