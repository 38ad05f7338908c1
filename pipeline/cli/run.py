"""`soda run`: the Luigi tasks, as one command."""

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.run.command_line import SODA_TASK


def task_names() -> tuple[str, ...]:
    """Return the names of the tasks, without importing what they import.

    Nobody who asks for help waits for Luigi, PyTorch and the decoders.
    """
    found = find_spec("tasks")
    assert found and found.origin, "the module of the tasks is installed"
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return tuple(c.name for c in classes if ast.unparse(c.bases[0]) == "StageTask")


SETTINGS = {"ignore_unknown_options": True}  # which are flags of the task
GOALS = task_names()
BENCHMARKS = ("demo", "thumos14", "activitynet1.2", "activitynet1.3", "simulated")


def run_command(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help=f"One of {', '.join(BENCHMARKS)}; or a JSON file: a manifest, or "
            "annotations in ActivityNet's format.",
            autocompletion=lambda: list(BENCHMARKS),
        ),
    ],
    flags: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FLAGS", help="Flags of the task; --help-all lists them."
        ),
    ] = None,
    to: Annotated[
        str,
        typer.Option(
            metavar="TASK",
            help=f"The last stage to run, after those it needs: {', '.join(GOALS)}.",
            autocompletion=lambda: list(GOALS),
        ),
    ] = SODA_TASK,
    help_all: Annotated[
        bool, typer.Option("--help-all", help="List every flag and exit.")
    ] = False,
) -> None:
    """Run the pipeline from raw videos to a report.

    The stages decode videos, compute optical flow, extract features, train on points,
    detect actions, score them and write pages. Finished work is not repeated; after a
    failure or Ctrl-C, the same command continues. `luigi --module tasks Report
    --dataset DATASET` does the same, with the same flags.

    Examples:

        soda run demo
        soda run kitchen/dataset.json --preset small --points-file clicks.csv
        soda run thumos14 --to TrainSODA --cache features --dry-run

    The most common flags:

        --dry-run             estimate time and disk space, and do nothing
        --preset NAMES        soda (the paper), small, soda_plus, ...
        --videos FOLDER       the videos, if the dataset does not name them
        --points-file FILES   people's clicks, instead of those next to DATASET
        --cache features      keep neither frames nor flow on disk
        --jobs N              the number of videos processed in parallel
        --device cpu|cuda     the device that networks run on
        --max-failures SHARE  the share of videos that may fail, such as 0.05
        --workdir FOLDER      the output folder, instead of work/DATASET
        --cluster slurm       send the work to a cluster

    Exit codes: 0 success, 2 to 7 as for `soda`, 30 a stage failed (from Luigi).
    """
    if to not in GOALS:
        raise UsageError(f"--to {to}: expected one of {', '.join(GOALS)}")
    from luigi.cmdline import luigi_run  # only this command needs it

    asked = ["--help"] if help_all else ["--dataset", dataset, *(flags or ())]
    luigi_run(["--module", "tasks", to, *asked])
