"""Optical flow by OpenCV: TV-L1 (Zach et al. 2007), DIS and Farnebäck."""

from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from extractors.flow.config import FlowConfig
from extractors.flow.pairs import Field, Gray, PairFlow

# DIS refuses frames under 12 pixels, and crashes the process on some under 16 x 64.
DIS_SMALLEST_PIXELS = 32

# The algorithms are `Any`, because by OpenCV's stubs `calc` does not take None as the
# initial flow. (DIS would use an array of the right size as a first guess.)


def tvl1(config: FlowConfig) -> PairFlow:
    """Return OpenCV's own TV-L1, the reference for our implementations."""
    algorithm: Any = cv2.optflow.DualTVL1OpticalFlow.create(
        tau=config.tau,
        lambda_=config.attachment,
        theta=config.theta,
        nscales=config.scales,
        warps=config.warps,
        epsilon=config.epsilon,
        innnerIterations=config.inner_iterations,  # OpenCV's spelling
        outerIterations=config.outer_iterations,
        scaleStep=config.scale_step,
        medianFiltering=config.median_pixels,
    )
    return lambda previous, following: algorithm.calc(previous, following, None)


def dis() -> PairFlow:
    """Return dense inverse search (DIS) with the preset MEDIUM."""
    algorithm: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def flow(previous: Gray, following: Gray) -> Field:
        height, width = previous.shape
        field = algorithm.calc(_enlarged(previous), _enlarged(following), None)
        return field[:height, :width]

    return flow


def farneback() -> PairFlow:
    """Return Farnebäck's polynomial expansion with the values of OpenCV's tutorial."""
    return lambda previous, following: cv2.calcOpticalFlowFarneback(
        previous,
        following,
        np.zeros((*previous.shape, 2), np.float32),
        pyr_scale=0.5,
        levels=3,
        winsize=15,
        iterations=3,
        poly_n=5,
        poly_sigma=1.2,
        flags=0,
    )


def _enlarged(gray: Gray) -> UInt8[np.ndarray, "rows columns"]:
    """Repeat the border pixels of a small frame to the right and downwards."""
    down, right = (max(DIS_SMALLEST_PIXELS - side, 0) for side in gray.shape)
    return cv2.copyMakeBorder(gray, 0, down, 0, right, cv2.BORDER_REPLICATE)
