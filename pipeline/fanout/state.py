"""What the workers of a round leave in its folder: their states, logs and errors."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline.errors import DamagedFileError, SodaError
from pipeline.fanout.job import Item
from pipeline.storage import read_json, writing

REPORT_SECONDS = 0.5
TAIL_CHARACTERS = 4000
# The first words of faulthandler for a worker that stalled, and for one that crashed.
STUCK = "Timeout ("
CRASHED = "Fatal Python error: "


@dataclass
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
        self.path = folder / f"state-{k}.json"
        self.file = self.path.open("wb", buffering=0)
        self.length = 0
        self.state = WorkerState()
        self._write(self.state)

    def begin(self, item: Item) -> None:
        """Report that an item has begun."""
        self.state.in_flight = item.id
        self._write(self.state)

    def within(self, done: float) -> None:
        """Report the part of the current item's weight that is done."""
        if time.monotonic() - self.written >= REPORT_SECONDS:
            self._write(replace(self.state, done=self.state.done + done))

    def finish(self, item: Item) -> None:
        """Report that an item is done, has failed, or was done before."""
        self.state.done += item.weight
        self.state.items += 1
        self.state.in_flight = None
        self.within(0.0)

    def end(self) -> None:
        """Report that the slice has ended."""
        self._write(replace(self.state, has_ended=True))
        self.file.close()

    def _write(self, state: WorkerState) -> None:
        self.written = time.monotonic()
        text = json.dumps(asdict(state)).encode().ljust(self.length)
        self.length = len(text)
        with writing(self.path):
            os.pwrite(self.file.fileno(), text, 0)


def read_state(folder: Path, k: int) -> WorkerState:
    """Read the state of worker k, which may not have begun."""
    return _read(folder / f"state-{k}.json") or WorkerState()


def read_states(folder: Path) -> Iterator[tuple[int, WorkerState]]:
    """Yield the states of the workers that have begun, except half-written ones."""
    for path in folder.glob("state-*.json"):
        if state := _read(path):
            yield int(path.stem.partition("-")[2]), state


def _read(path: Path) -> WorkerState | None:
    with suppress(FileNotFoundError, DamagedFileError):
        return WorkerState(**read_json(path))
    return None


def log_path(folder: Path, k: int) -> Path:
    """Return the path of the log of worker k."""
    return folder / f"log-{k}.txt"


def read_log(folder: Path, k: int) -> str:
    """Return the log of worker k, or an empty text if there is none."""
    path = log_path(folder, k)
    return path.read_text(errors="replace") if path.exists() else ""


def log_tail(folder: Path, k: int) -> str:
    """Return the end of the log of worker k."""
    return read_log(folder, k)[-TAIL_CHARACTERS:]


def says_stuck(folder: Path, k: int) -> bool:
    """Return whether worker k has ended itself for lack of progress."""
    return any(line.startswith(STUCK) for line in log_tail(folder, k).splitlines())


def crash_of(folder: Path, k: int) -> str | None:
    """Return how worker k crashed, such as "Segmentation fault"; None if it did not."""
    lines = read_log(folder, k).splitlines()
    crashes = [line for line in lines if line.startswith(CRASHED)]
    return crashes[-1].removeprefix(CRASHED) if crashes else None


def raise_error_of(folder: Path, k: int) -> None:
    """Raise the error with which worker k ended, if it concerns all videos.

    Raises:
        SodaError: Worker k ended with such an error.
    """
    path = folder / f"error-{k}.json"
    if path.exists():
        content = read_json(path)
        error = SodaError(content["message"])
        error.exit_code = content["exit_code"]
        raise error
