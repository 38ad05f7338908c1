"""What a stage has to do: items, and the folder in which workers find them."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.storage import atomic_path, plain, read_json, write_json


@dataclass(frozen=True, slots=True)
class Item:
    """One video's work in a stage."""

    id: str
    inputs: tuple[str, ...]  # paths; an output older than one of them is made again
    output: str  # path
    weight: float  # what the progress counts, such as frames or seconds of video
    arguments: dict[str, Any]  # of the function, this video's own

    def is_done(self) -> bool:
        """Whether the output is there and at least as new as all inputs."""
        try:
            made = os.stat(self.output).st_mtime_ns
            return all(os.stat(path).st_mtime_ns <= made for path in self.inputs)
        except FileNotFoundError:
            return False

    def settle(self) -> None:
        """Make a new output no older than its inputs, whatever the clocks say."""
        newest = max((os.stat(path).st_mtime_ns for path in self.inputs), default=0)
        if os.stat(self.output).st_mtime_ns < newest:
            os.utime(self.output, ns=(newest, newest))


@dataclass(frozen=True)
class Job:
    """A function and the items that it is to be called with.

    The function is `module:name`, and is called as
    `function(inputs, output, progress=..., **parameters, **item.arguments)` where
    `progress(share)` tells which share of the item is done.
    """

    stage: str
    function: str
    parameters: dict[str, Any]
    items: tuple[Item, ...]
    unit: str = "videos"  # what an item is to people
    tells_progress: bool = True  # so that one without any may be taken for stuck

    def folder(self, workdir: Path) -> Path:
        """Where a round's items, its workers' states and their logs lie."""
        return workdir / "jobs" / self.stage


@dataclass(frozen=True)
class Order:
    """What every worker of a round needs to know."""

    stage: str
    function: str
    parameters: dict[str, Any]
    stall_seconds: float  # without progress, after which a worker ends itself; 0: never


def write_round(folder: Path, order: Order, items: Sequence[Item], slices: int) -> None:
    """Write what the workers of a round are to do, in a folder that is made anew.

    Slice k has every n-th item, the longest first.
    """
    shutil.rmtree(folder, ignore_errors=True)
    longest_first = sorted(items, key=lambda item: -item.weight)
    for k in range(slices):
        with (
            atomic_path(folder / f"items-{k}.jsonl") as temporary,
            temporary.open("w", encoding="utf-8") as file,
        ):
            for i in longest_first[k::slices]:
                fields = [i.id, i.inputs, i.output, i.weight, plain(i.arguments)]
                file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    write_json(folder / "order.json", plain(order))


def read_order(folder: Path) -> Order:
    """What a round's workers are to know."""
    return Order(**read_json(folder / "order.json"))


def read_items(folder: Path, k: int) -> Iterator[Item]:
    """The items of one slice."""
    with (folder / f"items-{k}.jsonl").open(encoding="utf-8") as file:
        for line in file:
            id, inputs, output, weight, arguments = json.loads(line)
            yield Item(id, tuple(inputs), output, weight, arguments)
