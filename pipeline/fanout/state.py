"""What each worker of a round is doing, in a file of its own."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.storage import TEMPORARY_PREFIX, writing

REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class State:
    """What is known of a worker; one that was killed leaves its last one."""

    done: float = 0.0  # weight
    in_flight: str | None = None  # the item that it works on
    has_ended: bool = False  # by itself


class Reporter:
    """Keeps a worker's state on disk.

    A file is renamed into place, so that it is read whole; that it survives a loss of
    power is not asked for, and would cost more than a small item's work.
    """

    def __init__(self, folder: Path, k: int) -> None:
        self.path = state_path(folder, k)
        self.done = 0.0
        self.in_flight: str | None = None
        self.written = 0.0
        self._write(State())

    def begin(self, id: str) -> None:
        """The item `id` is next."""
        self.in_flight = id
        self._write(State(self.done, id))

    def within(self, done: float) -> None:
        """So much of the present item's weight is done."""
        if time.monotonic() - self.written >= REPORT_SECONDS:
            self._write(State(self.done + done, self.in_flight))

    def finish(self, weight: float) -> None:
        """The present item is done, or has failed, or had been done before."""
        self.done += weight
        self.in_flight = None
        self.within(0.0)

    def end(self) -> None:
        """There is nothing left to do."""
        self._write(State(self.done, has_ended=True))

    def _write(self, state: State) -> None:
        self.written = time.monotonic()
        temporary = self.path.with_name(f"{TEMPORARY_PREFIX}{self.path.name}")
        with writing(self.path):
            try:
                temporary.write_text(json.dumps(asdict(state)), encoding="utf-8")
                temporary.replace(self.path)
            finally:
                temporary.unlink(missing_ok=True)


def state_path(folder: Path, k: int) -> Path:
    """Where worker k's state is."""
    return folder / f"state-{k}.json"


def read_states(folder: Path) -> Iterator[tuple[int, State]]:
    """The states of the workers that have begun."""
    for path in folder.glob("state-*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        yield int(path.stem.partition("-")[2]), State(**content)
