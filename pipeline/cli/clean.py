"""`soda clean`: the removal of files that a work folder no longer needs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.status import WorkFolder, chosen_folders
from pipeline.progress import bytes_text
from pipeline.workfolder.cleaning import (
    Removal,
    find_removals,
    folders_by_kind,
    remove,
)

MOST_SHOWN = 5  # paths per kind


def also(kind: str, files: str) -> Any:
    """Return the flag that removes a kind of results, as a `Stage` names it."""
    return typer.Option(f"--{kind}", help=f"Also remove {files}.")


def clean_command(
    context: typer.Context,
    workdir: WorkFolder = None,
    frames: Annotated[bool, also("frames", "decoded frames")] = False,
    flow: Annotated[bool, also("flow", "optical flow")] = False,
    features: Annotated[bool, also("features", "features")] = False,
    models: Annotated[bool, also("models", "trained models")] = False,
    reports: Annotated[bool, also("reports", "report pages")] = False,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Remove all of these, and points, detections, scores and experiments.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """Remove the leftovers of interrupted runs, and caches on request.

    Shows everything first, and asks. Videos, annotations and people's click files are
    never touched. A later run makes again what it needs.

    Example:

        soda clean work/kitchen --frames --flow
    """
    flags = context.params
    kinds = [kind for kind in folders_by_kind() if everything or flags.get(kind)]
    for folder in chosen_folders(workdir, None):
        removals = find_removals(folder, kinds)
        for line in removal_lines(folder, removals):
            typer.echo(line)
        if removals and (yes or typer.confirm("Remove these?")):
            remove(folder, removals)
            size = sum(removal.size_bytes for removal in removals)
            typer.echo(f"{folder}: removed {bytes_text(size)}")


def removal_lines(folder: Path, removals: list[Removal]) -> list[str]:
    """Return lines that list the removals, in a block per kind."""
    if not removals:
        return [f"{folder}: nothing to remove"]
    lines = [f"{folder}:"]
    for removal in removals:
        count, size = len(removal.paths), bytes_text(removal.size_bytes)
        lines.append(f"  {removal.kind}: {count}, {size}")
        lines += [f"    {path}" for path in removal.paths[:MOST_SHOWN]]
        if count > MOST_SHOWN:
            lines.append(f"    ... and {count - MOST_SHOWN} more")
    return lines
