"""From frames to flow fields, whatever the algorithm."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from jaxtyping import UInt8

from extractors.flow.config import FlowConfig
from extractors.flow.opencv import Field, Flow, Gray, dis, farneback, tvl1
from extractors.flow.quantisation import FLOW_ZERO, quantise_flow


def make_flow(config: FlowConfig) -> Flow:
    """A function of two gray frames: where each pixel of the first one went.

    Its result is (height, width, 2): pixels to the right, pixels down. It is finite,
    and 0 where the algorithm found no number.
    """
    algorithms = {"tvl1": lambda: tvl1(config), "dis": dis, "farneback": farneback}
    algorithm = algorithms[config.algorithm]()

    def flow(previous: Gray, following: Gray) -> Field:
        field = algorithm(previous, following)
        return np.nan_to_num(field, nan=0.0, posinf=0.0, neginf=0.0)

    return flow


def flow_fields(
    frames: Iterable[UInt8[np.ndarray, "height width 3"]], config: FlowConfig
) -> Iterator[UInt8[np.ndarray, "height width 2"]]:
    """One quantised field per RGB frame: field k leads from frame k to frame k + 1.

    The last frame repeats the field before it; a single frame has no motion. Only
    two frames are held at a time.
    """
    flow = make_flow(config)
    previous: Gray | None = None
    field = None
    for frame in frames:
        gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        if previous is None:
            field = np.full((*gray.shape, 2), FLOW_ZERO, np.uint8)
        else:
            field = quantise_flow(flow(previous, gray), config.bound_pixels)
            yield field
        previous = gray
    if field is not None:
        yield field
