"""From frames to flow fields, whatever the algorithm."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from extractors.flow.config import FlowConfig
from extractors.flow.opencv import dis, farneback
from extractors.flow.pairs import Fields, PairsFlow
from extractors.flow.quantisation import FLOW_ZERO, quantise_flow
from extractors.flow.tvl1 import tvl1

Frame = UInt8[np.ndarray, "height width 3"]
Frames = UInt8[np.ndarray, "frames height width 3"]
QuantisedField = UInt8[np.ndarray, "height width 2"]


@dataclass(frozen=True)
class Flow:
    """An algorithm, and how many pairs of frames it wants at once."""

    pairs: int
    fields: Callable[[Frames], Fields]  # of N frames N - 1 fields, in pixels
    bound_pixels: float


def make_flow(config: FlowConfig, threads: int = 1) -> Flow:
    """The algorithm of a configuration.

    Its fields are finite, and 0 where the algorithm found no number.
    """
    makers = {"tvl1": lambda: tvl1(config), "dis": dis, "farneback": farneback}
    pairs = PairsFlow(makers[config.algorithm], threads)

    def fields(frames: Frames) -> Fields:
        gray = np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames])
        return np.nan_to_num(pairs(gray), copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    return Flow(threads, fields, config.bound_pixels)


def with_flow(
    frames: Iterable[Frame], flow: Flow
) -> Iterator[tuple[Frame, QuantisedField]]:
    """Each RGB frame with its quantised field, which leads to the next frame.

    The last frame repeats the field before it; a single frame has no motion. Only
    `flow.pairs + 1` frames are held at a time.
    """
    held: list[Frame] = []
    field = None
    for frame in frames:
        held.append(frame)
        if len(held) > flow.pairs:
            for field, before in zip(_quantised(held, flow), held, strict=False):
                yield before, field
            held = held[-1:]
    for field, before in zip(_quantised(held, flow), held, strict=False):
        yield before, field
    for last in held[-1:]:
        still = np.full((*last.shape[:2], 2), FLOW_ZERO, np.uint8)
        yield last, still if field is None else field


def _quantised(frames: list[Frame], flow: Flow) -> Iterator[QuantisedField]:
    if len(frames) > 1:
        yield from quantise_flow(flow.fields(np.stack(frames)), flow.bound_pixels)


def flow_fields(frames: Iterable[Frame], flow: Flow) -> Iterator[QuantisedField]:
    """The quantised fields alone, one for each frame."""
    return (field for _, field in with_flow(frames, flow))
