"""A figure of one descent and several that attract each other (Fig. 11, Sec. 5.2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.descent_panels import draw_figure
from pipeline.experiments.figures.descents import (
    DESCENT,
    Rate,
    descend,
    draw_starts,
    mean_and_error,
    run_masters,
    shares_of,
    success_rates,
)
from pipeline.experiments.figures.sheet import DECIMALS, rounded
from pipeline.experiments.figures.wells import SURFACE, Wells, draw_wells
from pipeline.seeds import generator_of
from pipeline.storage import plain

TITLE = "Descents on seven Gaussians (Fig. 11)"
# The figure shows the first surface drawn; its rates played no part in the choice.
SEED = 0
STARTS = 1000
OTHER_SURFACES, OTHER_STARTS = 50, 100
SHOWN_COUNTS = (1, 2, 3)  # M of the paths in the figure
DEFINITION = (
    "A run succeeds if its master ends within {:g} of the surface's lowest point."
    " The master starts at the same place for every M. All starts are uniform in the"
    " square. The surface is the first one drawn from the ranges under `surface`. The"
    " others are drawn from the same ranges and have {} starts each."
)
SHOWN = (
    "The first start from which one descent fails and both two and three succeed, or "
    "start 0 if there is none."
)


def make_seven_gaussians(_: ExperimentRun) -> tuple[str, Figure, dict[str, Any]]:
    """Draw the surface and count successes, without using the dataset."""
    wells, starts, rates = try_surface(SEED, STARTS)
    seeds = range(SEED + 1, SEED + 1 + OTHER_SURFACES)
    others = [try_surface(seed, OTHER_STARTS)[2] for seed in seeds]
    place = choose_start(wells, starts)
    shown = starts[:, place, None]
    paths = [descend(wells, shown[:m])[:, :, 0] for m in SHOWN_COUNTS]
    ends = [rounded(path[-1]) for path in paths]
    numbers = {
        "notes": (),
        "definition": DEFINITION.format(DESCENT.success_radius, OTHER_STARTS),
        "surface": SURFACE,
        "descent": DESCENT,
        "wells": wells_json(wells),
        "rates": [rate_json(rate) for rate in rates],
        "other_surfaces": others_json(others),
        "shown": {"rule": SHOWN, "start": place, "ends": ends},
    }
    return TITLE, draw_figure(wells, paths, rates, others), numbers


def try_surface(
    seed: int, count: int
) -> tuple[Wells, Float[np.ndarray, "descents runs 2"], list[Rate]]:
    """Return a surface, starts on it, and the success rates of M = 1, 2, ...."""
    wells = draw_wells(seed)
    starts = draw_starts(generator_of(seed, "starts"), count)
    return wells, starts, success_rates(wells, starts)


def choose_start(wells: Wells, starts: Float[np.ndarray, "descents runs 2"]) -> int:
    """Return the index of the run that the figure shows, as `SHOWN` describes."""
    one, *more = (run_masters(wells, starts[:count])[1] for count in SHOWN_COUNTS)
    return int(np.argmax(~one & np.all(more, axis=0)))


def wells_json(wells: Wells) -> dict[str, Any]:
    """Return a surface as JSON, with its lowest point."""
    return {
        "centres": rounded(wells.centres),
        "depths": rounded(wells.depths),
        "widths": rounded(wells.widths),
        "lowest_point": rounded(wells.lowest_point),
    }


def rate_json(rate: Rate) -> dict[str, Any]:
    """Return a rate as JSON: its counts, its interval and the mean loss at the end."""
    return {
        **plain(rate),
        "mean_loss": round(rate.mean_loss, DECIMALS),
        "rate": rate.rate,
        "interval_95": rounded(np.array(rate.interval)),
    }


def others_json(others: Sequence[Sequence[Rate]]) -> dict[str, Any]:
    """Return the rates over surfaces, and the gain over M = 1, with standard errors."""
    shares = shares_of(others)
    mean, error = mean_and_error(shares)
    gain, gain_error = mean_and_error(shares - shares[:, :1])
    return {
        "surfaces": len(shares),
        "mean": rounded(mean),
        "standard_error": rounded(error),
        "gain": rounded(gain),
        "gain_standard_error": rounded(gain_error),
        "rates": rounded(shares),
    }
