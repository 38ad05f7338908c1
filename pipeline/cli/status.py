"""`soda status`: what a work folder holds."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from pipeline.datasets import dataset_name
from pipeline.errors import InputNotFoundError, UsageError
from pipeline.layout import PER_VIDEO, TASKS
from pipeline.model_folder.newest import WORK
from pipeline.progress import bytes_text
from pipeline.report.formats import readable
from pipeline.storage import plain, write_json
from pipeline.workfolder import (
    Entry,
    Inventory,
    check_work_folder,
    take_inventory,
    work_folders,
)

WIDE = 10_000  # columns, where no terminal breaks the lines


def status_command(
    workdir: Annotated[
        Path | None,
        typer.Argument(help="What --workdir was. Default: work, or each folder in it."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="What --dataset was, in place of its folder.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the same here, with all parameters.")
    ] = None,
) -> None:
    """Show what is there of each stage, made when and with which parameters.

    Example:

        soda status work/kitchen
    """
    found = [take_inventory(path) for path in chosen_folders(workdir, dataset)]
    if json:
        write_json(json, [to_json(inventory) for inventory in found])
    for inventory in found:
        Console(width=None if sys.stdout.isatty() else WIDE).print(tree_of(inventory))


def chosen_folders(workdir: Path | None, dataset: str | None) -> list[Path]:
    """The work folders that a command line means.

    Raises:
        UsageError: It names one twice over.
        InputNotFoundError: There is none.
    """
    if workdir and dataset:
        raise UsageError("expected WORKDIR or --dataset, found both; leave one out")
    if workdir or dataset:
        path = workdir or WORK / dataset_name(Path(dataset or ""))
        return [check_work_folder(path)]
    if not (found := work_folders(WORK)):
        raise InputNotFoundError(
            f"{WORK}: expected work folders in it, found none; name the --workdir of "
            "a run"
        )
    return found


def tree_of(inventory: Inventory) -> Tree:
    """A branch a stage, a leaf a fingerprint."""
    tree = Tree(Text(f"{inventory.folder}  {bytes_text(inventory.size_bytes)}"))
    branches: dict[str, Tree] = {}
    for entry in inventory.entries:
        if entry.stage not in branches:
            branches[entry.stage] = tree.add(TASKS[entry.stage])
        branches[entry.stage].add(Text(entry_text(entry)))
    for stage, count in inventory.failures.items():
        folder = inventory.folder / "failures" / stage
        tree.add(Text(f"failures: {count}, in {folder}"))
    if inventory.running:
        tree.add(Text(f"in progress: {', '.join(inventory.running)}"))
    return tree


def entry_text(entry: Entry) -> str:
    """A leaf: which files there are, how many bytes, of when, made how."""
    differing = (f"{name}={readable(v)}" for name, v in entry.differing.items())
    parts = [
        entry.fingerprint,
        state_text(entry),
        bytes_text(entry.size_bytes),
        f"{entry.made:%Y-%m-%d %H:%M}",
        " ".join(differing),
    ]
    return "  ".join(part for part in parts if part)


def state_text(entry: Entry) -> str:
    """How complete an entry is."""
    parts = []
    if entry.stage in PER_VIDEO:
        counts = {"missing": entry.missing, "failed": entry.failed}
        parts = [f"{entry.present} present"]
        parts += [f"{count} {name}" for name, count in counts.items() if count]
    if not entry.is_finished:
        parts.append("unfinished")
    if entry.average_map is not None:
        parts.append(f"mAP {entry.average_map:.1f}")
    return ", ".join(parts) or "done"


def to_json(inventory: Inventory) -> dict[str, object]:
    """An inventory as JSON can hold it."""
    entries = [
        {**plain(entry), "made": entry.made.astimezone().isoformat(timespec="seconds")}
        for entry in inventory.entries
    ]
    return {**plain(inventory), "entries": entries}
