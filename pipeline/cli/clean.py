"""`soda clean`: what of a work folder is not needed any more."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.status import chosen_folders
from pipeline.progress import bytes_text
from pipeline.workfolder import Removal, find_removals, folders_by_kind, remove

MOST_SHOWN = 5  # paths of a kind


def clean_command(
    workdir: Annotated[
        Path | None,
        typer.Argument(help="What --workdir was. Default: work, or each folder in it."),
    ] = None,
    frames: Annotated[
        bool, typer.Option("--frames", help="Remove decoded frames too.")
    ] = False,
    flow: Annotated[bool, typer.Option("--flow", help="Remove flow too.")] = False,
    features: Annotated[
        bool, typer.Option("--features", help="Remove features too.")
    ] = False,
    models: Annotated[
        bool, typer.Option("--models", help="Remove trained models too.")
    ] = False,
    reports: Annotated[
        bool, typer.Option("--reports", help="Remove report pages too.")
    ] = False,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Remove all of these, and clicks, detections, scores and experiments.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove what interrupted runs have left behind, and caches if asked to.

    Shows everything first, and asks. Videos, annotations and people's clicks are never
    touched; what is removed is made again by the run that needs it.

    Example:

        soda clean work/kitchen --frames --flow
    """
    chosen = {
        "frames": frames,
        "flow": flow,
        "features": features,
        "models": models,
        "reports": reports,
    }
    kinds = [kind for kind in folders_by_kind() if everything or chosen.get(kind)]
    for folder in chosen_folders(workdir, None):
        removals = find_removals(folder, kinds)
        for line in removal_lines(folder, removals):
            typer.echo(line)
        if removals and (yes or typer.confirm("Remove these?")):
            remove(folder, removals)
            size = sum(removal.size_bytes for removal in removals)
            typer.echo(f"{folder}: removed {bytes_text(size)}")


def removal_lines(folder: Path, removals: list[Removal]) -> list[str]:
    """What would go, a block a kind; that there is nothing, where there is not."""
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
