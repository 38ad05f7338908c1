"""One level of the image pyramid in the layout that the kernels want."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

VECTOR = 16  # floats in the widest vector of a processor
MARGIN = 5  # of zeros around the taps: beyond it lies nothing
PLANES = 9  # gx, gy, rho, u, v, and the dual fields of u and of v
GX, GY, RHO, U, V, UX, UY, VX, VY = range(PLANES)

Image = Float32[np.ndarray, "height width"]


@dataclass(frozen=True)
class Level:
    """The fields of one level; `kernels.c` says how they lie.

    `planes` is (1 + height + 1, PLANES, pitch): the data term's gradient and residual,
    the flow, and its dual fields. `taps` is the second image with its gradient, four
    floats a pixel, in a margin of zeros.
    """

    first: Image
    planes: Float32[np.ndarray, "rows planes pitch"]
    taps: Float32[np.ndarray, "tap_rows tap_columns 4"]
    scratch: Float32[np.ndarray, " floats"]

    @property
    def u(self) -> Image:
        """Flow to the right, a view."""
        return self.planes[1:-1, U, : self.first.shape[1]]

    @property
    def v(self) -> Image:
        """Flow downwards, a view."""
        return self.planes[1:-1, V, : self.first.shape[1]]


class Memory:
    """Room for one level at a time, so that the levels cost no allocation."""

    def __init__(self, height: int, width: int) -> None:
        self.planes = _aligned((2 + height) * PLANES * _pitch(width))
        self.taps = _aligned((height + 2 * MARGIN) * (width + 2 * MARGIN) * 4)
        # Eight weights and four warped values a pixel, and where its taps begin; the
        # rows that a median needs are fewer.
        self.scratch = _aligned(14 * _pitch(width))

    def level(self, first: Image) -> Level:
        """The level of an image no larger than the memory's, its flow zero."""
        height, width = first.shape
        planes = _shaped(self.planes, (2 + height, PLANES, _pitch(width)))
        taps = _shaped(self.taps, (height + 2 * MARGIN, width + 2 * MARGIN, 4))
        # Only what will not be written before it is read.
        planes[[0, -1]] = 0
        planes[0, 0, :width] = 1  # marks the columns of the frame
        planes[1:-1, :U, width:] = 0
        planes[1:-1, U:] = 0
        taps[:MARGIN] = taps[-MARGIN:] = 0
        taps[:, :MARGIN] = taps[:, -MARGIN:] = 0
        return Level(first, planes, taps, self.scratch)


def _pitch(width: int) -> int:
    """Floats of a row: whole vectors, and one more, zero, between two planes."""
    return (-(-width // VECTOR) + 1) * VECTOR


def _aligned(count: int) -> np.ndarray:
    """Floats that begin on a boundary of vectors; others would be read twice."""
    raw = np.zeros(count + VECTOR, np.float32)
    skip = -(raw.ctypes.data // raw.itemsize) % VECTOR
    return raw[skip : skip + count]


def _shaped(floats: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return floats[: np.prod(shape)].reshape(shape)
