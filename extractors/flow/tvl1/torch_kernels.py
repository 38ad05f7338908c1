"""The loops of TV-L1 over the pixels of many pairs, in plain PyTorch on any device.

They compute for many pairs what `kernels.c` computes for one. A pair's result does not
depend on its batch: every operation rounds pixel by pixel, and sums have a fixed order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor
from torch.nn import functional

PairImages = Float32[Tensor, "pairs height width"]
FlowField = Float32[Tensor, "pairs 2 height width"]
Dual = Float32[Tensor, "pairs 4 height width"]
Term = Float32[Tensor, "pairs 3 height width"]

KEYS = -0.75  # the parameter "a" of bicubic interpolation in OpenCV
REACH = 3  # pixels outside an image at which no bicubic tap is inside it


@dataclass(frozen=True)
class BatchLevel:
    """One level of all pairs; the kernels change its tensors in place.

    `gradient` and `flow` are (to the right, down). `term`, the data term, contains the
    warped gradient and then the residual. `dual` contains the dual fields of u and v
    across, then down. A pair that is not `active` has converged and does not change.
    """

    first: PairImages
    second: PairImages
    gradient: FlowField
    term: Term
    flow: FlowField
    dual: Dual
    active: Bool[Tensor, " pairs"]


def linearise(level: BatchLevel) -> None:
    """Warp the second images and gradients by the flow, and set the data term."""
    _, height, width = level.first.shape
    u, v = level.flow.unbind(1)
    rows = torch.arange(height, dtype=u.dtype, device=u.device)[:, None] + v
    columns = torch.arange(width, dtype=u.dtype, device=u.device) + u
    taps = torch.cat([level.second[:, None], level.gradient], dim=1)
    image, gx, gy = _bicubic(taps, rows, columns).unbind(1)
    residual = image - gx * u - gy * v - level.first
    torch.stack([gx, gy, residual], dim=1, out=level.term)


def iterate(
    level: BatchLevel,
    *,
    bound: float,
    theta: float,
    step: float,
    depth: int,
    still: float,
) -> None:
    """Do `depth` iterations; mark pairs as converged that no longer move.

    Args:
        level: The level, whose flow, dual fields and active pairs change.
        bound: The bound of thresholding (Eq. 15), lambda times theta.
        theta: The tightness of the relaxation.
        step: The step of the dual scheme, tau over theta.
        depth: The number of iterations, at least one.
        still: A pair has converged if the last iteration's sum of squared changes
            over the frame is not larger.
    """
    before = flow = level.flow
    dual = level.dual
    for _ in range(depth):
        before = flow
        flow = _primal(level.term, flow, dual, bound, theta)
        dual = _project(flow, dual, step)
    moves = _total((flow - before).square()) > still
    active = level.active[:, None, None, None]
    level.flow.copy_(torch.where(active, flow, level.flow))
    level.dual.copy_(torch.where(active, dual, level.dual))
    level.active.logical_and_(moves)


def median(level: BatchLevel, side: int) -> None:
    """Apply a median filter to active pairs; the border is repeated outwards."""
    height, width = level.flow.shape[2:]
    padded = functional.pad(level.flow, (side // 2,) * 4, mode="replicate")
    windows = [
        padded[..., y : y + height, x : x + width]
        for y in range(side)
        for x in range(side)
    ]
    active = level.active[:, None, None, None]
    level.flow.copy_(torch.where(active, _middle(windows), level.flow))


def _bicubic(
    taps: Float32[Tensor, "pairs planes height width"],
    rows: PairImages,
    columns: PairImages,
) -> Float32[Tensor, "pairs planes height width"]:
    """Interpolate the planes at these positions; outside, they are zero."""
    planes = taps.shape[1]
    warped = torch.zeros_like(taps)
    across = _neighbours(columns, taps.shape[3])
    for y, down_weight in _neighbours(rows, taps.shape[2]):
        for x, across_weight in across:
            cells = (y * taps.shape[3] + x)[:, None].expand(-1, planes, -1, -1)
            found = taps.flatten(2).gather(2, cells.flatten(2)).view_as(taps)
            warped += (down_weight * across_weight)[:, None] * found
    return warped


def _neighbours(
    at: PairImages, size: int
) -> list[tuple[Int64[Tensor, "pairs height width"], PairImages]]:
    """Return the four pixels around each position along an axis, and their weights."""
    at = at.clamp(-REACH, size - 1 + REACH)
    first = at.floor() - 1
    neighbours = []
    for k in range(4):
        pixel = first + k
        inside = (pixel >= 0) & (pixel < size)
        weight = _keys((at - pixel).abs()) * inside
        neighbours.append((pixel.clamp(0, size - 1).long(), weight))
    return neighbours


def _keys(distance: PairImages) -> PairImages:
    """Return Keys' weight of a pixel at a distance of up to two."""
    near = ((KEYS + 2) * distance - (KEYS + 3)) * distance * distance + 1
    far = ((KEYS * distance - 5 * KEYS) * distance + 8 * KEYS) * distance - 4 * KEYS
    return torch.where(distance <= 1, near, far)


def _primal(
    term: Term, flow: FlowField, dual: Dual, bound: float, theta: float
) -> FlowField:
    """Do the primal update: thresholding (Eq. 15) and dual divergence (Eq. 14)."""
    gx, gy, rho = term.unbind(1)
    residual = gx * flow[:, 0] + (gy * flow[:, 1] + rho)
    move = residual / (gx * gx + (gy * gy + 1e-12))
    across = functional.pad(dual[:, :2], (1, 0)).diff(dim=3)
    down = functional.pad(dual[:, 2:], (0, 0, 1, 0)).diff(dim=2)
    moved = flow - move.clamp(-bound, bound)[:, None] * term[:, :2]
    return moved + theta * (across + down)


def _project(flow: FlowField, dual: Dual, step: float) -> Dual:
    """Do the dual update (Eq. 14); differences across the far borders are zero."""
    across = flow.diff(dim=3, append=flow[..., -1:])
    down = flow.diff(dim=2, append=flow[..., -1:, :])
    length = (across * across + down * down).sqrt()
    scale = 1 / (1 + step * length)
    forward = torch.cat([across, down], dim=1)
    return (dual + step * forward) * torch.cat([scale, scale], dim=1)


def _total(squares: FlowField) -> Float32[Tensor, " pairs"]:
    """Sum by halves, because torch.sum's order depends on the number of pairs."""
    sums = squares.flatten(1)
    while sums.shape[1] > 1:
        half = (sums.shape[1] + 1) // 2
        sums = functional.pad(sums, (0, sums.shape[1] % 2))
        sums = sums[:, :half] + sums[:, half:]
    return sums[:, 0]


def _middle(values: Sequence[FlowField]) -> FlowField:
    """Return the median of an odd number of tensors, element by element.

    In a set of more than half of the values, the least and the greatest cannot be the
    median: they are dropped and the next value is added, until one is left.
    """
    start = len(values) // 2 + 2
    kept, rest = list(values[:start]), list(values[start:])
    while len(kept) > 1:
        for k in range(1, len(kept)):
            kept[0], kept[k] = _sorted(kept[0], kept[k])
        for k in range(1, len(kept) - 1):
            kept[k], kept[-1] = _sorted(kept[k], kept[-1])
        kept = kept[1:-1] + rest[:1]
        rest = rest[1:]
    return kept[0]


def _sorted(one: FlowField, other: FlowField) -> tuple[FlowField, FlowField]:
    return torch.minimum(one, other), torch.maximum(one, other)
