"""What runs the workers of a round, here or elsewhere."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Executor(Protocol):
    """Runs `python -m pipeline.fanout.worker FOLDER k` for each slice of a job."""

    more_memory: str  # how a worker gets it, for messages

    def slices(self, items: int) -> int:
        """Into how many slices so many items are best divided."""

    def is_running(self, folder: Path) -> bool:
        """Whether workers of the folder go on that an earlier process has started."""

    def cancel(self, folder: Path) -> None:
        """End such workers, whose work is no longer wanted.

        Raises:
            SodaError: They go on, out of this one's reach.
        """

    def run(
        self, folder: Path, slices: int, watch: Callable[[], None]
    ) -> dict[int, str]:
        """Run all slices to their ends, or wait for those that are running.

        Args:
            folder: The job's, as `write_round` leaves it.
            slices: How many there are.
            watch: Called now and then meanwhile.

        Returns:
            The slices whose ends were not their items' fault but, say, a node's, and
            what is known of these ends.

        Raises:
            SodaError: They cannot be started, or a worker has failed by itself.
        """
