"""The figures that an experiment can make, by name."""

from collections.abc import Callable

from pipeline.experiments.experiment import ExperimentRun
from pipeline.experiments.figures.active import make_active
from pipeline.experiments.figures.category_softmax import make_category_softmax
from pipeline.experiments.figures.lambdas import make_lambdas
from pipeline.experiments.figures.sequences import make_sequences
from pipeline.experiments.figures.seven_gaussians import make_seven_gaussians
from pipeline.experiments.figures.temporal_softmax import make_temporal_softmax
from pipeline.run.record import StageResult

MAKERS: dict[str, Callable[[ExperimentRun], StageResult]] = {
    "5": make_sequences,
    "8": make_temporal_softmax,
    "9": make_category_softmax,
    "11": make_seven_gaussians,
    "12": make_lambdas,
    "active": make_active,
}


def make_figure(experiment: ExperimentRun, name: str) -> StageResult:
    """Write a figure to the experiment's folder."""
    return MAKERS[name](experiment)
