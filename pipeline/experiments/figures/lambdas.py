"""A figure of mAP against the weight of the self-distillation (Fig. 12)."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.experiments.cells import run_cells
from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.sheet import BLUE, ORANGE, Ink, new_sheet, publish
from pipeline.experiments.summary import SummaryRow, Values, summarise, write_summary
from pipeline.experiments.tables import LAMBDAS
from pipeline.run.record import StageResult


def make_lambdas(experiment: ExperimentRun) -> StageResult:
    """Train with each weight, and write the values as a table and a figure."""
    rows = summarise(LAMBDAS, run_cells(experiment, LAMBDAS, experiment.seeds))
    folder = experiment.folder
    write_summary(folder, LAMBDAS, rows, experiment.note)
    sheet = draw_lambdas(rows)
    numbers, notes = {"rows": rows}, experiment.notes
    return publish(folder, LAMBDAS.name, LAMBDAS.title, sheet, numbers, notes)


def draw_lambdas(rows: Sequence[SummaryRow]) -> Figure:
    """Draw each measure as a line through its means, in a band of one deviation."""
    sheet = new_sheet(4.5, 3.2)
    axes = sheet.subplots()
    weights = [float(row.label) for row in rows]
    at_half = [row.at_half for row in rows if row.at_half]
    if at_half:
        _draw_band(axes, weights, at_half, "mAP@.5", BLUE)
    averages = [row.average for row in rows]
    _draw_band(axes, weights, averages, "average mAP", ORANGE)
    axes.set(xlabel="weight λ of the self-distillation", ylabel="mAP (%)")
    axes.legend()
    return sheet


def _draw_band(
    axes: Axes,
    weights: Sequence[float],
    figures: Sequence[Values],
    label: str,
    ink: Ink,
) -> None:
    means = [f.mean for f in figures]
    low = [f.mean - f.spread for f in figures]
    high = [f.mean + f.spread for f in figures]
    axes.fill_between(weights, low, high, color=ink.color, alpha=0.25, linewidth=0)
    axes.plot(weights, means, ink.line, color=ink.color, marker="o", label=label)
