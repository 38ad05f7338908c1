"""What each worker of a round is doing, in a file of its own."""

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
class State:
    """What is known of a worker; one that was killed leaves its last one."""

    done: float = 0.0  # weight
    items: int = 0  # that are done, or have failed
    in_flight: str | None = None  # the item that it works on
    has_ended: bool = False  # by itself


class Reporter:
    """Keeps a worker's state on disk.

    It is written in place, by one call, which costs a small item's work less than a
    new file would; whoever reads it meanwhile has to take it half written.
    """

    def __init__(self, folder: Path, k: int) -> None:
        self.path = state_path(folder, k)
        self.file = self.path.open("wb", buffering=0)
        self.length = 0
        self.done, self.items = 0.0, 0
        self.in_flight: str | None = None
        self.written = 0.0
        self._write(State())

    def begin(self, id: str) -> None:
        """The item `id` is next."""
        self.in_flight = id
        self._write(State(self.done, self.items, id))

    def within(self, done: float) -> None:
        """So much of the present item's weight is done."""
        if time.monotonic() - self.written >= REPORT_SECONDS:
            self._write(State(self.done + done, self.items, self.in_flight))

    def finish(self, weight: float) -> None:
        """The present item is done, or has failed, or had been done before."""
        self.done += weight
        self.items += 1
        self.in_flight = None
        self.within(0.0)

    def end(self) -> None:
        """There is nothing left to do."""
        self._write(State(self.done, self.items, has_ended=True))
        self.file.close()

    def _write(self, state: State) -> None:
        self.written = time.monotonic()
        text = json.dumps(asdict(state)).encode().ljust(self.length)
        self.length = len(text)
        with writing(self.path):
            os.pwrite(self.file.fileno(), text, 0)


def state_path(folder: Path, k: int) -> Path:
    """Where worker k's state is."""
    return folder / f"state-{k}.json"


def read_state(folder: Path, k: int) -> State:
    """The state of worker k, whether or not it has begun."""
    path = state_path(folder, k)
    return State(**json.loads(path.read_text("utf-8"))) if path.exists() else State()


def read_states(folder: Path) -> Iterator[tuple[int, State]]:
    """The states of the workers that have begun, but for those just being written."""
    for path in folder.glob("state-*.json"):
        with suppress(json.JSONDecodeError):
            k = int(path.stem.partition("-")[2])
            yield k, read_state(folder, k)
