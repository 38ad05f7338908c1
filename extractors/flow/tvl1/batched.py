"""TV-L1 of many pairs of frames at once, on any device.

It computes the same as `solver.py`, in the same order. The solver computes one pair
after another; here all pairs are computed together, each until its own flow converges.
"""

import importlib
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor
from torch.nn import functional

from extractors.flow.config import FlowConfig
from extractors.flow.tvl1.solver import SMALLEST_PIXELS
from extractors.flow.tvl1.torch_kernels import BatchLevel, FlowField

Images = Float32[Tensor, "frames height width"]
CoarseFlow = Float32[Tensor, "pairs 2 coarse_height coarse_width"]

# Iterations between two checks whether a pair has converged. Their number is even,
# because Triton's kernels write from one copy of the flow to another and back.
SWEEP_ITERATIONS = 4

# Sweeps between two checks on the host whether any pair is still active. Each check
# waits for the device; without a check, launches with nothing to do cost time.
SWEEPS_BETWEEN_LOOKS = 2


class BatchedSolver:
    """A solver for the flow of as many pairs as fit into the device's memory.

    With the Triton kernels a pair takes about 90 bytes of device memory per pixel of
    its frames, which is 8 MB at 340 x 256; without them, 360 bytes.
    """

    def __init__(
        self, config: FlowConfig, device: torch.device, kernels: Any = None
    ) -> None:
        """Choose the kernels.

        Args:
            config: TV-L1's parameters.
            device: The device for the computation and the result.
            kernels: The loops over pixels, a module like `torch_kernels`; None takes
                Triton's if there are a GPU and Triton.
        """
        self.config = config
        self.device = device
        self.kernels: Any = kernels or _load_kernels(device)

    def flow(
        self, frames: UInt8[Tensor, "frames height width"]
    ) -> Float32[Tensor, "pairs height width 2"]:
        """Return the flow from each gray frame to the next, in pixels right and down.

        A pair's flow does not depend on the pairs that are computed with it.

        Raises:
            ValueError: The input is not an array of two or more gray frames.

        >>> solver = BatchedSolver(FlowConfig(), torch.device("cpu"))
        >>> solver.flow(torch.zeros(3, 24, 32, dtype=torch.uint8)).shape
        torch.Size([2, 24, 32, 2])
        """
        if frames.ndim != 3 or frames.dtype != torch.uint8 or 0 in frames.shape[1:]:
            raise ValueError(
                "expected gray frames, uint8 (frames, height, width), found "
                f"{frames.dtype} {tuple(frames.shape)}"
            )
        if len(frames) < 2:
            raise ValueError(f"a flow needs two frames or more, found {len(frames)}")
        frames = frames.to(self.device)
        flow: FlowField | None = None
        with torch.cuda.device_of(frames):  # Triton launches on the current device
            for images in reversed(_pyramid(frames, self.config)):
                level = _level(images, flow, self.config.scale_step)
                self._solve(level)
                flow = level.flow
        assert flow is not None  # a pyramid has at least the frames themselves
        return flow.permute(0, 2, 3, 1).contiguous()

    def _solve(self, level: BatchLevel) -> None:
        """Refine the flow of one level."""
        for _ in range(self.config.warps):
            self.kernels.linearise(level)
            level.active.fill_(True)
            for _ in range(self.config.outer_iterations):
                if self.config.median_pixels > 1:
                    self.kernels.median(level, self.config.median_pixels)
                if not self._moves(level):
                    break

    def _moves(self, level: BatchLevel) -> bool:
        """Iterate up to the next median; return whether a pair is still active."""
        config = self.config
        for sweep, done in enumerate(
            range(0, config.inner_iterations, SWEEP_ITERATIONS), start=1
        ):
            self.kernels.iterate(
                level,
                bound=config.attachment * config.theta,
                theta=config.theta,
                step=config.tau / config.theta,
                depth=min(config.inner_iterations - done, SWEEP_ITERATIONS),
                still=config.epsilon**2 * level.first[0].numel(),
            )
            if sweep % SWEEPS_BETWEEN_LOOKS == 0 and not level.active.any():
                return False
        return bool(level.active.any())


def _load_kernels(device: torch.device) -> Any:
    """Import the module of the kernels; Triton is not available on all systems."""
    triton = device.type == "cuda" and find_spec("triton")
    name = "triton_kernels" if triton else "torch_kernels"
    return importlib.import_module(f"extractors.flow.tvl1.{name}")


def _pyramid(
    frames: UInt8[Tensor, "frames height width"], config: FlowConfig
) -> list[Tensor]:
    """Return the frames and their smaller versions, as long as they show details."""
    pyramid = [frames.float()]
    while len(pyramid) < config.scales:
        height, width = (round(n * config.scale_step) for n in pyramid[-1].shape[1:])
        if min(height, width) < SMALLEST_PIXELS:
            break
        across = _resized(pyramid[-1], 2, width, 1 / config.scale_step)
        pyramid.append(_resized(across, 1, height, 1 / config.scale_step))
    return pyramid


def _level(images: Images, coarse: CoarseFlow | None, scale_step: float) -> BatchLevel:
    """Return an unsolved level, whose flow is the enlarged coarse flow."""
    first, second = images[:-1], images[1:]
    pairs, height, width = first.shape
    if coarse is None:
        flow = first.new_zeros(pairs, 2, height, width)
    else:
        across = _resized(coarse, 3, width, coarse.shape[3] / width)
        flow = _resized(across, 2, height, coarse.shape[2] / height) / scale_step
    return BatchLevel(
        first,
        second,
        gradient=_gradient(second),
        term=first.new_empty(pairs, 3, height, width),
        flow=flow,
        dual=first.new_zeros(pairs, 4, height, width),
        active=torch.ones(pairs, dtype=torch.bool, device=first.device),
    )


def _resized(
    images: Float32[Tensor, "..."], dim: int, size: int, scale: float
) -> Float32[Tensor, "..."]:
    """Interpolate linearly along one dimension, as cv2.resize does.

    `functional.interpolate` would first round the positions to float32.
    """
    last = images.shape[dim] - 1
    at = ((np.arange(size) + 0.5) * scale - 0.5).clip(0, last)
    below = at.astype(np.int64)
    weight = torch.from_numpy((at - below).astype(np.float32)).to(images.device)
    weight = weight.view(-1, *[1] * (images.ndim - 1 - dim))
    here, there = (
        images.index_select(dim, torch.from_numpy(cells).to(images.device))
        for cells in (below, (below + 1).clip(max=last))
    )
    return here * (1 - weight) + there * weight


def _gradient(images: Images) -> FlowField:
    """Return central differences right and down; the border is repeated outwards."""
    framed = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    across = framed[:, 1:-1, 2:] - framed[:, 1:-1, :-2]
    down = framed[:, 2:, 1:-1] - framed[:, :-2, 1:-1]
    return 0.5 * torch.stack([across, down], dim=1)
