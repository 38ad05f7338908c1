"""One level of the image pyramid, in the memory layout of the kernels."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

VECTOR = 16  # floats in the widest vector of a processor
MARGIN = 5  # width of the zeros around the taps, in pixels
PLANES = 9  # gx, gy, rho, u, v, and the dual fields of u and of v
GX, GY, RHO, U, V, UX, UY, VX, VY = range(PLANES)

Image = Float32[np.ndarray, "height width"]


@dataclass(frozen=True)
class Level:
    """The fields of one level; `kernels.c` describes their layout.

    `planes` is (1 + height + 1, PLANES, pitch): the data term's gradient and residual,
    the flow, and its dual fields. `taps` is the second image with its gradient, four
    floats per pixel, surrounded by a margin of zeros.
    """

    first: Image
    planes: Float32[np.ndarray, "rows planes pitch"]
    taps: Float32[np.ndarray, "tap_rows tap_columns 4"]
    scratch: Float32[np.ndarray, " floats"]

    @property
    def u(self) -> Image:
        """The flow to the right, as a view."""
        return self.planes[1:-1, U, : self.first.shape[1]]

    @property
    def v(self) -> Image:
        """The flow downwards, as a view."""
        return self.planes[1:-1, V, : self.first.shape[1]]


class Memory:
    """Memory for one level at a time, so that no level has to be allocated."""

    def __init__(self, height: int, width: int) -> None:
        self.planes = _aligned((2 + height) * PLANES * _pitch(width))
        self.taps = _aligned((height + 2 * MARGIN) * (width + 2 * MARGIN) * 4)
        # For each pixel of a row: eight weights, four warped values, and the row and
        # column of its first tap. A median needs less.
        self.scratch = _aligned(14 * _pitch(width))

    def level(self, first: Image) -> Level:
        """Return a level with zero flow, for an image no larger than the memory."""
        height, width = first.shape
        planes = _shaped(self.planes, (2 + height, PLANES, _pitch(width)))
        taps = _shaped(self.taps, (height + 2 * MARGIN, width + 2 * MARGIN, 4))
        # Only values that are read before they are written have to be set.
        planes[[0, -1]] = 0
        planes[0, 0, :width] = 1  # marks the columns of the frame
        planes[1:-1, :U, width:] = 0
        planes[1:-1, U:] = 0
        taps[:MARGIN] = taps[-MARGIN:] = 0
        taps[:, :MARGIN] = taps[:, -MARGIN:] = 0
        return Level(first, planes, taps, self.scratch)


def _pitch(width: int) -> int:
    """Return the number of floats in a row: whole vectors, and one more of zeros."""
    return (-(-width // VECTOR) + 1) * VECTOR


def _aligned(count: int) -> np.ndarray:
    """Allocate floats at a boundary of vectors, as unaligned vectors are read twice."""
    raw = np.zeros(count + VECTOR, np.float32)
    skip = -(raw.ctypes.data // raw.itemsize) % VECTOR
    return raw[skip : skip + count]


def _shaped(floats: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return floats[: np.prod(shape)].reshape(shape)
