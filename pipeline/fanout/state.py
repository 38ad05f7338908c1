"""The state of each worker of a round, in a file per worker."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.storage import writing

REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class WorkerState:
    """The state of a worker; after a kill, the last one that it wrote."""

    done: float = 0.0  # weight
    items: int = 0  # items that are done or have failed
    in_flight: str | None = None  # the item in progress
    has_ended: bool = False  # True only after a regular end


class Reporter:
    """A writer of a worker's state to its file.

    The file is written in place by one call, because a new file would cost too much for
    small items. A reader may therefore find it half written.
    """

    def __init__(self, folder: Path, k: int) -> None:
        self.path = state_path(folder, k)
        self.file = self.path.open("wb", buffering=0)
        self.length = 0
        self.done, self.items = 0.0, 0
        self.in_flight: str | None = None
        self.written = 0.0
        self._write(WorkerState())

    def begin(self, id: str) -> None:
        """Report that the item `id` has begun."""
        self.in_flight = id
        self._write(WorkerState(self.done, self.items, id))

    def within(self, done: float) -> None:
        """Report the part of the current item's weight that is done."""
        if time.monotonic() - self.written >= REPORT_SECONDS:
            self._write(WorkerState(self.done + done, self.items, self.in_flight))

    def finish(self, weight: float) -> None:
        """Report that the current item is done, has failed, or was done before."""
        self.done += weight
        self.items += 1
        self.in_flight = None
        self.within(0.0)

    def end(self) -> None:
        """Report that the slice has ended."""
        self._write(WorkerState(self.done, self.items, has_ended=True))
        self.file.close()

    def _write(self, state: WorkerState) -> None:
        self.written = time.monotonic()
        text = json.dumps(asdict(state)).encode().ljust(self.length)
        self.length = len(text)
        with writing(self.path):
            os.pwrite(self.file.fileno(), text, 0)


def state_path(folder: Path, k: int) -> Path:
    """Return the path of the state of worker k."""
    return folder / f"state-{k}.json"


def read_state(folder: Path, k: int) -> WorkerState:
    """Read the state of worker k, which may not have begun."""
    path = state_path(folder, k)
    return (
        WorkerState(**json.loads(path.read_text("utf-8")))
        if path.exists()
        else WorkerState()
    )


def read_states(folder: Path) -> Iterator[tuple[int, WorkerState]]:
    """Yield the states of the workers that have begun, except half-written ones."""
    for path in folder.glob("state-*.json"):
        with suppress(json.JSONDecodeError):
            k = int(path.stem.partition("-")[2])
            yield k, read_state(folder, k)
