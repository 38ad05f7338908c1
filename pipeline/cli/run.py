"""`soda run`: the tasks, without a word of Luigi."""

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


GOALS = task_names()
BENCHMARKS = ("demo", "thumos14", "activitynet1.2", "activitynet1.3", "simulated")


def run_command(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help=f"{', '.join(BENCHMARKS)}; or a JSON file: a manifest, or annotations "
            "in ActivityNet's form.",
            autocompletion=lambda: list(BENCHMARKS),
        ),
    ],
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="FLAGS", help="The task's; --help-all lists them."),
    ] = None,
    to: Annotated[
        str,
        typer.Option(
            metavar="TASK",
            help=f"The last stage, those before it are done too: {', '.join(GOALS)}.",
            autocompletion=lambda: list(GOALS),
        ),
    ] = SODA_TASK,
    help_all: Annotated[
        bool, typer.Option("--help-all", help="List every flag; do nothing.")
    ] = False,
) -> None:
    """Go the road from raw videos to a report.

    The same as `luigi --module tasks Report --dataset DATASET`, with all of its flags:
    what was done before is not done again, and after a failure, or Ctrl-C, the same
    command goes on.

    Examples:

        soda run demo
        soda run kitchen/dataset.json --preset small --points-file clicks.csv
        soda run thumos14 --to TrainSODA --cache features --dry-run

    The flags that are used most:

        --dry-run             say how long it takes, and how much disk
        --preset NAMES        soda (the paper), small, soda_plus, ...
        --videos FOLDER       where videos lie, if the dataset does not say
        --points-file FILES   people's clicks, in place of simulated ones
        --cache features      keep neither frames nor flow on disk
        --jobs N              videos that are worked on side by side
        --device cpu|cuda     where networks run
        --max-failures SHARE  of the videos that may fail, such as 0.05
        --workdir FOLDER      where outputs go, in place of work/DATASET
        --cluster slurm       send the work to a cluster

    Exit codes: 0 all good, 2 to 7 as those of `soda`, 30 a stage failed (Luigi's).
    """
    if to not in GOALS:
        raise UsageError(f"--to {to}: expected one of {', '.join(GOALS)}")
    from luigi.cmdline import luigi_run  # its modules are for this command alone

    asked = ["--help"] if help_all else ["--dataset", dataset, *(flags or ())]
    luigi_run(["--module", "tasks", to, *asked])
