"""The same kernels compiled by Numba, for installations without a C compiler.

They compute the same as those of `kernels.c`, at less than half the speed. Each loop
uses few arrays, because LLVM does not vectorise a loop for which it would have to
compare too many addresses.
"""

import cv2
import numba
import numpy as np

from extractors.flow.tvl1.level import (
    GX,
    GY,
    MARGIN,
    RHO,
    UX,
    UY,
    VECTOR,
    VX,
    VY,
    Image,
    Level,
    U,
    V,
)

SWEEP_ITERATIONS = 4

# Compiled code is kept next to this file or, if that is read-only, in the user's cache
# folder. "fastmath" is safe because no value here is infinite.
_jit = numba.njit(fastmath=True, error_model="numpy", nogil=True, cache=True)


def differentiate(image: Image, level: Level) -> None:
    """Set the level's taps: an image and its central differences."""
    inside = level.taps[MARGIN:-MARGIN, MARGIN:-MARGIN]
    framed = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inside[..., 0] = image
    inside[..., 1] = 0.5 * (framed[1:-1, 2:] - framed[1:-1, :-2])
    inside[..., 2] = 0.5 * (framed[2:, 1:-1] - framed[:-2, 1:-1])


def linearise(level: Level) -> None:
    """Warp the taps by the flow, bicubically, and set the data term."""
    height, width = level.first.shape
    columns = np.arange(width, dtype=np.float32) + level.u + MARGIN
    rows = np.arange(height, dtype=np.float32)[:, None] + level.v + MARGIN
    warped = cv2.remap(level.taps, columns, rows, cv2.INTER_CUBIC)
    gx, gy, rho = (level.planes[1:-1, plane, :width] for plane in (GX, GY, RHO))
    gx[:], gy[:] = warped[..., 1], warped[..., 2]
    rho[:] = warped[..., 0] - gx * level.u - gy * level.v - level.first


def median(level: Level, pixels: int) -> None:
    """Apply a median filter to the flow, in place."""
    for field in (level.u, level.v):
        cv2.medianBlur(field, pixels, dst=field)


def iterate(
    level: Level, bound: float, theta: float, step: float, still: float, most: int
) -> float:
    """Iterate until the flow converges; return the last sum of squared changes."""
    width = level.first.shape[1]
    numbers = np.array([bound, theta, step, still], np.float32)
    return float(_iterate(level.planes, width, numbers, most, level.scratch))


@_jit
def _iterate(planes, width, numbers, most, scratch):  # type: ignore[no-untyped-def]
    bound, theta, step, still = numbers
    change, depth = np.float32(np.inf), SWEEP_ITERATIONS
    while most > 0 and change > still:
        depth = min(depth, most)
        change = _sweep(planes, width, bound, theta, step, depth, scratch)
        most -= depth
        depth = SWEEP_ITERATIONS if change > np.float32(1.5) * still else 1
    return change


@_jit
def _sweep(planes, width, bound, theta, step, depth, scratch):  # type: ignore[no-untyped-def]
    lines, count, pitch = planes.shape
    rows = planes.reshape(lines, count * pitch)
    n, height = pitch - VECTOR, lines - 2
    move, du, dv = scratch[:n], scratch[n : 2 * n], scratch[2 * n : 3 * n]
    change = np.float32(0)
    # As in rows.h, iteration k is 2 k rows behind the first one.
    for y in range(height + 2 * depth - 1):
        for k in range(depth):
            row = y - 2 * k
            if 0 <= row < height:
                m, above = rows[1 + row], rows[row]
                gx, gy = _line(m, GX, pitch), _line(m, GY, pitch)
                u, v = _line(m, U, pitch), _line(m, V, pitch)
                _threshold(gx, gy, _line(m, RHO, pitch), u, v, bound, move)
                _step(m, above, UX, UY, pitch, move, gx, theta, du)
                _step(m, above, VX, VY, pitch, move, gy, theta, dv)
                if k == depth - 1:
                    change += _squares(du, dv, rows[0, :n])
                _add(u, du)
                _add(v, dv)
            if 1 <= row <= height:
                m = rows[row]
                below = rows[row + 1] if row < height else m
                _dual(m, below, U, UX, UY, pitch, width, step)
                _dual(m, below, V, VX, VY, pitch, width, step)
    return change


@_jit
def _line(row, plane, pitch):  # type: ignore[no-untyped-def]
    return row[plane * pitch : (plane + 1) * pitch - VECTOR]


@_jit
def _left(row, plane, pitch):  # type: ignore[no-untyped-def]
    return row[plane * pitch - 1 : (plane + 1) * pitch - VECTOR - 1]


@_jit
def _right(row, plane, pitch):  # type: ignore[no-untyped-def]
    return row[plane * pitch + 1 : (plane + 1) * pitch - VECTOR + 1]


@_jit
def _threshold(gx, gy, rho, u, v, bound, move):  # type: ignore[no-untyped-def]
    for x in range(move.size):
        residual = rho[x] + gx[x] * u[x] + gy[x] * v[x]
        square = gx[x] * gx[x] + gy[x] * gy[x] + np.float32(1e-12)
        move[x] = min(max(-residual / square, -bound), bound)


@_jit
def _step(m, above, px_plane, py_plane, pitch, move, gradient, theta, change):  # type: ignore[no-untyped-def]
    px, left = _line(m, px_plane, pitch), _left(m, px_plane, pitch)
    py, py_above = _line(m, py_plane, pitch), _line(above, py_plane, pitch)
    _sum(move, gradient, px, left, py, py_above, theta, change)


@_jit
def _sum(move, gradient, px, left, py, py_above, theta, change):  # type: ignore[no-untyped-def]
    for x in range(change.size):
        divergence = px[x] - left[x] + py[x] - py_above[x]
        change[x] = move[x] * gradient[x] + theta * divergence


@_jit
def _squares(du, dv, inside):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for x in range(du.size):
        total += inside[x] * (du[x] * du[x] + dv[x] * dv[x])
    return total


@_jit
def _add(field, change):  # type: ignore[no-untyped-def]
    for x in range(field.size):
        field[x] += change[x]


@_jit
def _dual(m, below, plane, px_plane, py_plane, pitch, width, step):  # type: ignore[no-untyped-def]
    m[plane * pitch + width] = m[plane * pitch + width - 1]
    here, right = _line(m, plane, pitch), _right(m, plane, pitch)
    px, py = _line(m, px_plane, pitch), _line(m, py_plane, pitch)
    _project(here, right, _line(below, plane, pitch), px, py, step)


@_jit
def _project(here, right, below, px, py, step):  # type: ignore[no-untyped-def]
    for x in range(px.size):
        dx, dy = right[x] - here[x], below[x] - here[x]
        length = np.sqrt(dx * dx + dy * dy)
        scale = np.float32(1) / (np.float32(1) + step * length)
        px[x] = (px[x] + step * dx) * scale
        py[x] = (py[x] + step * dy) * scale
