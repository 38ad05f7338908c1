"""Descents on a surface that pull each other together (Sec. 5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float

from pipeline.experiments.figures.wells import SurfaceConfig, Wells, lowest_point

MOST_DESCENTS = 5
DEVIATIONS = 1.96  # either side, in which a normal variable lies 95 % of the time


@dataclass(frozen=True)
class DescentConfig:
    """Gradient steps with momentum.

    Not Adam's: these are as long for a slight slope as for a steep one, so that it
    would matter less whether a well holds a descent more strongly than others pull it.
    Adam's were tried: on twelve surfaces the master of two gained two percentage points
    over a lone descent, with momentum five. Three times as many steps change the rates
    by half a point at most, half the step length by three.
    """

    steps: Annotated[int, "of each descent"] = 300
    rate: Annotated[float, "length of a step at slope 1"] = 0.02
    momentum: Annotated[float, "share of the step before that is taken again"] = 0.9
    pull_weight: Annotated[float, "lambda of Eq. 4; the paper's best"] = 0.6
    success_radius: Annotated[
        float, "from the lowest point, within which it counts as found: the least width"
    ] = 0.5


def descend(
    wells: Wells, starts: Float[np.ndarray, "descents runs 2"], config: DescentConfig
) -> Float[np.ndarray, "times descents runs 2"]:
    """Paths, starts included, of many runs at once; descent 0 of a run is its master.

    All descents of a run go down sum_m loss(x_m) + lambda pull(x), as the networks do
    in Eq. 4.
    """
    positions, velocity = starts, np.zeros_like(starts)
    paths = [starts]
    for _ in range(config.steps):
        slope = wells.slope(positions) + config.pull_weight * pull_slope(positions)
        velocity = config.momentum * velocity + slope
        positions = positions - config.rate * velocity
        paths.append(positions)
    return np.stack(paths)


def pull_slope(
    positions: Float[np.ndarray, "descents runs 2"],
) -> Float[np.ndarray, "descents runs 2"]:
    """Gradient of Eq. 3 with positions in place of responses.

    The pull is the L1 distance of the master to each of the others, over M - 1; both
    sides feel it. A lone master feels nothing.
    """
    signs = np.sign(positions[:1] - positions[1:])
    of_master = signs.sum(axis=0, keepdims=True)
    return np.concatenate([of_master, -signs]) / max(len(signs), 1)


def draw_starts(
    rng: np.random.Generator, runs: int, config: SurfaceConfig
) -> Float[np.ndarray, "descents runs 2"]:
    """Starts all over the square; with fewer descents, the first ones stay the same."""
    half_side = config.half_side
    return rng.uniform(-half_side, half_side, (MOST_DESCENTS, runs, 2))


def has_succeeded(
    ends: Float[np.ndarray, "*any 2"], lowest: Float[np.ndarray, "2"], radius: float
) -> Bool[np.ndarray, "*any"]:
    """Whether descents have ended at the lowest point."""
    return np.hypot(*np.moveaxis(ends - lowest, -1, 0)) < radius


@dataclass(frozen=True)
class Rate:
    """How often the master of some descents finds the lowest point."""

    descents: int  # M
    successes: int
    starts: int
    mean_loss: float  # of the master, where it ends

    @property
    def rate(self) -> float:
        """Share of the starts."""
        return self.successes / self.starts

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        z, n = DEVIATIONS, self.starts
        centre = (self.rate + z**2 / (2 * n)) / (1 + z**2 / n)
        spread = np.sqrt(self.rate * (1 - self.rate) / n + (z / (2 * n)) ** 2)
        half = z * spread / (1 + z**2 / n)
        return float(centre - half), float(centre + half)


def success_rates(
    wells: Wells,
    starts: Float[np.ndarray, "descents runs 2"],
    surface: SurfaceConfig,
    config: DescentConfig,
) -> list[Rate]:
    """For M = 1, 2, ..., from the same starts of the master."""
    lowest = lowest_point(wells, surface)
    rates = []
    for count in range(1, len(starts) + 1):
        ends = descend(wells, starts[:count], config)[-1, 0]
        found = has_succeeded(ends, lowest, config.success_radius)
        mean_loss = float(wells.loss(ends).mean())
        rates.append(Rate(count, int(found.sum()), len(found), mean_loss))
    return rates


def shares_of(rates: Sequence[Sequence[Rate]]) -> Float[np.ndarray, "surfaces counts"]:
    """Success rates as numbers."""
    return np.array([[rate.rate for rate in of_surface] for of_surface in rates])


def mean_and_error(
    shares: Float[np.ndarray, "surfaces counts"],
) -> tuple[Float[np.ndarray, "counts"], Float[np.ndarray, "counts"]]:
    """Mean over the surfaces, and its standard error."""
    error = shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
    return shares.mean(axis=0), error
