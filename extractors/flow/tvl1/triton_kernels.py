"""The loops of TV-L1 over the pixels of many pairs, as Triton kernels for a GPU.

They compute the same as those of `torch_kernels.py`, up to rounding. Each program has a
tile of one pair's frame, independent of the rest of the batch, and sums have a fixed
order, so a pair's flow does not depend on its batch. Programs of converged pairs return
at once.

They are limited by memory bandwidth. An iteration reads nine floats per pixel (data
term, flow, dual fields) and writes six, 60 bytes in all, in one launch. The dual update
needs the new flow to the right and below, so a program does the primal update three
times, on values that its tile brings into the cache anyway. Two launches would move 84
bytes. OpenCV's defaults take about 90 iterations on each of five levels, which have 2.5
times the pixels of the frame: 1.2 GB for a pair of 340 x 256, so the 4.8 TB/s of an
H200 suffice for 4,000 pairs per second. Medians (about 30, over 25 values per pixel)
and warps (25, over 48 taps) are limited by arithmetic and the cache; by their number of
instructions they take another 60 microseconds per pair. All these numbers are
estimates, not measurements.
"""

from typing import no_type_check

import torch
import triton
import triton.language as tl

from extractors.flow.tvl1 import torch_kernels
from extractors.flow.tvl1.torch_kernels import KEYS, REACH, BatchLevel

# Each thread has two pixels; with four, `_linearise` would run out of registers. Fusing
# of products and sums is set explicitly, because Triton warns otherwise.
OPTIONS = {"num_warps": 8, "enable_fp_fusion": True}
TILE = {"ROWS": 8, "COLUMNS": 64}


def linearise(level: BatchLevel) -> None:
    """Warp the second images and gradients by the flow, and set the data term."""
    pairs, height, width = level.first.shape
    _linearise[_tiles(level), pairs](
        level.first,
        level.second,
        level.gradient,
        level.flow,
        level.term,
        height,
        width,
        KEYS=KEYS,
        REACH=REACH,
        **TILE,
        **OPTIONS,
    )


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

    The arguments are those of `torch_kernels.iterate`.
    """
    pairs, height, width = level.first.shape
    tiles = _tiles(level)
    changes = level.flow.new_empty(pairs, tiles)
    # Launches alternate between two copies; the last one has to write to the level.
    state = level.flow, level.dual
    spare = tuple(map(torch.clone if depth % 2 else torch.empty_like, state))
    here, there = (spare, state) if depth % 2 else (state, spare)
    for _ in range(depth):
        _iterate[tiles, pairs](
            level.term,
            *here,
            *there,
            level.active,
            changes,
            height,
            width,
            bound,
            theta,
            step,
            **TILE,
            **OPTIONS,
        )
        here, there = there, here
    _settle[(pairs,)](changes, level.active, tiles, still, BLOCK=256, **OPTIONS)


def median(level: BatchLevel, side: int) -> None:
    """Apply a median filter to active pairs; the border is repeated outwards."""
    if side != 5:
        torch_kernels.median(level, side)
        return
    pairs, height, width = level.first.shape
    _median[_tiles(level), 2 * pairs](
        level.flow.clone(), level.flow, level.active, height, width, **TILE, **OPTIONS
    )


def _tiles(level: BatchLevel) -> int:
    """Return the number of tiles in each frame."""
    _, height, width = level.first.shape
    return triton.cdiv(height, TILE["ROWS"]) * triton.cdiv(width, TILE["COLUMNS"])


@triton.jit
@no_type_check
def _tile(width, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Return rows and columns of this program's pixels; some may be outside."""
    tiles_across = tl.cdiv(width, COLUMNS)
    tile = tl.program_id(0)
    y = tile // tiles_across * ROWS + tl.arange(0, ROWS)[:, None]
    x = tile % tiles_across * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    return y, x


@triton.jit
@no_type_check
def _linearise(
    first,
    second,
    gradient,
    flow,
    term,
    height,
    width,
    KEYS: tl.constexpr,
    REACH: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    plane = height * width
    # 64 bits, because a batch may have more than 2^31 floats.
    pair = tl.program_id(1).to(tl.int64)
    second += pair * plane
    gradient += pair * 2 * plane
    term += pair * 3 * plane
    y, x = _tile(width, ROWS, COLUMNS)
    here = y * width + x
    inside = (y < height) & (x < width)
    u = tl.load(flow + pair * 2 * plane + here, inside, 0.0)
    v = tl.load(flow + pair * 2 * plane + plane + here, inside, 0.0)
    row = tl.minimum(tl.maximum(y + v, -REACH), height - 1 + REACH)
    column = tl.minimum(tl.maximum(x + u, -REACH), width - 1 + REACH)
    image, gx, gy = tl.zeros_like(u), tl.zeros_like(u), tl.zeros_like(u)
    for i in tl.static_range(4):
        tap_y = tl.floor(row) + (i - 1)
        down_weight = _keys(tl.abs(row - tap_y), KEYS)
        for j in tl.static_range(4):
            tap_x = tl.floor(column) + (j - 1)
            weight = down_weight * _keys(tl.abs(column - tap_x), KEYS)
            exists = (tap_y >= 0) & (tap_y < height) & (tap_x >= 0) & (tap_x < width)
            tap = tap_y.to(tl.int32) * width + tap_x.to(tl.int32)
            image += weight * tl.load(second + tap, exists, 0.0)
            gx += weight * tl.load(gradient + tap, exists, 0.0)
            gy += weight * tl.load(gradient + plane + tap, exists, 0.0)
    residual = image - gx * u - gy * v
    residual -= tl.load(first + pair * plane + here, inside, 0.0)
    tl.store(term + here, gx, inside)
    tl.store(term + plane + here, gy, inside)
    tl.store(term + 2 * plane + here, residual, inside)


@triton.jit
@no_type_check
def _keys(distance, KEYS: tl.constexpr):
    """Return Keys' weight of a pixel at a distance of up to two."""
    near = ((KEYS + 2) * distance - (KEYS + 3)) * distance * distance + 1
    far = ((KEYS * distance - 5 * KEYS) * distance + 8 * KEYS) * distance - 4 * KEYS
    return tl.where(distance <= 1, near, far)


@triton.jit
@no_type_check
def _iterate(
    term,
    flow,
    dual,
    new_flow,
    new_dual,
    active,
    changes,
    height,
    width,
    bound,
    theta,
    step,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    pair = tl.program_id(1).to(tl.int64)
    if tl.load(active + pair) == 0:
        return
    plane = height * width
    y, x = _tile(width, ROWS, COLUMNS)
    here = y * width + x
    inside = (y < height) & (x < width)
    right, below = inside & (x + 1 < width), inside & (y + 1 < height)
    term += pair * 3 * plane + here
    flow += pair * 2 * plane + here
    dual += pair * 4 * plane + here
    new_flow += pair * 2 * plane + here
    new_dual += pair * 4 * plane + here

    ux_left, vx_left = _two(dual - 1, plane, inside & (x > 0))
    uy_above, vy_above = _two(dual + 2 * plane - width, plane, inside & (y > 0))
    u, v, ux, vx, uy, vy, change = _primal(
        term,
        flow,
        dual,
        plane,
        inside,
        ux_left,
        vx_left,
        uy_above,
        vy_above,
        bound,
        theta,
    )
    tl.store(new_flow, u, inside)
    tl.store(new_flow + plane, v, inside)
    total = tl.sum(tl.where(inside, change, 0.0))
    tl.store(changes + pair * tl.num_programs(0) + tl.program_id(0), total)

    uy_above, vy_above = _two(dual + 2 * plane + 1 - width, plane, right & (y > 0))
    u_right, v_right, _, _, _, _, _ = _primal(
        term + 1,
        flow + 1,
        dual + 1,
        plane,
        right,
        ux,
        vx,
        uy_above,
        vy_above,
        bound,
        theta,
    )
    ux_left, vx_left = _two(dual + width - 1, plane, below & (x > 0))
    u_below, v_below, _, _, _, _, _ = _primal(
        term + width,
        flow + width,
        dual + width,
        plane,
        below,
        ux_left,
        vx_left,
        uy,
        vy,
        bound,
        theta,
    )
    # Forward differences across the right and the lower border are zero.
    u_across, v_across = (
        tl.where(right, u_right - u, 0.0),
        tl.where(right, v_right - v, 0.0),
    )
    u_down, v_down = (
        tl.where(below, u_below - u, 0.0),
        tl.where(below, v_below - v, 0.0),
    )
    _project(new_dual, 2 * plane, inside, ux, uy, u_across, u_down, step)
    _project(new_dual + plane, 2 * plane, inside, vx, vy, v_across, v_down, step)


@triton.jit
@no_type_check
def _two(pointers, plane, exists):
    """Load the values at these pointers and one plane further; 0 outside."""
    return tl.load(pointers, exists, 0.0), tl.load(pointers + plane, exists, 0.0)


@triton.jit
@no_type_check
def _primal(
    term, flow, dual, plane, exists, ux_left, vx_left, uy_above, vy_above, bound, theta
):
    """Return the new flow (Eq. 14, 15), the dual fields and the squared change."""
    gx, gy = _two(term, plane, exists)
    rho = tl.load(term + 2 * plane, exists, 0.0)
    u, v = _two(flow, plane, exists)
    ux, vx = _two(dual, plane, exists)
    uy, vy = _two(dual + 2 * plane, plane, exists)
    move = (gx * u + (gy * v + rho)) / (gx * gx + (gy * gy + 1e-12))
    move = tl.minimum(tl.maximum(move, -bound), bound)
    new_u = u - move * gx + theta * (ux - ux_left + (uy - uy_above))
    new_v = v - move * gy + theta * (vx - vx_left + (vy - vy_above))
    change = (new_u - u) * (new_u - u) + (new_v - v) * (new_v - v)
    return new_u, new_v, ux, vx, uy, vy, change


@triton.jit
@no_type_check
def _project(dual, skip, inside, across, down, dx, dy, step):
    """Do the dual update (Eq. 14) of a component with these forward differences."""
    scale = 1.0 / (1.0 + step * tl.sqrt(dx * dx + dy * dy))
    tl.store(dual, (across + step * dx) * scale, inside)
    tl.store(dual + skip, (down + step * dy) * scale, inside)


@triton.jit
@no_type_check
def _settle(changes, active, tiles, still, BLOCK: tl.constexpr):
    """Keep a pair active if it was active and its tiles have changed enough."""
    pair = tl.program_id(0).to(tl.int64)
    sums = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, tiles, BLOCK):
        tile = start + tl.arange(0, BLOCK)
        sums += tl.load(changes + pair * tiles + tile, tile < tiles, 0.0)
    moves = tl.sum(sums) > still
    tl.store(active + pair, (tl.load(active + pair) != 0) & moves)


@triton.jit
@no_type_check
def _median(
    flow,
    filtered,
    active,
    height,
    width,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    component = tl.program_id(1).to(tl.int64)
    if tl.load(active + component // 2) == 0:
        return
    flow += component * height * width
    filtered += component * height * width
    y, x = _tile(width, ROWS, COLUMNS)
    # As in rows.h: sort the columns, then the values of equal rank. Only 13 values can
    # then be the median.
    a0, a1, a2, a3, a4 = _sorted_column(flow, y, x - 2, height, width)
    b0, b1, b2, b3, b4 = _sorted_column(flow, y, x - 1, height, width)
    c0, c1, c2, c3, c4 = _sorted_column(flow, y, x, height, width)
    d0, d1, d2, d3, d4 = _sorted_column(flow, y, x + 1, height, width)
    e0, e1, e2, e3, e4 = _sorted_column(flow, y, x + 2, height, width)
    _, _, _, p3, p4 = _sort_five(a0, b0, c0, d0, e0)
    _, _, q2, q3, q4 = _sort_five(a1, b1, c1, d1, e1)
    _, r1, r2, r3, _ = _sort_five(a2, b2, c2, d2, e2)
    s0, s1, s2, _, _ = _sort_five(a3, b3, c3, d3, e3)
    t0, t1, _, _, _ = _sort_five(a4, b4, c4, d4, e4)
    r1, q2 = _sort(r1, q2)
    p3, s0 = _sort(p3, s0)
    s1, p4 = _sort(s1, p4)
    r2, t0 = _sort(r2, t0)
    q2, s0 = _sort(q2, s0)
    s1, r2 = _sort(s1, r2)
    p4, t0 = _sort(p4, t0)
    q3, s2 = _sort(q3, s2)
    q4, r3 = _sort(q4, r3)
    p4, r2 = _sort(p4, r2)
    q3, t1 = _sort(q3, t1)
    s0, p4 = _sort(s0, p4)
    p4, r2 = _sort(p4, r2)
    p4, q4 = _sort(p4, q4)
    s0, p4 = _sort(s0, p4)
    r2, q3 = _sort(r2, q3)
    p4, r2 = _sort(p4, r2)
    tl.store(filtered + y * width + x, r2, (y < height) & (x < width))


@triton.jit
@no_type_check
def _sorted_column(flow, y, x, height, width):
    """Return the five pixels from two above to two below, sorted."""
    flow += tl.minimum(tl.maximum(x, 0), width - 1)
    return _sort_five(
        tl.load(flow + tl.minimum(tl.maximum(y - 2, 0), height - 1) * width),
        tl.load(flow + tl.minimum(tl.maximum(y - 1, 0), height - 1) * width),
        tl.load(flow + tl.minimum(y, height - 1) * width),
        tl.load(flow + tl.minimum(y + 1, height - 1) * width),
        tl.load(flow + tl.minimum(y + 2, height - 1) * width),
    )


@triton.jit
@no_type_check
def _sort_five(a, b, c, d, e):
    a, b = _sort(a, b)
    d, e = _sort(d, e)
    c, e = _sort(c, e)
    c, d = _sort(c, d)
    b, e = _sort(b, e)
    a, d = _sort(a, d)
    a, c = _sort(a, c)
    b, d = _sort(b, d)
    b, c = _sort(b, c)
    return a, b, c, d, e


@triton.jit
@no_type_check
def _sort(one, other):
    return tl.minimum(one, other), tl.maximum(one, other)
