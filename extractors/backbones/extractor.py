"""The features of a snippet's frames, computed by a feature network."""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from extractors.backbones.backbone import Backbone
from extractors.loading import load_published, read_state
from extractors.precision import Precision
from extractors.streams import PRECISIONS, Clips, Extractor, network_extractor
from extractors.weights import Weights


def build_backbone(
    backbone: Backbone, state: Mapping[str, Tensor] | None = None
) -> nn.Module:
    """Build the network in eval mode, on the CPU; without a state, with random weights.

    It maps normalised clips (batch, 3, clip_frames, crop_pixels, crop_pixels) to
    features (batch, width).

    Raises:
        ValueError: The names or shapes are not those of the network.
    """
    return load_published(backbone, state)


def backbone_extractor(
    backbone: Backbone,
    weights: Weights,
    device: torch.device,
    precision: Precision = "float32",
) -> Extractor:
    """Return a network as a function: clips (N, T, H, W, 3), any size, to (N, width).

    Raises:
        WeightsError: The weight file cannot be read.
        ValueError: The file contains another network.
    """
    kind = PRECISIONS[precision]
    network = build_backbone(backbone, read_state(weights.path)).to(device, kind)

    def prepare(batch: Clips) -> Tensor:
        clips = [to_input(backbone, clip, device) for clip in batch]
        return torch.stack(clips).to(kind)

    return network_extractor(prepare, network)


def to_input(
    backbone: Backbone,
    clip: UInt8[np.ndarray, "frames height width 3"],
    device: torch.device,
) -> Float32[Tensor, "3 clip_frames crop crop"]:
    """Sample, resize, crop and scale a clip as for the training of the network."""
    chosen = evenly_spaced(len(clip), backbone.clip_frames)
    frames = torch.from_numpy(clip[chosen]).to(device)
    # (T, H, W, 3) -> (T, 3, H, W)
    pixels = _resized(frames.permute(0, 3, 1, 2).float(), backbone.resize_pixels)
    cropped = _centre(pixels, backbone.crop_pixels) / 255
    mean, std = (
        torch.tensor(colour, device=device).view(3, 1, 1)
        for colour in (backbone.mean, backbone.std)
    )
    return ((cropped - mean) / std).transpose(0, 1)


def evenly_spaced(length: int, count: int) -> list[int]:
    """Choose `count` of `length` frames: the middles of equal parts.

    If the length is a multiple of the count, this is every n-th frame, and all frames
    if both are equal. If there are too few frames, they are repeated.

    >>> evenly_spaced(length=12, count=4)
    [1, 4, 7, 10]
    >>> evenly_spaced(length=3, count=6)
    [0, 0, 1, 1, 2, 2]
    """
    return [(2 * i + 1) * length // (2 * count) for i in range(count)]


def _resized(
    frames: Float32[Tensor, "frames 3 height width"], pixels: int | tuple[int, int]
) -> Float32[Tensor, "frames 3 height_out width_out"]:
    if isinstance(pixels, int):
        height, width = frames.shape[2:]
        short = min(height, width)
        pixels = (pixels * height // short, pixels * width // short)
    # Without antialiasing, as both libraries do for video.
    return F.interpolate(frames, pixels, mode="bilinear", align_corners=False)


def _centre(
    frames: Float32[Tensor, "frames 3 height width"], side: int
) -> Float32[Tensor, "frames 3 side side"]:
    # `round` rounds halves to the even number, as both libraries do; `//` would not.
    top, left = (round((length - side) / 2) for length in frames.shape[2:])
    return frames[:, :, top : top + side, left : left + side]
