"""From a video's pictures to its features: clips, and the two streams over them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8

from extractors.hof import hof
from extractors.i3d import InceptionI3d, build_i3d, fold_batchnorm
from extractors.preprocessing import centre_crop, flow_to_input, rgb_to_input
from extractors.weights import INPUT_CHANNELS, Stream, Weights, load_state

Clips = UInt8[np.ndarray, "clips frames height width channels"]
Features = Float[np.ndarray, "clips features"]
Extractor = Callable[[Clips], Features]


def clips(
    pictures: Iterable[UInt8[np.ndarray, "height width channels"]],
    length: int = 16,
    stride: int = 16,
    tail: Literal["pad", "drop"] = "pad",
) -> Iterator[UInt8[np.ndarray, "frames height width channels"]]:
    """Cut a stream of pictures into clips; at most one clip is held in memory.

    `tail="pad"` fills the last partial clip by repeating its last picture, "drop"
    leaves it out; a stream shorter than one clip is padded in both cases. The clips
    are those of `SnippetGrid` for the same numbers.
    """
    window: list[np.ndarray] = []
    seen = made = 0
    for picture in pictures:
        seen += 1
        if seen > made * stride:  # pictures between two clips, where stride > length
            window.append(picture)
        if len(window) == length:
            yield np.stack(window)
            made += 1
            window = window[stride:]
    beyond_last_clip = seen - ((made - 1) * stride + length) if made else seen
    if window and (made == 0 or (tail == "pad" and beyond_last_clip > 0)):
        yield np.stack(window + [window[-1]] * (length - len(window)))


def batches(
    items: Iterable[UInt8[np.ndarray, "frames height width channels"]], size: int
) -> Iterator[Clips]:
    """Stack clips into batches; the last may be smaller."""
    batch: list[np.ndarray] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)


def i3d_extractor(stream: Stream, weights: Weights, device: torch.device) -> Extractor:
    """I3D's features of a stream: clips (N, T, H, W, 3 or 2) to (N, 1024)."""
    network = build_i3d(load_state(weights), INPUT_CHANNELS[stream])
    folded: InceptionI3d = fold_batchnorm(network).to(device)
    to_input = rgb_to_input if stream == "rgb" else flow_to_input

    @torch.no_grad()
    def extract(batch: Clips) -> Features:
        inputs = to_input(centre_crop(batch))
        features: np.ndarray = folded.features(inputs.to(device)).cpu().numpy()
        return features

    return extract


def hof_extractor() -> Extractor:
    """The weight-free motion descriptor: flow clips (N, T, H, W, 2) to (N, 1024)."""

    def extract(batch: Clips) -> Features:
        return np.stack([hof(clip) for clip in batch])

    return extract
