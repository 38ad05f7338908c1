"""Flow fields of a stream of frames, by any algorithm."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from extractors.flow.config import FlowConfig
from extractors.flow.opencv import dis, farneback
from extractors.flow.pairs import Fields, Frames, GrayFrames, PairsFlow
from extractors.flow.quantisation import FLOW_ZERO, quantise_flow
from extractors.flow.tvl1 import tvl1

Frame = UInt8[np.ndarray, "height width 3"]
QuantisedField = UInt8[np.ndarray, "height width 2"]
ComputeFields = Callable[[Frames], Fields]

# Pairs of frames in one batch on a GPU.
DEVICE_PAIRS = 128


@dataclass(frozen=True)
class Flow:
    """An algorithm, and the number of pairs of frames that it computes at once."""

    pairs: int
    fields: ComputeFields  # N frames to N - 1 fields, in pixels
    bound_pixels: float


def make_flow(
    config: FlowConfig,
    threads: int = 1,
    device: str = "cpu",
    raft_weights: Path | None = None,
) -> Flow:
    """Return the algorithm of a configuration.

    Its fields are finite; they are 0 where the algorithm returns no finite value.

    Args:
        config: The algorithm and its parameters.
        threads: Pairs that are computed in parallel on processors.
        device: The device for TV-L1 and RAFT; the others run only on processors.
        raft_weights: The file with RAFT's weights.
    """
    pairs, algorithm = _algorithm(config, threads, device, raft_weights)

    def fields(frames: Frames) -> Fields:
        found = algorithm(frames)
        return np.nan_to_num(found, copy=False, nan=0.0, posinf=0.0, neginf=0.0)

    return Flow(pairs, fields, config.bound_pixels)


def _algorithm(
    config: FlowConfig, threads: int, device: str, raft_weights: Path | None
) -> tuple[int, ComputeFields]:
    """Return the number of pairs in a batch, and the function from frames to fields."""
    if config.algorithm == "raft":
        # PyTorch takes seconds to import, longer than the flow of a short video
        from extractors.flow.raft import raft

        if raft_weights is None:
            raise ValueError("RAFT needs a file of weights, got None")
        return DEVICE_PAIRS, raft(raft_weights, device)
    if config.algorithm == "tvl1" and device != "cpu":
        return DEVICE_PAIRS, _batched_tvl1(config, device)
    makers = {"tvl1": lambda: tvl1(config), "dis": dis, "farneback": farneback}
    pairs = PairsFlow(makers[config.algorithm], threads)
    return threads, lambda frames: pairs(to_gray(frames))


def _batched_tvl1(config: FlowConfig, device: str) -> ComputeFields:
    # PyTorch takes seconds to import, longer than the flow of a short video
    import torch

    from extractors.flow.tvl1.batched import BatchedSolver

    chosen = torch.device(device)
    solver = BatchedSolver(config, chosen)

    def fields(frames: Frames) -> Fields:
        found = solver.flow(torch.from_numpy(to_gray(frames)).to(chosen))
        return found.cpu().numpy()

    return fields


def to_gray(frames: Frames) -> GrayFrames:
    """Convert RGB frames to gray with OpenCV's weights of the colours."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])


def with_flow(
    frames: Iterable[Frame], flow: Flow
) -> Iterator[tuple[Frame, QuantisedField]]:
    """Yield each RGB frame with its quantised flow to the next frame.

    The last frame repeats the field before it; a single frame has no motion. Only
    `flow.pairs + 1` frames are in memory at a time.
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
    """Return an iterator over the quantised fields, one for each frame."""
    return (field for _, field in with_flow(frames, flow))
