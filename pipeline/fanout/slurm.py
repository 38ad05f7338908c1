"""Workers as job arrays on a Slurm cluster."""

import shlex
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pipeline.errors import SodaError
from pipeline.fanout import slurm_commands as slurm
from pipeline.fanout.job import read_items
from pipeline.fanout.ledger import Ledger
from pipeline.fanout.resources import SlurmConfig
from pipeline.fanout.slurm_commands import Task
from pipeline.fanout.state import (
    WorkerState,
    log_tail,
    raise_error_of,
    read_state,
    says_stuck,
)
from pipeline.progress import say
from pipeline.storage import plain, read_json, write_json

SUBMISSION = "slurm.json"  # in the job's folder
# Several slices for each parallel worker, so that one that ends early gets another.
SLICES_A_WORKER = 4
# A network file system may show an old state for this long.
LAG_SECONDS = 60.0


@dataclass
class Submission:
    """The arrays that were sent for the folder of a job, recorded in it."""

    # Part of the comment of each array: finds an array whose id could not be saved.
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    arrays: dict[str, int] = field(default_factory=dict)  # id: its first slice
    has_ended: bool = False  # as observed; workers may run on after this process

    @classmethod
    def read(cls, folder: Path) -> "Submission | None":
        """Read the submission of a folder; None if no array can be in the queue."""
        path = folder / SUBMISSION
        found = cls(**read_json(path)) if path.exists() else None
        return None if found and found.has_ended else found

    def write(self, folder: Path) -> None:
        """Write the submission to the folder of its job."""
        write_json(folder / SUBMISSION, plain(self))

    def adopt(self, tasks: list[Task]) -> dict[int, Task]:
        """Return the tasks of this submission by slice, adding arrays of lost ids."""
        for task in tasks:
            token, _, first = task.comment.partition(" ")
            if token == self.token:
                self.arrays[task.array] = int(first)
        return {
            self.arrays[task.array] + task.index: task
            for task in tasks
            if task.array in self.arrays
        }

    def __str__(self) -> str:
        return " ".join(self.arrays)


class SlurmExecutor:
    """An executor with one array task per slice, in several arrays if necessary."""

    more_memory = "more --mem"

    def __init__(self, config: SlurmConfig, stage: str) -> None:
        self.config, self.stage = config, stage
        self.name = f"soda-{stage}"

    def slices(self, items: int) -> int:
        """Return a few slices for each parallel worker."""
        return min(items, SLICES_A_WORKER * self.config.max_parallel)

    def is_running(self, folder: Path) -> bool:
        """Return whether an array of this folder is waiting or running."""
        submission = Submission.read(folder)
        return submission is not None and bool(self._going(submission))

    def cancel(self, folder: Path) -> None:
        """Cancel the arrays of this folder, and wait until they have ended."""
        submission = Submission.read(folder)
        if submission is None or not self._going(submission):
            return
        say(f"{self.stage}: cancelling array {submission} of other work")
        self._patiently(lambda: slurm.call("scancel", *submission.arrays))
        while self._going(submission):
            time.sleep(self.config.poll_seconds)

    def run(
        self, folder: Path, slices: int, watch: Callable[[], None]
    ) -> dict[int, str]:
        """Send the missing arrays and wait until all have ended; see `Executor`."""
        submission = Submission.read(folder)
        if submission:
            self._tasks(submission)  # adds arrays whose ids were lost
            say(f"{self.stage}: joining array {submission}, which is in Slurm's queue")
        else:
            submission = Submission()
        submission.write(folder)
        try:
            self._send(submission, folder, slices)
            ends = self._wait(submission, watch)
        except KeyboardInterrupt:
            say(
                f"\n{self.stage}: array {submission} goes on in Slurm; the same "
                f"command joins it, and `scancel {submission}` ends it"
            )
            raise
        completed = [k for k, end in ends.items() if end.state == "COMPLETED"]
        await_files(folder, self.stage, completed)
        submission.has_ended = True
        submission.write(folder)
        return excuses(folder, slices, ends)

    def _tasks(self, submission: Submission) -> dict[int, Task]:
        """Return the tasks of a submission that Slurm knows, by slice."""
        return submission.adopt(self._patiently(lambda: slurm.list_tasks(self.name)))

    def _going(self, submission: Submission) -> list[Task]:
        tasks = self._tasks(submission).values()
        return [task for task in tasks if not task.has_ended]

    def _patiently(self, question: Callable[[], slurm.T]) -> slurm.T:
        return slurm.waiting_out(question, self.config.poll_seconds)

    def _send(self, submission: Submission, folder: Path, slices: int) -> None:
        """Send the arrays that were not sent yet.

        Array indices stay below a power of ten, and the log names of a later array are
        its own number followed by the index. So they end in the number of the slice.
        """
        digits = len(str(self._patiently(slurm.max_array_size))) - 1
        firsts = range(0, slices, 10**digits)
        at_a_time = -(-self.config.max_parallel // len(firsts))
        for first in firsts:
            if first in submission.arrays.values():
                continue
            log = f"log-{first // 10**digits}%{digits}a.txt" if first else "log-%a.txt"
            options = [
                f"--array=0-{min(slices - first, 10**digits) - 1}%{at_a_time}",
                f"--output={folder.resolve() / log}",
            ]
            self._patiently(
                partial(self._send_array, submission, first, options, folder)
            )
            submission.write(folder)
            say(f"{self.stage}: array {submission} in Slurm's queue, logs in {folder}")

    def _send_array(
        self, submission: Submission, first: int, options: list[str], folder: Path
    ) -> None:
        """Send one array, unless Slurm already has it from an unconfirmed attempt."""
        submission.adopt(slurm.list_tasks(self.name))
        if first in submission.arrays.values():
            return
        python, place = shlex.quote(sys.executable), shlex.quote(str(folder.resolve()))
        script = (
            "#!/bin/sh\n"
            'export OMP_NUM_THREADS="$SLURM_CPUS_PER_TASK"\n'
            f"exec {python} -m pipeline.fanout.worker {place} "
            f"$(({first} + SLURM_ARRAY_TASK_ID))\n"
        )
        said = slurm.call(
            *("sbatch", "--parsable", "--requeue", "--export=ALL", "--ntasks=1"),
            *(f"--job-name={self.name}", f"--comment={submission.token} {first}"),
            *(*options, *self.config.sbatch_options()),
            stdin=script,
        )
        submission.arrays[said.strip().split(";")[0]] = first

    def _wait(
        self, submission: Submission, watch: Callable[[], None]
    ) -> dict[int, Task]:
        """Wait until the queue is empty; return the last known task of each slice."""
        seen: dict[int, Task] = {}
        reasons: set[str] = {"None"}
        while True:
            now = self._tasks(submission)
            seen |= now
            going = [task for task in now.values() if not task.has_ended]
            if not going:
                return seen
            if all(task.state == "PENDING" for task in going):
                for reason in {task.reason for task in going} - reasons:
                    say(f"{self.stage}: array {submission} waits in Slurm: {reason}")
                    reasons.add(reason)
            time.sleep(self.config.poll_seconds)
            watch()


def end_arrays(workdir: Path, config: SlurmConfig | None) -> None:
    """Cancel the arrays that earlier runs of a work folder left in the queue.

    Raises:
        SodaError: This run does not use the cluster (`config` is None), and an array
            may be queued.
    """
    for path in sorted(workdir.glob(f"jobs/*/{SUBMISSION}")):
        if config is None:
            refuse_queued(path.parent)
        else:
            SlurmExecutor(config, path.parent.name).cancel(path.parent)


def refuse_queued(folder: Path) -> None:
    """Refuse to repeat on this machine the work of an array that may still run.

    Raises:
        SodaError: The array is in the queue, or this machine cannot ask for it.
    """
    submission = Submission.read(folder)
    if submission is None:
        return
    stage, sent = folder.name, f"array {submission} was sent to a Slurm cluster"
    try:
        slurm.call("squeue", "--version")
    except SodaError as error:
        raise SodaError(
            f"{stage}: {sent}, and this machine cannot ask whether it has ended "
            f"({error}); if it has, remove {folder / SUBMISSION} and try again"
        ) from error
    if SlurmExecutor(SlurmConfig(), stage).is_running(folder):
        raise SodaError(
            f"{stage}: {sent} for this work folder and is in its queue; join it with "
            f"--cluster slurm, or end it with `scancel {submission}`"
        )


def await_files(folder: Path, stage: str, slices: list[int]) -> None:
    """Wait until the files of finished workers are visible on this machine."""
    failures = Ledger(folder.parent.parent, stage)
    end = time.monotonic() + LAG_SECONDS
    for k in slices:
        items = list(read_items(folder, k))
        while not (
            read_state(folder, k).has_ended
            and all(item.is_done() or failures.holds(item.id) for item in items)
        ):
            if time.monotonic() > end:
                return
            time.sleep(0.5)


def excuses(folder: Path, slices: int, ends: Mapping[int, Task]) -> dict[int, str]:
    """Return the slices whose ends are due to Slurm, and how they ended.

    Raises:
        SodaError: A worker failed by itself, or no worker reached its first item.
    """
    states = [read_state(folder, k) for k in range(slices)]
    has_begun = any(state != WorkerState() for state in states)
    found = {}
    for k, state in enumerate(states):
        raise_error_of(folder, k)
        end = ends.get(k)
        if end is None or not end.has_ended:
            found[k] = "unknown"
        elif end.state in slurm.EXCUSED:
            found[k] = end.state
        elif not (state.has_ended or state.in_flight or says_stuck(folder, k)):
            found[k] = f"{end.state} ({end.reason}) on node {end.node}"
            if not has_begun:
                raise SodaError(
                    f"worker {k} of {folder} did not begin its work; Slurm reports "
                    f"{found[k]}; check that the node has {sys.executable}, the folder "
                    "and enough memory (--mem), or exclude the node "
                    f"(--slurm-options=--exclude={end.node}). The worker's log ends:\n"
                    f"{log_tail(folder, k)}"
                )
    return found
