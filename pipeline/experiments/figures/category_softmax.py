"""A figure that shows how category softmax mixes classes (Fig. 9)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from pipeline.datasets import BACKGROUND
from pipeline.detection.activations import read_response
from pipeline.experiments.cells import searched_with_features, train_rows
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.mixing import GROUPS, Mixing, measure_mixing
from pipeline.experiments.figures.sheet import INKS, Drawing, new_sheet, rounded
from pipeline.experiments.tables import Row, Table
from pipeline.stages.detect import cas_file

AGGREGATIONS = Table(
    "figure-9",
    "Category softmax mixes classes (Fig. 9)",
    (
        Row("top-k mean", {"train": {"aggregation": "topk_mean"}}),
        Row("category softmax", {"train": {"aggregation": "category_softmax"}}),
    ),
)
LEAST_SHARE = 1e-3  # smaller shares are drawn white
MOST_NAMES = 25  # with more classes, the names would overlap


def make_category_softmax(experiment: ExperimentRun) -> Drawing:
    """Train with both aggregations, measure on the searched videos, and draw."""
    categories = (BACKGROUND, *experiment.run.dataset.classes)
    mixings = {}
    for label, row in train_rows(experiment, AGGREGATIONS).items():
        videos = searched_with_features(row)
        responses = ((v, read_response(cas_file(row, v.id))) for v in videos)
        mixings[label] = measure_mixing(responses, categories)
    numbers = {
        "measure": "softmax over the categories, mean over the cells of instances",
        **{label: mixing_json(mixing) for label, mixing in mixings.items()},
    }
    return AGGREGATIONS.title, draw_mixings(mixings), numbers


def mixing_json(mixing: Mixing) -> dict[str, Any]:
    """Return all shares: a row per class of instances, a column per category."""
    return {
        "groups": dict(zip(GROUPS, rounded(mixing.groups), strict=True)),
        "rows": mixing.classes,
        "columns": mixing.categories,
        "matrix": rounded(mixing.matrix),
    }


def draw_mixings(mixings: Mapping[str, Mixing]) -> Figure:
    """Draw the matrix of each aggregation, and the groups of both."""
    sheet = new_sheet(10.0, 3.8)
    widths = [1.0] * len(mixings)
    *matrices, groups = sheet.subplots(1, len(mixings) + 1, width_ratios=[*widths, 1.2])
    for axes, (label, mixing) in zip(matrices, mixings.items(), strict=True):
        _draw_matrix(axes, label, mixing)
    colorbar = sheet.colorbar(matrices[0].images[0], ax=matrices, shrink=0.7)
    colorbar.set_label("share of the softmax")
    _draw_groups(groups, mixings)
    return sheet


def _draw_matrix(axes: Axes, label: str, mixing: Mixing) -> None:
    """Draw shares on a log scale, since absent classes have many small ones."""
    shown = mixing.matrix.clip(LEAST_SHARE)
    axes.imshow(shown, cmap="gray_r", norm=LogNorm(LEAST_SHARE, 1), aspect="auto")
    axes.set(title=label, xlabel="responding category", ylabel="class of the instance")
    is_named = len(mixing.categories) <= MOST_NAMES
    rows, columns = (mixing.classes, mixing.categories) if is_named else ((), ())
    axes.set_yticks(range(len(rows)), rows, fontsize="xx-small")
    axes.set_xticks(range(len(columns)), columns, fontsize="xx-small", rotation=90)


def _draw_groups(axes: Axes, mixings: Mapping[str, Mixing]) -> None:
    width = 0.8 / len(mixings)
    places = np.arange(len(GROUPS))
    for index, (label, mixing) in enumerate(mixings.items()):
        ink, shifted = INKS[index], places + (index - 0.5) * width
        look: Any = {"color": ink.color, "hatch": ink.hatch, "edgecolor": "white"}
        axes.bar(shifted, 100 * mixing.groups, width, label=label, **look)
    axes.set_xticks(places, [g.replace(" ", "\n") for g in GROUPS], fontsize="small")
    axes.set(xlabel="responding class", ylim=(0, 100))
    axes.set_ylabel("share of the softmax (%)")
    axes.legend()
