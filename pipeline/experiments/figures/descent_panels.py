"""A drawing of the surface, its descents and their success rates (Fig. 11)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.experiments.figures.descents import (
    DEVIATIONS,
    Rate,
    mean_and_error,
    shares_of,
)
from pipeline.experiments.figures.sheet import INKS, new_sheet
from pipeline.experiments.figures.wells import SURFACE, Wells, square_grid

MAP_STEP = 0.03


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
    courses = {
        f"this surface, {rates[0].starts} starts (95 %)": (shares, errors),
        f"mean of {len(others)} other surfaces (95 %)": (mean, DEVIATIONS * error),
    }
    for ink, marker, (label, (middle, half)) in zip(
        INKS, "os", courses.items(), strict=False
    ):
        look: Any = {"linestyle": ink.line, "color": ink.color, "marker": marker}
        axes.errorbar(counts, 100 * middle, 100 * half, capsize=3, label=label, **look)
    axes.set(
        xlabel="descents M", ylabel="masters at the lowest point (%)", ylim=(0, None)
    )
    axes.set_xticks(counts)
    axes.legend(fontsize="x-small")
