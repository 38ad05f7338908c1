"""Gradient descents on a surface that attract each other (Sec. 5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float

from pipeline.experiments.figures.wells import SURFACE, Wells

MOST_DESCENTS = 5
DEVIATIONS = 1.96  # half width of 95 % of a normal distribution


@dataclass(frozen=True)
class DescentConfig:
    """The settings of gradient descent with momentum.

    Adam is not used because its steps are as long on a slight slope as on a steep one.
    It would then matter less whether a well holds a descent more strongly than the
    other descents pull it. In a trial on twelve surfaces, the master of two descents
    gained two percentage points over a single descent with Adam, and five with
    momentum. Tripling the steps changes the rates by at most half a point; halving
    the step length changes them by at most three.
    """

    steps: Annotated[int, "number of steps of each descent"] = 300
    rate: Annotated[float, "step length at slope 1"] = 0.02
    momentum: Annotated[float, "share of the previous step that is repeated"] = 0.9
    pull_weight: Annotated[float, "lambda of Eq. 4; the paper's best value"] = 0.6
    success_radius: Annotated[
        float, "success is within this distance of the lowest point; the least width"
    ] = 0.5


DESCENT = DescentConfig()


def descend(
    wells: Wells,
    starts: Float[np.ndarray, "descents runs 2"],
    config: DescentConfig = DESCENT,
) -> Float[np.ndarray, "times descents runs 2"]:
    """Return the paths of many runs at once, including the starts.

    Descent 0 of a run is its master. All descents of a run minimize sum_m loss(x_m) +
    lambda pull(x), as the networks do in Eq. 4.
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
    """Return the gradient of Eq. 3, with positions instead of responses.

    The pull is the sum of the L1 distances between the master and each other descent,
    divided by M - 1. It moves both sides. The gradient of a single master is zero.
    """
    signs = np.sign(positions[:1] - positions[1:])
    of_master = signs.sum(axis=0, keepdims=True)
    return np.concatenate([of_master, -signs]) / max(len(signs), 1)


def draw_starts(
    rng: np.random.Generator, runs: int
) -> Float[np.ndarray, "descents runs 2"]:
    """Draw starts uniformly from the square, always for the most descents."""
    side = SURFACE.half_side
    return rng.uniform(-side, side, (MOST_DESCENTS, runs, 2))


def run_masters(
    wells: Wells, starts: Float[np.ndarray, "descents runs 2"]
) -> tuple[Float[np.ndarray, "runs 2"], Bool[np.ndarray, "runs"]]:
    """Return where the masters end, and whether that is the lowest point."""
    ends = descend(wells, starts)[-1, 0]
    distances = np.hypot(*(ends - wells.lowest_point).T)
    return ends, distances < DESCENT.success_radius


@dataclass(frozen=True)
class Rate:
    """The success rate of the master of M descents in finding the lowest point."""

    descents: int  # M
    successes: int
    starts: int
    mean_loss: float  # of the master, at its end

    @property
    def rate(self) -> float:
        """Share of the starts that succeed."""
        return self.successes / self.starts

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate."""
        z, n = DEVIATIONS, self.starts
        centre = (self.rate + z**2 / (2 * n)) / (1 + z**2 / n)
        spread = np.sqrt(self.rate * (1 - self.rate) / n + (z / (2 * n)) ** 2)
        half = z * spread / (1 + z**2 / n)
        return float(centre - half), float(centre + half)


def success_rates(
    wells: Wells, starts: Float[np.ndarray, "descents runs 2"]
) -> list[Rate]:
    """Return the rates for M = 1, 2, ..., with the same starts of the master."""
    rates = []
    for count in range(1, len(starts) + 1):
        ends, found = run_masters(wells, starts[:count])
        mean_loss = float(wells.loss(ends).mean())
        rates.append(Rate(count, int(found.sum()), len(found), mean_loss))
    return rates


def shares_of(rates: Sequence[Sequence[Rate]]) -> Float[np.ndarray, "surfaces counts"]:
    """Return the success rates as an array."""
    return np.array([[rate.rate for rate in of_surface] for of_surface in rates])


def mean_and_error(
    shares: Float[np.ndarray, "surfaces counts"],
) -> tuple[Float[np.ndarray, "counts"], Float[np.ndarray, "counts"]]:
    """Return the mean over the surfaces and its standard error."""
    error = shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
    return shares.mean(axis=0), error
