"""`soda init`: the manifest of a folder of videos."""

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipeline.check.facts import readable_facts
from pipeline.datasets import BACKGROUND, SUBSETS
from pipeline.datasets.draft import (
    DraftVideo,
    entries_of_folder,
    manifest_of,
    with_subsets,
)
from pipeline.datasets.folder import unique_ids
from pipeline.datasets.manifest import parse_manifest
from pipeline.datasets.spelling import parse_classes
from pipeline.datasets.table import entries_of_table
from pipeline.datasets.validation import validate
from pipeline.errors import UsageError
from pipeline.progress import count_of
from pipeline.storage import write_json


def init_command(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The folder of videos. A sub-folder's name is the label of its "
            "videos, `background` for none. train/ and test/ at the top set the "
            "subset."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="The manifest to write. Default: FOLDER/dataset.json."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="A table to use instead of sub-folders, with a row per action and the "
            "columns path, label and, optionally, start_seconds, end_seconds and "
            "subset. Paths start from FOLDER."
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="The actions to be clicked, such as pour,stir, or a text file with "
            "one per line. Default: the labels."
        ),
    ] = None,
    test_share: Annotated[
        float,
        typer.Option(
            help="The share of each label's videos to test on, if no subset is given."
        ),
    ] = 0.25,
    seed: Annotated[int, typer.Option(help="The seed that draws the test videos.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(help="Worker processes. Default: one per processor.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Replace an existing output.")] = False,
) -> None:
    """Make a dataset's manifest from a folder of videos.

    A manifest is a JSON file that lists the videos with their subset, duration, labels
    and, if known, segments. The other commands take it as the dataset. The small copies
    that cameras write next to their videos (LRV, LRF, THM) are left out.

    Example, with kitchen/pour/1.mp4, kitchen/stir/2.mp4, ...:

        soda init kitchen

    Exit codes: 2 wrong usage, or the manifest exists already; 3 no video was found; 4
    invalid table.
    """
    path = output or folder / "dataset.json"
    if path.exists() and not force:
        raise UsageError(f"{path}: the file exists already; --force replaces it")
    if not 0 <= test_share < 1:
        raise UsageError(f"--test-share {test_share}: expected 0 <= share < 1")
    found = entries_of_table(csv, folder) if csv else entries_of_folder(folder)
    paths = [entry.path for entry in found]
    # Of all files, as other commands cannot know which of them could be read.
    ids = dict(zip(paths, unique_ids(paths, folder), strict=True))
    facts = readable_facts(paths, jobs, "init", folder)
    durations = {path: known.duration_seconds for path, known in facts.items()}
    readable = [entry for entry in found if entry.path in durations]
    entries = with_subsets(readable, test_share, seed)
    manifest = manifest_of(entries, ids, durations, path.parent)
    if classes is not None:
        manifest["classes"] = list(parse_classes(classes))
    if "classes" in manifest:
        validate(parse_manifest(path, manifest))
    write_json(path, manifest)
    print_summary(entries, sum(durations.values()) / 3600)
    print_next(path, entries)


def print_summary(entries: Sequence[DraftVideo], hours: float) -> None:
    """Print the number of videos, and of each label in each subset."""
    subsets = Counter(entry.subset for entry in entries)
    typer.echo(
        f"{count_of(len(entries), 'video')} ({subsets['train']} train, "
        f"{subsets['test']} test), {hours:.2f} h"
    )
    counts = Counter(
        (name, entry.subset)
        for entry in entries
        for name in entry.labels
        or ("no label" if entry.labels is None else BACKGROUND,)
    )
    for name in sorted({label for label, _ in counts}):
        shown = ", ".join(f"{counts[name, subset]} {subset}" for subset in SUBSETS)
        typer.echo(f"  {name}: {shown}")


def print_next(path: Path, entries: Sequence[DraftVideo]) -> None:
    """Print the next commands to type, which depend on the annotations."""
    dataset = shlex.quote(str(path))
    typer.echo(f"written: {path}\nnext: soda check {dataset}")
    if not any(entry.subset == "test" and entry.instances for entry in entries):
        typer.echo(
            "no test video has segments yet, without which detections are not scored"
        )
    if any(entry.subset == "train" and entry.instances for entry in entries):
        typer.echo(f"then: soda run {dataset} --preset small")
    else:
        typer.echo(f"then, to click single frames: soda annotate {dataset}")
