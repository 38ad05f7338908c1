"""A drawing of class activation sequences above the detections of each instance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.datasets import Instance
from pipeline.experiments.figures.sheet import BLUE, ORANGE, Ink, new_sheet
from pipeline.intervals import Interval

# Only a part of a long video is shown, so that its instances are distinguishable.
LONGEST_SECONDS = 150.0
MARGIN_SECONDS = 5.0
INKS = (ORANGE, BLUE)  # the paper's method has the first colour of the other figures
MARKERS = {"well": "o", "joint": "D", "over": "^", "under": "v", "missed": "x"}
STRIP = 0.16  # height of the bars below the sequences
GAP = 0.12


@dataclass(frozen=True)
class Localization:
    """The instances of one class in one video, and how each was detected."""

    instances: tuple[Instance, ...]
    states: tuple[str, ...]  # a key of `MARKERS` per instance
    judged_by: tuple[Interval | None, ...]  # its best-scored overlapping detection


@dataclass(frozen=True)
class Curve:
    """One row's sequence of a class, scaled to [0, 1], and its localization."""

    cell_seconds: Float[np.ndarray, "cells"]
    responses: Float[np.ndarray, "cells"]
    localization: Localization


@dataclass(frozen=True)
class Panel:
    """One video and class, with the rows to compare."""

    id: str
    label: str
    maps: Mapping[str, float]  # percent, on this video only
    curves: Mapping[str, Curve]


def draw_panels(panels: Sequence[Panel]) -> Figure:
    """Draw one video below the other, with one legend for all."""
    sheet = new_sheet(7.5, 0.6 + 1.9 * len(panels))
    columns = sheet.subplots(len(panels), 1, squeeze=False)
    for axes, panel in zip(columns[:, 0], panels, strict=True):
        _draw_panel(axes, panel)
    columns[-1, 0].set_xlabel("seconds")
    lines, _ = columns[0, 0].get_legend_handles_labels()
    marks = [
        Line2D([], [], color="black", linestyle="", marker=marker, label=state)
        for state, marker in MARKERS.items()
    ]
    sheet.legend(
        handles=[*lines, *marks],
        loc="outside upper center",
        ncols=len(lines) + len(MARKERS),
        fontsize="x-small",
    )
    return sheet


def _draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw sequences above 0, and strips for the instances and each row below it."""
    strips = [-(GAP + STRIP) * (place + 1) for place in range(len(panel.curves) + 1)]
    first = next(iter(panel.curves.values()))
    spans = [(i.start_seconds, i.end_seconds) for i in first.localization.instances]
    draw_bars(axes, spans, strips[0], "black")
    for ink, strip, (name, curve) in zip(
        INKS, strips[1:], panel.curves.items(), strict=True
    ):
        lines = axes.plot(curve.cell_seconds, curve.responses, ink.line, label=name)
        lines[0].set(color=ink.color, linewidth=1.2)
        _draw_strip(axes, curve.localization, strip, ink)
    axes.set_yticks(
        [0, 1, *(strip + STRIP / 2 for strip in strips)],
        ["0", "1", "truth", *panel.curves],
        fontsize="x-small",
    )
    gains = ", ".join(f"{name} {value:.0f}" for name, value in panel.maps.items())
    axes.set_title(f"{panel.id}, {panel.label} (mAP in %: {gains})", fontsize="small")
    axes.set_ylabel("scaled response", fontsize="x-small", loc="top")
    axes.set(xlim=choose_window(panel), ylim=(strips[-1] - GAP, 1.05))


def _draw_strip(
    axes: Axes, localization: Localization, bottom: float, ink: Ink
) -> None:
    """Draw the detections of the instances, and each one's state at its centre."""
    found = sorted({span for span in localization.judged_by if span})
    draw_bars(axes, found, bottom, ink.color)
    for instance, state in zip(
        localization.instances, localization.states, strict=True
    ):
        centre = (instance.start_seconds + instance.end_seconds) / 2
        marks = axes.plot(centre, bottom + STRIP / 2, MARKERS[state], markersize=4)
        marks[0].set(color="black")


def draw_bars(
    axes: Axes, spans: Sequence[Interval], bottom: float, color: str, alpha: float = 0.6
) -> None:
    """Draw a bar for each span of seconds in the strip above `bottom`."""
    lengths = [(start, end - start) for start, end in spans]
    axes.broken_barh(lengths, (bottom, STRIP), color=color, alpha=alpha, linewidth=0)


def choose_window(panel: Panel) -> Interval:
    """Return the seconds to show: all, or the window where the rows differ most."""
    curves = list(panel.curves.values())
    seconds, instances = curves[0].cell_seconds, curves[0].localization.instances
    start, end = float(seconds[0]), float(seconds[-1])
    if end - start <= LONGEST_SECONDS:
        return start, end
    states = zip(*(curve.localization.states for curve in curves), strict=True)
    differs = np.array([len(set(of_instance)) > 1 for of_instance in states])
    starts = np.array([i.start_seconds for i in instances]) - MARGIN_SECONDS
    ends = np.array([i.end_seconds for i in instances])
    inside = (starts >= starts[:, None]) & (ends <= starts[:, None] + LONGEST_SECONDS)
    # Among windows that differ equally, prefer the one with more instances.
    best = float(starts[np.argmax(inside @ (differs + 1 / (1 + len(starts))))])
    first = min(max(best, start), end - LONGEST_SECONDS)
    return first, first + LONGEST_SECONDS
