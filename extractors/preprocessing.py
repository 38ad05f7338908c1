"""Frames and flow fields as inputs of the networks.

Frames and quantised flow are uint8, numpy arrays or tensors on any device.
"""

from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from extractors.flow.quantisation import FLOW_STEPS, FLOW_ZERO

INPUT_PIXELS = 224

Array = TypeVar("Array", np.ndarray, Tensor)


def centre_crop(frames: Array, size: int = INPUT_PIXELS) -> Array:
    """Crop the middle of each frame: (..., height, width, C) -> (..., size, size, C).

    If a frame is smaller, its border pixels are repeated outwards ("edge"):

    >>> centre_crop(np.array([1, 2, 3]).reshape(1, 3, 1), size=5)[0, :, 0]
    array([1, 1, 2, 3, 3])
    """
    height, width = frames.shape[-3:-1]
    rows, columns = _centre(height, size), _centre(width, size)
    return frames[..., rows, :, :][..., columns, :]


def _centre(length: int, size: int) -> slice | list[int]:
    first = (length - size) // 2
    if first >= 0:
        return slice(first, first + size)
    return [min(max(i, 0), length - 1) for i in range(first, first + size)]


def rgb_to_input(
    frames: UInt8[np.ndarray | Tensor, "batch time height width 3"],
) -> Float32[Tensor, "batch 3 time 224 224"]:
    """Return clips for the RGB network: values 0 to 255 become -1 to 1."""
    # 0 -> -1 and 255 -> 1, both exactly
    return _cropped(frames).float() / 127.5 - 1


def flow_to_input(
    flow: UInt8[np.ndarray | Tensor, "batch time height width 2"],
) -> Float32[Tensor, "batch 2 time 224 224"]:
    """Return clips for the flow network: 1 to 255 become -1 to 1, 128 becomes 0."""
    return (_cropped(flow).float() - FLOW_ZERO) / FLOW_STEPS


def _cropped(
    frames: UInt8[np.ndarray | Tensor, "batch time height width channels"],
) -> UInt8[Tensor, "batch channels time 224 224"]:
    if isinstance(frames, np.ndarray):
        # A copy, because a frame from a decoder may be read-only.
        crops = torch.from_numpy(centre_crop(frames).copy())
    else:
        crops = centre_crop(frames)
    return crops.permute(0, 4, 1, 2, 3)  # (N, T, H, W, C) -> (N, C, T, H, W)
