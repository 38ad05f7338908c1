"""The stage that makes a table or figure, training with several seeds."""

from dataclasses import replace
from typing import Any

from pipeline.experiments.experiment import ExperimentRun
from pipeline.run.record import StageResult
from pipeline.run.run import Run
from pipeline.run.stage import Stage
from pipeline.run.work import inputs_digest
from pipeline.stages.evaluate import EVALUATE, searched_annotations
from pipeline.stages.features import FEATURES
from pipeline.stages.points import click_origins
from pipeline.stages.train import check_supervision, train_labels


def run_experiment(run: Run) -> StageResult:
    """Make the table or figure that the configuration names."""
    # PyTorch and matplotlib take seconds to import
    from pipeline.experiments.figures.figure import make_figure
    from pipeline.experiments.summary import make_table
    from pipeline.experiments.tables import TABLES

    experiment = ExperimentRun(
        run,
        EXPERIMENT.folder(run),
        replace(EXPERIMENT.resources(run), max_failures=0.0),
        EXPERIMENT.slurm,
        inputs_digest(run, EXPERIMENT),
    )
    chosen = run.config.experiment
    if chosen.table:
        return make_table(experiment, TABLES[chosen.table])
    return make_figure(experiment, chosen.figure)


def all_annotations(run: Run) -> Any:
    """Return all annotations that the experiment uses."""
    return [click_origins(run), train_labels(run), searched_annotations(run)]


def check_experiment(run: Run) -> None:
    """Raise an error if the experiment cannot be scored or makes nothing.

    Raises:
        AnnotationError: No searched video has a segment, or training lacks clicks.
        UsageError: Neither a table nor a figure was requested.
    """
    run.check_scored()
    check_supervision(run)
    run.config.experiment.check_chosen()


def print_tables(run: Run) -> None:
    """Print the tables that were made."""
    for path in sorted(EXPERIMENT.folder(run).glob("*.md")):
        print(path.read_text(encoding="utf-8"))


EXPERIMENT: Stage = Stage(
    name="experiment",
    task="Experiment",
    folder_name="experiments",
    kind="results",
    # Each training is a run of its own up to Evaluate, so this reads only features.
    builds_on=(EVALUATE,),
    reads=lambda run: (FEATURES,),
    sections=("experiment",),
    content=all_annotations,
    work=run_experiment,
    label="tables and figures",
    slurm="train",
    runs_networks=lambda run: True,
    check=check_experiment,
    report=print_tables,
)
