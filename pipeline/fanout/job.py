"""The work of a stage: its items, and the folder in which workers find them."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.progress import say
from pipeline.storage import (
    INPUTS,
    changed_sizes,
    file_stamp,
    parsing,
    plain,
    read_json,
    read_json_if_whole,
    write_json,
    write_text,
)

ORDER = "order.json"  # in the folder of a round


@dataclass(frozen=True, slots=True)
class Item:
    """The work on one video in a stage."""

    id: str
    inputs: tuple[str, ...]  # paths; an output older than one of them is recreated
    output: str  # path
    weight: float  # counted by the progress, such as frames or seconds of video
    arguments: dict[str, Any]  # of the function, specific to this video

    def is_done(self) -> bool:
        """Return whether the output exists and is at least as new as all inputs."""
        try:
            made = os.stat(self.output).st_mtime_ns
            return all(os.stat(path).st_mtime_ns <= made for path in self.inputs)
        except FileNotFoundError:
            return False

    def settle(self) -> None:
        """Set the time of a new output to be no older than its inputs."""
        newest = max((os.stat(path).st_mtime_ns for path in self.inputs), default=0)
        if os.stat(self.output).st_mtime_ns < newest:
            os.utime(self.output, ns=(newest, newest))


@dataclass(frozen=True)
class Job:
    """A function and the items with which it is called.

    The function is given as `module:name` and is called as
    `function(inputs, output, progress=..., **parameters, **item.arguments)`. It calls
    `progress(share)` with the share of the item that is done.
    """

    stage: str
    function: str
    parameters: dict[str, Any]
    items: tuple[Item, ...]
    unit: str = "video"  # the name of an item for people
    tells_progress: bool = True  # if it does, an item without any is taken for stuck

    def folder(self, workdir: Path) -> Path:
        """Return the folder of the items, the workers' states and their logs."""
        return workdir / "jobs" / self.stage


def forget_stale(items: Sequence[Item]) -> None:
    """Remove outputs that are damaged or whose inputs have changed.

    The present inputs are recorded, next to the outputs. File times alone do not
    suffice: a file that replaces another may be older than the outputs, and a clock may
    have been wrong.
    """
    folders: dict[str, dict[str, Any]] = defaultdict(dict)
    for item in items:
        # Not a Path, which would take half of the time of this function.
        folder, name = os.path.split(item.output)
        folders[folder][name] = [list(file_stamp(path)) for path in item.inputs]
    for folder, present in folders.items():
        noted = noted_inputs(Path(folder))
        for output in changed_sizes(Path(folder)):
            say(f"{output}: not of the size that was written; it is made again")
            output.unlink()
        for name, stamps in present.items():
            if noted.get(name, stamps) != stamps:
                Path(folder, name).unlink(missing_ok=True)
        if noted | present != noted:
            write_json(Path(folder, INPUTS), noted | present)


def noted_inputs(folder: Path) -> dict[str, Any]:
    """Return the stamps of the inputs of each output in a folder, as last recorded."""
    return read_json_if_whole(folder / INPUTS) or {}


@dataclass(frozen=True)
class Order:
    """The instructions for all workers of a round."""

    stage: str
    function: str
    parameters: dict[str, Any]
    stall_seconds: float  # without progress, until a worker ends itself; 0: never


def write_round(folder: Path, order: Order, items: Sequence[Item], slices: int) -> None:
    """Write the work of a round into a folder that is recreated.

    Slice k of n has every n-th item from the k-th on, longest first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    longest_first = sorted(items, key=lambda item: -item.weight)
    for k in range(slices):
        lines = []
        for i in longest_first[k::slices]:
            fields = [i.id, i.inputs, i.output, i.weight, plain(i.arguments)]
            lines.append(json.dumps(fields, ensure_ascii=False) + "\n")
        write_text(folder / f"items-{k}.jsonl", "".join(lines))
    write_json(folder / ORDER, plain(order))


def read_order(folder: Path) -> Order:
    """Read the instructions for the workers of a round."""
    return Order(**read_json(folder / ORDER))


def count_slices(folder: Path) -> int:
    """Return the number of slices of a round."""
    return len(list(folder.glob("items-*.jsonl")))


def read_items(folder: Path, k: int) -> Iterator[Item]:
    """Yield the items of one slice.

    Raises:
        DamagedFileError: The file is broken.
    """
    path = folder / f"items-{k}.jsonl"
    with path.open("rb") as file:
        for line in file:
            with parsing(path):
                id, inputs, output, weight, arguments = json.loads(line)
                item = Item(id, tuple(inputs), output, weight, arguments)
            yield item
