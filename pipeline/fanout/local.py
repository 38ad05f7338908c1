"""Workers as processes on this machine."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import SodaError
from pipeline.fanout.resources import Resources
from pipeline.fanout.slurm import refuse_queued
from pipeline.fanout.state import (
    log_path,
    log_tail,
    raise_error_of,
    read_states,
    says_stuck,
)
from pipeline.storage import disk_full, is_full, writing

POLL_SECONDS = 0.2


class LocalExecutor:
    """An executor with one local process per slice."""

    more_memory = "--jobs 1"

    def __init__(self, resources: Resources, lock: int) -> None:
        """Set the resources, and the file descriptor of the lock.

        Workers inherit it, so that another run cannot begin the same work before the
        last one has ended.
        """
        self.jobs, self.gpus, self.lock = resources.jobs, resources.gpus, lock

    def slices(self, items: int) -> int:
        """Return one slice for each process."""
        return min(self.jobs, items)

    def is_running(self, folder: Path) -> bool:
        """Return False, because workers end with the process that started them."""
        return False

    def cancel(self, folder: Path) -> None:
        """Refuse to continue if an array of the folder may still run on a cluster."""
        refuse_queued(folder)

    def run(
        self, folder: Path, slices: int, watch: Callable[[], None]
    ) -> dict[int, str]:
        """Run all slices in parallel; see `Executor`."""
        with self._workers(folder, slices) as workers:
            while any(worker.poll() is None for worker in workers):
                time.sleep(POLL_SECONDS)
                watch()
        for k, worker in enumerate(workers):
            raise_error_of(folder, k)
            if worker.returncode > 0 and not says_stuck(folder, k):
                if is_full(folder):
                    raise disk_full(folder)
                raise SodaError(
                    f"worker {k} of {folder} ended with exit code {worker.returncode}; "
                    "this is a fault of the program or of its installation. The "
                    f"worker's log ends:\n{log_tail(folder, k)}"
                )
        at_work = {k for k, state in read_states(folder) if state.in_flight}
        killed = {k for k, worker in enumerate(workers) if worker.returncode < 0}
        return dict.fromkeys(killed - at_work, "killed")

    @contextmanager
    def _workers(
        self, folder: Path, slices: int
    ) -> Iterator[Sequence[subprocess.Popen[bytes]]]:
        """Start worker processes that never outlive this one.

        Each worker reads its standard input, and only this process has the other end.
        However this process ends, the worker sees the end of the input and exits.
        """
        workers: list[subprocess.Popen[bytes]] = []
        try:
            for k in range(slices):
                path = log_path(folder, k)
                command = [sys.executable, "-m", "pipeline.fanout.worker"]
                with writing(path), path.open("wb") as log:
                    worker = subprocess.Popen(
                        [*command, str(folder), str(k), "--parent"],
                        stdin=subprocess.PIPE,
                        stdout=log,
                        stderr=log,
                        pass_fds=[self.lock],
                        env=os.environ | self._share(k, slices),
                    )
                workers.append(worker)
            yield workers
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait()
                if worker.stdin:
                    worker.stdin.close()

    def _share(self, k: int, slices: int) -> dict[str, str]:
        """Return the environment that gives worker k its processors and GPU."""
        share = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // slices))}
        if self.gpus:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES")
            devices = (visible or ",".join(map(str, range(self.gpus)))).split(",")
            share["CUDA_VISIBLE_DEVICES"] = devices[k % len(devices)]
        return share
