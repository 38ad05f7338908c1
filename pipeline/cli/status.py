"""`soda status`: the contents of a work folder."""

import sys
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from pipeline.datasets import dataset_name
from pipeline.errors import InputNotFoundError, SodaError, UsageError
from pipeline.model_folder.newest import WORK
from pipeline.progress import bytes_text
from pipeline.report.formats import readable
from pipeline.storage import plain, write_json
from pipeline.workfolder import verification
from pipeline.workfolder.inventory import Inventory, Result, take_inventory
from pipeline.workfolder.stages import check_work_folder, work_folders

WorkFolder = Annotated[
    Path | None,
    typer.Argument(help="The --workdir of a run. Default: work, or each folder in it."),
]
WIDE = 10_000  # columns, if the output is no terminal that wraps lines


def status_command(
    workdir: WorkFolder = None,
    dataset: Annotated[
        str | None, typer.Option(help="The --dataset of a run, instead of its folder.")
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="A JSON file to write the same to, with all parameters."),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Also read every file, to find those that were damaged."
        ),
    ] = False,
) -> None:
    """Show each stage's outputs, when they were made and with what parameters.

    Each line is one output: its fingerprint (a hash of what it depends on), its state,
    size and date, and the parameters in which the outputs of the stage differ.

    Example:

        soda status work/kitchen
    """
    folders = chosen_folders(workdir, dataset)
    found = [take_inventory(path) for path in folders]
    if json:
        write_json(json, [to_json(inventory) for inventory in found])
    for inventory in found:
        Console(width=None if sys.stdout.isatty() else WIDE).print(tree_of(inventory))
    if verify:
        for folder in folders:
            print(verify_folder(folder))


def verify_folder(folder: Path) -> str:
    """Return a sentence that says that all files of a work folder are whole.

    Raises:
        SodaError: Some are not; all are named.
    """
    found = list(verification.verify(folder))
    damaged = [f"  {path}: {damage}" for path, damage in found if damage]
    if damaged:
        raise SodaError(
            f"{folder}: expected {len(found)} files as they were written, found "
            f"{len(damaged)} damaged; delete these, and the command that made them "
            "makes them again\n" + "\n".join(damaged)
        )
    return f"{folder}: all {len(found)} files are as they were written"


def chosen_folders(workdir: Path | None, dataset: str | None) -> list[Path]:
    """Return the work folders that the command line selects.

    Raises:
        UsageError: Both a folder and a dataset are given.
        InputNotFoundError: There is no work folder.
    """
    if workdir and dataset:
        raise UsageError("expected WORKDIR or --dataset, found both; leave one out")
    if workdir or dataset:
        path = workdir or WORK / dataset_name(Path(dataset or ""))
        return [check_work_folder(path)]
    if not (found := work_folders(WORK)):
        raise InputNotFoundError(
            f"{WORK}: expected work folders in it, found none; give the --workdir of "
            "a run"
        )
    return found


def tree_of(inventory: Inventory) -> Tree:
    """Return a tree with a branch per stage and a leaf per fingerprint."""
    tree = Tree(Text(f"{inventory.folder}  {bytes_text(inventory.size_bytes)}"))
    for task, results in groupby(inventory.results, lambda result: result.task):
        branch = tree.add(task)
        for result in results:
            branch.add(Text(result_text(result)))
    for stage, count in inventory.failures.items():
        folder = inventory.folder / "failures" / stage
        tree.add(Text(f"failures: {count}, in {folder}"))
    if inventory.running:
        tree.add(Text(f"in progress: {', '.join(inventory.running)}"))
    return tree


def result_text(result: Result) -> str:
    """Return a leaf's text: fingerprint, state, size, date and parameters."""
    differing = (f"{name}={readable(v)}" for name, v in result.differing.items())
    parts = [
        result.fingerprint,
        state_text(result),
        bytes_text(result.size_bytes),
        f"{result.made:%Y-%m-%d %H:%M}",
        " ".join(differing),
    ]
    return "  ".join(part for part in parts if part)


def state_text(result: Result) -> str:
    """Return how complete a result is."""
    parts = []
    if result.is_per_video:
        counts = {"missing": result.missing, "failed": result.failed}
        parts = [f"{result.present} present"]
        parts += [f"{count} {name}" for name, count in counts.items() if count]
    if not result.is_finished:
        parts.append("unfinished")
    if result.average_map is not None:
        parts.append(f"mAP {result.average_map:.1f}")
    return ", ".join(parts) or "done"


def to_json(inventory: Inventory) -> dict[str, Any]:
    """Return an inventory as JSON can hold it."""
    content: dict[str, Any] = plain(inventory)
    content["entries"] = content.pop("results")
    for entry in content["entries"]:
        entry["made"] = entry["made"].astimezone().isoformat(timespec="seconds")
    return content
