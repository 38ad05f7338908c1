"""Optical flow by RAFT (Teed and Deng, ECCV 2020), as torchvision publishes it."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32
from torch import Tensor, nn

from extractors.flow.pairs import Fields, Frames
from extractors.flow.raft_weights import RAFT
from extractors.loading import load_published, read_state

CELL_PIXELS = 8  # side of a cell of the network
# With fewer pixels, the coarsest correlations would be NaN.
SMALLEST_PIXELS = 128
# Pixels of the pairs that go through the network at once: 12 pairs of 340 x 256.
BATCH_PIXELS = 2**20


def raft(weights: Path, device: str) -> Callable[[Frames], Fields]:
    """Return a function from RGB frames to the flow from each frame to the next.

    Its fields are in pixels to the right and pixels down; there is one field fewer
    than there are frames.

    Raises:
        WeightsError: The weight file cannot be read.
        ValueError: The file contains another network.
    """
    chosen = torch.device(device)
    network = _network(weights, chosen)

    @torch.no_grad()
    def flow(frames: Frames) -> Fields:
        height, width = frames.shape[1:3]
        fields = np.empty((max(len(frames) - 1, 0), height, width, 2), np.float32)
        for first, last in _batches(len(fields), height, width):
            inputs = _padded(frames[first : last + 1], chosen)
            field = network(inputs[:-1], inputs[1:])[-1]  # the last update
            fields[first:last] = _cropped(field, height, width).cpu().numpy()
        return fields

    return flow


@lru_cache(maxsize=1)
def _network(weights: Path, device: torch.device) -> nn.Module:
    """Load the network, once per process and not once per video."""
    return load_published(RAFT, read_state(weights)).to(device)


def _batches(pairs: int, height: int, width: int) -> list[tuple[int, int]]:
    """Return the pairs [first, last) of each pass through the network."""
    pixels = (height + sum(_border(height))) * (width + sum(_border(width)))
    size = max(BATCH_PIXELS // pixels, 1)
    return [(first, min(first + size, pairs)) for first in range(0, pairs, size)]


def _border(length: int) -> tuple[int, int]:
    """Return the pixels to add before and after, to whole cells and a minimal size.

    >>> _border(41), _border(130), _border(136)
    ((43, 44), (3, 3), (0, 0))
    """
    cells = -(-max(length, SMALLEST_PIXELS) // CELL_PIXELS)
    missing = cells * CELL_PIXELS - length
    return missing // 2, missing - missing // 2


def _padded(
    frames: Frames, device: torch.device
) -> Float32[Tensor, "frames 3 rows columns"]:
    """Scale values from 0 to 255 to -1 to 1, and repeat the pixels of the border."""
    # A copy, because a frame from a decoder may be read-only.
    pixels = torch.from_numpy(frames.copy()).to(device)
    values = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1  # (N, 3, H, W)
    height, width = frames.shape[1:3]
    return F.pad(values, (*_border(width), *_border(height)), mode="replicate")


def _cropped(
    field: Float32[Tensor, "pairs 2 rows columns"], height: int, width: int
) -> Float32[Tensor, "pairs height width 2"]:
    (top, _), (left, _) = _border(height), _border(width)
    inside = field[:, :, top : top + height, left : left + width]
    return inside.permute(0, 2, 3, 1)
