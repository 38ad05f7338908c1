"""TV-L1 flow of gray frames, on processors."""

import numpy as np

from extractors.flow.config import FlowConfig
from extractors.flow.pairs import Field, Fields, Gray, GrayFrames, PairFlow, PairsFlow
from extractors.flow.tvl1.solver import Solver


def tvl1_flow(
    frames: GrayFrames, config: FlowConfig | None = None, threads: int | None = None
) -> Fields:
    """Compute TV-L1 flow from each gray frame to the next, in pixels right and down.

    Args:
        frames: At least one frame, uint8. The result takes 8 bytes per pixel and pair,
            and each thread about 60 bytes per pixel.
        config: TV-L1's parameters; None is OpenCV's defaults.
        threads: The number of pairs in parallel; None is one for each processor.

    Raises:
        ValueError: The input is not an array of gray frames.

    >>> tvl1_flow(np.zeros((3, 24, 32), np.uint8)).shape
    (2, 24, 32, 2)
    """
    if frames.ndim != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
        raise ValueError(
            "expected gray frames, uint8 (frames, height, width), found "
            f"{frames.dtype} {frames.shape}"
        )
    return PairsFlow(lambda: tvl1(config or FlowConfig()), threads)(frames)


def tvl1(config: FlowConfig) -> PairFlow:
    """Return a function of two gray frames that keeps its memory between calls."""
    solver: Solver | None = None

    def flow(previous: Gray, following: Gray) -> Field:
        nonlocal solver
        height, width = previous.shape
        if solver is None or solver.size != (height, width):
            solver = Solver(height, width, config)
        return solver.flow(previous, following)

    return flow
