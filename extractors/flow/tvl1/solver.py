"""TV-L1 flow of one pair of frames, coarse to fine.

The method is that of Zach, Pock, Bischof, "A duality based approach for realtime TV-L1
optical flow", DAGM 2007, in the form of OpenCV's `DualTVL1OpticalFlow`: with a median
filter between iterations, and a stop when the flow has converged. The parameters have
the same meaning as OpenCV's.
"""

import math
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32

from extractors.flow.config import FlowConfig
from extractors.flow.pairs import Field, Gray
from extractors.flow.tvl1.kernels import load_kernels
from extractors.flow.tvl1.level import Image, Level, Memory

AnyImage = Float32[np.ndarray, "_ _"]  # not of the size of other images

# No level has a shorter side, since it would show no details.
SMALLEST_PIXELS = 16


class Solver:
    """A solver for the flow between gray frames of one size; it is not thread-safe."""

    def __init__(self, height: int, width: int, config: FlowConfig) -> None:
        self.size = (height, width)
        self.config = config
        self.memory = Memory(height, width)
        self.kernels: Any = load_kernels()

    def flow(self, previous: Gray, following: Gray) -> Field:
        """Return the motion of each pixel of the first frame, in pixels right, down."""
        config = self.config
        pairs = zip(
            _pyramid(previous, config), _pyramid(following, config), strict=True
        )
        level: Level | None = None
        for first, second in reversed(list(pairs)):
            coarse = level and (level.u.copy(), level.v.copy())
            level = self.memory.level(first)
            if coarse:
                _enlarge(coarse, level, config.scale_step)
            self._solve(level, second)
        assert level is not None  # a pyramid has at least the frame itself
        return np.stack([level.u, level.v], axis=-1)

    def _solve(self, level: Level, second: Image) -> None:
        """Refine the flow of one level."""
        self.kernels.differentiate(second, level)
        for _ in range(self.config.warps):
            self.kernels.linearise(level)
            self._iterate(level)

    def _iterate(self, level: Level) -> None:
        """Minimise the linearised energy until the flow converges."""
        config = self.config
        still = config.epsilon**2 * level.first.size
        change = math.inf
        for _ in range(config.outer_iterations):
            if change <= still:
                break
            if config.median_pixels > 1:
                self.kernels.median(level, config.median_pixels)
            change = self.kernels.iterate(
                level,
                bound=config.attachment * config.theta,
                theta=config.theta,
                step=config.tau / config.theta,
                still=still,
                most=config.inner_iterations,
            )


def _pyramid(frame: Gray, config: FlowConfig) -> list[AnyImage]:
    """Return the frame and its smaller versions, as long as they show details."""
    images = [np.asarray(frame, np.float32, order="C")]
    while len(images) < config.scales:
        step = config.scale_step
        smaller: Any = cv2.resize(
            images[-1], None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR
        )
        if min(smaller.shape) < SMALLEST_PIXELS:
            break
        images.append(smaller)
    return images


def _enlarge(coarse: tuple[AnyImage, AnyImage], level: Level, step: float) -> None:
    """Start a level from the flow of the next coarser one."""
    height, width = level.first.shape
    for field, enlarged in zip(coarse, (level.u, level.v), strict=True):
        cv2.resize(field, (width, height), enlarged, interpolation=cv2.INTER_LINEAR)
        np.divide(enlarged, np.float32(step), out=enlarged)
