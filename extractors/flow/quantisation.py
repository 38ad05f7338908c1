"""Flow as 8-bit values that a lossless video codec can store; 128 is no motion."""

import numpy as np
from jaxtyping import Float, Float32, UInt8

FLOW_ZERO = 128  # the 8-bit value of no motion
FLOW_STEPS = 127  # from no motion to the bound, in either direction
FLOW_BOUND_PIXELS = 20.0


def quantise_flow(
    flow: Float[np.ndarray, "*frames 2"], bound: float = FLOW_BOUND_PIXELS
) -> UInt8[np.ndarray, "*frames 2"]:
    """Quantise flow in pixels to 8 bits: -bound to bound becomes 1 to 255, 0 is 128.

    Values beyond the bound are clipped to it, as are infinities; NaN is no motion.

    >>> quantise_flow(np.array([[0.0, -50.0], [20.0, np.nan]]))
    array([[128,   1],
           [255, 128]], dtype=uint8)
    """
    steps = np.clip(flow * (FLOW_STEPS / bound), -FLOW_STEPS, FLOW_STEPS)
    steps[np.isnan(steps)] = 0
    return (np.rint(steps) + FLOW_ZERO).astype(np.uint8)


def dequantise_flow(
    flow: UInt8[np.ndarray, "*frames 2"], bound: float = FLOW_BOUND_PIXELS
) -> Float32[np.ndarray, "*frames 2"]:
    """Return flow in pixels, within half a step (bound / 254) of the original."""
    return (flow.astype(np.float32) - FLOW_ZERO) * np.float32(bound / FLOW_STEPS)
