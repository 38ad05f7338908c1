"""The interface for running the workers of a round, here or on a cluster."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Executor(Protocol):
    """A runner of `python -m pipeline.fanout.worker FOLDER k` for every slice k."""

    more_memory: str  # the flag that gives it to a worker, for messages

    def slices(self, items: int) -> int:
        """Return the best number of slices for a number of items."""

    def is_running(self, folder: Path) -> bool:
        """Return whether workers from an earlier process still run for the folder."""

    def cancel(self, folder: Path) -> None:
        """End such workers, whose work is no longer needed.

        Raises:
            SodaError: They may still run, and this executor cannot end them.
        """

    def run(
        self, folder: Path, slices: int, watch: Callable[[], None]
    ) -> dict[int, str]:
        """Run all slices until they end, or wait for the running ones.

        The folder is as `write_round` leaves it, and `watch` is called regularly.

        Returns:
            The slices that ended through no fault of their items, such as on a node
            that died, with a description of how they ended.

        Raises:
            SodaError: The workers cannot be started, or one has failed by itself.
        """
