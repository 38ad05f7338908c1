"""A figure of mAP against the weight of the self-distillation (Fig. 12)."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.sheet import INKS, Drawing, draw_band, new_sheet
from pipeline.experiments.summary import SummaryRow, make_rows
from pipeline.experiments.tables import LAMBDAS


def make_lambdas(experiment: ExperimentRun) -> Drawing:
    """Train with each weight, and write the values as a table and a figure."""
    rows = make_rows(experiment, LAMBDAS)
    return LAMBDAS.title, draw_lambdas(rows), {"rows": rows}


def draw_lambdas(rows: Sequence[SummaryRow]) -> Figure:
    """Draw each measure as a line through its means, in a band of one deviation."""
    sheet = new_sheet(4.5, 3.2)
    axes = sheet.subplots()
    weights = [float(row.label) for row in rows]
    measures = {
        "mAP@.5": [row.at_half for row in rows if row.at_half],
        "average mAP": [row.average for row in rows],
    }
    for ink, (label, measured) in zip(INKS, measures.items(), strict=False):
        if measured:
            means, spreads = np.transpose([(v.mean, v.spread) for v in measured])
            band = np.stack([means - spreads, means, means + spreads])
            draw_band(axes, weights, band, ink, marker="o", label=label)
    axes.set(xlabel="weight λ of the self-distillation", ylabel="mAP (%)")
    axes.legend()
    return sheet
