"""Loss surfaces of seven Gaussian wells (Sec. 5.2)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from jaxtyping import Float

from pipeline.seeds import generator_of

GRID_STEP = 0.02


@dataclass(frozen=True)
class SurfaceConfig:
    """The ranges that surfaces are drawn from; the paper's parameters are not public.

    These ranges were set before any descent was run. The depths keep the deepest well
    from being an outlier. The widths let most of the square slope toward some well.
    """

    wells: Annotated[int, "number of wells (Sec. 5.2)"] = 7
    half_side: Annotated[float, "centres and starts are in [-this, this]^2"] = 3.0
    least_distance: Annotated[float, "least distance of two centres"] = 1.5
    depths: Annotated[tuple[float, float], "evenly spaced, in random order"] = (0.4, 1)
    widths: Annotated[tuple[float, float], "standard deviations, uniform"] = (0.5, 1)


SURFACE = SurfaceConfig()


@dataclass(frozen=True)
class Wells:
    """A surface of loss(x) = -sum_i depth_i exp(-|x - centre_i|^2 / (2 width_i^2))."""

    centres: Float[np.ndarray, "wells 2"]
    depths: Float[np.ndarray, "wells"]
    widths: Float[np.ndarray, "wells"]  # standard deviations

    def loss(self, positions: Float[np.ndarray, "*any 2"]) -> Float[np.ndarray, "*any"]:
        """Return the height of the surface, which is never above 0."""
        return -self._gaussians(positions).sum(axis=-1)

    def slope(
        self, positions: Float[np.ndarray, "*any 2"]
    ) -> Float[np.ndarray, "*any 2"]:
        """Return the gradient: sum_i gaussian_i (x - centre_i) / width_i^2."""
        steepness = self._gaussians(positions) / self.widths**2
        total: np.ndarray = steepness.sum(axis=-1, keepdims=True)
        return total * positions - steepness @ self.centres

    @cached_property
    def lowest_point(self) -> Float[np.ndarray, "2"]:
        """The position of the least loss, to the nearest .02.

        It is not always the centre of the deepest Gaussian, since wells overlap and add
        up.
        """
        grid = square_grid(GRID_STEP).reshape(-1, 2)
        point: np.ndarray = grid[self.loss(grid).argmin()]
        return point

    def _gaussians(
        self, positions: Float[np.ndarray, "*any 2"]
    ) -> Float[np.ndarray, "*any wells"]:
        # Computing |x - c|^2 by matrix products is twice as fast as by differences.
        squares = np.square(positions).sum(axis=-1, keepdims=True)
        squares = squares - 2 * positions @ self.centres.T
        squares += np.square(self.centres).sum(axis=1)
        gaussians: np.ndarray = self.depths * np.exp(squares / (-2 * self.widths**2))
        return gaussians


def draw_wells(seed: int) -> Wells:
    """Draw a surface that depends only on the seed and the ranges.

    A centre is drawn again until it is far enough from the previous ones.
    """
    rng, side = generator_of(seed, "surface"), SURFACE.half_side
    centres: list[np.ndarray] = []
    while len(centres) < SURFACE.wells:
        centre = rng.uniform(-side, side, 2)
        if all(np.hypot(*(centre - c)) >= SURFACE.least_distance for c in centres):
            centres.append(centre)
    return Wells(
        centres=np.array(centres),
        depths=rng.permutation(np.linspace(*SURFACE.depths, SURFACE.wells)),
        widths=rng.uniform(*SURFACE.widths, SURFACE.wells),
    )


def square_grid(step: float) -> Float[np.ndarray, "rows columns 2"]:
    """Return positions that cover the square, row by row from the bottom."""
    side = SURFACE.half_side
    ticks = np.linspace(-side, side, round(2 * side / step) + 1)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1)
