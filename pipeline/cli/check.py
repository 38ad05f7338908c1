"""`soda check`: all problems of a dataset, before any work starts."""

import shlex
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.check.check import Check, check_dataset
from pipeline.datasets import Problem
from pipeline.errors import AnnotationError
from pipeline.points.human import saved_clicks
from pipeline.progress import count_of
from pipeline.storage import write_json

MOST_SHOWN = 20


def check_command(
    dataset: Annotated[
        str, typer.Argument(help="A manifest or annotation file, or a dataset's name.")
    ],
    videos: Annotated[
        Path | None,
        typer.Option(help="The folder of the videos, if the dataset does not name it."),
    ] = None,
    data_dir: Annotated[
        Path, typer.Option(help="The folder that contains the named datasets.")
    ] = Path("data"),
    jobs: Annotated[
        int | None, typer.Option(help="Worker processes. Default: one per processor.")
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="A JSON file to write facts, problems and notes to."),
    ] = None,
    show_all: Annotated[
        bool, typer.Option("--all", help=f"Show more than {MOST_SHOWN} of each kind.")
    ] = False,
) -> None:
    """Check every video of a dataset and compare it with the annotations.

    Opens each file and decodes its two ends and some frames, then lists all problems at
    once: missing or broken videos, durations that differ, annotations beyond the end,
    copies, even trimmed or re-encoded ones, of a training video in the test. Notes
    need no fix, such as a pause in a recording. Ends with the next command to type, or
    with exit code 4 if there are problems.

    Example:

        soda check kitchen/dataset.json
    """
    check = check_dataset(dataset, videos, data_dir, jobs)
    if json:
        write_json(json, check.to_json())
    print_check(check, None if show_all else MOST_SHOWN)
    places = ["--videos", str(videos)] if videos else []
    if data_dir != Path("data"):
        places += ["--data-dir", str(data_dir)]
    if check.problems:
        again = shlex.join(["soda", "check", dataset, *places])
        raise AnnotationError(
            f"{check.dataset.source}: {count_of(len(check.problems), 'problem')}; fix "
            f"them, then type: {again}"
        )
    train = check.dataset.of_subset("train")
    known = any(v.instances or v.points for v in train) or saved_clicks(check.dataset)
    verb = "run" if known or places else "annotate"
    command = ["soda", verb, dataset, *places]
    typer.echo(f"no problems; next: {shlex.join(command)}")


def print_check(check: Check, most: int | None) -> None:
    """Print a summary of the dataset, then its notes and its problems by kind."""
    dataset = check.dataset
    counts = [f"{len(dataset.of_subset(s))} {s}" for s in ("train", "test")]
    typer.echo(
        f"{dataset.name}: {count_of(len(dataset.videos), 'video')} "
        f"({', '.join(counts)}), {count_of(len(dataset.classes), 'class')}, "
        f"{check.hours:.2f} h"
    )
    print_kinds(check, "note", check.notes, most)
    print_kinds(check, "problem", check.problems, most)


def print_kinds(
    check: Check, word: str, problems: Sequence[Problem], most: int | None
) -> None:
    """Print a block per kind: its count and its first problems, with their files."""
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        kinds[problem.kind].append(problem)
    for kind, found in kinds.items():
        typer.echo(f"\n{word}: {kind} ({len(found)})")
        for problem in found[:most]:
            name = f"{problem.video_id} ({check.file_of(problem)}): "
            typer.echo(f"  {name if problem.video_id else ''}{problem.text}")
        if most is not None and len(found) > most:
            typer.echo(f"  ... and {len(found) - most} more; --all shows them")
