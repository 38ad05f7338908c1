"""`soda init`: a manifest from a folder of videos."""

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.check import Failure, gather_facts
from pipeline.datasets import SUBSETS
from pipeline.datasets.class_names import parse_classes
from pipeline.datasets.draft import (
    Entry,
    entries_of_folder,
    manifest_of,
    with_subsets,
)
from pipeline.datasets.manifest import parse_manifest
from pipeline.datasets.table import entries_of_table
from pipeline.datasets.validation import validate
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.fanout import default_jobs
from pipeline.progress import say
from pipeline.storage import write_json


def init_command(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Videos; a sub-folder's name is their label, `background` for none. "
            "train/ and test/ at the top decide the subset."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="Default: FOLDER/dataset.json.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="Columns path,label[,start_seconds,end_seconds][,subset], a row an "
            "action, paths from FOLDER, in place of sub-folders."
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Actions that will be clicked, as in pour,stir, or a text file with "
            "one a line; default: the labels."
        ),
    ] = None,
    test_share: Annotated[
        float, typer.Option(help="Of each label, where nothing says the subset.")
    ] = 0.25,
    seed: Annotated[int, typer.Option(help="Of the drawing of test videos.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(help="Processes; default: one a processor.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace the output.")] = False,
) -> None:
    """Make a dataset's manifest from a folder of videos.

    Example, with kitchen/pour/1.mp4, kitchen/stir/2.mp4, ...:

        soda init kitchen

    Exit codes: 2 the manifest is there already, 3 no video was found, 4 the table
    cannot be used.
    """
    path = output or folder / "dataset.json"
    if path.exists() and not force:
        raise UsageError(f"{path}: exists already; --force replaces it")
    if not 0 <= test_share < 1:
        raise UsageError(f"--test-share {test_share}: expected 0 <= share < 1")
    found = entries_of_table(csv, folder) if csv else entries_of_folder(folder)
    durations = durations_of(found, folder, jobs or default_jobs())
    readable = [entry for entry in found if entry.path in durations]
    entries = with_subsets(readable, test_share, seed)
    manifest = manifest_of(entries, durations, folder, path.parent)
    if classes is not None:
        manifest["classes"] = list(parse_classes(classes))
    if "classes" in manifest:
        validate(parse_manifest(path, manifest))
    write_json(path, manifest)
    print_summary(entries, sum(durations.values()) / 3600)
    print_next(path, entries)


def durations_of(
    entries: Sequence[Entry], folder: Path, jobs: int
) -> dict[Path, float]:
    """Seconds of each video; files that cannot be read as one are named and left out.

    Raises:
        InputNotFoundError: None is left.
    """
    durations = {}
    for path, facts in gather_facts([e.path for e in entries], jobs, "init").items():
        if isinstance(facts, Failure):
            say(f"left out: {path}: {facts.text}")
        else:
            durations[path] = facts.duration_seconds
    if not durations:
        raise InputNotFoundError(f"{folder}: expected videos, found none to read")
    return durations


def print_summary(entries: Sequence[Entry], hours: float) -> None:
    """How many videos there are, and of each label in each subset."""
    subsets = Counter(entry.subset for entry in entries)
    typer.echo(
        f"{len(entries)} videos ({subsets['train']} train, {subsets['test']} test), "
        f"{hours:.2f} h"
    )
    counts = Counter((n, e.subset) for e in entries for n in e.labels or ("no label",))
    for name in sorted({label for label, _ in counts}):
        shown = ", ".join(f"{counts[name, subset]} {subset}" for subset in SUBSETS)
        typer.echo(f"  {name}: {shown}")


def print_next(path: Path, entries: Sequence[Entry]) -> None:
    """The commands to type, as far as the annotations go."""
    dataset = shlex.quote(str(path))
    typer.echo(f"written: {path}\nnext: soda check {dataset}")
    if not any(entry.subset == "test" and entry.instances for entry in entries):
        typer.echo("no test video has segments yet: without them nothing is scored")
    if any(entry.subset == "train" and entry.instances for entry in entries):
        typer.echo(f"then: soda run {dataset} --preset small")
    else:
        typer.echo(f"then, to click single frames: soda annotate {dataset}")
