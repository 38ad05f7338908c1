"""A figure of one descent and several that attract each other (Fig. 11, Sec. 5.2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.descents import (
    DESCENT,
    DEVIATIONS,
    Rate,
    descend,
    draw_starts,
    mean_and_error,
    run_masters,
    shares_of,
    success_rates,
)
from pipeline.experiments.figures.sheet import (
    BLUE,
    DECIMALS,
    INKS,
    ORANGE,
    Drawing,
    new_sheet,
    rounded,
)
from pipeline.experiments.figures.wells import SURFACE, Wells, draw_wells, square_grid
from pipeline.seeds import generator_of
from pipeline.storage import plain

TITLE = "Descents on seven Gaussians (Fig. 11)"
# The figure shows the first surface drawn; its rates played no part in the choice.
SEED = 0
STARTS = 1000
OTHER_SURFACES, OTHER_STARTS = 50, 100
SHOWN_COUNTS = (1, 2, 3)  # M of the paths in the figure
MAP_STEP = 0.03  # between the positions at which the surface is drawn
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


def make_seven_gaussians(_: ExperimentRun) -> Drawing:
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


def draw_figure(
    wells: Wells,
    paths: Sequence[Float[np.ndarray, "times _ 2"]],
    rates: Sequence[Rate],
    others: Sequence[Sequence[Rate]],
) -> Figure:
    """Draw the surface with the paths on the left, and the rates on the right."""
    sheet = new_sheet(7.5, 3.6)
    left, right = sheet.subplots(1, 2, width_ratios=(1.3, 1))
    _draw_surface(left, wells)
    for of_run, ink in zip(paths, INKS, strict=False):
        label = f"M = {of_run.shape[1]}"
        for index, path in enumerate(np.moveaxis(of_run, 1, 0)):
            width, name = (2.2, label) if index == 0 else (0.9, None)
            left.plot(*path.T, ink.line, color=ink.color, linewidth=width, label=name)
            left.plot(*path[-1], "o", color=ink.color, markersize=2 + 2 * width)
    left.plot(*paths[0][0, 0], "s", color="black", label="the master's start")
    left.legend(fontsize="x-small", loc="upper left")
    _draw_rates(right, rates, others)
    return sheet


def _draw_surface(axes: Axes, wells: Wells) -> None:
    """Draw the surface, darker where deeper but light enough to keep paths visible."""
    side = SURFACE.half_side
    heights = wells.loss(square_grid(MAP_STEP))
    extent = (-side, side, -side, side)
    axes.imshow(
        heights, cmap="gray", vmin=2 * heights.min(), extent=extent, origin="lower"
    )
    levels = np.linspace(heights.min(), 0, 8)[1:-1]
    style: dict[str, Any] = {"linewidths": 0.4, "linestyles": "solid"}
    axes.contour(heights, levels, colors="white", extent=extent, **style)
    axes.plot(
        *wells.lowest_point, "*", color="black", markersize=9, label="lowest point"
    )
    axes.set(xlabel="first coordinate", ylabel="second coordinate")


def _draw_rates(
    axes: Axes, rates: Sequence[Rate], others: Sequence[Sequence[Rate]]
) -> None:
    counts = [rate.descents for rate in rates]
    shares = shares_of([rates])[0]
    errors = np.abs(np.array([rate.interval for rate in rates]).T - shares)
    mean, error = mean_and_error(shares_of(others))
    this = f"this surface, {rates[0].starts} starts"
    other = f"mean of {len(others)} other surfaces"
    for ink, marker, label, middle, half in (
        (BLUE, "o", this, shares, errors),
        (ORANGE, "s", other, mean, DEVIATIONS * error),
    ):
        look: Any = {"linestyle": ink.line, "color": ink.color, "marker": marker}
        bars = 100 * middle, 100 * half
        axes.errorbar(counts, *bars, capsize=3, label=f"{label} (95 %)", **look)
    axes.set(
        xlabel="descents M", ylabel="masters at the lowest point (%)", ylim=(0, None)
    )
    axes.set_xticks(counts)
    axes.legend(fontsize="x-small")
